"""Measure, and print tables: what Paperwire must hold beside its peers, and reports of what else it costs.

The families of `_BARS` are held against the bars, on a database of a size; those of `_REPORTS` tell more of one thing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter

import click
from rich.console import Console
from rich.table import Table

from benchmarks import discord, kill9, likeness, load, parsing, ranking, report, slack, volume
from benchmarks.bars import Bar
from benchmarks.faults import row as fault
from benchmarks.faults import table as faults
from benchmarks.scaled import SIZES
from benchmarks.timing import Row

# Each is a module with `bars(size)`.
_BARS = (
    *("search", "relevance", "typos", "folding", "reading", "matching"),
    *("ingest", "concurrency", "startup", "felt"),
)
# Each measures quickly, or well.
_REPORTS: dict[str, Callable[[bool], Iterable[tuple[str, list[Row]]]]] = {
    "parsing": lambda quick: [parsing.rows(3 if quick else 9)],
    "likeness": lambda quick: likeness.rows(20 if quick else 200),
    "ranking": lambda quick: ranking.rows(2 if quick else 12),
    "slack": lambda quick: slack.rows(10 if quick else 60, 3_000 if quick else 100_000),
    "discord": lambda quick: discord.rows(20 if quick else 60, 3_000 if quick else 100_000),
    "volume": lambda quick: volume.rows(1_000 if quick else 10_000, 20 if quick else 100),
}
_KILL9, _LOAD, _FAULTS = "kill9", "load", "faults"
_DOCS = Path(__file__).parent.parent / "docs"


def _known(_: click.Context, __: click.Parameter, names: Sequence[str]) -> Sequence[str]:
    every = (*_BARS, *_REPORTS, _KILL9, _LOAD, _FAULTS)
    if unknown := [name for name in names if name not in every]:
        raise click.BadParameter(f"there is no {', '.join(unknown)}; there are: {', '.join(every)}.")
    return names


def _of_the_table(_: click.Context, __: click.Parameter, names: Sequence[str]) -> list[fault.Row]:
    every = {row.name: row for row in fault.rows()} if names else {}
    if unknown := [name for name in names if name not in every]:
        raise click.BadParameter(f"there is no {', '.join(unknown)}; there are: {', '.join(every)}.")
    return [every[name] for name in names]


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", callback=_known)
@click.option(
    "--size", type=click.Choice(list(SIZES)), default=next(iter(SIZES)), show_default=True, help="Papers, for the bars."
)
@click.option("--write/--no-write", default=True, help="Whether all bars are written to docs/performance.md.")
@click.option("--quick", is_flag=True, help="Fewer rounds, papers and messages, for the reports.")
@click.option("--kills", default=500, show_default=True, help="How often kill9 kills in each case.")
@click.option("--full", is_flag=True, help="Each fault as often as before a release, and docs/reliability.md written.")
@click.option(
    "--row", "only", multiple=True, callback=_of_the_table, help="Of the faults only this one; may be repeated."
)
@click.option("--seed", envvar="SEED", help="What kill9 and faults draw from; SEED may name it too.")
def main(
    names: Sequence[str],
    *,
    size: str,
    write: bool,
    quick: bool,
    kills: int,
    full: bool,
    only: Sequence[fault.Row],
    seed: str | None,
) -> None:
    """Measure Paperwire beside its peers, in runs that take turns.

    Without a NAME: all that has a bar, as a table with the verdicts, which docs/performance.md then has too. What has
    bars: search, relevance, typos, folding, reading, matching, ingest, concurrency, startup, felt. Reports
    are had by name: parsing, likeness, ranking, slack, discord, volume, load, kill9; and so is the table of faults.
    """
    console = Console()
    console.width = max(console.width, 120)  # a pipe has no width
    if barred := [name for name in _BARS if name in names or not names]:
        measured = {name: _bars(name, SIZES[size]) for name in barred}
        machine = report.machine()
        console.print(report.table(measured, f"Paperwire with {size} papers, {machine}"))
        if write and not names:
            report.write(
                _DOCS / "performance.md",
                SIZES,
                size,
                report.section(measured, f"python -m benchmarks --size {size}", machine),
            )
    if reports := [name for name in _REPORTS if name in names]:
        _report(reports, quick=quick, console=console)
    seed = seed or os.urandom(4).hex()
    passed = _KILL9 not in names or kill9.run(kills, seed, console)
    if _LOAD in names:
        passed = load.run(500 if quick else 5_000, console) and passed
    if _FAULTS in names:
        outcomes = faults.run(only or fault.rows(), full=full, seed=seed, console=console)
        console.print(faults.shown(outcomes, seed))
        if full and write and not only:
            faults.write(_DOCS / "reliability.md", outcomes, "python -m benchmarks faults --full", seed)
        passed = passed and all(each.verdict != "FAIL" for each in outcomes)
    if not passed:
        raise click.exceptions.Exit(1)


def _bars(name: str, size: int) -> list[Bar]:
    began = perf_counter()
    bars: list[Bar] = list(import_module(f"benchmarks.{name}").bars(size))
    click.echo(f"{name}: {perf_counter() - began:.0f} s", err=True)
    return bars


def _report(names: Iterable[str], *, quick: bool, console: Console) -> None:
    title = f"Paperwire, {report.machine()}{', quick' if quick else ''}"
    table = Table(title=title, caption=_CAPTION, title_justify="left", caption_justify="left")
    for column in ("", "wall", "CPU", "ratio of wall, CPU"):
        table.add_column(column, justify="right" if column else "left")
    for name in names:
        for what, rows in _REPORTS[name](quick):
            table.add_section()
            table.add_row(f"[bold]{what}[/bold]")
            for row in rows:
                table.add_row(f"  {row.what}", row.wall, row.cpu, row.ratio)
    console.print(table)


_CAPTION = (
    "Medians of runs that take turns. A ratio is a line's time over the time of the first line of its group: "
    "below 1, that line is faster."
)


if __name__ == "__main__":
    main()
