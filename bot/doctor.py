"""What `paperwire doctor` checks: the settings, the database, the disk, the clock; and what to do about each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot import config
from bot.ports import Inspection, SchemaError, StoreError

_LITTLE_SPACE = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis. `about` says what kind of trouble a failure is."""

    state: Literal["ok", "warn", "FAIL"]
    text: str
    about: Literal["", "configuration", "disk"] = ""


def diagnose(settings: config.Settings, path: Path, inspect: Callable[[], Inspection | None]) -> Iterator[Finding]:
    """Yield what was found, good or bad. `inspect` looks at the database, whose file is `path`; nothing is changed."""
    yield Finding("ok", f"Settings: log {settings.log}, {settings.log_format} format")
    for sentence in config.unknown_settings():
        yield Finding("warn", sentence)
    yield from _database(path, inspect)
    yield from _disk(path)
    now = datetime.now().astimezone()
    yield Finding("ok", f"Time zone: {now.tzname()}, {now:%z}; today is {now:%Y-%m-%d}. TZ sets another")


def _database(path: Path, inspect: Callable[[], Inspection | None]) -> Iterator[Finding]:
    try:
        found = inspect()
    except SchemaError as error:
        yield Finding("FAIL", f"Database: {error}", "configuration")
        return
    except StoreError as error:
        yield Finding("FAIL", f"Database: {error}", "disk")
        return
    if found is None:
        yield Finding("warn", f"Database: there is none yet at {path}; paperwire ingest PATH makes it")
        return
    yield Finding("ok", f"Database: {found.where}, {found.size / 2**20:.1f} MiB, {found.engine}")
    if found.mode & 0o077:
        yield Finding("warn", f"Permissions: others can read it ({found.mode:04o}); type: chmod 600 {found.where}")
    else:
        yield Finding("ok", f"Permissions: {found.mode:04o}")
    if found.schema > found.newest_schema:
        newer = f"is {found.schema}, this program knows {found.newest_schema}; install a newer Paperwire"
        yield Finding("FAIL", f"Schema: {newer}", "configuration")
    elif found.schema < found.newest_schema:
        yield Finding("warn", f"Schema: {found.schema} of {found.newest_schema}; type: paperwire migrate")
    else:
        yield Finding("ok", f"Schema: {found.schema}, the newest")
    if found.trouble:
        trouble = "; ".join(found.trouble)
        which = f"type: paperwire restore {found.backup}" if found.backup else "restore a backup"
        yield Finding("FAIL", f"Integrity: {trouble}. Stop the service, and {which}", "disk")
    else:
        yield Finding("ok", "Integrity: sound")


def _disk(path: Path) -> Iterator[Finding]:
    there = next(each for each in (path, *path.absolute().parents) if _exists(each))
    folder = there if there.is_dir() else there.parent
    if there != folder and not os.access(there, os.W_OK):
        yield Finding("FAIL", f"Database: {there} cannot be written; type: chmod 600 {there}", "disk")
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("FAIL", f"Folder: {folder} cannot be written; allow it, or name another with --database", "disk")
    free = shutil.disk_usage(there).free
    if free < _LITTLE_SPACE:
        yield Finding("FAIL", f"Disk: {free >> 20} MiB free at {there}; make room, or name another place", "disk")
    else:
        yield Finding("ok", f"Disk: {free / 2**30:.1f} GiB free")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # in a folder that may not be entered, say
        return False
