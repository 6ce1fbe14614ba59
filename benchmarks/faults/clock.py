"""Clocks that are wrong for a while, machines that sleep for days, and every kind of zone, over simulated years."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo, available_timezones

from benchmarks.asking import told
from benchmarks.faults.row import Found, Row, Trial
from bot.daily import take_in
from bot.delivery import deliver
from bot.model import Destination, Digest, Following, Reply, Schedule
from bot.ports import DeliveryError
from storage import claims, connect
from tests.year.mornings import EASTERN, ZONES, Chat, announced, papers

_LAST = date(2029, 1, 1)  # so that a leap day is in the last year
_YEAR = timedelta(weeks=52)
_MOST_YEARS = 2
_STEP = timedelta(hours=4)
_BETWEEN = (10, 20)  # digests from one thing that goes wrong to the next
_STARTS = (time(9), time(2, 30))  # the second is skipped or shown twice by most clocks that are changed
_FAILING = 0.02  # of the posts
_ARRIVES_WITHIN = timedelta(days=5)  # from the announcement: three days of sleep, a slot missed, a wrong clock
_READS = timedelta(hours=2)  # after the announcement, on a machine that is awake


@dataclass(frozen=True, slots=True)
class _Spell:
    """A time in which the service's clock is ahead by so much; None: the machine sleeps."""

    begin: datetime
    end: datetime
    ahead: timedelta | None


_SPELLS: tuple[tuple[timedelta | None, timedelta], ...] = (
    (timedelta(hours=-2), timedelta(days=2)),
    (timedelta(hours=2), timedelta(days=2)),
    (timedelta(days=30), timedelta(hours=8)),
    (None, timedelta(days=3)),
)


class _Time:
    """What time it is, and what the service takes it for."""

    def __init__(self, now: datetime, spells: Sequence[_Spell]) -> None:
        self.now = now
        self._spells = spells

    def true(self) -> datetime:
        return self.now

    def shown(self) -> datetime:
        return self.now + (self.ahead or timedelta())

    @property
    def ahead(self) -> timedelta | None:
        return next((each.ahead for each in self._spells if each.begin <= self.now < each.end), timedelta())


class _Failing(Chat):
    """A platform that does not take every message at once."""

    def __init__(self, now: _Time, random: Random) -> None:
        super().__init__(now.true)
        self._random = random

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        if self._random.random() < _FAILING:
            raise DeliveryError("busy")
        await super().post(to, reply, key=key, uncertain=uncertain)


def _check(trial: Trial) -> Found:
    return asyncio.run(_simulated(trial))


async def _simulated(trial: Trial) -> Found:
    years = min(_MOST_YEARS, max(1, trial.count // len(ZONES)))
    begin = datetime.combine(_LAST - years * _YEAR, time(), EASTERN)
    end = datetime.combine(_LAST, time(), EASTERN)
    zones, kinds = _zones(trial.count // years, begin, end, trial.random)
    rooms = {
        Destination("chat", "lab", f"{zone.replace('/', '.')}-{start:%H%M}"): Schedule(start, zone)
        for zone in zones
        for start in _STARTS
    }
    days = list(announced(begin.date(), end.date() - timedelta(days=7)))
    spells = list(_spells(days[:-5], trial.random))
    now = _Time(begin.astimezone(UTC), spells)
    chat = _Failing(now, trial.random)
    if trial.planted:
        claims.put_right = _nothing  # type: ignore[assignment]
    async with connect(f"sqlite:///{trial.folder / 'clock.db'}") as store:
        for room, schedule in rooms.items():
            await store.follow(Following(room, count=25, schedule=schedule))
        waiting = [(datetime.combine(day, time(), EASTERN) + _READS, day) for day in days]
        while now.now < end:
            now.now += _STEP
            if now.ahead is None:
                continue
            while waiting and waiting[0][0] <= now.now:
                _, day = waiting.pop(0)
                await take_in(Digest("test", "cs.CV", day, tuple(papers(day))), store, now.shown())
            await deliver(store, {"chat": chat}, now.shown)
    wrong = [line for room in rooms for line in _judged(room, chat, days)]
    posts = sum(map(len, chat.posts.values()))
    return Found(
        f"{years} x {len(zones)} zones, of {kinds} that differ; {len(days)} digests, {len(rooms)} rooms, {posts:,} "
        f"posts; the clock wrong or the machine asleep {len(spells)} times",
        told(wrong),
    )


def _zones(count: int, begin: datetime, end: datetime, random: Random) -> tuple[list[str], int]:
    """Return so many zones whose clocks differ in these years, and how many there are of them."""
    weeks = [begin + timedelta(weeks=number) for number in range((end - begin) // timedelta(weeks=1))]
    kinds: dict[tuple[timedelta | None, ...], str] = {}
    for zone in (*ZONES, *sorted(available_timezones() - {"localtime", "Factory"})):
        kinds.setdefault(tuple(each.astimezone(ZoneInfo(zone)).utcoffset() for each in weeks), zone)
    named = [zone for zone in kinds.values() if zone in ZONES]
    others = [zone for zone in kinds.values() if zone not in ZONES]
    return [*named, *random.sample(others, len(others))][:count], len(kinds)


def _spells(days: Sequence[date], random: Random) -> Iterator[_Spell]:
    """Yield what goes wrong on some of the days, before their digest is in; each of its kind once before any again."""
    number = 0
    while True:
        for ahead, lasts in random.sample(_SPELLS, len(_SPELLS)):
            number += random.randint(*_BETWEEN)
            if number >= len(days):
                return
            at = datetime.combine(days[number], time(), EASTERN)
            yield _Spell(at, at + lasts, ahead)


async def _nothing(*_: object) -> None:
    """Put nothing right."""


def _judged(room: Destination, chat: Chat, days: Sequence[date]) -> Iterator[str]:
    """Say what a room did not get, got twice or too late."""
    seen = [(moment, card.paper) for moment, reply in chat.posts[room] for card in reply.cards]
    times = Counter(paper for _, paper in seen)
    announced_at = {paper.id: datetime.combine(day, time(), EASTERN) for day in days for paper in papers(day)}
    for paper in announced_at.keys() - times.keys():
        yield f"{room.name}: {paper} is lost"
    for paper, count in times.items():
        if count > 1:
            yield f"{room.name}: {paper} came {count} times"
    for moment, paper in seen:
        if moment - announced_at[paper] > _ARRIVES_WITHIN:
            yield f"{room.name}: {paper} came {(moment - announced_at[paper]).days} days late"


ROWS = (
    Row(
        14,
        "clock",
        "the clock 2 h behind, 2 h ahead, 30 days ahead and right again; 3 days asleep; clocks changed, a leap day",
        "each digest once in each room, and within five days",
        (8, 120),
        _check,
        "what a clock that was ahead has put off is left where it is",
        8,
    ),
)
