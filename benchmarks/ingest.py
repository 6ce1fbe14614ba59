"""How fast digests are taken in, beside raw sqlite3 that writes the same rows into the same tables.

The raw side knows beforehand what to write: no question whether a paper is known, no plan of what is owed. What it
shows is the floor; what folding the words for the index costs in Python is shown by doing that in the raw run too.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import material
from benchmarks.timing import Row, Watch, interleaved, rates
from bot import words
from bot.daily import take_in
from bot.digest import parse
from bot.model import Digest, Listing, Paper
from storage import connect, intake
from storage.schema import MIGRATIONS


@dataclass(frozen=True, slots=True)
class _Written:
    """What taking in one digest has written: the rows of its tables, and the papers with their rows' ids."""

    digest: Sequence[object]
    papers: list[Sequence[object]]
    listings: list[Sequence[object]]
    indexed: list[tuple[int, Paper]]


def rows(rounds: int) -> tuple[str, list[Row]]:
    name, texts = material.texts()
    # Each paper once, as in the raw rows.
    digests = {(d.day, d.category): d for text in texts for d in parse(text, "benchmark")}.values()
    with TemporaryDirectory() as folder:
        made = Path(folder) / "made.db"
        asyncio.run(_take_in(Watch(), made, digests))
        written = _read_back(made, digests)
        fresh = _fresh(Path(folder))
        costs = interleaved(
            {
                "daily.take_in": lambda watch: asyncio.run(_take_in(watch, fresh(), digests)),
                "raw sqlite3": lambda watch: _raw(watch, fresh(), written, folding=False),
                "raw sqlite3, and the folding of words": lambda watch: _raw(watch, fresh(), written, folding=True),
                "daily.take_in, once more": lambda watch: asyncio.run(_take_in(watch, made, digests)),
            },
            rounds,
        )
    papers = sum(len(digest.papers) for digest in digests)
    return f"Take in: {name}, {papers:,} papers, a transaction each", rates(costs, papers, "papers")


def _fresh(folder: Path) -> Callable[[], Path]:
    count = 0

    def fresh() -> Path:
        nonlocal count
        count += 1
        return folder / f"{count}.db"

    return fresh


async def _take_in(watch: Watch, path: Path, digests: Iterable[Digest]) -> None:
    words._read.cache_clear()  # cold, as after a start
    async with connect(f"sqlite:///{path}") as store:
        with watch:
            for digest in digests:
                await take_in(digest, store, datetime.now(UTC))


def _read_back(path: Path, digests: Iterable[Digest]) -> list[_Written]:
    """Return the rows that a database holds, digest by digest."""
    written = []
    with closing(sqlite3.connect(path)) as db:
        papers = {row[1]: row for row in db.execute("SELECT * FROM paper")}
        for digest in digests:
            key = (digest.day.isoformat(), digest.category)
            listing = Listing(digest.day, digest.category)
            # A paper belongs to the first digest that lists it.
            rows = {each: papers.pop(each.id) for each in digest.papers if each.id in papers}
            written.append(
                _Written(
                    db.execute("SELECT * FROM digest WHERE (day, category) = (?, ?)", key).fetchone(),
                    list(rows.values()),
                    db.execute("SELECT * FROM listing WHERE (day, category) = (?, ?)", key).fetchall(),
                    [(row[0], replace(each, listings=(listing,))) for each, row in rows.items()],
                )
            )
    return written


def _raw(watch: Watch, path: Path, written: list[_Written], *, folding: bool) -> None:
    words._read.cache_clear()
    folded = [_folded(each) for each in written] if not folding else []
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        for migration in MIGRATIONS:
            db.executescript(migration)
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF", "cache_size = -16384"):
            db.execute(f"PRAGMA {pragma}")
        with watch:
            for number, each in enumerate(written):
                db.execute("BEGIN IMMEDIATE")
                _insert(db, "digest", [each.digest])
                _insert(db, "paper", each.papers)
                _insert(db, "listing", each.listings)
                db.executemany(
                    "INSERT INTO paper_words (rowid, title, abstract, author, category) VALUES (?, ?, ?, ?, ?)",
                    _folded(each) if folding else folded[number],
                )
                db.execute("COMMIT")


def _folded(each: _Written) -> list[tuple[object, ...]]:
    return [(row, *intake._words(paper)) for row, paper in each.indexed]


def _insert(db: sqlite3.Connection, table: str, values: list[Sequence[object]]) -> None:
    if values:
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)
