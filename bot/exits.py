"""How the program ends: its exit codes, and what it says on stderr."""

from __future__ import annotations

import errno
import logging

import click

from bot import config
from bot.log import log_bug
from bot.model import UserError
from bot.ports import AlreadyRunning, SchemaError, StoreError, Unreachable

USAGE, UNREADABLE, UNREACHABLE, BUG, DISK, RUNNING, CONFIGURATION = 2, 65, 69, 70, 74, 75, 78
# EBADF: an output that is closed, or not for writing.
_DISK_TROUBLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EBADF)


class Failure(Exception):  # noqa: N818  # an outcome that has its own exit code
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def explained(error: Exception) -> int:
    """Say on stderr what ended the program, and return its exit code."""
    codes: dict[type[Exception], int] = {
        config.SettingsError: CONFIGURATION,
        SchemaError: CONFIGURATION,
        AlreadyRunning: RUNNING,
        StoreError: DISK,
        Unreachable: UNREACHABLE,
        UserError: USAGE,
    }
    if isinstance(error, Failure):
        code, text = error.code, str(error)
    elif kind := next((kind for kind in codes if isinstance(error, kind)), None):
        code, text = codes[kind], str(error)
    elif isinstance(error, OSError) and error.errno in _DISK_TROUBLE:
        code, text = DISK, f"{error.strerror}: {error.filename or 'this could not be written'}."
    else:
        found = log_bug(logging.getLogger(__name__), error)
        code = BUG
        text = f"This is a bug ({found}). PAPERWIRE_LOG=debug shows where it happened; please report it."
    complain(*(text.split("\n") if isinstance(error, config.SettingsError) else [text]))
    return code


def complain(*lines: str) -> None:
    click.echo("\n".join(map(printable, ("paperwire: " + lines[0], *lines[1:]))), err=True)


def printable(text: str) -> str:
    """Return a text as one line that a terminal shows and does not obey: it may hold a file's name."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
