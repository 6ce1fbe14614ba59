"""A process to be killed: take in digests and deliver what they owe, to a platform in the process that kills it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Literal

from adapters import discord, slack
from bot import daily
from bot.config import Settings
from bot.delivery import deliver
from bot.model import Answer, Delivery, Destination, Digest, Reply, Suggest
from bot.ports import Intake, Morning, Plan, Platform, Store
from storage import connect, own

Fault = Literal["", "marks first", "no key"]

_LATENCY = 0.003  # seconds, at most, for a message to arrive in the ledger, and for the answer to come back


@dataclass(frozen=True, slots=True)
class Work:
    """What a victim is to do: its platform, the days to take in, and by how many seconds its clock is put forward.

    `fault` is the order to deliver in that is wrong. At `point` it kills itself, the third time that it gets there:
    "planning", "claimed", "posted", "settled".
    """

    platform: str
    settings: Settings
    days: tuple[tuple[Digest, ...], ...]
    ledger: Path | None = None
    ahead: float = 0
    fault: Fault = ""
    point: str = ""


def run(work: Work, told: Connection) -> None:
    """Do the work; tell how many sends an earlier victim left uncertain, then what is being done."""
    logging.basicConfig(level="ERROR")
    asyncio.run(_work(work, told))


class Ledger:
    """A platform with a history: a file, a line for each message that has arrived."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._path = path
        self._random = Random()

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Nobody asks anything here."""

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        line = json.dumps([key, str(to), [card.paper for card in reply.cards]])
        if uncertain and any(json.loads(each)[0] == key for each in self._path.read_text().splitlines()):
            return
        await asyncio.sleep(self._random.uniform(0, _LATENCY))
        os.write(self._file, f"{line}\n".encode())
        await asyncio.sleep(self._random.uniform(0, _LATENCY))


class _Watched:
    """A store and its platform, as a victim sees them that is to die at a point, or to deliver in a wrong order."""

    def __init__(self, platform: Platform, store: Store, work: Work) -> None:
        self.run = platform.run
        self._platform = platform
        self._work = work
        self._times = 0
        self._claimed: dict[str, Delivery] = {}
        self._take_in, self._claim, self._settle = store.take_in, store.claim, store.settle
        store.take_in = self._take_in_watched  # type: ignore[method-assign]
        store.claim = self._claim_watched  # type: ignore[method-assign]
        store.settle = self._settle_watched  # type: ignore[method-assign]

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        assert reply.cards
        if self._work.fault == "marks first":
            await self._settle(self._claimed[key], "sent")
        self._reached("claimed")
        await self._platform.post(to, reply, key=key, uncertain=uncertain and self._work.fault != "no key")
        self._reached("posted")

    async def _take_in_watched(
        self, digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None
    ) -> Intake:
        def planned(morning: Morning) -> Iterator[Delivery]:
            self._reached("planning")  # which is in the middle of the transaction
            yield from plan(morning)

        return await self._take_in(digest, planned, at, hold_until=hold_until)

    async def _claim_watched(self, *args: object, **options: object) -> Delivery | None:
        delivery = await self._claim(*args, **options)  # type: ignore[arg-type]
        if delivery:
            self._claimed[delivery.key] = delivery
        return delivery

    async def _settle_watched(self, *args: object, **options: object) -> None:
        if self._work.fault != "marks first":
            await self._settle(*args, **options)  # type: ignore[arg-type]
        self._reached("settled")

    def _reached(self, point: str) -> None:
        self._times += point == self._work.point
        if self._times == 3:
            os.kill(os.getpid(), signal.SIGKILL)


async def _work(work: Work, told: Connection) -> None:
    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=work.ahead)

    with own(work.settings.database):
        async with connect(work.settings.database) as store, _opened(work, store, clock) as platform:
            platforms = {work.platform: _Watched(platform, store, work)}
            told.send(await store.begin_delivery())  # from here on, each moment is worth dying in
            for digests in work.days:
                told.send("planning")
                for digest in digests:
                    await daily.take_in(digest, store, clock())
                told.send("delivering")
                await deliver(store, platforms, clock)


@asynccontextmanager
async def _opened(work: Work, store: Store, clock: Callable[[], datetime]) -> AsyncIterator[Platform]:
    ledger = store.ledger(work.platform)
    if work.platform == "slack":
        async with slack.Adapter.open(work.settings, ledger, clock) as to_slack:
            yield to_slack
    elif work.platform == "discord":
        async with discord.Adapter.open(work.settings, ledger, clock) as to_discord:
            yield to_discord
    else:
        assert work.ledger
        yield Ledger(work.ledger)
