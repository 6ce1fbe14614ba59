"""Killing the process that plans and delivers, at random moments: what is lost, what comes twice, on each platform.

Two orders that are wrong on purpose are killed as often: where they lose nothing and repeat nothing, the harness is no
good.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.kill9 import worlds
from tests.kill9.killing import Killing, Outcome
from tests.kill9.victim import Fault

_CAPTION = (
    "A process forked for each start dies by SIGKILL 2 to 120 ms later. Lost and duplicated count papers at each place "
    "they are owed to, half digests those found half stored after a kill, out of order the places where a day's papers "
    "came after a later day's. In doubt: sends that a kill cut off. Without history, each repeat has to say that it "
    "may be one. The last two are other orders, which have to go wrong. SEED={seed} repeats the moments."
)


@dataclass(frozen=True, slots=True)
class _Case:
    """An order on a platform; with `wrong`, what may be wrong where a repeat says so, and with a fault what must be."""

    what: str
    world: Callable[[Path], AbstractAsyncContextManager[worlds.World]]
    fault: Fault = ""
    wrong: str = ""


def run(kills: int, seed: str, console: Console) -> bool:
    """Kill so often in each case and print the table; return whether all came out as it must."""
    table = Table(title=f"Paperwire, kill -9, {kills} times in each case", caption=_CAPTION.format(seed=seed))
    table.title_justify = table.caption_justify = "left"
    columns = ("messages", "kills", "in planning", "in doubt", "lost", "duplicated", "half digests", "out of order")
    for column in ("", *columns, "s", ""):
        table.add_column(column, justify="right" if column else "left")
    passed = True
    with _progress(kills * len(_CASES)) as advance:
        for case in _CASES:
            began = perf_counter()
            found = asyncio.run(_killed(case, kills, Random(seed), advance))
            counts = (found.messages, found.kills, found.planning, found.uncertain)
            wrong = (found.verdict.lost, found.verdict.duplicated, found.half, found.verdict.disordered)
            figures = [f"{each:,}" for each in (*counts, *wrong)]
            is_right = _is_as_it_must_be(case, found)
            table.add_row(case.what, *figures, f"{perf_counter() - began:.0f}", "ok" if is_right else "FAIL")
            passed = passed and is_right
    console.print(table)
    return passed


async def _killed(case: _Case, kills: int, moments: Random, advance: Callable[[], None]) -> Outcome:
    with TemporaryDirectory() as folder:
        async with case.world(Path(folder)) as world:
            killing = Killing(world, Path(folder), fault=case.fault)
            await killing.furnish()
            return await killing.kill(kills, moments, advance)


def _is_as_it_must_be(case: _Case, found: Outcome) -> bool:
    counts = found.verdict._asdict() | {"half": found.half}
    wrong = counts.pop(case.wrong) if case.wrong else 0
    # A wrong order has to go wrong; a repeat has to say that it may be one.
    return not any(counts.values()) and (wrong > 0 if case.fault else not found.unmarked)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Killing", total=total)
        yield lambda: bar.advance(task)


@asynccontextmanager
async def _ledger(folder: Path) -> AsyncIterator[worlds.World]:
    yield worlds.LedgerWorld(folder / "ledger")


@asynccontextmanager
async def _slack(_: Path, *, history: bool) -> AsyncIterator[worlds.World]:
    async with worlds.slack(history=history) as world:
        yield world


@asynccontextmanager
async def _discord(_: Path) -> AsyncIterator[worlds.World]:
    async with worlds.discord() as world:
        yield world


_CASES = (
    _Case("a ledger", _ledger),
    _Case("Slack", partial(_slack, history=True)),
    _Case("Slack, no history", partial(_slack, history=False), wrong="duplicated"),
    _Case("Discord", _discord),
    _Case("wrong: mark, then send", _ledger, "marks first", "lost"),
    _Case("wrong: no key", _ledger, "no key", "duplicated"),
)
