"""What writing about people and rooms begins with: making their scope known, and keeping to a cap."""

from __future__ import annotations

from collections.abc import Sequence

import aiosqlite

from bot.model import Destination
from bot.ports import TooMany
from storage import outbox, rows


async def check_count(db: aiosqlite.Connection, sql: str, values: Sequence[object], most: int | None) -> None:
    """Raise `TooMany`, which takes the transaction back, where what it has just added is one too many."""
    ((count,),) = await db.execute_fetchall(sql, values)
    if most is not None and count > most:
        raise TooMany(count - 1)


async def welcome(db: aiosqlite.Connection, destination: Destination) -> None:
    """Make a destination known; one that was paused is tried again, now that somebody there has spoken."""
    await db.execute(
        f"{outbox.INTRODUCE} ON CONFLICT DO UPDATE SET paused = NULL, paused_at = NULL", rows.scope(destination)
    )
