"""What rooms want, and what they make of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from bot.model import (
    Destination,
    Following,
)


class Rooms(Protocol):
    """What is a room's own; every question takes whose it is."""

    async def follow(
        self, following: Following, due: datetime | None = None, *, most: int | None = None
    ) -> tuple[date, ...]:
        """Owe a room the daily highlights from the next digest on, with these settings.

        Raise `TooMany` where its workspace has `most` such rooms already and it is a new one. A person's own scope is
        no room that others could want: it is not counted.

        What is owed there and was never tried is due at `due` from now on. A room that was paused gets of what it
        missed only the newest day; the other days are returned.
        """

    async def unfollow(self, room: Destination) -> None: ...

    async def following(self, room: Destination) -> Following | None: ...

    async def followings(self) -> tuple[Following, ...]:
        """Return all rooms that want the daily highlights, and what of them."""

    async def react(self, room: Destination, person: Destination, paper: str, value: int, at: datetime) -> int:
        """Save that a person of a room wants more papers like one (1), fewer (-1), or never said (0).

        Return how many people of the room now say the same of it. KeyError where no such paper is stored. A person has
        one voice for a paper in a room.
        """

    async def reactions(self, since: datetime) -> Mapping[Destination, Mapping[str, int]]:
        """Return for each room the papers reacted to since then, by arXiv id, with the sum of its people's voices.

        Of a person's voices in a room the newest 20 count, so that nobody speaks for all.
        """
