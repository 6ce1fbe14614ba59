"""A loop that does not wait as long as it says: a day of waiting passes in seconds, with real sockets and threads."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

_Result = TypeVar("_Result")

# For what comes without a timer, an answer or a write to the disk, so many seconds are waited as they are.
_PATIENCE = 0.005


class Hurry:
    """By how many seconds the clock of the loop is `ahead` of the machine's: `speed` for one that is waited."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.ahead = 0.0
        self.tell: Callable[[float], None] = lambda _: None  # whoever else has a clock

    def clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def pass_by(self, seconds: float) -> None:
        self.ahead += seconds
        self.tell(self.ahead)


def run(work: Callable[[Hurry], Coroutine[Any, Any, _Result]], speed: float = 300) -> _Result:
    """Run a coroutine in a loop whose clock, and `Hurry.clock`, go on so much faster while there is nothing to do."""
    hurry = Hurry(speed)
    with asyncio.Runner(loop_factory=lambda: _Loop(hurry)) as runner:
        return runner.run(work(hurry))


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, hurry: Hurry) -> None:
        self._hurry = hurry
        super().__init__(_Selector(hurry))

    def time(self) -> float:
        return super().time() + self._hurry.ahead


class _Selector(selectors.DefaultSelector):
    def __init__(self, hurry: Hurry) -> None:
        super().__init__()
        self._hurry = hurry

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= _PATIENCE:
            return super().select(timeout)
        if found := super().select(_PATIENCE):
            return found
        began = time.monotonic()
        found = super().select((timeout - _PATIENCE) / self._hurry.speed)
        self._hurry.pass_by((time.monotonic() - began) * (self._hurry.speed - 1))
        return found
