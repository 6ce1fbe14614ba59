"""A room's week in one message: what was discussed there, and what rises in what it follows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.calendar import spoken
from bot.highlights.evidence import follows
from bot.model import Button, Delivery, Following, Reply, Text
from bot.ports import Store
from bot.team.circle import taken_up
from bot.team.trending import Rising, item, rising
from bot.timetable import came

_PAPERS = _TERMS = 5
_WEEK = timedelta(days=7)


async def plan(store: Store, now: datetime) -> Iterable[Delivery]:
    """Return what is owed to the rooms whose day and time it is for their week."""
    wanted = await store.followings(weekly=True)
    # The clocks of thousands of rooms take a while, in which others ask.
    return await asyncio.to_thread(
        lambda: [
            Delivery(each.room, "weekly", "", day, ())
            for each in wanted
            if each.weekly is not None and (day := came(replace(each.schedule, days=(each.weekly,)), now))
        ]
    )


async def message(delivery: Delivery, store: Store, now: datetime) -> Reply | None:
    """Return a room's week; None where nothing happened, or none is wanted any more."""
    following = await store.following(delivery.to)
    if following is None or following.weekly is None:
        return None
    cards = await taken_up(delivery.to, now - _WEEK, store, most=_PAPERS)
    risen = await _risen(delivery, following, store)
    items = tuple(map(item, risen.rises)) if risen else ()
    if not (cards or items):
        return None
    parts = ["the papers most discussed here"] * bool(cards) + ["what rises in titles"] * bool(items)
    return Reply(
        Text(f"The week to {spoken(delivery.day)}: {' and '.join(parts)}"),
        cards,
        Text("Discussed is what people here liked, shared or nominated: their messages are not read." if cards else ""),
        (Button("All discussed", "discussed"),) * bool(cards) + (Button("All that rises", "trending"),) * bool(items),
        items=items,
    )


async def _risen(delivery: Delivery, following: Following, store: Store) -> Rising | None:
    until = await store.newest(until=delivery.day)
    if until is None or delivery.day - until >= _WEEK:
        return None
    followed = [each for each in await store.categories() if follows(following, each)]
    return await rising(store, until, followed if following.categories else (), most=_TERMS) if followed else None
