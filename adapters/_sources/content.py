"""What was read as a digest's text, within limits."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib

from bot.digest.entries import MAX_BYTES

MAX_RATIO = 100

# Others take long to decode, or are none of text: a server could name any.
_CHARSETS = ("utf-8", "ascii", "iso8859-1", "cp1252")


class UnreadableError(Exception):
    """The text says why the content cannot be a digest's text."""


def text(data: bytes, charset: str = "utf-8") -> str:
    """Decode a text that is not empty; a byte order mark is dropped."""
    try:
        codec = codecs.lookup(charset).name
    except (LookupError, ValueError):
        codec = ""
    if codec not in _CHARSETS:
        raise UnreadableError("in a charset that is not known here; UTF-8 is")
    try:
        decoded = data.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-8" if codec == "utf-8" else codec
        raise UnreadableError(f"not {name} text (line {line}, byte {error.start})") from None
    if not decoded.strip():
        raise UnreadableError("empty")
    return decoded


def unpacked(data: bytes, most: int = MAX_BYTES) -> bytes:
    """Decompress gzip, and stop where the result passes the limits: a small file can hold a huge one."""
    limit = min(most, MAX_RATIO * len(data))
    try:
        with gzip.open(io.BytesIO(data)) as file:
            found = file.read(limit + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise UnreadableError("not a whole gzip file") from None
    if len(found) > limit:
        bound = _size(most) if limit == most else f"{MAX_RATIO} times its size"
        raise UnreadableError(f"larger than {bound} once decompressed")
    return found


def bounded(size: int, most: int = MAX_BYTES) -> None:
    """Raise UnreadableError where there are more bytes than may be."""
    if size > most:
        raise UnreadableError(f"larger than {_size(most)}")


def _size(count: int) -> str:
    return f"{count / 1024**2:g} MiB"
