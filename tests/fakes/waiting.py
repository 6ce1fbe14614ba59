"""Waiting for what a fake sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any


async def until(
    condition: Callable[[], Any], seconds: float, seen: Callable[[], object], news: asyncio.Event | None = None
) -> Any:
    """Wait for a condition and return what it gave; AssertionError with what was `seen` where it does not come true.

    It is looked at whenever `news` is set, or else every few milliseconds.
    """
    end = time.monotonic() + seconds
    while not (held := condition()):
        left = end - time.monotonic()
        if left < 0:
            raise AssertionError(f"nothing came within {seconds:g} s; {seen()}")
        if news is None:
            await asyncio.sleep(0.005)
        else:
            news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), left)
    return held
