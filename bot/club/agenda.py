"""The agenda of a journal club: owed before each meeting, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot import club
from bot.cards import card
from bot.model import Button, Delivery, Reply, Text
from bot.ports import Club, Meeting, Store


async def plan(store: Store, now: datetime) -> list[Delivery]:
    """Draw up the agendas whose time has come, and return what is owed for those whose meeting has not begun.

    A meeting that nothing is nominated for has none, until something is.
    """
    owed = []
    # The clocks of thousands of clubs take a while, in which others ask.
    for each, meeting in await asyncio.to_thread(_near, await store.clubs(), now):
        known = await store.meeting(each.room, meeting.day)
        if known is None:
            papers = club.chosen(await store.nominations(each.room, now), each.count)
            if not papers:
                continue
            await store.draw_up(each.room, meeting, papers, now)
        elif known.skipped:
            continue
        owed.append(Delivery(each.room, "agenda", "", meeting.day, ()))
    return owed


async def message(delivery: Delivery, store: Store, now: datetime) -> Reply | None:
    """Return the agenda that a delivery stands for; None where its meeting has begun or does not take place."""
    mine = await store.club(delivery.to)
    meeting = await store.meeting(delivery.to, delivery.day)
    if mine is None or meeting is None or meeting.skipped or meeting.starts <= now:
        return None
    nominated = club.ranked(await store.nominations(delivery.to, now))
    chosen = [each for each in nominated if each.meeting and each.meeting.day == delivery.day]
    left = sum(each.meeting is None for each in nominated)
    papers = {paper.id: paper for paper in await store.papers(each.paper for each in chosen)}
    if not papers:
        return None
    following = club.next_meeting(mine.schedule, meeting.starts)
    more = f"{left:,} more {'is' if left == 1 else 'are'} nominated"
    return Reply(
        Text(f"Journal club: {club.when(mine, meeting)}"),
        tuple(card(papers[each.paper], why=club.about(each)) for each in chosen),
        Text(f"{more}, and carried over to {club.when(mine, following)}." if left else ""),
        (Button("All nominations", "club"),),
    )


def _near(clubs: Iterable[Club], now: datetime) -> list[tuple[Club, Meeting]]:
    """Return the clubs whose agenda is to be posted now, each with its meeting."""
    coming = ((each, club.next_meeting(each.schedule, now)) for each in clubs)
    return [(each, meeting) for each, meeting in coming if now >= meeting.starts - timedelta(minutes=each.notice)]
