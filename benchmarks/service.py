"""The service in a process of its own, wired as `paperwire run` wires it, and what it tells of itself every second."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import time
import traceback
from array import array
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import adapters
from benchmarks.heartbeat import heartbeat
from bot.config import Settings
from bot.service import serve
from storage import connect, own

_EVERY = 1.0  # seconds
_ENDS_WITHIN = 30.0
_SPARE = 3  # files or tasks that come and go
_OF_A_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Reading:
    """The service at a moment: bytes of memory, open files, tasks; its bugs since the reading before, as log lines.

    `at` is in seconds of `time.monotonic`; `late` by how many seconds each beat of its event loop was since then.
    """

    at: float
    memory: int
    files: int
    tasks: int
    late: array[float]
    bugs: tuple[str, ...]


@dataclass(slots=True)
class Service:
    """A service that runs: its readings so far. `code` is its exit code, once it has ended."""

    readings: list[Reading] = field(default_factory=list)
    code: int | None = None

    @property
    def bugs(self) -> list[str]:
        return [bug for each in self.readings for bug in each.bugs]


def nothing() -> None:
    """Prepare nothing."""


@asynccontextmanager
async def running(settings: Settings, prepare: Callable[[], None] = nothing) -> AsyncIterator[Service]:
    """Run the service beside the block, on all platforms but the terminal. `prepare` is called there at first."""
    spawn = multiprocessing.get_context("spawn")
    told, tells = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_run, args=(settings, tells, prepare), daemon=True)
    process.start()
    tells.close()
    loop, service = asyncio.get_running_loop(), Service()

    def hear() -> None:
        try:
            service.readings.append(told.recv())
        except EOFError:
            loop.remove_reader(told.fileno())
            service.code = process.exitcode

    loop.add_reader(told.fileno(), hear)
    try:
        yield service
    finally:
        loop.remove_reader(told.fileno())
        process.terminate()
        await asyncio.to_thread(process.join, _ENDS_WITHIN)
        if process.is_alive():
            process.kill()
            await asyncio.to_thread(process.join)
        service.code = process.exitcode
        told.close()


def grown(readings: Sequence[Reading], warm_after: float) -> list[str]:
    """Say which of files and tasks grew in the readings of more than so many seconds after the first.

    They did where the least of the last quarter is more than the most of the first half: what comes and goes is not.
    """
    steady = [each for each in readings if each.at - readings[0].at > warm_after]
    found = []
    for what, counts in (("files", [each.files for each in steady]), ("tasks", [each.tasks for each in steady])):
        before, after = max(counts[: len(counts) // 2]), min(counts[-len(counts) // 4 :])
        if after > before + _SPARE:
            found.append(f"{what} grow: at most {before}, then at least {after}")
    return found


def _run(settings: Settings, tells: Connection, prepare: Callable[[], None]) -> None:
    bugs = _Bugs(logging.ERROR)
    logging.basicConfig(level=logging.ERROR, handlers=[bugs])
    prepare()
    asyncio.run(_serve(settings, tells, bugs))


async def _serve(settings: Settings, tells: Connection, bugs: _Bugs) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with own(settings.database):
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(connect(settings.database))
            platforms = {
                name: await stack.enter_async_context(adapters.platform(name, settings, store.ledger(name)))
                for name in settings.platforms
                if name != "console"
            }

            async def watch(stop: asyncio.Event) -> None:
                async with heartbeat() as late:
                    while not stop.is_set():
                        await asyncio.sleep(_EVERY)
                        tells.send(_reading(late, bugs))
                        late.clear()

            await serve(store, platforms, lambda: datetime.now(UTC), stop, outlive_asking=True, beside=[watch])


def _reading(late: list[float], bugs: _Bugs) -> Reading:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    found, bugs.found = tuple(bugs.found), []
    return Reading(time.monotonic(), pages * _OF_A_PAGE, files, len(asyncio.all_tasks()), array("d", late), found)


class _Bugs(logging.Handler):
    """Keep what is logged as an error."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        shown = "".join(traceback.format_exception(error)[-3:]) if error else record.__dict__.get("code", "")
        self.found.append(f"{record.getMessage()} {shown}".strip())
