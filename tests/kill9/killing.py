"""Killing processes with SIGKILL, at random moments or at the worst, and starting them again.

They are forked from a server that has loaded all they need: a start takes milliseconds.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any

from storage.opening import inspect
from tests.kill9 import days, victim, worlds
from tests.kill9.judge import Verdict
from tests.kill9.victim import Fault, Work
from tests.kill9.worlds import LedgerWorld, World

# What returns when a process is to be killed; it is told how to see whether that has ended before.
Wait = Callable[[Callable[[], bool]], object]

_SOONEST, _LATEST = 0.002, 0.12  # seconds after a start
_ENDS_WITHIN = 60.0
# Seconds from a kill to the next start, by the clocks of all: a platform's history shows by then what was taken, and
# sometimes the platform has forgotten what it knew by heart.
_GAPS = (15, 15, 15, 300)
_MOST_DRAINS = 100


@dataclass(frozen=True, slots=True)
class End:
    """How a victim ended: whether it was killed, while it did what, and how many sends it found left uncertain."""

    killed: bool
    doing: str
    uncertain: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What killing so often has led to.

    `planning` counts the kills that came while a day was taken in, `uncertain` the sends that were cut off, `half` the
    digests found half stored; for `unmarked` see `Killing`.
    """

    kills: int
    planning: int
    uncertain: int
    half: int
    messages: int
    verdict: Verdict
    unmarked: int


class Killing:
    """A database, and the processes that are killed over it while they post to a world."""

    def __init__(self, world: World, folder: Path, *, fault: Fault = "") -> None:
        self.path = folder / "papers.db"
        self.address = f"sqlite:///{self.path}"
        self._world = world
        self._fault = fault
        self._context = multiprocessing.get_context("forkserver")
        # The store loads its engine late.
        self._context.set_forkserver_preload([victim.__name__, "storage.sqlite"])

    async def furnish(self) -> None:
        await days.furnish(self.address, self._world.rooms, self._world.people)

    async def run(self, count: int, *, point: str = "", wait: Wait | None = None) -> End:
        """Let a victim work on the first `count` days, and wait for its end.

        With `wait` it is killed once that returns, which is called in a thread when the victim has begun.
        """
        ledger = self._world.path if isinstance(self._world, LedgerWorld) else None
        settings = self._world.settings(self.address)
        # What was taken in days ago is known to be: it is the last that can have been cut off.
        newest = tuple(map(days.day, range(max(0, count - 2), count)))
        work = Work(self._world.name, settings, newest, ledger, self._world.ahead, self._fault, point)
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=victim.run, args=(work, theirs), daemon=True)
        await asyncio.to_thread(process.start)
        theirs.close()
        with ours:
            # In threads: how busy the loop is with answering must not choose the moment.
            await asyncio.to_thread(_end, process, ours, wait)
            said = list(_heard(ours))
        code = process.exitcode
        process.close()
        assert said, f"it ended before it began, with {code}"
        assert code in (0, -9), f"exit code {code}"
        uncertain, *doing = said
        return End(code != 0, doing[-1] if doing else "", uncertain)

    async def kill(self, kills: int, moments: Random, advance: Callable[[], None] = lambda: None) -> Outcome:
        """Kill so often, at random moments, then let the rest be delivered; say what came of it."""
        killed = planning = uncertain = half = 0
        count, left = 0, days.Left(0, 0, 0)
        while killed < kills:
            # There is always something to be killed over, and never so much that it only piles up.
            count += not left.missing and left.owed <= 2 * (len(self._world.rooms) + len(self._world.people))
            end = await self.run(count, wait=after(moments.uniform(_SOONEST, _LATEST)))
            left = await days.look(self.address, days.day(count - 1))
            killed += end.killed
            planning += end.killed and end.doing == "planning"
            uncertain += end.uncertain
            half += left.half
            self._world.ahead += moments.choice(_GAPS)
            if end.killed:
                advance()
        uncertain += await self.drain(count)
        messages = len(self._world.arrived())
        return Outcome(killed, planning, uncertain, half, messages, self.verdict(count), self.unmarked(count))

    async def drain(self, count: int) -> int:
        """Let all be delivered that is owed; return how many sends were left uncertain."""
        uncertain = 0
        for _ in range(_MOST_DRAINS):
            uncertain += (await self.run(count)).uncertain
            self._world.ahead += _GAPS[0]
            left = await days.look(self.address, [each for day in days.days(count) for each in day])
            assert not left.half
            assert not left.missing
            if not left.owed:
                break
        assert not left.owed, f"{left.owed} are owed still"
        assert inspect(self.path).trouble == ()
        return uncertain

    def verdict(self, count: int) -> Verdict:
        """Judge what arrived of so many days."""
        return worlds.verdict(self._world, count)

    def unmarked(self, count: int) -> int:
        """Count the papers told again by a message that does not say that it may be a repeat."""
        return worlds.unmarked(self._world, count)


def after(seconds: float) -> Wait:
    """Wait so long, whatever becomes of the process."""
    return lambda _: time.sleep(seconds)


def until(condition: Callable[[], object]) -> Wait:
    """Wait until a condition holds or the process has ended."""

    def wait(is_alive: Callable[[], bool]) -> None:
        end = time.monotonic() + _ENDS_WITHIN
        while is_alive() and not condition():
            assert time.monotonic() < end, "what it was to be killed at did not come"
            time.sleep(0.005)

    return wait


def _end(process: ForkServerProcess, told: Connection, wait: Wait | None) -> None:
    """Wait until a process has begun, kill it if that is wanted, and wait for its end."""
    told.poll(_ENDS_WITHIN)
    if wait:
        try:
            wait(process.is_alive)
        finally:
            process.kill()
    process.join(_ENDS_WITHIN)


def _heard(told: Connection) -> Iterator[Any]:
    """Yield what a process said before its end."""
    with suppress(EOFError):
        while told.poll():
            yield told.recv()
