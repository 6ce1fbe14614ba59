"""What rooms and people want more of, and what they want less of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.model import Destination


@dataclass(frozen=True, slots=True)
class Voice:
    """What a person said of a paper in a room: more papers like it (1), or fewer (-1)."""

    room: Destination
    paper: str
    value: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """How much was said in a room: by how many people, of how many papers, in how many voices."""

    people: int
    papers: int
    voices: int


class Tastes(Protocol):
    """What was liked, where, and whether it counts; every question takes whose it is."""

    async def react(self, room: Destination, person: Destination, paper: str, value: int, at: datetime) -> int:
        """Save that a person of a room wants more papers like one (1), fewer (-1), or never said (0).

        Return how many people of the room now say the same of it. KeyError where no such paper is stored. A person has
        one voice for a paper in a room. Taken back in a person's own scope, it is taken back in every room.
        """

    async def reactions(
        self, since: datetime, *rooms: Destination, until: datetime | None = None
    ) -> Mapping[Destination, Mapping[str, int]]:
        """Return for each room the papers reacted to since then, by arXiv id, with the sum of its people's voices.

        Of a person's voices in a room the newest 20 count, so that nobody speaks for all. Where rooms are named, it is
        of these; of one that does not learn there is nothing. What was said after `until` does not count.
        """

    async def opinions(
        self, since: datetime, people: Collection[Destination], *, until: datetime | None = None
    ) -> Mapping[Destination, Mapping[str, int]]:
        """Return for each of some people what they said of papers since then, by arXiv id, in whatever room.

        Of a paper the newest counts, and of a person the newest 100; of one whose taste is not to count, nothing. What
        was said after `until` does not count.
        """

    async def heard(self, room: Destination, since: datetime | None = None) -> Heard:
        """Return how much was said in a room, in all or since a time."""

    async def voices(self, person: Destination, room: Destination | None = None) -> tuple[Voice, ...]:
        """Return what a person said, in one room or, without one, in any, the newest first."""

    async def learns(self, of: Destination) -> bool:
        """Say whether what is liked in a room, or by a person, changes what comes first there, or for them."""

    async def learn(self, of: Destination, *, learns: bool) -> None: ...

    async def unlearn(self, room: Destination, person: Destination | None = None) -> int:
        """Erase what was said in a room, by one person or by all; in a person's own scope, what they said anywhere.

        Return how many voices that were.
        """

    async def shown(
        self, since: date, until: date, rooms: Collection[Destination]
    ) -> Mapping[Destination, tuple[str, ...]]:
        """Return for each of some rooms the papers of its highlights, by arXiv id, listed since a day, before another.

        What is owed to it counts as shown.
        """
