"""A bar: what must hold, as a ratio to a peer or as a limit, and what was measured in this run."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.timing import Cost


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the table of bars: `passed` is None where there is nothing to compare with here."""

    what: str
    bar: str
    measured: str
    passed: bool | None


def at_most(what: str, most: float | None, ours: Cost, peer: Cost, than: str) -> Bar:
    """Return the bar that our CPU time is at most so many times the peer's; None for a figure without a bar."""
    times = ours.cpu / peer.cpu
    bar = f"<= {most:g} x {than}" if most is not None else ""
    return Bar(what, bar, against(ours, peer), None if most is None else times <= most)


def at_least(what: str, least: float, ours: Cost, peer: Cost, than: str) -> Bar:
    """Return the bar that we do at least so many times what the peer does in the same CPU time."""
    return Bar(what, f">= {least:g} x {than}", against(peer, ours), peer.cpu / ours.cpu >= least)


def against(cost: Cost, first: Cost) -> str:
    """Return one cost in terms of another: by the CPU, and by the clock on the wall."""
    return f"{cost.cpu / first.cpu:.2f} x (wall {cost.wall / first.wall:.2f} x)"


def absent(what: str, package: str) -> Bar:
    """Return the row that says why there is no verdict: a peer is not installed."""
    return Bar(what, "", f'{package} is not installed: pip install -e ".[bench]"', None)
