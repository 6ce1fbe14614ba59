"""Dialogs and the App Home, made of replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters._prose import Row
from adapters.slack import blocks
from adapters.slack.elements import Block, bullets, header, piece, plain, rich
from adapters.slack.manifest import FIRST
from adapters.slack.prose import usage
from bot.commands import COMMANDS
from bot.model import Button, Reply, Text
from bot.search.grammar import MAX_LENGTH

SUBSCRIBE = "subscribe"  # the callback_id of the dialog
QUERY = "query"
DIALOG = "dialog"  # the group of the buttons that open it
HOME_PAGES = ("subscriptions", "matches")

_DIVIDER = {"type": "divider"}


def reply(title: str, said: Reply, channel: str = "") -> Block:
    """Return an answer as a dialog: under its own first line where that fits as a title, else under the one given.

    What is pressed in it is of the `channel` that it was opened in.
    """
    own = str(said.text)
    if said.cards and "\n" not in own and len(own) <= blocks.MODAL_TITLE:
        title, said = own, replace(said, text=Text())
    return {**blocks.modal(title, blocks.opened(said)), "private_metadata": channel}


def subscribe(query: str = "", preview: Reply | None = None) -> Block:
    """Return the dialog that takes a query; Enter shows what it would have caught, the button subscribes to it."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": QUERY,
        "max_length": MAX_LENGTH,
        "placeholder": plain('"point cloud" -medical'),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    asked = {
        "type": "input",
        "block_id": QUERY,
        "dispatch_action": True,
        "label": plain("New papers that match"),
        "hint": plain('Words, "a phrase", -not, OR, cat:cs.CV, has:code. Press Enter to try it first.'),
        "element": element | ({"initial_value": query[:MAX_LENGTH]} if query else {}),
    }
    tried = blocks.opened(replace(preview, buttons=(), again=None)) if preview else ()
    return blocks.modal("Subscribe to papers", [asked, *tried], callback=SUBSCRIBE, submit="Subscribe")


def query_of(view: Mapping[str, Any]) -> str:
    """Return what was typed into the subscribe dialog; "" where the view is another one."""
    field = view.get("state", {}).get("values", {}).get(QUERY, {}).get(QUERY, {})
    return str(field.get("value") or "")


def home(subscriptions: Reply, matches: Reply, *, said: Reply | None = None) -> Block:
    """Return a person's App Home: their subscriptions, what of the newest papers is for them, and what to type.

    Who has none yet reads how to begin. `said` is the answer to what they have just pressed.
    """
    is_new = not (subscriptions.items or subscriptions.error)
    parts = [
        header("Papers that matter to you"),
        blocks.words("Each morning's papers, searched for what you subscribe to. Every hit says why."),
        _steps(primary=is_new),
        _DIVIDER,
        *(blocks.listed(_done(said)) if said else []),
        *(_beginning() if is_new else _mine(subscriptions, matches)),
        _DIVIDER,
        header("What to type"),
        rich(bullets(usage(Row(COMMANDS[name].brief, COMMANDS[name].summary)) for name in FIRST)),
    ]
    return {"type": "home", "blocks": parts[:100]}


def _steps(*, primary: bool) -> Block:
    """Return the row of buttons at the top; `primary` has the first one stand out."""
    (row,) = blocks.buttons([Button("Subscribe to papers", "subscribe", shown="aside")], group=DIALOG)
    steps = [
        Button(label, name, shown="aside")
        for label, name in (
            ("Today's papers", "today"),
            ("Saved papers", "saved"),
            ("Pause alerts", "pause"),
            ("Help", "help"),
        )
    ]
    row["elements"] += blocks.buttons(steps, group="start")[0]["elements"]
    if primary:
        row["elements"][0]["style"] = "primary"
    return row


def _beginning() -> list[Block]:
    steps = (
        [piece("Press "), piece("Subscribe to papers", "bold"), piece(" and name what you work on.")],
        [piece("See what that would have caught in the last days, and make it say more or less.")],
        [piece("From then on there is one message a day with all that matches, or none.")],
    )
    return [header("How to begin"), rich(bullets(steps))]


def _mine(subscriptions: Reply, matches: Reply) -> list[Block]:
    return [
        header("Your subscriptions"),
        *blocks.listed(subscriptions),
        _DIVIDER,
        header("For you in the newest papers"),
        *blocks.listed(matches),
    ]


def _done(said: Reply) -> Reply:
    """Return what an answer says of what was done, and how to undo it: the lists that it shows stand below anyway."""
    first = str(said.text).partition("\n")[0]
    return Reply(Text(first), buttons=tuple(each for each in said.buttons if each.name not in HOME_PAGES))
