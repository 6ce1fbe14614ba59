"""What people keep of the papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model import Destination, Paper


@dataclass(frozen=True, slots=True)
class Saved:
    """A paper that a person keeps: since when, and under which tags of their own, sorted."""

    paper: Paper
    at: datetime
    tags: tuple[str, ...] = ()


class Shelf(Protocol):
    """The papers that a person keeps; every question takes whose they are."""

    async def save(self, person: Destination, paper: str, at: datetime, *, most: int | None = None) -> bool:
        """Keep a paper, by its arXiv id; return whether it was not kept before, else it stays as it was.

        KeyError where no such paper is stored. Raise `TooMany` where the person has `most` of them already.
        """

    async def tag(self, person: Destination, paper: str, *tags: str, most: int | None = None) -> frozenset[str]:
        """Put a paper that a person keeps under tags besides those that it is under; return those it was not under.

        One that is not kept stays so. Raise `TooMany`, and add none, where it would be under more than `most`.
        """

    async def untag(self, person: Destination, paper: str, *tags: str) -> frozenset[str]:
        """Take a paper that a person keeps from under tags; return those that it was under."""

    async def unsave(self, person: Destination, paper: str) -> Saved | None:
        """Keep a paper no longer; return how it was kept, None where it was not."""

    async def saved(self, person: Destination, tag: str = "", *, limit: int = 10, offset: int = 0) -> tuple[Saved, ...]:
        """Return what a person keeps (under a tag), what was saved last first."""

    async def saved_count(self, person: Destination, tag: str = "") -> int: ...

    async def saved_before(self, person: Destination, paper: str) -> int | None:
        """Return how many papers come before one in what a person keeps; None where they do not keep it."""

    async def saved_titles(self, person: Destination) -> Mapping[str, str]:
        """Return the titles of what a person keeps by arXiv id, what was saved last first."""

    async def tags(self, person: Destination) -> Mapping[str, int]:
        """Return a person's tags, and how many papers are under each, the most used first."""
