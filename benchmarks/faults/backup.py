"""Backups while others write: each is one moment of the database, and nothing is missing that was stored before it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from unittest.mock import patch

import aiosqlite

from benchmarks.faults.replaced import restored
from benchmarks.faults.row import Found, Row, Trial
from storage.backup import back_up
from storage.opening import inspect
from storage.sqlite import SqliteStore
from tests.kill9 import days

_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
_DAYS = 40  # that are taken in while it is backed up, over and over
_BEGINS_WITHIN = 60.0  # seconds
_PAIRS = "SELECT count(*), coalesce(max(CAST(key AS INTEGER)), 0) FROM ledger WHERE kind = ?"


def _backups(trial: Trial) -> Found:
    """Back up while two write, and compare each backup with what they had been told is stored."""
    database = trial.folder / "papers.db"
    pairs, taken = _PROCESSES.Value("q", 0), _PROCESSES.Value("q", 0)
    writer = _PROCESSES.Process(target=_write, args=(database, pairs, taken), daemon=True)
    writer.start()
    wrong: list[str] = []
    rows = 0
    try:
        _until(lambda: taken.value > 3 and pairs.value > 3)
        for number in range(trial.count):
            time.sleep(trial.random.uniform(0, 0.1))
            file = trial.folder / f"{number}.db"
            before = pairs.value, taken.value
            with _plain_copy() if trial.planted else nullcontext():
                rows += back_up(database, file).rows
            wrong += (f"backup {number}: {each}" for each in _of_no_moment(file, *before))
            asyncio.run(restored(trial.folder / f"restored{number}.db", file))
            wrong += (
                f"restored {number}: {each}" for each in _of_no_moment(trial.folder / f"restored{number}.db", *before)
            )
            if not writer.is_alive():
                raise RuntimeError("who writes has ended")
        written = pairs.value + taken.value
    finally:
        writer.kill()
        writer.join()
    return Found(f"{trial.count} backups of {rows:,} rows while {written:,} transactions were written", wrong)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _BEGINS_WITHIN
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("who writes has not begun")
        time.sleep(0.01)


def _write(database: Path, pairs: Synchronized[int], taken: Synchronized[int]) -> None:
    asyncio.run(_writing(database, pairs, taken))


async def _writing(database: Path, pairs: Synchronized[int], taken: Synchronized[int]) -> None:
    async with SqliteStore.open(database) as store:
        await asyncio.gather(_write_pairs(store, pairs), _write_digests(store, taken))


async def _write_pairs(store: SqliteStore, pairs: Synchronized[int]) -> None:
    """Write two entries at a time, in one transaction, numbered; say how many pairs are stored."""

    async def job(db: aiosqlite.Connection) -> None:
        for kind in ("left", "right"):
            await db.execute(
                "INSERT INTO ledger (platform, kind, key, value, sealed) VALUES ('x', ?, ?, '', 0)",
                (kind, pairs.value + 1),
            )

    while True:
        await store.write(job)
        pairs.value += 1
        await asyncio.sleep(0.001)


async def _write_digests(store: SqliteStore, taken: Synchronized[int]) -> None:
    """Take in one digest after the other; say how many are stored."""
    for each in (digest for digests in days.days(_DAYS) for digest in digests):
        await store.take_in(each, lambda _: (), datetime.now(UTC))
        taken.value += 1
        await asyncio.sleep(0.05)
    await asyncio.Event().wait()


def _of_no_moment(file: Path, pairs: int, taken: int) -> Iterator[str]:
    """Yield what shows that a backup is no moment of the database, or one before it was asked for."""
    yield from inspect(file).trouble
    with closing(sqlite3.connect(file)) as db:
        left, right = (db.execute(_PAIRS, (kind,)).fetchone() for kind in ("left", "right"))
        if left != right:
            yield f"half a transaction: {left} and {right}"
        if left[0] != left[1]:
            yield f"of {left[1]} transactions it has {left[0]}"
        if left[0] < pairs:
            yield f"{pairs - left[0]} transactions are missing that were stored before"
        listed = dict(db.execute("SELECT day || category, count(*) FROM listing GROUP BY day, category").fetchall())
        there = {day + category for day, category in db.execute("SELECT day, category FROM digest")}
    ordered = [each for digests in days.days(_DAYS) for each in digests]
    kept = [each for each in ordered if f"{each.day}{each.category}" in there]
    if kept != ordered[: len(kept)] or len(kept) < taken:
        yield f"{len(kept)} digests, and {taken} were stored before"
    if half := [each for each in kept if listed.get(f"{each.day}{each.category}") != len(each.papers)]:
        yield f"{len(half)} digests are half there"


@contextmanager
def _plain_copy() -> Iterator[None]:
    """Copy the file alone, as `cp` would: not what its log has."""
    with patch("storage.backup.copied", lambda database, copy, _, **__: shutil.copy(database, copy)):
        yield


ROWS = (
    Row(
        23,
        "backup under load",
        "a backup is made, and restored, while two write",
        "sound, of one moment, and nothing missing that was stored before it began",
        (10, 100),
        _backups,
        "the file is copied without its log",
        3,
    ),
)
