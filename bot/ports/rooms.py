"""What rooms want."""

from __future__ import annotations

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

    async def followings(self, *, weekly: bool = False) -> tuple[Following, ...]:
        """Return all rooms that want the daily highlights, and what of them; with `weekly` only who wants a week."""
