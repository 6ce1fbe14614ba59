"""Opening a database file: its permissions, its schema, its pragmas, its errors in words for the operator."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from glob import escape
from pathlib import Path
from tempfile import mkstemp

import aiosqlite

from bot.ports import DiskError, Inspection, SchemaError, StoreError
from storage import soundness
from storage.schema import APPLICATION_ID, MIGRATIONS, TABLES, tables
from storage.vocabulary import near

_BACKUPS = 3
BUSY_MS = 5000
_SMALL = 32 * 2**20  # bytes
_IDENTITY = """
    SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
    FROM pragma_application_id, pragma_user_version
"""
_COPY = re.compile(r"\.v(\d+)-before-v\d+$")
_FOREIGN = "{} is another program's database. Nothing was changed; name another file."
_DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}


async def migrated(path: Path) -> int:
    """Bring a database file, made if need be, to this program's schema: a backup first, a transaction a step.

    Return the number of that schema. Raise `SchemaError` where it is another program's file or a later Paperwire's;
    then nothing was changed.
    """
    with translated(path):
        _create(path)
        async with aiosqlite.connect(path, isolation_level=None) as db:
            await db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            version = await _version(db, path)
            if 0 < version < len(MIGRATIONS):
                await _check_tables(db, path, version)
                await _back_up(db, path, version)
            await _upgrade(db, path, version)
            await _write_ahead(db)
    return len(MIGRATIONS)


async def upgraded(path: Path) -> None:
    """Bring a copy of a database to this program's schema, as one file; the database itself is its backup."""
    with translated(path):
        async with aiosqlite.connect(path, isolation_level=None) as db:
            version = await _version(db, path)
            await _check_tables(db, path, version)
            await _upgrade(db, path, version)


async def configured(db: aiosqlite.Connection, *, reader: bool) -> None:
    """Set what a connection must have: a sent message survives a power cut only with synchronous=FULL."""
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "secure_delete = ON",  # what is erased is not left in the file
        "cache_size = -16384",
        f"query_only = {'ON' if reader else 'OFF'}",
    ):
        await db.execute(f"PRAGMA {pragma}")
    await db.create_function("near", 3, near, deterministic=True)


def check_ours(db: sqlite3.Connection, path: Path) -> int:
    """Return the schema of a database of ours; raise `SchemaError` where it is none, or a later Paperwire's."""
    version = _known(path, *db.execute(_IDENTITY).fetchone())
    if not version:
        raise SchemaError(f"{path} is no database of Paperwire's. Nothing was changed; name another file.")
    return version


def check_not_foreign(db: sqlite3.Connection, path: Path) -> None:
    """Raise `SchemaError` where a database is another program's."""
    if _is_foreign(*db.execute(_IDENTITY).fetchone()):
        raise SchemaError(_FOREIGN.format(path))


