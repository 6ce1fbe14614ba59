"""Digests from files and folders: regular files, read whole, within limits, off the event loop."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters._sources.content import UnreadableError, bounded, text, unpacked
from bot.digest.entries import MAX_BYTES
from bot.ports import Document

SUFFIXES = (".md", ".markdown", ".xml", ".rss", ".atom", ".txt")

# Never through a link that took the place of a listed file, and never waiting for a FIFO's other end.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Files:
    """One file, whatever its name; or a folder's digest files, recursively, sorted by name, no hidden ones.

    The path that is named may be a link. Links inside a folder are not followed: nothing outside it is read.
    A file that changed less than `settle` seconds ago waits until the next time finds it as it is: it may be half
    written. With 0 none waits.
    """

    every = timedelta(seconds=10)
    delay = timedelta(hours=24)

    def __init__(self, path: Path, *, settle: float = 0.0) -> None:
        self.address = str(path)
        self._root = path
        self._settle = settle
        self._read: dict[str, _Signature] = {}
        self._waiting: dict[str, _Signature] = {}
        self._count: int | None = None
        self._ahead: list[_Listed] | None = None

    def __len__(self) -> int:
        if self._count is None:
            self._ahead = list(_listed(self._root))
            self._count = len(self._ahead)
        return self._count

    async def documents(self) -> AsyncIterator[Document]:
        listed, self._ahead = self._ahead, None
        if listed is None:
            listed = await asyncio.to_thread(lambda: list(_listed(self._root)))
        self._count = len(listed)
        # What is gone is forgotten: it may come back.
        self._read = {each.path: self._read[each.path] for each in listed if each.path in self._read}
        self._waiting = {each.path: each.signature for each in listed if self._is_changing(each)}
        for each in listed:
            if each.error:
                yield Document(each.path, error=each.error)
            elif each.path not in self._waiting and self._read.get(each.path) != each.signature:
                document = await asyncio.to_thread(self._document, each)
                if document is None:
                    continue
                yield document
                if not document.error:
                    self._read[each.path] = each.signature

    def _is_changing(self, listed: _Listed) -> bool:
        if listed.error or not self._settle:
            return False
        if listed.path in self._waiting:
            return listed.signature != self._waiting[listed.path]
        return abs(time.time() - listed.signature.modified / 1e9) < self._settle

    def _document(self, listed: _Listed) -> Document | None:
        """Read a file; None where it changed or went meanwhile, and a later round will tell."""
        try:
            # The path as it was named may be a link; what was listed under it may not.
            path = os.path.realpath(listed.path) if listed.path == str(self._root) else listed.path
            found = Document(listed.path, _text(path))
            if self._settle and _signature(os.lstat(path)) != listed.signature:
                return None
        except UnreadableError as error:
            return Document(listed.path, error=str(error))
        except OSError as error:
            if self._settle and isinstance(error, FileNotFoundError):
                return None
            return Document(listed.path, error=_reason(error))
        return found


@dataclass(frozen=True, slots=True)
class _Signature:
    """What tells a file from what it was: when it was written, in ns, its size and its inode."""

    modified: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class _Listed:
    path: str
    signature: _Signature
    error: str = ""


_NOTHING = _Signature(0, 0, 0)


def _listed(root: Path) -> Iterator[_Listed]:
    if root.is_dir():
        yield from _under(root)
        return
    try:
        yield _Listed(str(root), _signature(root.stat()))
    except OSError as error:
        yield _Listed(str(root), _NOTHING, _reason(error))


def _under(folder: Path) -> Iterator[_Listed]:
    try:
        with os.scandir(folder) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield _Listed(str(folder), _NOTHING, _reason(error))
        return
    for entry in listing:
        path = str(folder / entry.name)
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _under(folder / entry.name)
        elif entry.name.lower().removesuffix(".gz").endswith(SUFFIXES):
            try:
                signature = _signature(entry.stat(follow_symlinks=False))
            except FileNotFoundError:
                continue  # it went while the folder was listed
            except OSError as error:
                yield _Listed(path, _NOTHING, _reason(error))
                continue
            yield _Listed(path, signature, "a symbolic link; name its target instead" if entry.is_symlink() else "")


def _signature(status: os.stat_result) -> _Signature:
    return _Signature(status.st_mtime_ns, status.st_size, status.st_ino)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _text(path: str) -> str:
    with os.fdopen(os.open(path, _FLAGS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnreadableError("not a regular file")
        data = file.read(MAX_BYTES + 1)
    bounded(len(data))
    return text(unpacked(data) if path.lower().endswith(".gz") else data)
