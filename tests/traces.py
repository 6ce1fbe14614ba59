"""What a person leaves in the store besides subscriptions: kept, shared, said, joined, and a journal club."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.feeds import hashed
from bot.model import Destination, Schedule
from bot.ports import Club, Meeting, Store


async def leave(
    store: Store, person: Destination, room: Destination, elsewhere: Destination, paper: str, secret: str, at: datetime
) -> None:
    """Leave a trace in each table of these. The person's first subscription is there; `secret` is in what is theirs."""
    await store.open_feed(person, 1, hashed(secret), at)
    await store.save(person, paper, at)
    await store.tag(person, paper, f"tag{secret}")
    await store.share(room, person, [paper], at)
    await store.name_person(person, room.tenant, f"Name {secret}")
    later = at + timedelta(days=1)
    await store.offer_link(elsewhere, f"first {secret}", later)
    await store.link(person, f"first {secret}", at)
    await store.offer_link(person, f"second {secret}", later)
    await store.begin_club(Club(room, Schedule(days=(0,)), at, owner=person))
    await store.nominate(room, person, paper, at)
    await store.present(room, paper, person)
    await store.draw_up(room, Meeting(at.date(), at), (paper,), at)
