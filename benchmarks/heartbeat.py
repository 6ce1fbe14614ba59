"""How long the event loop was blocked: a task that wants to run every millisecond writes down how late it did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from benchmarks.chats import running

_EVERY = 0.001  # seconds


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Yield a list that grows while the block runs: by how many seconds each beat was late."""
    late: list[float] = []

    async def beat() -> None:
        before = perf_counter()
        while True:
            await asyncio.sleep(_EVERY)
            now = perf_counter()
            late.append(now - before - _EVERY)
            before = now

    async with running(beat()):
        await asyncio.sleep(0)
        yield late
        await asyncio.sleep(2 * _EVERY)  # what came last counts too
