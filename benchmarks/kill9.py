"""Killing the process that plans and delivers, at random moments: what is lost, what comes twice, on each platform.

Two orders that are wrong on purpose are killed as often: where they lose nothing and repeat nothing, the harness is no
good.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console
from rich.table import Table

from bot.bars import bar
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
class Case:
    """A platform to be killed over; with `repeats`, papers may come again where the message says that they may."""

    name: str
    world: Callable[[Path], AbstractAsyncContextManager[worlds.World]]
    repeats: bool = False


def run(kills: int, seed: str, console: Console) -> bool:
    """Kill so often in each case and print the table; return whether all came out as it must."""
    table = Table(title=f"Paperwire, kill -9, {kills} times in each case", caption=_CAPTION.format(seed=seed))
    table.title_justify = table.caption_justify = "left"
    columns = ("messages", "kills", "in planning", "in doubt", "lost", "duplicated", "half digests", "out of order")
    for column in ("", *columns, "s", ""):
        table.add_column(column, justify="right" if column else "left")
    passed = True
    runs: list[tuple[str, Case, Fault, str]] = [(case.name, case, "", "") for case in CASES]
    runs += [(f"wrong: {name}", CASES[0], fault, must) for name, fault, must in _WRONG]
    with bar("Killing", kills * len(runs)) as update:
        for name, case, fault, must in runs:
            began = perf_counter()
            found = killed(case, kills, Random(seed), fault=fault, advance=partial(update, advance=1))
            counts = (found.messages, found.kills, found.planning, found.uncertain)
            figures = [f"{each:,}" for each in (*counts, *_wrong(found).values())]
            # A wrong order has to go wrong, and in its own way alone.
            is_right = wrong(case, found) == ([must] if must else [])
            table.add_row(name, *figures, f"{perf_counter() - began:.0f}", "ok" if is_right else "FAIL")
            passed = passed and is_right
    console.print(table)
    return passed


def killed(
    case: Case, kills: int, moments: Random, *, fault: Fault = "", advance: Callable[[], None] = lambda: None
) -> Outcome:
    """Kill so often, at moments drawn from `moments`, while messages go out in the right order or a wrong one."""
    return asyncio.run(_killed(case, kills, moments, fault, advance))


def wrong(case: Case, found: Outcome) -> list[str]:
    """Return the kinds of what must not be and was; a repeat that may be has to say so."""
    counts = _wrong(found) | ({"duplicated": found.unmarked} if case.repeats else {})
    return [kind for kind, count in counts.items() if count]


async def _killed(case: Case, kills: int, moments: Random, fault: Fault, advance: Callable[[], None]) -> Outcome:
    with TemporaryDirectory() as folder:
        async with case.world(Path(folder)) as world:
            killing = Killing(world, Path(folder), fault=fault)
            await killing.furnish()
            return await killing.kill(kills, moments, advance)


def _wrong(found: Outcome) -> dict[str, int]:
    lost, duplicated, disordered = found.verdict
    return {"lost": lost, "duplicated": duplicated, "half digests": found.half, "out of order": disordered}


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


CASES = (
    Case("a ledger", _ledger),
    Case("Slack", partial(_slack, history=True)),
    Case("Slack, no history", partial(_slack, history=False), repeats=True),
    Case("Discord", _discord),
)
# Orders that are wrong on purpose, of the first case, and what goes wrong with each.
_WRONG: tuple[tuple[str, Fault, str], ...] = (
    ("mark, then send", "marks first", "lost"),
    ("no key", "no key", "duplicated"),
)
