"""Dialogs and the App Home, made of replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.slack import blocks
from bot.commands import COMMANDS
from bot.grammar import MAX_LENGTH
from bot.model import Button, Reply

SUBSCRIBE = "subscribe"  # the callback_id of the dialog
QUERY = "query"
DIALOG = "dialog"  # the group of the buttons that open it
HOME_PAGES = ("subscriptions", "matches")

_DIVIDER = {"type": "divider"}


def reply(title: str, said: Reply) -> blocks.Block:
    """Return an answer as a dialog."""
    heading = title.partition("\n")[0]
    shown = replace(said, text=type(said.text)()) if heading == str(said.text) and said.cards else said
    return blocks.modal(heading, blocks.opened(shown))


def subscribe(query: str = "", preview: Reply | None = None) -> blocks.Block:
    """Return the dialog that takes a query; Enter shows what it would have caught, the button subscribes to it."""
    element: blocks.Block = {
        "type": "plain_text_input",
        "action_id": QUERY,
        "max_length": MAX_LENGTH,
        "placeholder": blocks.plain('"point cloud" -medical'),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    asked = {
        "type": "input",
        "block_id": QUERY,
        "dispatch_action": True,
        "label": blocks.plain("New papers that match"),
        "hint": blocks.plain('Words, "a phrase", -not, OR, cat:cs.CV, has:code. Press Enter to try it first.'),
        "element": element | ({"initial_value": query[:MAX_LENGTH]} if query else {}),
    }
    tried = blocks.opened(replace(preview, buttons=(), again=None)) if preview else ()
    return blocks.modal("Subscribe to papers", [asked, *tried], callback=SUBSCRIBE, submit="Subscribe")


def query_of(view: Mapping[str, Any]) -> str:
    """Return what was typed into the subscribe dialog; "" where the view is another one."""
    field = view.get("state", {}).get("values", {}).get(QUERY, {}).get(QUERY, {})
    return str(field.get("value") or "")


def home(subscriptions: Reply, matches: Reply, *, said: Reply | None = None) -> blocks.Block:
    """Return a person's App Home: their subscriptions, what of the newest papers is for them, and what to type.

    `said` is the answer to what they have just pressed.
    """
    steps = [Button("Today's papers", "today", shown="aside"), Button("Help", "help", shown="aside")]
    dialog = blocks.buttons([Button("Subscribe to papers", "subscribe", shown="aside")], group=DIALOG)
    dialog[0]["elements"] += blocks.buttons(steps, group="start")[0]["elements"]
    parts = [
        blocks.header("Papers that matter to you"),
        blocks.words("Each morning's papers, searched for what you subscribed to; every hit says why."),
        *dialog,
        *([_DIVIDER, *blocks.listed(said)] if said else []),
        _DIVIDER,
        blocks.header("Your subscriptions"),
        *blocks.listed(subscriptions),
        _DIVIDER,
        blocks.header("For you in the newest papers"),
        *blocks.listed(matches),
        _DIVIDER,
        blocks.header("What to type"),
        blocks.listing([f"{each.usage}: {each.summary}" for each in COMMANDS.values()]),
    ]
    return {"type": "home", "blocks": parts[:100]}
