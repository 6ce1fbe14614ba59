"""How fast digests are taken in, beside raw sqlite3 that runs the same statements with the same values.

What the raw side runs is what the product wrote, put down beforehand: the same rows of the same tables and the same
tokens for the index, a transaction for each digest. It asks nothing, folds no word and waits for no thread. FTS5 on
plain texts would split them itself; so what making the tokens takes, added to the raw side, is beside it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import library, material, parsing, scaled
from benchmarks.bars import Bar, absent, against, at_least
from benchmarks.stores import Transaction, opened
from benchmarks.timing import Cost, Watch, interleaved
from bot.daily import take_in
from bot.model import Digest
from bot.search import words
from storage.index import entry
from storage.schema import MIGRATIONS

_ROUNDS = 5
_PAPERS = 3_000
_OF_A_DIGEST = (53, 1_000)
_PRAGMAS = (
    *("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"),
    *("secure_delete = ON", "cache_size = -16384"),
)
_RAW, _PARSER, _GROWTH = 0.9, 25, 1.1


def bars(size: int) -> Iterator[Bar]:
    if not material.CORPUS.exists():
        yield Bar("ingest", "", "there is no corpus beside the checkout", None)
        return
    for each in _OF_A_DIGEST:
        yield from _beside_raw(each)
    yield _parsed()
    yield _flat(size)


def _beside_raw(of_a_digest: int) -> Iterator[Bar]:
    digests = list(_digests(of_a_digest))
    with TemporaryDirectory() as folder:
        fresh = (Path(folder) / f"{number}.db" for number in count())
        written: list[Transaction] = []
        asyncio.run(_take_in(Watch(), next(fresh), digests, written))
        costs = interleaved(
            {
                "take_in": lambda watch: asyncio.run(_take_in(watch, next(fresh), digests, None)),
                "raw": lambda watch: _raw(watch, next(fresh), written),
                "tokens": lambda watch: _tokens(watch, digests),
            },
            _ROUNDS,
        )
    ours, raw, tokens = costs["take_in"], costs["raw"], costs["tokens"]
    what = f"take in digests of {of_a_digest:,} papers"
    rate = f"{_PAPERS / ours.cpu:,.0f} papers/s of CPU, wall {_PAPERS / ours.wall:,.0f}"
    yield at_least(f"{what}: {rate}", _RAW, ours, raw, "raw sqlite3")
    both = Cost(raw.wall + tokens.wall, raw.cpu + tokens.cpu)
    yield Bar(f"{what}, beside raw sqlite3 and the making of the tokens", "", against(both, ours), None)


def _digests(of_a_digest: int) -> Iterator[Digest]:
    """Yield the newest real papers as digests of so many."""
    records = scaled.real()[-_PAPERS:]
    for at in range(0, _PAPERS, of_a_digest):
        papers = tuple(each.paper for each in records[at : at + of_a_digest])
        yield Digest("benchmark", f"cs.{at}", records[at].day, papers)


async def _take_in(watch: Watch, path: Path, digests: Iterable[Digest], written: list[Transaction] | None) -> None:
    words._read.cache_clear()  # cold, as after a start
    async with opened(path, written=written) as store:
        with watch:
            for digest in digests:
                await take_in(digest, store, datetime.now(UTC))


def _raw(watch: Watch, path: Path, written: Sequence[Transaction]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for migration in MIGRATIONS:
            db.executescript(migration)
        for pragma in _PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        with watch:
            for transaction in written:
                db.execute("BEGIN IMMEDIATE")
                for sql, rows in transaction:
                    db.executemany(sql, rows)
                db.execute("COMMIT")


def _tokens(watch: Watch, digests: Iterable[Digest]) -> None:
    """Make of each paper what the index has of it: what an index that splits texts itself does while it is written."""
    words._read.cache_clear()
    with watch:
        for digest in digests:
            for each in digest.papers:
                entry(each)


def _parsed() -> Bar:
    if not find_spec("markdown_it"):
        return absent("parser", "markdown-it-py")
    costs = parsing.costs(_ROUNDS)
    return at_least("parser", _PARSER, costs[parsing.OURS], costs[parsing.PEER], "markdown-it-py")


def _flat(size: int) -> Bar:
    """Compare the peak of memory with all papers taken in and with half of them."""
    built = library.built(size)
    what = f"peak of memory with {size:,} papers taken in, beside that with half of them"
    measured = f"{built.peak / built.half:.2f} x ({built.peak:,.0f} MiB)"
    return Bar(what, f"<= {_GROWTH:g} x", measured, built.peak <= _GROWTH * built.half)
