"""Which subscriptions can be read as feeds, and by which secrets: these are stored as hashes only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import aiosqlite

from bot.model import Destination
from bot.ports import Feed
from storage import rows
from storage.access import Access

_PERSON = "(SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))"


class Feeds(Access):
    """The part of `bot.ports.Store` that feeds are read by."""

    async def open_feed(
        self, person: Destination, number: int, secret: str, at: datetime, *, anew: bool = False
    ) -> bool:
        async def job(db: aiosqlite.Connection) -> bool:
            if anew:
                await _close(db, person, number)
            cursor = await db.execute(
                f"""
                INSERT INTO feed (secret, person_id, number, since)
                SELECT ?, person_id, number, ? FROM subscription WHERE person_id = {_PERSON} AND number = ?
                ON CONFLICT (person_id, number) DO NOTHING
                """,  # noqa: S608  # a constant
                (secret, rows.stamp(at), *rows.scope(person), number),
            )
            return cursor.rowcount > 0

        return await self.write(job)

    async def close_feed(self, person: Destination, number: int) -> bool:
        return await self.write(lambda db: _close(db, person, number))

    async def feeds(self, person: Destination) -> Mapping[int, datetime]:
        found = await self.read(
            f"SELECT number, since FROM feed WHERE person_id = {_PERSON} ORDER BY number",  # noqa: S608  # a constant
            rows.scope(person),
        )
        return {number: datetime.fromisoformat(since) for number, since in found}

    async def feed(self, secret: str) -> Feed | None:
        found = await self.read(
            """
            SELECT feed.since, coalesce((SELECT taken_at FROM digest ORDER BY id DESC LIMIT 1), feed.since),
                   d.platform, d.workspace, d.name,
                   s.number, s.query, s.since, s.muted, s.workspace, s.muted_until
            FROM feed JOIN subscription AS s USING (person_id, number) JOIN destination AS d ON d.id = person_id
            WHERE secret = ? AND NOT EXISTS (
                SELECT 1 FROM closed WHERE (closed.platform, closed.workspace) = (d.platform, d.workspace)
            )
            """,
            (secret,),
        )
        return next(map(_feed, found), None)


async def _close(db: aiosqlite.Connection, person: Destination, number: int) -> bool:
    cursor = await db.execute(
        f"DELETE FROM feed WHERE person_id = {_PERSON} AND number = ?",  # noqa: S608  # a constant
        (*rows.scope(person), number),
    )
    return cursor.rowcount > 0


def _feed(row: rows.Row) -> Feed:
    since, changed, *columns = row
    subscription = rows.subscription(rows.destination(columns[:3]), columns[3:])
    opened = datetime.fromisoformat(since)
    return Feed(subscription, opened, max(opened, datetime.fromisoformat(changed)))
