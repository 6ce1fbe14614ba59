"""A loop in a hurry: what waits is done in its order and at its time, by clocks that agree."""

from __future__ import annotations

import asyncio
import time

from benchmarks.faults import hurried
from benchmarks.faults.hurried import Hurry


async def _a_day(hurry: Hurry) -> list[str]:
    done: list[str] = []
    told: list[float] = []
    hurry.tell = told.append
    began, at = asyncio.get_running_loop().time(), hurry.clock()

    async def wait(hours: int) -> None:
        await asyncio.sleep(hours * 3600)
        done.append(f"{hours} h")

    waiting = [asyncio.create_task(wait(hours)) for hours in (24, 8, 16)]
    await asyncio.gather(*waiting)
    passed = asyncio.get_running_loop().time() - began
    assert passed >= 24 * 3600
    assert abs((hurry.clock() - at).total_seconds() - passed) < 1
    assert told[-1] == hurry.ahead
    return done


def test_a_day_passes_in_its_order_and_by_every_clock() -> None:
    began = time.monotonic()

    assert hurried.run(_a_day, 1e6) == ["8 h", "16 h", "24 h"]
    assert time.monotonic() - began < 3600
