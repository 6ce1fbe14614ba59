"""Putting a backup in the place of the database: all of it or nothing, and what was there is kept."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from bot.ports import SchemaError, StoreError
from storage.backup import Progress, check_sound, copied, part, sync, writing
from storage.fence import Doubt, raise_fence
from storage.opening import check_not_foreign, translated, upgraded

_BUSY = 5.0  # seconds
_STAGED = "restore"


@dataclass(frozen=True, slots=True)
class Restored:
    """Where the database is now that was there before, if there was one, and what the backup leaves in doubt."""

    aside: Path | None
    doubt: Doubt


async def restore(database: Path, file: Path, now: datetime, progress: Progress = lambda left, total: None) -> Restored:
    """Put a copy of a backup in the place of a database, migrated and fenced; move aside what is there.

    Who calls this holds the right to deliver from the database. At every moment there is the old one or the new one.
    Raise `SchemaError` where the file is no backup of ours, or of a later schema, `DiskError` where it is damaged or
    there is no space, `StoreError` where another program has the database open.
    """
    database = _cleared(database, file)
    with part(database, _STAGED) as staged:
        copied(file, staged, progress, mode="ro")
        with writing(database), translated(file), closing(sqlite3.connect(staged, isolation_level=None)) as db:
            check_sound(db, file, "Nothing was changed; restore an earlier one")
        with writing(database):
            await upgraded(staged)
            doubt = _fenced(staged, now)
        return Restored(_exchanged(database, staged, now), doubt)


def _cleared(database: Path, file: Path) -> Path:
    """Return the database's own name, where a link leads to it, without what a restore has left that was killed."""
    database = Path(os.path.realpath(database))
    with translated(file):
        if database.exists() and file.samefile(database):
            raise SchemaError(f"{file} is the database itself. Nothing was changed; name a backup.")
    for left in database.parent.glob(f"{escape(database.name)}.{_STAGED}-*"):
        left.unlink()
    return database


def _fenced(staged: Path, now: datetime) -> Doubt:
    with closing(sqlite3.connect(staged, isolation_level=None)) as db:
        db.execute("BEGIN")
        doubt = raise_fence(db, now)
        db.execute("COMMIT")
        return doubt


def _exchanged(database: Path, staged: Path, now: datetime) -> Path | None:
    """Put the staged file in the place of a database; return the other name that it has from now on, if there is one.

    It is given that name before its own is another's: there is no moment at which it has none.
    """
    aside = database.with_name(f"{database.name}.before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}")
    with translated(database), writing(database), ExitStack() as stack:
        sync(staged)
        was_there = database.exists()
        if was_there:
            stack.enter_context(_alone(database))
            os.link(database, aside)
        # Of one that is damaged, or that somebody has deleted: the new one must not take it for its own.
        for each in ("-wal", "-shm", "-journal"):
            if (beside := Path(f"{database}{each}")).exists():
                beside.replace(f"{aside}{each}")
        sync(database.parent)
        staged.replace(database)
        sync(database.parent)
    return aside if was_there else None


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    """Keep everybody else from a database that has taken in its log; one that is damaged keeps them off itself."""
    with closing(sqlite3.connect(database, timeout=_BUSY, isolation_level=None)) as db:
        try:
            check_not_foreign(db, database)
            db.execute("PRAGMA journal_mode = DELETE")
            db.execute("BEGIN EXCLUSIVE")
            if db.execute("PRAGMA journal_mode").fetchone() != ("delete",):
                raise StoreError(f"The database {database} is busy with another program's work. Try again.")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
        yield
