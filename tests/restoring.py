"""A backup, a hundred messages after it, the backup restored: what arrives twice then, what never, what is held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import storage
from adapters import discord, slack
from bot.daily import take_in
from bot.delivery import deliver
from bot.model import Digest
from bot.ports import Platform, Store
from storage.backup import back_up
from storage.restore import restore
from tests.kill9 import days
from tests.kill9.judge import ALL_WELL, Verdict
from tests.kill9.worlds import World, verdict

# Seconds by which all clocks are ahead when it is restored: a platform's history shows by then what was taken.
_LATER = 300.0
_MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Drill:
    """What a restore came to: messages sent before it, what was wrong after it, messages held, and after their release.

    `marked` counts the messages that say that they may be repeats.
    """

    before: int
    after: Verdict
    held: int
    released: Verdict
    marked: int


class Restoring:
    """A database that is backed up and restored while a world remembers what arrived."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._path = folder / "papers.db"
        self._backup = folder / "backup.db"
        self._address = f"sqlite:///{self._path}"
        self._moment = datetime.now(UTC) + timedelta(seconds=_LATER)

    async def drill(self) -> Drill:
        """Back up what is owed for one day, deliver that and another day, restore, and gather and deliver again."""
        known, unknown, new = (self._of(number) for number in range(3))
        await days.furnish(self._address, self._world.rooms, self._world.people)
        async with storage.connect(self._address) as store:
            await self._take_in(store, known)
        back_up(self._path, self._backup)
        async with self._opened() as (store, platforms):
            await self._deliver(store, platforms)
            await self._take_in(store, unknown)
            await self._deliver(store, platforms)
        before = len(self._world.arrived())
        assert verdict(self._world, 2) == ALL_WELL

        self._world.ahead += _LATER
        with storage.own(self._address):
            await restore(self._path, self._backup, self._moment)
        async with self._opened() as (store, platforms):
            await store.begin_delivery()
            await self._deliver(store, platforms)
            await self._take_in(store, unknown)
            await self._deliver(store, platforms)
            await self._take_in(store, new)
            await self._deliver(store, platforms)
            after = verdict(self._world, 3)
            found, held = await store.deliveries(states=["held"], limit=1_000)
            await store.let_go([each.delivery.id for each in found])
            await self._deliver(store, platforms)
        marked = sum(each.may_repeat for each in self._world.arrived())
        return Drill(before, after, held, verdict(self._world, 3), marked)

    def _of(self, number: int) -> list[Digest]:
        """Return the digests of the day before the one that it is restored on (0), of that day, or of the next."""
        when = self._moment.date() + timedelta(days=number - 1)
        return [replace(each, day=when) for each in days.day(number)]

    def _clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._world.ahead)

    async def _take_in(self, store: Store, digests: Iterable[Digest]) -> None:
        for each in digests:
            await take_in(each, store, self._clock())

    async def _deliver(self, store: Store, platforms: dict[str, Platform]) -> None:
        for _ in range(_MOST_ROUNDS):
            await deliver(store, platforms, self._clock, jitter=lambda: 0.0)
            if not (await store.census()).owed:
                return
            self._world.ahead += 60
        raise AssertionError("something is owed still")

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Store, dict[str, Platform]]]:
        name = self._world.name
        open_ = slack.Adapter.open if name == "slack" else discord.Adapter.open
        async with (
            storage.connect(self._address) as store,
            open_(self._world.settings(self._address), store.ledger(name), self._clock) as platform,
        ):
            yield store, {name: platform}
