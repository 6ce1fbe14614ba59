"""Restoring and migrating while they are killed: the old database is left, or the new one, and nothing between."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

import aiosqlite

import storage
from benchmarks.faults.row import Found, Row, Trial
from storage import opening, soundness
from storage.opening import inspect, migrated
from storage.restore import restore
from storage.schema import MIGRATIONS
from tests.kill9 import days

_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
_BEGINS_WITHIN = 60.0  # seconds
# A later schema's step, that takes a while.
_LATER = """
    CREATE TABLE more (a INTEGER PRIMARY KEY, b TEXT NOT NULL) STRICT;
    INSERT INTO more (b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        SELECT hex(randomblob(100)) FROM n;
    UPDATE more SET b = b || a;
    CREATE INDEX more_b ON more (b);
"""
_MORE = 20_000


async def restored(database: Path, file: Path) -> None:
    with storage.own(f"sqlite:///{database}"):
        await restore(database, file, datetime.now(UTC))


def _restores(trial: Trial) -> Found:
    """Kill who restores, and look which database is there."""
    old, new = (_database(trial.folder / name, count) for name, count in (("old.db", 1), ("new.db", 8)))
    database = trial.folder / "papers.db"

    def begin() -> None:
        _clear(database)
        shutil.copy(old, database)

    def found() -> Iterator[str]:
        asides = [each for each in database.parent.glob(f"{database.name}.before-restore-*") if _papers(each)]
        if not database.exists():
            yield "there is no database"
        elif trouble := _trouble(database):
            yield trouble
        elif _papers(database) == _papers(new):
            if [_papers(each) for each in asides] != [_papers(old)]:
                yield "the old one is gone"
        elif _papers(database) != _papers(old):
            yield "it is neither the old one nor the new one"

    work = partial(_restore, database, new, trial.planted)
    return _killed(trial, work, begin, found, lambda: _papers(database) == _papers(new))


def _restore(database: Path, file: Path, planted: bool, told: Connection) -> None:
    told.send("begun")
    with patch("storage.restore._exchanged", _written_over) if planted else nullcontext():
        asyncio.run(restored(database, file))


def _written_over(database: Path, staged: Path, _: datetime) -> None:
    """Write a database over another, in place."""
    with staged.open("rb") as source, database.open("r+b") as target:
        while piece := source.read(4096):
            target.write(piece)
            target.flush()
            time.sleep(0.002)
        target.truncate()


def _migrations(trial: Trial) -> Found:
    """Kill who migrates, and look which schema is there."""
    old = _database(trial.folder / "old.db", 4)
    database = trial.folder / "papers.db"
    copy = database.with_name(f"{database.name}.v{len(MIGRATIONS)}-before-v{len(MIGRATIONS) + 1}")

    def begin() -> None:
        _clear(database)
        shutil.copy(old, database)

    def found() -> Iterator[str]:
        if trouble := _trouble(database):
            yield trouble
            return
        schema, more = _migrated(database)
        if (schema, more) not in ((len(MIGRATIONS), -1), (len(MIGRATIONS) + 1, _MORE)):
            yield f"schema {schema} with {more} rows of the next one"
        if copy.exists():
            if inspect(copy).schema != len(MIGRATIONS) or _trouble(copy):
                yield "the copy of before is no good"
        elif schema > len(MIGRATIONS):
            yield "there is no copy of before"

    work = partial(_migrate, database, trial.planted)
    with _later_program():
        return _killed(trial, work, begin, found, lambda: _migrated(database)[0] > len(MIGRATIONS))


def _migrate(database: Path, planted: bool, told: Connection) -> None:
    told.send("begun")
    with _later_program(), patch.object(opening, "_upgrade", _step_by_step) if planted else nullcontext():
        asyncio.run(migrated(database))


@contextmanager
def _later_program() -> Iterator[None]:
    """Know one schema more."""
    later = (*MIGRATIONS, _LATER)
    with patch.object(opening, "MIGRATIONS", later), patch.object(soundness, "MIGRATIONS", later):
        yield


async def _step_by_step(db: aiosqlite.Connection, _: Path, version: int) -> None:
    """Migrate with each statement in a transaction of its own."""
    await db.executescript(_LATER)
    await db.execute(f"PRAGMA user_version = {version + 1}")


def _migrated(database: Path) -> tuple[int, int]:
    """Return a database's schema, and how many rows of the next one it has; -1 where it has not the table."""
    with closing(sqlite3.connect(database)) as db:
        ((schema,),) = db.execute("PRAGMA user_version")
        there = db.execute("SELECT name FROM sqlite_schema WHERE name IN ('more', 'more_b')").fetchall()
        return schema, db.execute("SELECT count(*) FROM more").fetchone()[0] if there else -1


def _killed(
    trial: Trial,
    work: Callable[[Connection], None],
    begin: Callable[[], None],
    found: Callable[[], Iterable[str]],
    is_new: Callable[[], bool],
) -> Found:
    """Kill some work at random moments of it; say what was found after each."""
    begin()
    whole = _run(work, None)
    kills = new = 0
    wrong: list[str] = []
    while kills < trial.count:
        begin()
        after = trial.random.uniform(0, whole)
        if not _run(work, after):
            # It ended before: the machine is faster now.
            continue
        kills += 1
        news = list(found())
        wrong += (f"killed after {after:.4f} s of {whole:.4f}: {each}" for each in news)
        new += not news and is_new()
    return Found(f"{kills} kills: {kills - new} left the old, {new} the new", wrong)


def _run(work: Callable[[Connection], None], after: float | None) -> float:
    """Run some work in a process; return after how many seconds it ended, or, killed after so many, was; 0 if not."""
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=work, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    with ours:
        if not ours.poll(_BEGINS_WITHIN):
            raise TimeoutError("it has not begun")
        began = time.monotonic()
        process.join(_BEGINS_WITHIN if after is None else after)
        seconds = time.monotonic() - began
        process.kill()
        process.join()
    if process.exitcode not in (0, -9) or (after is None and process.exitcode):
        raise RuntimeError(f"it ended with {process.exitcode}")
    return seconds if after is None or process.exitcode else 0.0


def _database(path: Path, count: int) -> Path:
    """Make a database of so many days."""

    async def make() -> None:
        async with storage.connect(f"sqlite:///{path}") as store:
            for each in (digest for digests in days.days(count) for digest in digests):
                await store.take_in(each, lambda _: (), datetime.now(UTC))

    asyncio.run(make())
    return path


def _clear(database: Path) -> None:
    for each in database.parent.glob(f"{database.name}*"):
        each.unlink()


def _papers(database: Path) -> int:
    with closing(sqlite3.connect(database)) as db:
        return int(db.execute("SELECT count(*) FROM paper").fetchone()[0])


def _trouble(database: Path) -> str:
    try:
        with closing(sqlite3.connect(database)) as db:  # as the service does, which takes back what was half written
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return "; ".join(inspect(database).trouble)
    except Exception as error:  # noqa: BLE001  # that it cannot be opened is trouble
        return str(error)


ROWS = (
    Row(
        23,
        "restore killed",
        "kill -9 at a random moment of a restore",
        "the old database or the new one, and the old one never lost",
        (10, 100),
        _restores,
        "the database is written over in place",
        5,
    ),
    Row(
        23,
        "migration killed",
        "kill -9 at a random moment of a migration",
        "the old schema or the new one, and a copy of before with the new one",
        (10, 100),
        _migrations,
        "each statement in a transaction of its own",
        8,
    ),
)
