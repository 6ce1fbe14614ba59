"""Interleaved measuring: contenders take turns, so that a busy moment of the machine falls on all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock on the wall, and seconds of CPU in all threads and ended child processes."""

    wall: float
    cpu: float

    def per(self, amount: float) -> Cost:
        return Cost(self.wall / amount, self.cpu / amount)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report: what was measured, its two figures as text, and its times as ratios to the first's."""

    what: str
    wall: str
    cpu: str
    ratio: str = ""


class Watch:
    """Add up what happens inside `with watch:`; the preparations around it are free."""

    def __init__(self) -> None:
        self.cost = Cost(0, 0)

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), _cpu()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wall, cpu = time.perf_counter() - self._wall, _cpu() - self._cpu
        self.cost = Cost(self.cost.wall + wall, self.cost.cpu + cpu)


Contender = Callable[[Watch], object]


def interleaved(contenders: Mapping[str, Contender], rounds: int) -> dict[str, Cost]:
    """Let every contender run once a round, in turns first, and return each one's medians."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in list(contenders)[:: -1 if number % 2 else 1]:
            watch = Watch()
            contenders[name](watch)
            costs[name].append(watch.cost)
    return {name: Cost(median(c.wall for c in each), median(c.cpu for c in each)) for name, each in costs.items()}


def rates(costs: Mapping[str, Cost], amount: int, unit: str) -> list[Row]:
    """Return a row for each contender: so many a second, and its time as a ratio to the first one's."""
    first = next(iter(costs.values()))
    return [
        Row(name, f"{amount / cost.wall:,.0f} {unit}/s", f"{amount / cost.cpu:,.0f} {unit}/s", ratio(cost, first))
        for name, cost in costs.items()
    ]


def durations(costs: Mapping[str, Cost]) -> list[Row]:
    """Return a row for each contender: its milliseconds, and its time as a ratio to the first one's."""
    first = next(iter(costs.values()))
    return [
        Row(name, milliseconds(cost.wall), milliseconds(cost.cpu), ratio(cost, first)) for name, cost in costs.items()
    ]


def ratio(cost: Cost, first: Cost) -> str:
    """Return the time of `cost` in terms of the time of `first`, on the wall and of the CPU; nothing for itself."""
    return "" if cost is first else f"{cost.wall / first.wall:.2f}  {cost.cpu / first.cpu:.2f}"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]


def _cpu() -> float:
    ended = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
