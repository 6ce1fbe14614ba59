"""A copy of the database that is one moment of it, made while others go on writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import mkstemp
from typing import Literal

from bot.ports import DiskError, SchemaError
from storage.opening import check_ours, translated

_PAGES = 256  # a step: a bar moves, Ctrl-C is heard
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}

# What is told how many pages are left, of how many.
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made: how many rows its tables hold, its size in bytes, its SHA-256 in hexadecimal digits."""

    rows: int
    size: int
    sha256: str


def back_up(database: Path, file: Path, progress: Progress = lambda left, total: None) -> Backup:
    """Copy a database to a new file, which is there once it is whole, sound and on the disk, and not before.

    Raise `SchemaError` where there is no database of ours, `DiskError` where the file is there already, where there is
    no space for it, and where the database is damaged.
    """
    if file.exists() or file.is_symlink():
        raise DiskError(f"{file} is there already, and was not changed. Name another file, or type first: rm {file}")
    with part(file, "part") as copy:
        copied(database, copy, progress, mode="rw")
        rows = _checked(copy)
        with writing(file):
            sync(copy)
            with copy.open("rb") as made:
                found = Backup(rows, copy.stat().st_size, file_digest(made, "sha256").hexdigest())
            copy.replace(file)
            sync(file.parent)
    return found


def copied(database: Path, copy: Path, progress: Progress, *, mode: Literal["ro", "rw"]) -> None:
    """Copy what a database holds at this moment to a file. Whoever writes to it meanwhile is not held up.

    Who only reads ("ro") leaves a log behind where there was none; a backup has none, and may be where none can be.
    """
    with translated(database):
        if not database.exists():
            raise SchemaError(f"There is no database at {database}. Name another with --database.")
        address = f"{database.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as db:
            check_ours(db, database)
            # A moment that lasts: were each step a moment of its own, the copy would begin anew after every write.
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM sqlite_schema")
            with writing(copy.with_suffix("")), closing(sqlite3.connect(copy, isolation_level=None)) as made:
                db.backup(made, pages=_PAGES, progress=lambda _, left, total: progress(left, total))
                # One file, that can be copied and read wherever it is.
                made.execute("PRAGMA journal_mode = DELETE")


def _checked(copy: Path) -> int:
    """Return how many rows a copy has. Raise `DiskError` where it is not sound: what it was made of is not, either."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        check_sound(db, copy, "No backup was made. Stop the service, and restore an earlier one")
        tables = db.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return sum(db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables.fetchall())  # noqa: S608


def check_sound(db: sqlite3.Connection, file: Path, otherwise: str) -> None:
    """Raise `DiskError` where SQLite's full check finds anything; `otherwise` says what follows."""
    found = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise DiskError(f"{file} is damaged: {found[0]}. {otherwise}.")


@contextmanager
def part(file: Path, what: str) -> Iterator[Path]:
    """Yield an empty file beside another, its owner's alone; it is deleted in the end unless it was renamed."""
    with writing(file):
        handle, name = mkstemp(prefix=f"{file.name}.{what}-", dir=file.parent)
        os.close(handle)
    try:
        yield Path(name)
    finally:
        for each in (name, f"{name}-journal"):
            Path(each).unlink(missing_ok=True)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Say of what could not be written that it is this file."""
    try:
        yield
    except OSError as error:
        raise DiskError(f"{file} cannot be written: {error.strerror or error}. Nothing was changed.") from error
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _FULL:
            raise
        raise DiskError(f"{file} cannot be written: {error}. Nothing was changed.") from error


def sync(file: Path) -> None:
    """See that a file, or the names in a folder, survive a power cut."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
