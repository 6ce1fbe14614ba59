"""What a row of the fault table is, and where all of them are found."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from random import Random


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a check: do it `count` times, draw from `random` alone, keep files in `folder`.

    With `planted` the row's mistake is made on purpose, and has to be found.
    """

    count: int
    random: Random
    folder: Path
    planted: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a check saw: its figures in words, a line for each thing that must not be.

    `short` has a line for what is known to miss the expectation, with its figure: the table says so, and is not red.
    `crashed` says why the check itself did not come to its end.
    """

    figures: str
    wrong: Sequence[str] = ()
    short: Sequence[str] = ()
    crashed: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, what is expected of it, and how it is checked.

    `number` is the fault's in the table, which several rows may share; `counts` is how often it is done in CI and
    before a release; `planted` says which mistake is made on purpose, `planted_count` how often the fault is done then.
    """

    number: int
    name: str
    fault: str
    expected: str
    counts: tuple[int, int]
    check: Callable[[Trial], Found]
    planted: str
    planted_count: int


def not_checked(trial: Trial, why: str) -> Found:
    """Return what a check has found that cannot be made on this machine: the table says so, and is not red."""
    said = f"NOT CHECKED: {why}"
    # No mistake goes unnoticed where nothing is looked at.
    return Found(said, wrong=(said,) if trial.planted else (), short=() if trial.planted else (said,))


def rows() -> list[Row]:
    """Return the rows of all modules here, in the order of their numbers."""
    package = import_module(__package__)
    modules = (import_module(f"{__package__}.{each.name}") for each in pkgutil.iter_modules(package.__path__))
    every: Iterable[Row] = (row for module in modules for row in getattr(module, "ROWS", ()))
    return sorted(every, key=lambda row: (row.number, row.name))


def named(name: str) -> Row:
    """Return the row of that name. Raise `KeyError` where there is none."""
    return {row.name: row for row in rows()}[name]
