"""Subscriptions as feeds, for a reader or a reference manager: off until somebody asks for one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from bot import feeds
from bot.calendar import spoken
from bot.commands.pages import number
from bot.commands.parameters import Mine
from bot.commands.subscriptions import NONE, own
from bot.dispatch import Parameter, command
from bot.model import Button, Call, Item, Reply, Subscription, Text, UserError
from bot.ports import Store

_OFF = "Feeds are switched off here: whoever runs the bot can switch them on with PAPERWIRE_FEEDS."

_FEED_CHANGES = ("new", "off")


def _read_feed_change(word: str, _: Call) -> str | None:
    return word.lower() if word.lower() in _FEED_CHANGES else None


FeedChange = Annotated[
    str | None,
    Parameter("new|off", "new: another address; off: close it", _read_feed_change, choices=_FEED_CHANGES),
]


@command
async def feed(call: Call, store: Store, which: Mine = "", change: FeedChange = None) -> Reply:
    """Read a subscription as an Atom feed, at an address that only you know.

    feed           which of yours have one
    feed 2         make one; its address is shown once
    feed 2 new     another address: the one before is closed
    feed 2 off     close it

    It has the papers of the newest 30 days, 100 at most. Whoever knows the address can read it; of you it says the
    query and nothing else. It goes with its subscription, and goes on while that is muted or your alerts rest.
    """
    base = await feeds.base(store, call.at)
    if not which:
        if change:
            raise UserError(f"Which one? Type one like: feed 2 {change}")
        return await _listed(base, call, store)
    before, _, last = which.rpartition(" ")
    if change is None and before and last.lower() in _FEED_CHANGES:
        which, change = before, last.lower()
    asked = await own(call, store, which)
    if change == "off":
        was_open = await store.close_feed(call.caller, asked.number)
        closed = "is closed: its address leads nowhere any more." if was_open else "was not open."
        return Reply(Text(f"The feed of {asked.query} {closed}"), private=True)
    if not base:
        raise UserError(_OFF)
    return await _opened(asked, base, call, store, anew=change == "new")


async def _opened(asked: Subscription, base: str, call: Call, store: Store, *, anew: bool) -> Reply:
    secret = feeds.secret()
    close = Button("Close it", "feed", f"{asked.number} off")
    if not await store.open_feed(call.caller, asked.number, feeds.hashed(secret), call.at, anew=anew):
        said = (
            f"There is a feed of {asked.query} already. Its address was shown once, and is not kept. "
            f"For another in its place, type: feed {asked.number} new"
        )
        return Reply(Text(said), buttons=(Button("New address", "feed", f"{asked.number} new"), close), private=True)
    lines = [
        f"A feed of {asked.query}, number {asked.number} of yours:",
        f"{base}{feeds.PATH}{secret}",
        "Whoever has this address can read it. It is shown this once; what is kept of it cannot be read back.",
    ]
    return Reply(Text("\n".join(lines)), buttons=(close,), private=True)


async def _listed(base: str, call: Call, store: Store) -> Reply:
    mine = await store.subscriptions(call.caller)
    if not mine:
        return Reply(Text(NONE if base else _OFF), private=True)
    opened = await store.feeds(call.caller)
    said = f"{number(len(opened), 'feed')} of {number(len(mine), 'subscription')}."
    return Reply(
        Text(f"{said} {'To make one, type: feed NUMBER' if base else _OFF}"),
        items=tuple(_item(each, opened[each.number], call) for each in mine if each.number in opened),
        private=True,
    )


def _item(each: Subscription, opened: datetime, call: Call) -> Item:
    since = spoken(opened.astimezone(call.at.tzinfo).date())
    steps = (Button("Close", "feed", f"{each.number} off"), Button("New address", "feed", f"{each.number} new"))
    return Item(Text(f"{each.number}. {each.query} (since {since})"), steps)
