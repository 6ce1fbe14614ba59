"""Whether the deliveries still go round."""

from __future__ import annotations

import time
from collections.abc import Callable

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
