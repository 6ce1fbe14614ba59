"""What measures is right itself: its lines, its verdicts, what it writes down."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from benchmarks import material, report
from benchmarks.bars import Bar, at_least, at_most
from benchmarks.heartbeat import heartbeat
from benchmarks.queries import asked
from benchmarks.stores import Transaction, opened, subscribed
from benchmarks.tantivy_index import translated
from benchmarks.timing import Cost, Watch
from bot.daily import take_in
from bot.model import Destination, Digest, Paper
from bot.search.grammar import parse

ROOT = Path(__file__).parent.parent
NAMES = ("100k", "1m", "2.8m")
# What FTS5 keeps is in tables beside its own, which cannot be read.
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"


def test_a_bar_goes_by_the_cpu_and_shows_the_wall_beside_it() -> None:
    bar = at_most("search", 0.5, Cost(wall=9, cpu=1), Cost(wall=10, cpu=2), "a peer")

    assert bar == Bar("search", "<= 0.5 x a peer", "0.50 x (wall 0.90 x)", passed=True)
    assert at_most("search", 0.4, Cost(9, 1), Cost(10, 2), "a peer").passed is False
    assert at_most("search", None, Cost(9, 1), Cost(10, 2), "a peer") == Bar("search", "", bar.measured, passed=None)


def test_what_takes_half_the_time_does_twice_as_much() -> None:
    bar = at_least("ingest", 2, Cost(wall=1, cpu=1), Cost(wall=3, cpu=2), "raw")

    assert bar == Bar("ingest", ">= 2 x raw", "2.00 x (wall 3.00 x)", passed=True)
    assert at_least("ingest", 2.1, Cost(1, 1), Cost(3, 2), "raw").passed is False


def test_a_watch_sees_the_work_of_every_thread() -> None:
    with Watch() as watch:
        asyncio.run(asyncio.to_thread(sum, range(3_000_000)))

    assert watch.cost.cpu > 0.005


def test_a_section_is_written_in_its_place_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "performance.md"
    for name, text in (("1m", "large\n"), ("100k", "small\n"), ("1m", "larger\n")):
        report.write(path, NAMES, name, text)

    written = path.read_text("utf-8")
    assert written.startswith("# Performance\n")
    assert written.endswith("\n## 100k papers\n\nsmall\n\n## 1m papers\n\nlarger\n")
    assert [each.name for each in path.parent.iterdir()] == ["performance.md"]


def test_a_section_says_how_it_was_made_and_has_a_row_for_each_bar() -> None:
    bars = [Bar("a | b*", "<= 1 x", "2 x", passed=False), Bar("c", "", "peer is not installed", passed=None)]

    assert report.section({"search": bars}, "python -m benchmarks", "today").splitlines() == [
        "`python -m benchmarks`, today.",
        "",
        "| | bar | measured | |",
        "| --- | --- | --- | --- |",
        "| **search** | | | |",
        r"| a \| b\* | &lt;= 1 x | 2 x | FAIL |",
        "| c |  | peer is not installed |  |",
    ]


def test_a_terminal_is_shown_what_was_typed_as_it_was_typed() -> None:
    from rich.console import Console

    console = Console(width=200)
    with console.capture() as shown:
        console.print(report.table({"search": [Bar("[bold]x", "[a-z]", "1 x", passed=True)]}, "title"))

    assert "[bold]x" in shown.get()
    assert "[a-z]" in shown.get()
    assert "pass" in shown.get()


@pytest.mark.skipif(not material.CORPUS.exists(), reason="there is no corpus beside the checkout")
def test_the_lines_are_of_every_kind_each_once_and_the_grammar_reads_them_all() -> None:
    lines = [each.line for each in asked()]

    assert 270 <= len(lines) == len(set(lines))
    assert {parse(line).text for line in lines} == set(lines)
    assert len({each.kind for each in asked()}) == 13
    assert '"attention is all you need"' in lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"point cloud" -medical', ('"point cloud" -medical', [], None)),
        ("lidar OR radar", ("lidar OR radar", [], None)),
        ("transf* vision", ("vision", ["transf"], None)),
        ("transf*", ("", ["transf"], None)),
        ("abstract:lidar title:flow", ("body:lidar title:flow", [], None)),
        ("lidar sort:new", ("lidar", [], "day")),
        ("lidar cat:eess.IV after:2026-01-02", ('lidar category:"eess.IV" day:[739618 TO 3652059]', [], None)),
        ("lidar before:2026-01-02", ("lidar day:[0 TO 739617]", [], None)),
    ],
)
def test_a_line_asks_the_peer_the_same(line: str, expected: object) -> None:
    assert translated(line) == expected


async def test_what_the_store_wrote_can_be_written_again(tmp_path: Path) -> None:
    written: list[Transaction] = []
    digest = Digest("s", "cs.CV", date(2026, 1, 5), (Paper("2601.00001", "Purple elephants", "They are large."),))
    async with opened(tmp_path / "ours.db", written=written) as store:
        await take_in(digest, store, datetime.now(UTC))
    async with opened(tmp_path / "raw.db"):
        pass

    with closing(sqlite3.connect(tmp_path / "raw.db")) as raw, closing(sqlite3.connect(tmp_path / "ours.db")) as ours:
        for transaction in written:
            for sql, rows in transaction:
                raw.executemany(sql, rows)
        raw.commit()
        tables = [name for (name,) in ours.execute(_TABLES)]
        assert {"paper", "listing", "digest", "paper_words_data"} <= set(tables)
        for name in tables:
            asking = f"SELECT * FROM {name} ORDER BY 1"
            assert raw.execute(asking).fetchall() == ours.execute(asking).fetchall(), name


async def test_people_subscribed_at_once_are_subscribed(tmp_path: Path) -> None:
    async with opened(tmp_path / "p.db", readers=1) as store:
        await subscribed(store, ["lidar", '"point cloud"'])

        [second] = await store.subscriptions(Destination("paced", "home", "@2"))
        assert (second.query, second.number) == ('"point cloud"', 1)


async def test_a_heartbeat_tells_how_long_the_loop_was_blocked() -> None:
    async with heartbeat() as late:
        await asyncio.sleep(0.01)
        sum(range(3_000_000))

    assert max(late) > 0.005
    assert len(late) > 2


def test_a_family_that_is_not_known_is_answered_with_those_that_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "serach"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    for name in ("search", "ingest", "felt", "ranking", "kill9"):
        assert name in done.stderr
