"""What a person feels: from the line that is typed to the reply that is shown, on the console, Slack and Discord.

The adapters are the real ones, and the SDKs below them; Slack and Discord are on loopback in this process and do not
judge, and what they take is in the figures. The console is a process that lines are piped into.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks import discord, library, material, slack
from benchmarks.bars import Bar
from benchmarks.chats import LINES
from benchmarks.timing import milliseconds, percentile
from bot.commands import answer, call
from bot.model import Destination
from bot.ports import Store
from storage import connect
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack

_ROUNDS = 10
_CHUNK = 1 << 16
_QUIET = 0.05  # seconds after which an answer on a pipe is all there
_HERE = Destination("console", "local", "@me")

# Answers a line as a person sees it, and returns when that was.
_Ask = Callable[[str], Awaitable[float]]
_Place = Callable[[Store], AbstractAsyncContextManager[_Ask]]


def bars(size: int) -> Iterator[Bar]:
    if not material.CORPUS.exists():
        yield Bar("felt", "", "there is no corpus beside the checkout", None)
        return
    path = library.database(size)
    with TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / "copy.db"
        copyfile(path, copy)
        yield from asyncio.run(_felt(copy))


async def _felt(path: Path) -> list[Bar]:
    """Ask the same lines everywhere."""
    waits: dict[str, list[float]] = {}
    async with connect(f"sqlite:///{path}") as store:
        places: dict[str, _Place] = {
            "the command alone, nowhere": _nowhere,
            "on the console": lambda _: _console(path),
            "on Slack": _slack,
            "on Discord": _discord,
        }
        for name, place in places.items():
            async with place(store) as ask:
                for number in range(1 + _ROUNDS):
                    for line in LINES:
                        began = perf_counter()
                        wait = await ask(line) - began
                        if number:  # the first round warms up
                            waits.setdefault(name, []).append(wait)
    lines = ", ".join(f"`{line}`" for line in LINES)
    return [
        Bar(
            f"from the line to the reply, {name}",
            "",
            f"p50 {milliseconds(percentile(each, 0.5))}, p99 {milliseconds(percentile(each, 0.99))}",
            None,
        )
        for name, each in waits.items()
    ] + [Bar(f"the lines: {lines}", "", f"{_ROUNDS} times each", None)]


@asynccontextmanager
async def _nowhere(store: Store) -> AsyncIterator[_Ask]:
    async def ask(line: str) -> float:
        await answer(call(line, room=_HERE, caller=_HERE, at=datetime.now(UTC)), store)
        return perf_counter()

    yield ask


@asynccontextmanager
async def _console(path: Path) -> AsyncIterator[_Ask]:
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--database", f"sqlite:///{path}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    typed, shown = service.stdin, service.stdout
    assert typed is not None
    assert shown is not None

    async def ask(line: str) -> float:
        typed.write(f"{line}\n".encode())
        seen = 0.0
        wait: float | None = None
        while True:
            try:
                async with asyncio.timeout(wait):
                    assert await shown.read(_CHUNK), "the service has ended"
            except TimeoutError:
                return seen
            seen, wait = perf_counter(), _QUIET

    try:
        yield ask
    finally:
        service.terminate()
        await service.wait()


@asynccontextmanager
async def _slack(store: Store) -> AsyncIterator[_Ask]:
    async with FakeSlack(judging=False) as fake, slack.paperwire(fake, store):

        async def ask(line: str) -> float:
            await fake.answered(await fake.slash(line))
            return perf_counter()

        yield ask


@asynccontextmanager
async def _discord(store: Store) -> AsyncIterator[_Ask]:
    async with FakeDiscord(judging=False) as fake, discord.paperwire(fake, store):

        async def ask(line: str) -> float:
            await discord.command(fake, line)
            return perf_counter()

        yield ask
