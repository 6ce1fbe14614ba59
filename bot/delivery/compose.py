"""What a delivery says: composed when it is sent, from what is stored at that moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot import freshness
from bot.alerts import alerting
from bot.calendar import due, moment, named_days, span, spoken
from bot.cards import card
from bot.club import agenda
from bot.highlights.evidence import follows
from bot.model import Button, Delivery, Destination, Following, Reply, Text
from bot.ports import DeliveryError, Store, Taken
from bot.team import weekly

_MOST_DIGESTS = 5  # with a button each
_MOST_MISSED = 3  # with a line each
_LONGEST_TURN = timedelta(hours=1)


async def compose(delivery: Delivery, store: Store, now: datetime) -> Reply | None:
    """Return the message that a delivery stands for; None where nothing of it is wanted any more.

    It says which of those before it did not arrive; but what says how things are now has no past.
    """
    composed: Mapping[str, Callable[[Delivery, Store], Awaitable[Reply | None]]] = {
        "agenda": partial(agenda.message, now=now),
        "alert": alerting.message,
        "highlights": _highlights,
        "notice": _notice,
        "report": freshness.message,
        "weekly": partial(weekly.message, now=now),
    }
    reply = await composed[delivery.kind](delivery, store)
    if reply is None or delivery.kind in ("agenda", "notice", "report", "weekly"):
        return reply
    missed = _missed(await store.missed(delivery.to, delivery.kind, delivery.id))
    return replace(reply, note=Text("\n".join(filter(None, [reply.note.plain, *missed])))) if missed else reply


async def _highlights(delivery: Delivery, store: Store) -> Reply | None:
    following = await store.following(delivery.to)
    if following is None or not follows(following, delivery.topic):
        return None
    if delivery.attempts == 1 and delivery.tried_at and not _is_on_time(delivery, delivery.tried_at):
        # Its time was missed, as the bot was down, and the room's day may not have begun.
        wait = due(following.schedule, delivery.tried_at) - delivery.tried_at
        if wait > timedelta():
            raise DeliveryError("early", "held", wait.total_seconds())
    papers = {paper.id: paper for paper in await store.papers(pick.paper for pick in delivery.picks)}
    taken = await _taken(delivery, store)
    stored = sum(each.stored for each in taken)
    shown = f"{len(delivery.picks)} of {stored:,} papers" if len(delivery.picks) < stored else "all of it"
    return Reply(
        Text(f"{delivery.topic}, {_days(delivery)}: {shown}"),
        tuple(card(papers[pick.paper], why="; ".join(pick.reasons)) for pick in delivery.picks),
        Text(_why_together(taken, following) if delivery.since else ""),
        tuple(
            Button(
                f"All of {spoken(each.day)}" if delivery.since else "The whole digest",
                "today",
                f"{each.day} {each.category}",
            )
            for each in taken[-_MOST_DIGESTS:]
        ),
        topic=delivery.topic,
    )


def _is_on_time(delivery: Delivery, tried_at: datetime) -> bool:
    """Say whether a message only had to wait for its turn: the room's day may have ended meanwhile."""
    return delivery.due is not None and tried_at - delivery.due <= _LONGEST_TURN


async def _taken(delivery: Delivery, store: Store) -> Sequence[Taken]:
    """Return the digests that highlights are of, the oldest first."""
    first = delivery.since or delivery.day
    days = [first + timedelta(days=n) for n in range((delivery.day - first).days + 1)]
    return [each for day in days for each in await store.digests(day) if each.category == delivery.topic]


def _days(delivery: Delivery) -> str:
    return span(delivery.since, delivery.day) if delivery.since else spoken(delivery.day)


def _why_together(taken: Sequence[Taken], following: Following) -> str:
    days = following.schedule.days
    if any(each.day.weekday() not in days for each in taken):
        return f"Highlights are posted here {named_days(days)}: these days are one message."
    return "What was owed here for these days was due together, so it is one message."


def _missed(expired: Sequence[Delivery]) -> list[str]:
    """Say what did not arrive within its time, the newest last, and where it is to be seen."""
    lines = []
    for each in expired[-_MOST_MISSED:]:
        what = f"{each.topic} of" if each.topic else "the alert of"
        see = f"today {each.day} {each.topic}" if each.topic else f"matches {each.day}"
        sure = "May not have arrived" if each.uncertain else "Not delivered"
        lines.append(f"{sure}: {what} {_days(each)}. To see {'the last day' if each.since else 'it'}, type: {see}")
    if others := len(expired) - len(lines):
        lines.insert(0, f"{others} more before {'these' if len(lines) > 1 else 'this'} did not arrive either.")
    return lines


async def _notice(delivery: Delivery, store: Store) -> Reply | None:
    room = Destination.parse(delivery.topic)
    pause = await store.paused(room)
    following = await store.following(room)
    if pause is None or following is None:
        return None
    what = f"The daily highlights cannot be posted in a room any more, since {moment(pause.since)}: {pause.code}."
    again = " ".join(["settings on", *following.categories])
    return Reply(Text(f"{what}\nLet the bot post there again, then type there: {again}"), private=True, about=room)
