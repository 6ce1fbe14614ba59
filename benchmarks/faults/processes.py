"""The service as processes: two of it on one database, and one that is told to end while it sends."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import storage
from benchmarks.faults.row import Found, Row, Trial
from bot import daily
from bot.exits import BUG, RUNNING
from tests.fakes.command_line import Paperwire
from tests.fakes.faults import slow
from tests.fakes.slack import FakeSlack
from tests.fakes.waiting import until
from tests.kill9 import days, worlds
from tests.kill9.judge import ALL_WELL

_WITHIN = 60.0  # seconds, for a start and for what is sent after it
_ENDS_WITHIN = 10.0
_LATEST = 0.6  # seconds after a message was sent
_SLOWEST = 0.4  # seconds, of an answer
_BREAKS_EVERY = 5  # starts

_UNLOCKED = "import fcntl; fcntl.flock = lambda *_: None"
_HASTY = "import bot.service; bot.service._FINISH_WITHIN = 0"
_BROKEN = "import bot.pulse; bot.pulse.Pulse.beat = lambda self: 1 / 0"


class _Services:
    """A database that owes messages to a Slack on loopback, and the processes that deliver them."""

    def __init__(self, folder: Path, fake: FakeSlack) -> None:
        folder.mkdir(exist_ok=True)
        self.world = worlds.SlackWorld(fake, history=True)
        self.address = f"sqlite:///{folder / 'papers.db'}"
        self.days = 0
        self._folder = folder
        self._environment = Paperwire(folder).environment | {
            "PAPERWIRE_DATABASE": self.address,
            "PAPERWIRE_SLACK_API": fake.api,
            "PAPERWIRE_SLACK_BOT_TOKEN": fake.token,
            "PAPERWIRE_SLACK_APP_TOKEN": fake.app_token,
        }

    async def owe(self) -> None:
        """Take in a day: a message to everybody."""
        if not self.days:
            await days.furnish(self.address, self.world.rooms, self.world.people)
        async with storage.connect(self.address) as store:
            for digest in days.day(self.days):
                await daily.take_in(digest, store, datetime.now(UTC))
        self.days += 1

    @asynccontextmanager
    async def started(self, change: str = "") -> AsyncIterator[subprocess.Popen[str]]:
        """Start a service, with a change to the program; kill it at the end if it is there still."""
        lines = (change, "from bot.cli import main", "main()")
        process = subprocess.Popen(  # noqa: ASYNC220  # what waits for it waits in a thread
            [sys.executable, "-c", "\n".join(lines), "run"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
            cwd=self._folder,
        )
        try:
            yield process
        finally:
            process.kill()
            await asyncio.to_thread(process.communicate)

    @property
    def is_all_there(self) -> bool:
        return not worlds.verdict(self.world, self.days).lost

    async def arrived(self) -> None:
        """Wait until all that is owed has arrived."""
        await until(lambda: self.is_all_there, _WITHIN, lambda: worlds.verdict(self.world, self.days))

    def told_twice(self) -> list[str]:
        verdict = worlds.verdict(self.world, self.days)
        return [] if verdict == ALL_WELL else [str(verdict)]


async def _ended(process: subprocess.Popen[str], within: float) -> int | None:
    """Wait for a process to end; return its exit code, None where it has not ended in time."""
    try:
        return await asyncio.to_thread(process.wait, within)
    except subprocess.TimeoutExpired:
        return None


def _copies(trial: Trial) -> Found:
    return asyncio.run(_two_each_time(trial))


async def _two_each_time(trial: Trial) -> Found:
    wrong: list[str] = []
    messages = 0
    for number in range(trial.count):
        async with FakeSlack() as fake:
            services = _Services(trial.folder / str(number), fake)
            await services.owe()
            wrong += [f"start {number}: {each}" for each in await _two(services, _UNLOCKED if trial.planted else "")]
            messages += len(services.world.arrived())
    return Found(f"{trial.count} times two processes at once, {messages:,} messages", wrong)


async def _two(services: _Services, change: str) -> list[str]:
    """Start two services at the same time; return what is wrong with what they did."""
    async with services.started(change) as one, services.started(change) as other:
        await services.arrived()
        with suppress(AssertionError):
            await until(lambda: (one.poll(), other.poll()) != (None, None), _ENDS_WITHIN, lambda: "both run")
        codes = one.poll(), other.poll()
        if codes.count(None) != 1:
            return [f"they ended with {codes}, and one should run", *services.told_twice()]
        runs, ended = (one, other) if codes[0] is None else (other, one)
        said = await asyncio.to_thread(lambda: ended.stderr.read() if ended.stderr else "")
        runs.terminate()
        code = await _ended(runs, _WITHIN)
    found = {
        f"the second one ended with {ended.returncode}": ended.returncode != RUNNING,
        f"it does not name process {runs.pid}: {said}": f"(process {runs.pid})" not in said,
        f"the first one ended with {code}": code != 0,
    }
    return [*(what for what, is_so in found.items() if is_so), *services.told_twice()]


def _ending(trial: Trial) -> Found:
    return asyncio.run(_told_to_end(trial))


async def _told_to_end(trial: Trial) -> Found:
    wrong: list[str] = []
    longest = 0.0
    async with FakeSlack() as fake:
        services = _Services(trial.folder, fake)
        for number in range(trial.count):
            await services.owe()
            breaks = number % _BREAKS_EVERY == _BREAKS_EVERY - 1
            fake.mend()
            fake.fail("chat.postMessage", *[slow(trial.random.uniform(0, _SLOWEST)) for _ in range(1_000)])
            moment = trial.random.uniform(0, _LATEST)
            async with services.started(_BROKEN if breaks else _HASTY if trial.planted else "") as process:
                if breaks:
                    took, code = 0.0, await _ended(process, _WITHIN)
                else:
                    await fake.until(partial(_posts, fake, len(fake.calls)), _WITHIN)
                    await asyncio.sleep(moment)
                    began = time.monotonic()
                    process.send_signal(signal.SIGTERM)
                    code, took = await _ended(process, _WITHIN), time.monotonic() - began
            longest = max(longest, took)
            async with storage.connect(services.address) as store:
                uncertain = await store.begin_delivery()
            expected = BUG if breaks else 0
            found = {
                f"ended with {code}, not {expected}": code != expected,
                f"ended after {took:.1f} s": took > _ENDS_WITHIN,
                f"left {uncertain} uncertain": uncertain > 0,
            }
            wrong += [f"start {number}: {what}" for what, is_so in found.items() if is_so]
        fake.mend()
        async with services.started():
            await services.arrived()
        wrong += services.told_twice()
        messages = len(services.world.arrived())
    broken = trial.count // _BREAKS_EVERY
    figures = (
        f"{messages:,} messages, {trial.count - broken} times SIGTERM and {broken} times a bug in main, "
        f"ended after {longest:.1f} s at most"
    )
    return Found(figures, wrong)


def _posts(fake: FakeSlack, seen: int) -> bool:
    return any(each.method == "chat.postMessage" for each in fake.calls[seen:])


ROWS = (
    Row(
        number=15,
        name="two copies",
        fault="two services are started on one database at the same time",
        expected="one ends with 75 and names the other's process, 0 told twice",
        counts=(10, 50),
        check=_copies,
        planted="no lock",
        planted_count=1,
    ),
    Row(
        number=21,
        name="SIGTERM",
        fault="the service is told to end while it sends, or a bug ends it",
        expected="it ends within 10 s, with 0 (a bug: 70), and leaves nothing uncertain",
        counts=(10, 50),
        check=_ending,
        planted="what is on its way is not waited for",
        planted_count=4,
    ),
)
