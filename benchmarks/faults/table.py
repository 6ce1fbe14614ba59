"""Running the rows, two beside each other, and the table: on a terminal, and in docs/reliability.md."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import progress
from benchmarks.faults.row import Found, Row
from benchmarks.report import cell, machine

_ROOT = Path(__file__).parent.parent.parent
_AT_ONCE = 2
_WITHIN = {False: 900.0, True: 5_000.0}  # seconds for a row, in CI and in full
_TAIL = 4_000  # characters of what a row that went wrong has printed

_PREFACE = """# Reliability

What may go wrong, done on purpose: how often, what is expected, what was found. Each row has a mistake that was planted
after it, and that it had to find: where it did not, the row is red too.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a row ended: done so often, in so many seconds, and whether it noticed the mistake planted in it."""

    row: Row
    count: int
    found: Found
    noticed: Found
    seconds: float

    @property
    def verdict(self) -> str:
        """Return a word: ok, short, or FAIL where something is wrong or the planted mistake went unnoticed."""
        if self.found.wrong or self.found.crashed or not self._is_noticed:
            return "FAIL"
        return "short" if self.found.short else "ok"

    @property
    def measured(self) -> str:
        """Return what was found, in words."""
        unnoticed = f"planted, and not noticed: {self.row.planted} {self.noticed.crashed}".rstrip()
        every = (self.found.figures, self.found.crashed, *self.found.wrong, *self.found.short)
        return "; ".join(filter(None, (*every, "" if self._is_noticed else unnoticed)))

    @property
    def _is_noticed(self) -> bool:
        # A check that breaks has noticed nothing.
        return bool(self.noticed.wrong) and not self.noticed.crashed


def run(rows: Sequence[Row], *, full: bool, seed: str, console: Console) -> list[Outcome]:
    """Run the rows and what is planted in them; return how each ended, in their order. What failed is printed."""
    ended: dict[str, Outcome] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        begun = [pool.submit(_outcome, row, seed, full=full) for row in rows]
        for future in progress.shown(as_completed(begun), "Faults", len(begun)):
            outcome, printed = future.result()
            ended[outcome.row.name] = outcome
            if outcome.verdict == "FAIL":
                console.print(f"{outcome.row.name}: {outcome.measured}\n{printed}", markup=False, highlight=False)
    return [ended[row.name] for row in rows]


def shown(outcomes: Sequence[Outcome], seed: str) -> Table:
    """Return the table for a terminal."""
    table = Table(title=f"Paperwire, faults, {machine()}", caption=f"SEED={seed} repeats what was drawn.")
    table.title_justify = table.caption_justify = "left"
    for column in ("", "fault", "done", "found", "s", ""):
        table.add_column(column, justify="right" if column in ("done", "s") else "left")
    colours = {"ok": "green", "short": "yellow", "FAIL": "bold red"}
    for each in outcomes:
        texts = [text.replace("[", r"\[") for text in (each.row.name, each.row.fault, f"{each.count:,}", each.measured)]
        verdict = f"[{colours[each.verdict]}]{each.verdict}[/]"
        table.add_row(str(each.row.number), f"{texts[0]}: {texts[1]}", *texts[2:], f"{each.seconds:.0f}", verdict)
    return table


def write(path: Path, outcomes: Sequence[Outcome], command: str, seed: str) -> None:
    """Write the table as a page."""
    lines = [_PREFACE, f"`{command}`, {machine()}. `SEED={seed}`", ""]
    lines += ["| # | fault | expected | done | found | planted, and noticed | s | |", "| --- " * 8 + "|"]
    for each in outcomes:
        row = each.row
        texts = (row.fault, row.expected, f"{each.count:,}", each.measured, row.planted)
        fault, *others = map(cell, texts)
        cells = [str(row.number), f"**{cell(row.name)}**: {fault}", *others, f"{each.seconds:.0f}", each.verdict]
        lines.append(f"| {' | '.join(cells)} |")
    part = path.with_suffix(".part")
    part.write_text("\n".join([*lines, ""]), "utf-8")
    part.replace(path)


def _outcome(row: Row, seed: str, *, full: bool) -> tuple[Outcome, str]:
    """Return how a row ended, and the end of what it printed."""
    began = perf_counter()
    count = row.counts[full]
    found, printed = _checked(row, count, seed, _WITHIN[full])
    seconds = perf_counter() - began
    noticed, unnoticed = _checked(row, row.planted_count, seed, _WITHIN[full], "--planted")
    return Outcome(row, count, found, noticed, seconds), printed if found.wrong or found.crashed else unnoticed


def _checked(row: Row, count: int, seed: str, within: float, *more: str) -> tuple[Found, str]:
    command = [sys.executable, "-m", "benchmarks.faults", row.name, f"--count={count}", f"--seed={seed}", *more]
    try:
        ended = subprocess.run(
            command, cwd=_ROOT, capture_output=True, text=True, errors="replace", timeout=within, check=False
        )
    except subprocess.TimeoutExpired as error:
        printed = (error.stderr or b"").decode("utf-8", "replace") if isinstance(error.stderr, bytes) else ""
        return Found("", crashed=f"not done within {within:.0f} s"), printed[-_TAIL:]
    try:
        said: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return Found("", crashed=f"ended with {ended.returncode}"), ended.stderr[-_TAIL:]
    said.pop("seed")
    return Found(**said), ended.stderr[-_TAIL:]
