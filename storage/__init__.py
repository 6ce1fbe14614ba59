"""Everything that says SQL. `connect` opens the store that an address names."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.ports import AlreadyRunning, DiskError, Inspection, SchemaError, Store

if TYPE_CHECKING:
    from storage.backup import Backup, Progress
    from storage.restore import Restored

_SCHEME = "sqlite:///"


@asynccontextmanager
async def connect(address: str) -> AsyncIterator[Store]:
    """Open the store at `sqlite:///PATH`, created and migrated where need be, and close it at the end.

    Raise `SchemaError` where the file is not for this program, `DiskError` where it cannot be read or written.
    """
    from storage.sqlite import SqliteStore  # noqa: PLC0415  # an engine loads only when it is used

    async with SqliteStore.open(path(address)) as store:
        yield store


@contextmanager
def own(address: str) -> Iterator[None]:
    """Hold the right to deliver from a database: one process at a time, freed by the kernel however it ends.

    Raise `AlreadyRunning`, naming the process, where another holds it. A lock and no lease: no clock can strand it.
    """
    try:
        # By the file's own name: a link to it is the same database.
        lock = Path(os.path.realpath(path(address)) + ".lock")
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DiskError(f"{path(address)}.lock cannot be written: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise AlreadyRunning(
                f"Paperwire is already running on {path(address)} (process {holder}). Stop that one first."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


async def migrate(address: str) -> int:
    """Bring a database, made if need be, to this program's schema; return which one that is. Raises as `connect`."""
    from storage.opening import migrated  # noqa: PLC0415  # as above

    return await migrated(path(address))


def back_up(address: str, file: Path, progress: Progress) -> Backup:
    """Make a backup, also while others write. Raise as `storage.backup.back_up` does."""
    from storage.backup import back_up  # noqa: PLC0415  # as above

    return back_up(path(address), file, progress)


async def restore(address: str, file: Path, progress: Progress) -> Restored:
    """Restore a backup. Raise as `storage.restore.restore` does, and `AlreadyRunning` where the service runs."""
    from storage.restore import restore  # noqa: PLC0415  # as above

    with own(address):
        return await restore(path(address), file, datetime.now(UTC), progress)


def inspect(address: str) -> Inspection | None:
    """Look a database over without changing it; None where there is none yet. Raises as `connect` does."""
    from storage.opening import inspect, translated  # noqa: PLC0415  # as above

    file = path(address)
    with translated(file):
        if not file.exists():
            return None
    return inspect(file)


def path(address: str) -> Path:
    """Return the file that an address names. Raise `SchemaError` for an address of no known engine, or of no file."""
    if not address.startswith(_SCHEME) or len(address) == len(_SCHEME):
        scheme = address.partition(":")[0]
        raise SchemaError(f"A database address looks like sqlite:///paperwire.db; this one begins with {scheme!r}.")
    if address == f"{_SCHEME}:memory:":
        raise SchemaError("Paperwire keeps what it promised in a file, not in memory: sqlite:///paperwire.db")
    try:
        return Path(address.removeprefix(_SCHEME)).expanduser()
    except RuntimeError as error:
        raise SchemaError(f"{address} names no file: {error}") from None
