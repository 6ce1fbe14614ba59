"""What rooms want, and what they made of it: every statement takes its room's scope."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

import aiosqlite

from bot.model import Destination, Following
from storage import outbox, rows
from storage.access import Access
from storage.scoped import check_count, welcome

_VOICES = 20  # of a person in a room, the newest: nobody speaks for all


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
                INSERT INTO following (room_id, categories, count, schedule, owner)
                SELECT id, ?, ?, ?, ? FROM destination WHERE (platform, workspace, name) = (?, ?, ?)
                ON CONFLICT (room_id) DO UPDATE SET categories = excluded.categories, count = excluded.count,
                    schedule = excluded.schedule, owner = excluded.owner
                """,
                (
                    json.dumps(following.categories),
                    following.count,
                    rows.schedule(following.schedule),
                    str(following.owner) if following.owner else None,
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
            SELECT categories, count, schedule, owner FROM following JOIN destination ON id = room_id
            WHERE (platform, workspace, name) = (?, ?, ?)
            """,
            rows.scope(room),
        )
        return next((rows.following(room, row) for row in found), None)

    async def followings(self) -> tuple[Following, ...]:
        found = await self.read(
            """
            SELECT platform, workspace, name, categories, count, schedule, owner
            FROM following JOIN destination ON id = room_id ORDER BY id
            """
        )
        return tuple(rows.following(rows.destination(row[:3]), row[3:]) for row in found)

    async def react(self, room: Destination, person: Destination, paper: str, value: int, at: datetime) -> int:
        async def job(db: aiosqlite.Connection) -> int:
            for each in (room, person):
                await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(each))
            ids = await db.execute_fetchall(
                """
                SELECT r.id, w.id, p.id FROM destination AS r, destination AS w, paper AS p
                WHERE (r.platform, r.workspace, r.name) = (?, ?, ?) AND (w.platform, w.workspace, w.name) = (?, ?, ?)
                      AND p.arxiv_id = ?
                """,
                (*rows.scope(room), *rows.scope(person), paper),
            )
            known = next(iter(ids), None)
            if known is None:
                raise KeyError(paper)
            in_room, who, which = known
            if value:
                await db.execute(
                    """
                    INSERT INTO reaction (room_id, paper_id, person_id, value, at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at
                    """,
                    (in_room, which, who, value, rows.stamp(at)),
                )
            else:
                await db.execute(
                    "DELETE FROM reaction WHERE (room_id, paper_id, person_id) = (?, ?, ?)", (in_room, which, who)
                )
            ((same,),) = await db.execute_fetchall(
                "SELECT count(*) FROM reaction WHERE (room_id, paper_id, value) = (?, ?, ?)", (in_room, which, value)
            )
            return int(same)

        return await self.write(job)

    async def reactions(self, since: datetime) -> Mapping[Destination, Mapping[str, int]]:
        found = await self.read(
            """
            WITH voice AS (
                SELECT room_id, paper_id, value,
                       row_number() OVER (PARTITION BY room_id, person_id ORDER BY at DESC, paper_id DESC) AS place
                FROM reaction WHERE at >= ?
            )
            SELECT platform, workspace, name, arxiv_id, sum(value)
            FROM voice JOIN destination AS d ON d.id = room_id JOIN paper AS p ON p.id = paper_id
            WHERE place <= ? GROUP BY room_id, paper_id ORDER BY room_id, arxiv_id
            """,
            (rows.stamp(since), _VOICES),
        )
        rooms: defaultdict[Destination, dict[str, int]] = defaultdict(dict)
        for *room, paper, voices in found:
            rooms[rows.destination(room)][paper] = int(voices)
        return rooms
