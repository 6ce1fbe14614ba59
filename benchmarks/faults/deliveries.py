"""What the rows on delivery have in common: a store that owes, the real adapter, and a platform that is disturbed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import storage
from adapters import discord, slack
from benchmarks.faults.hurried import Hurry
from bot import daily
from bot.delivery import deliver
from bot.delivery.breaker import Breaker
from bot.ports import Ledger, Platform, Store
from tests.fakes.discord import FakeDiscord
from tests.fakes.faults import Fault
from tests.fakes.slack import SCOPES, FakeSlack
from tests.kill9 import days, worlds

_LOOK_EVERY = 5.0  # seconds
_MOST_LOOKS = 24 * 3600 / _LOOK_EVERY  # nothing may take longer: what has not arrived in a day expires


class Line(Protocol):
    """The way to a platform on loopback, and what goes wrong with each request on it that posts."""

    @property
    def world(self) -> worlds.World: ...

    def disturb(self, *faults: Fault) -> None:
        """Let the next requests go wrong, a fault for each."""

    def mend(self) -> None:
        """Let nothing go wrong any more."""

    def requests(self) -> list[tuple[str, float]]:
        """Return the requests so far, in order: where to, and when by the platform's clock."""

    def asked(self) -> int:
        """Return how many requests of any kind there were."""

    def opened(self, ledger: Ledger, clock: Callable[[], datetime]) -> AbstractAsyncContextManager[Platform]:
        """Open the product's adapter."""


class SlackLine:
    def __init__(self, world: worlds.SlackWorld) -> None:
        self.world = world
        self.mend = world.slack.mend

    def disturb(self, *faults: Fault) -> None:
        self.world.slack.fail("chat.postMessage", *faults)

    def requests(self) -> list[tuple[str, float]]:
        calls = (each for each in self.world.slack.calls if each.method == "chat.postMessage")
        return [(str(each.body["channel"]), each.at) for each in calls]

    def asked(self) -> int:
        return len(self.world.slack.calls)

    def opened(self, ledger: Ledger, clock: Callable[[], datetime]) -> AbstractAsyncContextManager[Platform]:
        return slack.Adapter.open(self.world.settings(""), ledger, clock)


class DiscordLine:
    def __init__(self, world: worlds.DiscordWorld) -> None:
        self.world = world
        self.mend = world.discord.mend

    def disturb(self, *faults: Fault) -> None:
        self.world.discord.fail("POST", "/channels/**", *faults)

    def requests(self) -> list[tuple[str, float]]:
        asked = (each for each in self.world.discord.requests if each.method == "POST")
        return [(each.path, each.at) for each in asked if each.path.startswith("/channels/")]

    def asked(self) -> int:
        return len(self.world.discord.requests)

    def opened(self, ledger: Ledger, clock: Callable[[], datetime]) -> AbstractAsyncContextManager[Platform]:
        return discord.Adapter.open(self.world.settings(""), ledger, clock)


@asynccontextmanager
async def slack_line(rooms: int, people: int) -> AsyncIterator[Line]:
    async with FakeSlack() as fake:
        fake.workspace("T1", scopes=SCOPES | {"channels:history"})
        yield SlackLine(worlds.SlackWorld(fake, history=True, rooms=rooms, people=people))


@asynccontextmanager
async def discord_line(rooms: int, people: int) -> AsyncIterator[Line]:
    async with FakeDiscord() as fake:
        yield DiscordLine(worlds.DiscordWorld(fake, rooms=rooms, people=people))


Opened = Callable[[int, int], AbstractAsyncContextManager[Line]]
LINES: dict[str, Opened] = {"Slack": slack_line, "Discord": discord_line}


class Deliveries:
    """A service without its inbound half: what it owes in a store, the adapter it delivers through, and its clock."""

    def __init__(self, store: Store, line: Line, hurry: Hurry) -> None:
        self.store = store
        self.line = line
        self._hurry = hurry
        self._breaker = Breaker()
        self._days = 0

    async def owe(self) -> None:
        """Take in a day: a message to everybody, and to a Slack channel its thread."""
        for digest in days.day(self._days):
            await daily.take_in(digest, self.store, self._hurry.clock())
        self._days += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Callable[[], Awaitable[object]]]:
        """Open the adapter as after a start; yield what delivers all that is due."""
        name, clock = self.line.world.name, self._hurry.clock
        async with self.line.opened(self.store.ledger(name), clock) as platform:
            yield lambda: deliver(self.store, {name: platform}, clock, breaker=self._breaker)

    async def drain(self) -> None:
        """Deliver until nothing is owed, or what is owed cannot arrive any more."""
        looks = 0
        async with self.running() as look:
            while (await self.store.census()).owed and looks < _MOST_LOOKS:
                await look()
                await asyncio.sleep(_LOOK_EVERY)
                looks += 1

    async def wrong(self) -> list[str]:
        """Return a line for each thing that must not be: lost, told twice, out of order, given up."""
        verdict = worlds.verdict(self.line.world, self._days)
        census = await self.store.census()
        found = verdict._asdict() | {"owed still": census.owed, "given up": census.dead}
        return [f"{count} {what}" for what, count in found.items() if count]


@asynccontextmanager
async def opened(line: Line, folder: Path, hurry: Hurry) -> AsyncIterator[Deliveries]:
    """Open a store in a folder that owes all of a platform's rooms and people what comes."""
    hurry.tell = lambda seconds: setattr(line.world, "ahead", seconds)
    address = f"sqlite:///{folder / 'papers.db'}"
    await days.furnish(address, line.world.rooms, line.world.people)
    async with storage.connect(address) as store:
        yield Deliveries(store, line, hurry)
