"""How soon a command answers and the service is ready with a database of a size, beside an empty one.

The service is a process of its own, on Slack or on Discord, which are on loopback here; it is ready when it is
connected. What it imports is what the interpreter itself says.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from adapters.discord.commands import payload
from benchmarks import library, material
from benchmarks.bars import Bar, at_most
from benchmarks.timing import Cost, Watch, interleaved, milliseconds
from storage import connect
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack

_ROOT = Path(__file__).parent.parent
_ROUNDS = 3
_SLOWER = 1.25  # than with an empty database; who looks at all of a table is many times slower
_RSS = 120  # MiB
_IDLE = 1.0  # seconds after it is ready
_TICKS = os.sysconf("SC_CLK_TCK")
_SDKS = ("slack_sdk", "slack_bolt", "discord", "aiohttp", "cryptography", "prompt_toolkit", "pydantic", "rich")
# What of them each start has no use for.
_UNUSED = {
    "ask": frozenset({"slack_sdk", "slack_bolt", "discord", "aiohttp", "cryptography", "prompt_toolkit", "pydantic"}),
    "slack": frozenset({"discord", "prompt_toolkit"}),
    "discord": frozenset({"slack_sdk", "slack_bolt", "prompt_toolkit"}),
}

# Waits until the service is.
_Connected = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Started:
    """A service: what it took until it was ready, its memory in MiB when it was idle, the SDKs that it imported."""

    ready: Cost
    memory: float
    sdks: tuple[str, ...]


def bars(size: int) -> Iterator[Bar]:
    if not material.CORPUS.exists():
        yield Bar("startup", "", "there is no corpus beside the checkout", None)
        return
    path = library.database(size)
    with TemporaryDirectory(dir=path.parent) as folder:
        full, empty = Path(folder) / "full.db", Path(folder) / "empty.db"
        copyfile(path, full)
        asyncio.run(_made(empty))
        yield from _commands(full, empty)
        for platform in ("slack", "discord"):
            yield from asyncio.run(_services(platform, full, empty))


def _commands(full: Path, empty: Path) -> Iterator[Bar]:
    costs = interleaved(
        {
            "full": lambda watch: _run(watch, *_ask(full)),
            "empty": lambda watch: _run(watch, *_ask(empty)),
            "nothing": lambda watch: _run(watch, "-c", "pass"),
        },
        3 * _ROUNDS,
    )
    what = f"`ask help` from the shell and back: {milliseconds(costs['full'].wall)}"
    yield at_most(what, _SLOWER, costs["full"], costs["empty"], "an empty database")
    yield at_most("the same, beside an interpreter that does nothing", None, costs["full"], costs["nothing"], "")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *_ask(full)], cwd=_ROOT, check=True, capture_output=True, text=True
    )
    yield _imports("ask", _sdks(done.stderr))


async def _services(platform: str, full: Path, empty: Path) -> list[Bar]:
    started: dict[Path, list[_Started]] = {full: [], empty: []}
    for number in range(1 + _ROUNDS):
        for each in (full, empty) if number % 2 else (empty, full):
            found = await _start(platform, each)
            if number:  # the first round warms up
                started[each].append(found)
    ready = {
        path: Cost(median(each.ready.wall for each in all_), median(each.ready.cpu for each in all_))
        for path, all_ in started.items()
    }
    memory = max(each.memory for each in started[full])
    what = f"the service is ready on {platform}: {milliseconds(ready[full].wall)}"
    return [
        at_most(what, _SLOWER, ready[full], ready[empty], "an empty database"),
        Bar(f"its memory when idle, on {platform}", f"< {_RSS} MiB", f"{memory:.0f} MiB", memory < _RSS),
        _imports(platform, started[full][-1].sdks),
    ]


def _imports(what: str, sdks: tuple[str, ...]) -> Bar:
    unused = _UNUSED[what] & set(sdks)
    said = ", ".join(sdks) or "none"
    where = "`ask`" if what == "ask" else f"the service on {what}"
    return Bar(f"SDKs that {where} imports", "none that is not used", said, not unused)


async def _start(platform: str, database: Path) -> _Started:
    """Run a service until it has been idle for a moment."""
    async with _PLATFORMS[platform]() as (environment, connected):
        names = ("PAPERWIRE_", "XDG_", "SLACK_", "DISCORD_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
        own = {"PAPERWIRE_DATABASE": f"sqlite:///{database}", "PYTHONPATH": str(_ROOT)}
        with (database.parent / "imports.txt").open("w+") as said:
            began = perf_counter()
            service = await asyncio.create_subprocess_exec(
                *(sys.executable, "-X", "importtime", "-m", "bot", "run"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=kept | dict(environment) | own,
                cwd=database.parent,
            )
            ended = asyncio.ensure_future(service.wait())
            try:
                reached = asyncio.ensure_future(connected())
                await asyncio.wait({ended, reached}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    reached.cancel()
                    said.seek(0)
                    raise RuntimeError(f"The service ended before it was ready: {said.read()[-2000:]}")
                ready = Cost(perf_counter() - began, _cpu(service.pid))
                await asyncio.sleep(_IDLE)
                memory = _resident(service.pid)
            finally:
                if not ended.done():
                    service.terminate()
                await ended
            said.seek(0)
            return _Started(ready, memory, _sdks(said.read()))


@asynccontextmanager
async def _slack() -> AsyncIterator[tuple[Mapping[str, str], _Connected]]:
    async with FakeSlack(judging=False) as slack:
        yield (
            {
                "PAPERWIRE_SLACK_API": slack.api,
                "PAPERWIRE_SLACK_BOT_TOKEN": slack.token,
                "PAPERWIRE_SLACK_APP_TOKEN": slack.app_token,
            },
            slack.connected,
        )


@asynccontextmanager
async def _discord() -> AsyncIterator[tuple[Mapping[str, str], _Connected]]:
    async with FakeDiscord(judging=False) as fake:
        fake.register(payload())
        yield {"PAPERWIRE_DISCORD_API": fake.api, "PAPERWIRE_DISCORD_TOKEN": fake.token}, fake.connected


_PLATFORMS = {"slack": _slack, "discord": _discord}


async def _made(path: Path) -> None:
    async with connect(f"sqlite:///{path}"):
        pass


def _ask(database: Path) -> list[str]:
    return ["-m", "bot", "ask", "--database", f"sqlite:///{database}", "help"]


def _run(watch: Watch, *words: str) -> None:
    with watch:
        subprocess.run([sys.executable, *words], cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)


def _sdks(imports: str) -> tuple[str, ...]:
    """Return which SDKs stand in what `-X importtime` says."""
    return tuple(each for each in _SDKS if re.search(rf"\| +{each}$", imports, re.MULTILINE))


def _cpu(process: int) -> float:
    """Return the seconds of CPU that a process has used: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html."""
    # The second field is a name in parentheses, which may hold anything.
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(process: int) -> float:
    """Return the memory in MiB that a process has now."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
