"""A paper's place among a room's highlights: what each part of its score adds, by what is known now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from bot.alerts.subscribers import Subscribers
from bot.calendar import moment, named_days, spoken
from bot.explaining.told import carrying, days, standing
from bot.highlights import Parts, Ranking, Room, Scored, phrases, rank
from bot.highlights.evidence import Evidence, follows, known
from bot.highlights.interest import Interest, interests
from bot.model import Destination, Digest, Following, Listing, Paper
from bot.ports import Owed, Pause, Store

_WHOLE_DIGEST = 100_000  # papers, more than any has


@dataclass(frozen=True, slots=True)
class Place:
    """A paper in the digest that a room's highlights are chosen from.

    `had` are the messages with this paper, `posted` those of this digest. In the `ranking` no other paper is that was
    shown before the digest came.
    """

    paper: str
    listing: Listing
    room: Room
    ranking: Ranking
    following: Following
    had: tuple[Owed, ...]
    posted: tuple[Owed, ...]
    pause: Pause | None
    at: datetime


async def place(paper: Paper, following: Following, store: Store, at: datetime) -> Place | None:
    """Return a paper's place in the digest whose highlights had it, or in one that a room follows; None without one."""
    to = following.room
    had = await store.receipts(to, "highlights", [paper.id])
    shown = [each for each in paper.listings if _of(each, had)]
    followed = [each for each in paper.listings if follows(following, each.category)]
    if not shown and not followed:
        return None
    listing = (*shown, *followed)[0]
    listed = (await store.listed(listing.day, listing.category, limit=_WHOLE_DIGEST)).papers
    receipts = await store.receipts(to, "highlights", [each.id for each in listed])
    posted = _of(listing, receipts)
    came = (await store.arrivals(paper.id))[listing]
    earlier = {
        pick.paper
        for each in receipts
        if each not in posted and each.created_at < came and each.state not in ("dead", "expired", "merged")
        for pick in each.delivery.picks
    }
    papers = [each for each in listed if each.id == paper.id or each.id not in earlier]
    # What was liked since takes effect with the next digest.
    evidence = await known(Digest("", listing.category, listing.day, tuple(listed)), {to}, store, came)
    subscribed = Subscribers() if to.is_person else await store.followed(to.tenant, at)
    room, ranking = await asyncio.to_thread(_ranking, to, papers, evidence, subscribed, following.count)
    return Place(paper.id, listing, room, ranking, following, had, posted, await store.paused(to), at)


def lines(here: Place) -> Iterator[str]:
    """Yield whether a room's highlights had a paper, its place among those of its digest, and why it has that."""
    yield from _shown(here)
    mine = next(each for each in here.ranking.shown if each.paper.id == here.paper)
    at = here.ranking.shown.index(mine) + 1
    yield (
        f"By what is known now, place {at} of {len(here.ranking.shown):,} of {_digest(here)}, "
        f"which may differ from then: {mine.score:+.2f} in all."
    )
    last = _last_shown(here)
    beside = last if here.posted and last is not mine and not _of(here.listing, here.had) else None
    yield from (f"- {each}" for each in _parts(mine, beside, here))
    if beside:
        yield f"The last that is shown is {beside.paper.id}, with {beside.score:+.2f}."


def _ranking(
    to: Destination, papers: Sequence[Paper], evidence: Evidence, subscribed: Subscribers, count: int
) -> tuple[Room, Ranking]:
    here = Interest() if to.is_person else interests(subscribed.match(papers), {to.tenant})[to.tenant]
    room = Room(here, evidence.tastes.get(to), is_person=to.is_person)
    return room, rank(papers, room, evidence, count)


def _shown(here: Place) -> Iterator[str]:
    schedule = here.following.schedule
    whose = "your" if here.room.is_person else "this room's"
    for each in reversed(carrying(here.had)):
        what = f"{whose} highlights of {each.delivery.topic}, {days(each)}"
        if each.state == "sent":
            yield f"Among {what}, posted {moment(each.delivery.tried_at or each.created_at)}."
            continue
        when = f"; they are posted {named_days(schedule.days)} from {schedule.start:%H:%M}, {schedule.zone}"
        waits = each.state == "pending" and each.delivery.due is not None and each.delivery.due > here.at
        yield f"Among {what}: {standing(each, here.at, here.pause)}{when * (waits and not here.pause)}."
    if here.had:
        return
    if not here.posted:
        yield f"{whose.capitalize()} highlights had none of {_digest(here)}: set up later, or taken in without them."
        return
    count = len({pick.paper for each in carrying(here.posted) for pick in each.delivery.picks})
    yield f"Not among the {count} of {whose} highlights of {_digest(here)}."


def _of(listing: Listing, owed: Sequence[Owed]) -> tuple[Owed, ...]:
    """Return the messages that are of a digest, alone or together with others."""
    messages = ((each, each.delivery) for each in owed)
    return tuple(
        each for each, of in messages if of.topic == listing.category and (of.since or of.day) <= listing.day <= of.day
    )


def _digest(here: Place) -> str:
    return f"{here.listing.category}, {spoken(here.listing.day)}"


def _last_shown(here: Place) -> Scored | None:
    """Return the last paper of those that were shown, or that would be now."""
    order = here.ranking.shown
    was = {pick.paper for each in carrying(here.posted) for pick in each.delivery.picks}
    shown = [each for each in order if each.paper.id in was] or list(order[: here.following.count])
    return shown[-1] if shown else None


def _parts(mine: Scored, beside: Scored | None, here: Place) -> Iterator[str]:
    """Yield what each part adds; where another paper is held beside it, what that part adds to the other's."""
    said = dict(phrases(mine, here.room))
    if mine.parts.taste < 0:
        said["taste"] = f"less than others like what {'you' if here.room.is_person else 'this room'} liked"
    for part in (each.name for each in fields(Parts)):
        adds, others = getattr(mine.parts, part), getattr(beside.parts, part) if beside else 0
        if adds or others:
            against = f", {others:+.2f} for the last that is shown" if beside else ""
            yield f"{said.get(part, _WITHOUT[part])} ({adds:+.2f}{against})"
    if not said and not beside:
        yield "nothing counts for it, so the digest's order does"
    alone = here.ranking.scored.index(mine)
    if (moved := here.ranking.shown.index(mine)) == alone:
        return
    if mine is here.ranking.new:
        yield f"place {alone + 1} by score alone: the last place is kept for something new, unlike what was liked"
        return
    near = here.ranking.before(mine) if moved > alone else None
    why = f"it is like {near[0].paper.id}, which goes before it" if near else "different topics take turns"
    yield f"place {alone + 1} by score alone: {why}"


_WITHOUT = {
    "followed": "few or none here follow this",
    "close": "not close to what people here follow",
    "taste": "not like what was liked here",
    "rising": "no rising term",
    "code": "no code",
}
