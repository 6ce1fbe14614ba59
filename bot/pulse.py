"""Whether the service is well: what a health check is told, in a word each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from bot.ports import Platform, Store, StoreError

# Deliveries go round every few seconds, and more often while there are some.
_SILENT_AFTER = 60.0  # seconds


class Pulse:
    """When the deliveries last went round. `clock` is in seconds, and nobody sets it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def beat(self) -> None:
        self._last = self._clock()

    @property
    def is_silent(self) -> bool:
        return self._clock() - self._last > _SILENT_AFTER


async def unwell(store: Store, platforms: Mapping[str, Platform], pulse: Pulse) -> list[str]:
    """Return what is wrong, in a word each: the store, the deliveries, a platform that was not reached so far."""
    words = ["delivery"] if pulse.is_silent else []
    words += [name for name, each in platforms.items() if not getattr(each, "is_reached", True)]
    try:
        await store.reports()
    except StoreError:
        words.append("store")
    return words
