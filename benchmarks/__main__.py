"""Measure, and print one table: what Paperwire costs, and what its peers cost, all in one run."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks import discord, ingest, parsing, searching, slack, startup
from benchmarks.timing import Row


@click.command()
@click.option("--quick", is_flag=True, help="Fewer rounds, and a tenth of the corpus.")
def main(*, quick: bool) -> None:
    """Measure Paperwire beside its peers: medians of interleaved runs."""
    table = Table(title=_title(quick=quick), caption=_CAPTION, title_justify="left", caption_justify="left")
    for column in ("", "wall", "CPU", "ratio of wall, CPU"):
        table.add_column(column, justify="right" if column else "left")
    for name, rows in _families(quick=quick):
        table.add_section()
        table.add_row(f"[bold]{name}[/bold]")
        for row in rows:
            table.add_row(f"  {row.what}", row.wall, row.cpu, row.ratio)
    console = Console()
    console.width = max(console.width, 120)  # a pipe has no width
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


def _families(*, quick: bool) -> Iterator[tuple[str, list[Row]]]:
    yield parsing.rows(3 if quick else 9)
    yield ingest.rows(3 if quick else 7)
    yield from searching.rows(10 if quick else 100, 3_000 if quick else None)
    yield from slack.rows(10 if quick else 60, 3_000 if quick else 100_000)
    yield from discord.rows(20 if quick else 60, 3_000 if quick else 100_000)
    yield startup.rows(3 if quick else 15)


if __name__ == "__main__":
    main()
