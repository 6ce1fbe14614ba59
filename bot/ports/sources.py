"""Where digests come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, runtime_checkable

from bot.model import (
    Digest,
    Paper,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A text that may hold digests: where it came from, and the text or why it could not be read."""

    source: str
    text: str = ""
    error: str | None = None


class Source(Protocol):
    """Where digests come from: files and folders, a web address, a git checkout, arXiv itself.

    `address` is what the operator calls it. It may be asked `every` so often, and what arXiv announces is there within
    `delay` of the midnight (US Eastern) that begins the digest's day.
    """

    @property
    def address(self) -> str: ...

    @property
    def every(self) -> timedelta: ...

    @property
    def delay(self) -> timedelta: ...

    def documents(self) -> AsyncIterator[Document]:
        """Yield each document that is new or has changed since it was last read, oldest name first.

        One that cannot be read carries its error; the rest go on. One is read once the next is asked for: who fails
        over it is given it again.
        """

    def __len__(self) -> int:
        """Count the documents, as far as known beforehand."""


@runtime_checkable
class Archive(Protocol):
    """A source that still knows the days that it has left behind."""

    def between(self, first: date, last: date) -> AsyncIterator[Digest]:
        """Yield the digests of past days, as far as it can tell. Raise `Unreachable` where it does not answer."""


class Lookup(Protocol):
    """Who knows papers by their ids: arXiv's API."""

    async def papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
        """Return what is known of some papers, by id. Raise `Unreachable` where nobody answers."""
