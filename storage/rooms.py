"""What rooms want: every statement takes its room's scope."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime

import aiosqlite

from bot.model import Destination, Following
from storage import outbox, rows
from storage.access import Access
from storage.scoped import check_count, welcome


class Rooms(Access):
    """The part of `bot.ports.Store` that is a room's own."""

    async def follow(
        self, following: Following, due: datetime | None = None, *, most: int | None = None
    ) -> tuple[date, ...]:
        async def job(db: aiosqlite.Connection) -> tuple[date, ...]:
            missed = await outbox.give_up_missed(db, following.room)
            await welcome(db, following.room)
            known = await db.execute_fetchall(
                """
                SELECT 1 FROM following JOIN destination ON id = room_id
                WHERE (platform, workspace, name) = (?, ?, ?)
                """,
                rows.scope(following.room),
            )
            await db.execute(
                """
                INSERT INTO following (room_id, categories, count, schedule, owner, weekly)
                SELECT id, ?, ?, ?, ?, ? FROM destination WHERE (platform, workspace, name) = (?, ?, ?)
                ON CONFLICT (room_id) DO UPDATE SET categories = excluded.categories, count = excluded.count,
                    schedule = excluded.schedule, owner = excluded.owner, weekly = excluded.weekly
                """,
                (
                    json.dumps(following.categories),
                    following.count,
                    rows.schedule(following.schedule),
                    str(following.owner) if following.owner else None,
                    following.weekly,
                    *rows.scope(following.room),
                ),
            )
            if not known and not following.room.is_person:
                await check_count(
                    db,
                    "SELECT count(*) FROM following JOIN destination ON id = room_id "
                    "WHERE (platform, workspace) = (?, ?) AND name NOT LIKE '@%'",
                    (following.room.platform, following.room.workspace),
                    most,
                )
            await db.execute(
                """
                UPDATE outbox SET due = coalesce(:due, due), not_before = coalesce(:due, not_before)
                WHERE destination_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (:p, :w, :n))
                      AND kind = 'highlights' AND state = 'pending' AND attempts = 0
                """,
                {"due": rows.stamp_or_null(due), **dict(zip("pwn", rows.scope(following.room), strict=True))},
            )
            return missed

        return await self.write(job)

    async def unfollow(self, room: Destination) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(
                """
                DELETE FROM following
                WHERE room_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                """,
                rows.scope(room),
            )

        await self.write(job)

    async def following(self, room: Destination) -> Following | None:
        found = await self.read(
            """
            SELECT categories, count, schedule, owner, weekly FROM following JOIN destination ON id = room_id
            WHERE (platform, workspace, name) = (?, ?, ?)
            """,
            rows.scope(room),
        )
        return next((rows.following(room, row) for row in found), None)

    async def followings(self, *, weekly: bool = False) -> tuple[Following, ...]:
        return await self.look(lambda db: _followings(db, weekly=weekly))


def _followings(db: sqlite3.Connection, *, weekly: bool) -> tuple[Following, ...]:
    found = db.execute(
        """
        SELECT platform, workspace, name, categories, count, schedule, owner, weekly
        FROM following JOIN destination ON id = room_id WHERE NOT ? OR weekly IS NOT NULL ORDER BY id
        """,
        (weekly,),
    )
    return tuple(rows.following(rows.destination(row[:3]), row[3:]) for row in found)
