"""What rooms and people make of papers: every statement takes its room's scope, or its person's."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

import aiosqlite

from bot.model import Destination
from bot.ports import Heard, Voice
from storage import outbox, rows
from storage.access import Access

_IN_A_ROOM = 20  # of a person's voices, the newest: nobody speaks for all
_ALONE = 100
_ID = "(SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))"
_NAMED = """
    SELECT d.id FROM json_each(?1) CROSS JOIN destination AS d
        ON (d.platform, d.workspace, d.name) =
           (json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'))
"""


class Tastes(Access):
    """The part of `bot.ports.Store` that is what people like."""

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
                    "DELETE FROM reaction WHERE paper_id = ?1 AND person_id = ?2 AND (room_id = ?3 OR ?2 = ?3)",
                    (which, who, in_room),
                )
            ((same,),) = await db.execute_fetchall(
                "SELECT count(*) FROM reaction WHERE (room_id, paper_id, value) = (?, ?, ?)", (in_room, which, value)
            )
            return int(same)

        return await self.write(job)

    async def reactions(
        self, since: datetime, *rooms: Destination, until: datetime | None = None
    ) -> Mapping[Destination, Mapping[str, int]]:
        of_these = f"AND room_id IN ({_NAMED})" if rooms else ""
        found = await self.read(
            f"""
            WITH voice AS (
                SELECT room_id, paper_id, value,
                       row_number() OVER (PARTITION BY room_id, person_id ORDER BY at DESC, paper_id DESC) AS place
                FROM reaction WHERE at >= ?2 AND at <= ?3 {of_these}
            )
            SELECT platform, workspace, name, arxiv_id, sum(value)
            FROM voice JOIN destination AS d ON d.id = room_id JOIN paper AS p ON p.id = paper_id
            WHERE place <= ?4 AND learns GROUP BY room_id, paper_id ORDER BY room_id, arxiv_id
            """,  # noqa: S608  # a constant
            (_scopes(rooms), rows.stamp(since), _last(until), _IN_A_ROOM),
        )
        return _by_whose(found)

    async def opinions(
        self, since: datetime, people: Collection[Destination], *, until: datetime | None = None
    ) -> Mapping[Destination, Mapping[str, int]]:
        found = await self.read(
            f"""
            WITH named AS ({_NAMED}),
            voice AS (
                SELECT person_id, paper_id, value, at,
                       row_number() OVER (PARTITION BY person_id, paper_id ORDER BY at DESC, room_id DESC) AS nth
                FROM reaction WHERE person_id IN named AND at >= ?2 AND at <= ?3
            ),
            opinion AS (
                SELECT person_id, paper_id, value,
                       row_number() OVER (PARTITION BY person_id ORDER BY at DESC, paper_id DESC) AS place
                FROM voice WHERE nth = 1
            )
            SELECT platform, workspace, name, arxiv_id, value
            FROM opinion JOIN destination AS d ON d.id = person_id JOIN paper AS p ON p.id = paper_id
            WHERE place <= ?4 AND learns ORDER BY person_id, arxiv_id
            """,  # noqa: S608  # a constant
            (_scopes(people), rows.stamp(since), _last(until), _ALONE),
        )
        return _by_whose(found)

    async def heard(self, room: Destination, since: datetime | None = None) -> Heard:
        ((people, papers, voices),) = await self.read(
            f"""
            SELECT count(DISTINCT person_id), count(DISTINCT paper_id), count(*)
            FROM reaction WHERE room_id = {_ID} AND at >= coalesce(?, '')
            """,  # noqa: S608  # a constant
            (*rows.scope(room), rows.stamp_or_null(since)),
        )
        return Heard(people, papers, voices)

    async def voices(self, person: Destination, room: Destination | None = None) -> tuple[Voice, ...]:
        found = await self.read(
            f"""
            SELECT platform, workspace, name, arxiv_id, value, at
            FROM reaction JOIN destination AS d ON d.id = room_id JOIN paper AS p ON p.id = paper_id
            WHERE person_id = {_ID} AND (? OR room_id = {_ID}) ORDER BY at DESC, arxiv_id, room_id
            """,  # noqa: S608  # a constant
            (*rows.scope(person), room is None, *rows.scope(room or person)),
        )
        return tuple(
            Voice(rows.destination(where), paper, value, datetime.fromisoformat(at))
            for *where, paper, value, at in found
        )

    async def learns(self, of: Destination) -> bool:
        found = await self.read(
            "SELECT learns FROM destination WHERE (platform, workspace, name) = (?, ?, ?)", rows.scope(of)
        )
        return all(learns for (learns,) in found)

    async def learn(self, of: Destination, *, learns: bool) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(of))
            await db.execute(
                "UPDATE destination SET learns = ? WHERE (platform, workspace, name) = (?, ?, ?)",
                (learns, *rows.scope(of)),
            )

        await self.write(job)

    async def unlearn(self, room: Destination, person: Destination | None = None) -> int:
        wanted = {"room_id": room, "person_id": person}
        if room.is_person:
            wanted = {"person_id": room}
        named = {column: each for column, each in wanted.items() if each}
        condition = " AND ".join(f"{column} = {_ID}" for column in named)

        async def job(db: aiosqlite.Connection) -> int:
            gone = await db.execute(
                f"DELETE FROM reaction WHERE {condition}",  # noqa: S608  # constants
                [part for each in named.values() for part in rows.scope(each)],
            )
            return gone.rowcount

        return await self.write(job)

    async def shown(
        self, since: date, until: date, rooms: Collection[Destination]
    ) -> Mapping[Destination, tuple[str, ...]]:
        found = await self.read(
            f"""
            WITH named AS ({_NAMED})
            SELECT platform, workspace, name, arxiv_id
            FROM told JOIN destination AS d ON d.id = destination_id JOIN paper AS p ON p.id = paper_id
            WHERE kind = 'highlights' AND destination_id IN named
                  -- What a room was shown in years is passed over.
                  AND paper_id >= (SELECT min(paper_id) FROM listing WHERE day >= ?2 AND day < ?3)
                  AND EXISTS (SELECT 1 FROM listing AS l WHERE l.paper_id = p.id AND day >= ?2 AND day < ?3)
            ORDER BY d.id, arxiv_id
            """,  # noqa: S608  # a constant
            (_scopes(rooms), since.isoformat(), until.isoformat()),
        )
        whose: defaultdict[Destination, list[str]] = defaultdict(list)
        for *room, paper in found:
            whose[rows.destination(room)].append(paper)
        return {room: tuple(papers) for room, papers in whose.items()}


def _scopes(of: Iterable[Destination]) -> str:
    return json.dumps([rows.scope(each) for each in of])


def _last(until: datetime | None) -> str:
    return rows.stamp(until) if until else "~"  # behind every time


def _by_whose(found: Iterable[rows.Row]) -> Mapping[Destination, Mapping[str, int]]:
    whose: defaultdict[Destination, dict[str, int]] = defaultdict(dict)
    for *to, paper, voices in found:
        whose[rows.destination(to)][paper] = int(voices)
    return whose