def inspect(path: Path) -> Inspection:
    """Look a database file over and change nothing in it: schema, permissions, all that must hold of a sound one.

    Every page is read and every paper's words are folded: minutes for a million papers, in a few MiB of memory. Raise
    `SchemaError` where it is another program's.
    """
    with translated(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        found = path.stat()
        application, schema, tables = db.execute(_IDENTITY).fetchone()
        if _is_foreign(application, schema, tables):
            raise SchemaError(_FOREIGN.format(path))
        return Inspection(
            str(path),
            f"SQLite {sqlite3.sqlite_version}",
            found.st_size,
            schema,
            len(MIGRATIONS),
            found.st_mode & 0o777,
            tuple(soundness.flaws(db)),
            next(map(str, reversed(_kept(path))), ""),
        )


async def check_small(db: aiosqlite.Connection, path: Path) -> None:
    """Raise `DiskError` where SQLite sees that a small database is damaged; a large one is the doctor's alone.

    It reads all of it: 50 ms at most, which a start can take.
    """
    with translated(path):
        ((size,),) = await db.execute_fetchall("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        if size <= _SMALL:
            ((found,),) = await db.execute_fetchall("PRAGMA quick_check(1)")
            if found != "ok":
                raise DiskError(_damaged(path, soundness.in_line(found)))


@contextmanager
def translated(path: Path | None = None) -> Iterator[None]:
    """Turn SQLite's and the system's errors into the port's, in words for who runs the program."""
    where = f"The database {path}" if path else "The database"
    try:
        yield
    except OSError as error:
        raise DiskError(f"{where} cannot be used: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:  # in place of an error of SQLite's that quotes what is no text
        raise DiskError(_damaged(path, "what it says of itself is no text")) from error
    except sqlite3.DatabaseError as error:
        # A text that is none has no code: it is not SQLite that reads it.
        is_no_text = str(error).startswith("Could not decode to UTF-8")
        code = sqlite3.SQLITE_CORRUPT if is_no_text else getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise SchemaError(f"{where} is not an SQLite file. Nothing was changed; name another.") from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise DiskError(_damaged(path, str(error))) from error
        if code in _DISK:
            raise DiskError(f"{where} cannot be used: {error}. What was stored before is still there.") from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(f"{where} is busy with another program's work. Try again.") from error
        raise


def _damaged(path: Path | None, why: str) -> str:
    kept = _kept(path) if path else []
    which = f"type: paperwire restore {kept[-1]}" if kept else "restore a backup"
    # What was read as a text may be what a paper says; that is nothing for a log.
    said = "a text in it is none" if why.startswith("Could not decode") else why
    return f"The database{f' {path}' if path else ''} is damaged: {said}. Stop the service, and {which}."


def _create(path: Path) -> None:
    """Make the file, readable by its owner alone; SQLite gives its journals the same permissions."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "rb") as file:
        header = file.read(72)
    # https://www.sqlite.org/fileformat.html. SQLite itself takes a text of less than a page for a new database.
    if header and not header.startswith(b"SQLite format 3\0"):
        raise SchemaError(f"The database {path} is not an SQLite file. Nothing was changed; name another.")
    if not header or header[68:] == APPLICATION_ID.to_bytes(4, "big"):
        for each in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
            _close_to_others(each)


def _close_to_others(file: Path) -> None:
    """Keep a file to its owner, where that is us; refuse one that everybody can read and that we cannot change."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return
    if found.st_mode & 0o077 and found.st_uid == os.geteuid():
        file.chmod(0o600)
    elif found.st_mode & 0o007:
        raise SchemaError(
            f"{file} can be read by everybody on this machine, and belongs to another user. Nothing was changed; "
            f"have them type: chmod 600 {file}"
        )


async def _version(db: aiosqlite.Connection, path: Path) -> int:
    # One statement is one moment: another process may be making the tables.
    ((application, version, tables),) = await db.execute_fetchall(_IDENTITY)
    return _known(path, application, version, tables)


def _known(path: Path, application: int, version: int, tables: int) -> int:
    """Return a database's schema. Raise `SchemaError` where it is another program's, or a later Paperwire's."""
    if _is_foreign(application, version, tables):
        raise SchemaError(_FOREIGN.format(path))
    if version > len(MIGRATIONS):
        copies = [each for each in _kept(path) if _schema_of(each) <= len(MIGRATIONS)]
        which = f"type: paperwire restore {copies[-1]}" if copies else "restore a backup of before that was installed"
        raise SchemaError(
            f"{path} has schema {version}; this program knows up to {len(MIGRATIONS)}. Nothing was changed. "
            f"Install the Paperwire that made it, or a newer one; or {which}"
        )
    return int(version)


def _is_foreign(application: int, version: int, tables: int) -> bool:
    return application != APPLICATION_ID and bool(application or version or tables)


async def _check_tables(db: aiosqlite.Connection, path: Path, version: int) -> None:
    """Raise `SchemaError` where a migration would meet other tables than those it was written for."""
    if [tuple(each) for each in await db.execute_fetchall(TABLES)] != tables(MIGRATIONS[:version]):
        raise SchemaError(
            f"{path} says that it has schema {version}, and its tables are others: no Paperwire that was released made "
            "it. Nothing was changed. Name another file, and take the digests in anew"
        )


async def _upgrade(db: aiosqlite.Connection, path: Path, version: int) -> None:
    # Another process may be doing the same: each step looks again once it holds the write lock.
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        await db.execute("BEGIN IMMEDIATE")
        try:
            if await _version(db, path) < number:
                for statement in _statements(script):
                    await db.execute(statement)
                await db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                await db.execute(f"PRAGMA user_version = {number}")
            await db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                await db.execute("ROLLBACK")
            raise


async def _write_ahead(db: aiosqlite.Connection) -> None:
    """Switch to the write-ahead log. Alone of all statements it does not wait for who reads meanwhile; so wait here."""
    for attempt in range(BUSY_MS // 20, -1, -1):
        try:
            await db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not attempt:
                raise
            await asyncio.sleep(0.02)
        else:
            return


async def _back_up(db: aiosqlite.Connection, path: Path, version: int) -> None:
    with _part(path) as part:
        await db.execute("VACUUM INTO ?", (str(part),))
        # Where another process has migrated meanwhile, its backup is the good one.
        if inspect(part).schema == version:
            _keep(part, path, version)


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """Yield a new file beside another, deleted in the end unless renamed. Nobody but its owner ever can read it."""
    handle, name = mkstemp(prefix=f"{path.name}.backup-", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _keep(part: Path, path: Path, version: int) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())  # or a power cut may leave neither this nor what was before
    part.replace(path.with_name(f"{path.name}.v{version}-before-v{len(MIGRATIONS)}"))
    for each in _kept(path)[:-_BACKUPS]:
        each.unlink(missing_ok=True)


def _kept(path: Path) -> list[Path]:
    """Return the copies that were made of a database before it was migrated, the newest last."""
    there = path.parent.glob(f"{escape(path.name)}.v*-before-v*")
    return sorted((each for each in there if _COPY.search(each.name)), key=lambda each: each.stat().st_mtime)


def _schema_of(copy: Path) -> int:
    found = _COPY.search(copy.name)
    return int(found[1]) if found else 0


def _statements(script: str) -> Iterator[str]:
    """Yield a script's statements. Not `executescript`: it commits the open transaction first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise AssertionError(f"unfinished SQL: {statement}")
