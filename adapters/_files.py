"""Digests from files and folders: regular files, read whole, within limits, off the event loop."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import stat
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot.digest.entries import MAX_BYTES
from bot.ports import Document

SUFFIXES = (".md", ".markdown", ".xml", ".rss", ".atom", ".txt")
MAX_RATIO = 100

# Never through a link that took the place of a listed file, and never waiting for a FIFO's other end.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Files:
    """One file, whatever its name; or a folder's digest files, recursively, sorted by name, no hidden ones.

    The path that is named may be a link. Links inside a folder are not followed: nothing outside it is read.
    """

    def __init__(self, path: Path) -> None:
        self._root = path
        self._found = list(_listed(path)) if path.is_dir() else [Document(str(path))]

    def __len__(self) -> int:
        return len(self._found)

    async def documents(self) -> AsyncIterator[Document]:
        for document in self._found:
            yield document if document.error else await asyncio.to_thread(self._read, document.source)

    def _read(self, source: str) -> Document:
        try:
            # The path as it was named may be a link; what was listed under it may not.
            path = os.path.realpath(source) if source == str(self._root) else source
            return Document(source, _text(path))
        except _UnreadableError as error:
            return Document(source, error=str(error))
        except OSError as error:
            return Document(source, error=error.strerror or type(error).__name__)


class _UnreadableError(Exception):
    """The text says why a file's content cannot be a digest's text."""


def _listed(folder: Path) -> Iterator[Document]:
    try:
        with os.scandir(folder) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield Document(str(folder), error=error.strerror or type(error).__name__)
        return
    for entry in listing:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _listed(folder / entry.name)
        elif entry.name.lower().removesuffix(".gz").endswith(SUFFIXES):
            reason = "a symbolic link; name its target instead" if entry.is_symlink() else None
            yield Document(str(folder / entry.name), error=reason)


def _text(path: str) -> str:
    data = _bytes(path)
    if path.lower().endswith(".gz"):
        data = _unpacked(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(f"not UTF-8 text (line {line}, byte {error.start})") from None
    if not text.strip():
        raise _UnreadableError("empty")
    return text


def _bytes(path: str) -> bytes:
    with os.fdopen(os.open(path, _FLAGS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _UnreadableError("not a regular file")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    return data


def _unpacked(data: bytes) -> bytes:
    """Decompress, and stop where the result passes the limits: a small file can hold a huge one."""
    limit = min(MAX_BYTES, MAX_RATIO * len(data))
    try:
        with gzip.open(io.BytesIO(data)) as file:
            unpacked = file.read(limit + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise _UnreadableError("not a whole gzip file") from None
    if len(unpacked) > limit:
        most = f"{MAX_BYTES >> 20} MiB" if limit == MAX_BYTES else f"{MAX_RATIO} times its size"
        raise _UnreadableError(f"larger than {most} once decompressed")
    return unpacked
