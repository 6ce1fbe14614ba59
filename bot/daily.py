"""A day's work: take in a digest, and plan what is owed to whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from bot.alerts import alerting
from bot.calendar import due
from bot.highlights import Room, choose
from bot.highlights.evidence import Evidence, follows, gather
from bot.highlights.interest import Interest, interests
from bot.model import Alerting, Delivery, Destination, Digest
from bot.ports import Intake, Morning, Plan, Store

# So long at most does what is owed wait for the rest of a batch: one that is killed does not keep it for ever.
HOLD = timedelta(minutes=10)


async def take_in(
    digest: Digest, store: Store, at: datetime, *, owe: bool = True, hold_until: datetime | None = None
) -> Intake:
    """Store a digest, and in the same transaction what is owed for it. Repeating it changes nothing.

    A digest without an entry, as feeds are on a quiet day and before the announcement is in, is none.

    Without `owe` nobody is told: so is an archive filled that nobody wants a year of alerts about. Who takes in
    several digests holds the alerts until `hold_until`, so that each person gets one a day, and ends with
    `Store.release`.
    """
    if not digest.declared:
        # Were it stored, nobody would miss what is announced for the day later.
        return Intake(0, 0, 0, 0)
    planned: Plan = partial(plan, evidence=await gather(digest, store, at)) if owe else _nothing
    return await store.take_in(digest, planned, at, hold_until=hold_until)


def plan(morning: Morning, evidence: Evidence = Evidence()) -> Iterator[Delivery]:  # noqa: B008  # frozen, and empty
    """Yield what is owed for a digest: an alert to each person it concerns, the highlights to each room.

    Alerts are for papers that are new here and that the person was never told of; highlights, too, are of papers that
    the room has not seen, and for a digest's first time only: a correction of it does not post them again.
    """
    matching = morning.subscribers.match(morning.fresh)
    usual = Alerting()
    for address, picks in matching.picks():
        person = Destination.parse(address)
        told = morning.told.get(person)
        # Only which papers: why is said by what the person is subscribed to when the message goes out.
        news = tuple(pick for pick in picks if pick.paper not in told) if told else picks
        if news:
            part = morning.parts.get(person, 0) + 1
            later = alerting.when(morning.alerting.get(person, usual), morning.at)
            yield Delivery(person, "alert", "", morning.day, news, part, due=later)
    if not morning.first:
        return
    followings = [each for each in morning.followings if follows(each, morning.category)]
    # Where a person is alone with us, nobody else is "here".
    tenants = {each.room.tenant for each in followings if not each.room.is_person}
    followed = interests(matching, tenants)
    for each in followings:
        shown = morning.shown.get(each.room, frozenset())
        papers = [paper for paper in morning.fresh if paper.id not in shown]
        here = Interest() if each.room.is_person else followed[each.room.tenant]
        room = Room(here, evidence.tastes.get(each.room), is_person=each.room.is_person)
        chosen = choose(papers, room, evidence, each.count)
        if chosen:
            when = due(each.schedule, morning.at)
            # At once is no time: one that a wrong clock gave would hold it back when the clock is put right.
            later = when if when > morning.at else None
            yield Delivery(each.room, "highlights", morning.category, morning.day, chosen, due=later)


def _nothing(_: Morning) -> tuple[Delivery, ...]:
    return ()
