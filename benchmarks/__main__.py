"""Measure, and print one table: what Paperwire costs, and what its peers cost, all in one run."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks import discord, ingest, kill9, parsing, ranking, searching, slack, startup, volume
from benchmarks.timing import Row

Family = Iterable[tuple[str, list[Row]]]

# Each measures quickly, or well.
_FAMILIES: dict[str, Callable[[bool], Family]] = {
    "parsing": lambda quick: [parsing.rows(3 if quick else 9)],
    "ingest": lambda quick: [ingest.rows(3 if quick else 7)],
    "searching": lambda quick: searching.rows(10 if quick else 100, 3_000 if quick else None),
    "ranking": lambda quick: ranking.rows(2 if quick else 12),
    "slack": lambda quick: slack.rows(10 if quick else 60, 3_000 if quick else 100_000),
    "discord": lambda quick: discord.rows(20 if quick else 60, 3_000 if quick else 100_000),
    "startup": lambda quick: [startup.rows(3 if quick else 15)],
    "volume": lambda quick: volume.rows(1_000 if quick else 10_000, 20 if quick else 100),
}
_KILL9 = "kill9"
# They take minutes each, and are measured by name.
_LONG = ("ranking", _KILL9)


def _known(_: click.Context, __: click.Parameter, names: Sequence[str]) -> Sequence[str]:
    every = (*_FAMILIES, _KILL9)
    if unknown := [name for name in names if name not in every]:
        raise click.BadParameter(f"there is no {', '.join(unknown)}; there are: {', '.join(every)}.")
    return names


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", callback=_known)
@click.option("--quick", is_flag=True, help="Fewer rounds, and a tenth of the corpus.")
@click.option("--kills", default=500, show_default=True, help="How often kill9 kills in each case.")
@click.option("--seed", envvar="SEED", help="What kill9 draws the moments from; SEED may name it too.")
def main(names: Sequence[str], *, quick: bool, kills: int, seed: str | None) -> None:
    """Measure Paperwire beside its peers: medians of interleaved runs. Without a NAME, all but ranking and kill9."""
    console = Console()
    console.width = max(console.width, 120)  # a pipe has no width
    names = names or [name for name in _FAMILIES if name not in _LONG]
    if measured := [name for name in _FAMILIES if name in names]:
        _measure(measured, quick=quick, console=console)
    if _KILL9 in names and not kill9.run(kills, seed or os.urandom(4).hex(), console):
        raise click.exceptions.Exit(1)


def _measure(names: Iterable[str], *, quick: bool, console: Console) -> None:
    table = Table(title=_title(quick=quick), caption=_CAPTION, title_justify="left", caption_justify="left")
    for column in ("", "wall", "CPU", "ratio of wall, CPU"):
        table.add_column(column, justify="right" if column else "left")
    for name in names:
        for what, rows in _FAMILIES[name](quick):
            table.add_section()
            table.add_row(f"[bold]{what}[/bold]")
            for row in rows:
                table.add_row(f"  {row.what}", row.wall, row.cpu, row.ratio)
    console.print(table)


_CAPTION = (
    "Medians of runs that take turns. A ratio is a line's time over the time of the first line of its group: "
    "below 1, that line is faster."
)


def _title(*, quick: bool) -> str:
    now = datetime.now(UTC)
    return (
        f"Paperwire, {now:%d %b %Y}{', quick' if quick else ''}: {_processor()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


if __name__ == "__main__":
    main()
