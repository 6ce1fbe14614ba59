"""Journal clubs, their nominations and meetings: every statement takes its room's scope."""

from __future__ import annotations

import json
from datetime import date, datetime

import aiosqlite

from bot.model import Destination
from bot.ports import Club, Meeting, Nomination
from storage import outbox, rows
from storage.access import Access
from storage.scoped import check_count, welcome

_ID = "(SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))"
_PAPER = "(SELECT id FROM paper WHERE arxiv_id = ?)"
_CLUB = "platform, workspace, name, schedule, count, notice, owner, since"
# A meeting `m` is over without an agenda where none can have arrived.
_POSTED = """
    EXISTS (
        SELECT 1 FROM outbox AS o
        WHERE (o.destination_id, o.kind, o.day, o.topic) = (m.room_id, 'agenda', m.day, '')
              AND (o.state IN ('sending', 'sent') OR o.uncertain)
    )
"""


class Clubs(Access):
    """The part of `bot.ports.Store` that is about journal clubs."""

    async def begin_club(self, club: Club) -> None:
        schedule = rows.schedule(club.schedule)

        async def job(db: aiosqlite.Connection) -> None:
            await welcome(db, club.room)
            before = await db.execute_fetchall(
                """
                SELECT schedule FROM club JOIN destination ON id = room_id
                WHERE (platform, workspace, name) = (?, ?, ?)
                """,
                rows.scope(club.room),
            )
            if [tuple(each) for each in before] != [(schedule,)]:
                ahead = (*rows.scope(club.room), rows.stamp(club.since))
                await db.execute(
                    f"""
                    UPDATE nomination SET met = NULL
                    WHERE (room_id, met) IN (SELECT room_id, day FROM meeting WHERE room_id = {_ID} AND starts > ?)
                    """,  # noqa: S608  # a constant
                    ahead,
                )
                await db.execute(f"DELETE FROM meeting WHERE room_id = {_ID} AND starts > ?", ahead)  # noqa: S608  # a constant
            await db.execute(
                f"""
                INSERT INTO club (room_id, schedule, count, notice, owner, since)
                SELECT {_ID}, ?, ?, ?, ?, ? WHERE true
                ON CONFLICT (room_id) DO UPDATE SET
                    since = iif(schedule = excluded.schedule, since, excluded.since), schedule = excluded.schedule,
                    count = excluded.count, notice = excluded.notice, owner = excluded.owner
                """,
                (
                    *rows.scope(club.room),
                    schedule,
                    club.count,
                    club.notice,
                    str(club.owner) if club.owner else None,
                    rows.stamp(club.since),
                ),
            )

        await self.write(job)

    async def end_club(self, room: Destination) -> None:
        await self._run(f"DELETE FROM club WHERE room_id = {_ID}", *rows.scope(room))  # noqa: S608  # a constant

    async def club(self, room: Destination) -> Club | None:
        found = await self.read(
            f"SELECT {_CLUB} FROM club JOIN destination ON id = room_id WHERE room_id = {_ID}",  # noqa: S608  # constants
            rows.scope(room),
        )
        return next(map(rows.club, found), None)

    async def clubs(self) -> tuple[Club, ...]:
        every = f"SELECT {_CLUB} FROM club JOIN destination ON id = room_id ORDER BY id"  # noqa: S608  # a constant
        return await self.look(lambda db: tuple(map(rows.club, db.execute(every))))

    async def nominations(self, room: Destination, now: datetime) -> tuple[Nomination, ...]:
        found = await self.read(
            f"""
            SELECT p.arxiv_id, n.at,
                   (SELECT count(*) FROM vote AS v WHERE (v.room_id, v.paper_id) = (n.room_id, n.paper_id)),
                   w.platform, w.workspace, w.name, a.known_as, s.platform, s.workspace, s.name, b.known_as,
                   m.day, m.starts, m.skipped, {_POSTED},
                   (SELECT count(*) FROM meeting AS c
                    WHERE c.room_id = n.room_id AND c.at >= n.at AND (m.day IS NULL OR c.day < m.day))
            FROM destination AS d
            JOIN nomination AS n ON n.room_id = d.id
            JOIN paper AS p ON p.id = n.paper_id
            LEFT JOIN destination AS w ON w.id = n.person_id
            LEFT JOIN destination AS s ON s.id = n.presenter_id
            LEFT JOIN naming AS a ON (a.person_id, a.platform, a.workspace) = (w.id, d.platform, d.workspace)
            LEFT JOIN naming AS b ON (b.person_id, b.platform, b.workspace) = (s.id, d.platform, d.workspace)
            LEFT JOIN meeting AS m ON (m.room_id, m.day) = (n.room_id, n.met) AND (m.starts > ? OR {_POSTED})
            WHERE (d.platform, d.workspace, d.name) = (?, ?, ?) ORDER BY n.at, p.arxiv_id
            """,  # noqa: S608  # a constant
            (rows.stamp(now), *rows.scope(room)),
        )
        return tuple(map(rows.nomination, found))

    async def nominate(
        self, room: Destination, person: Destination, paper: str, at: datetime, *, most: int | None = None
    ) -> bool:
        async def job(db: aiosqlite.Connection) -> bool:
            for each in (room, person):
                await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(each))
            if not await db.execute_fetchall("SELECT 1 FROM paper WHERE arxiv_id = ?", (paper,)):
                raise KeyError(paper)
            cursor = await db.execute(
                f"INSERT INTO nomination (room_id, paper_id, person_id, at) VALUES ({_ID}, {_PAPER}, {_ID}, ?) "  # noqa: S608  # constants
                "ON CONFLICT DO NOTHING",
                (*rows.scope(room), paper, *rows.scope(person), rows.stamp(at)),
            )
            new = cursor.rowcount > 0
            await _vote(db, room, person, paper)
            if new:
                await check_count(
                    db,
                    f"SELECT count(*) FROM nomination WHERE room_id = {_ID} AND met IS NULL",  # noqa: S608  # a constant
                    rows.scope(room),
                    most,
                )
            return new

        return await self.write(job)

    async def withdraw(self, room: Destination, paper: str) -> None:
        await self._run(
            f"DELETE FROM nomination WHERE (room_id, paper_id) = ({_ID}, {_PAPER})",  # noqa: S608  # constants
            *rows.scope(room),
            paper,
        )

    async def vote(self, room: Destination, person: Destination, paper: str, *, wanted: bool) -> int:
        async def job(db: aiosqlite.Connection) -> int:
            if wanted:
                await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(person))
                await _vote(db, room, person, paper)
            else:
                await db.execute(
                    f"DELETE FROM vote WHERE (room_id, paper_id, person_id) = ({_ID}, {_PAPER}, {_ID})",  # noqa: S608  # constants
                    (*rows.scope(room), paper, *rows.scope(person)),
                )
            ((votes,),) = await db.execute_fetchall(
                f"SELECT count(*) FROM vote WHERE (room_id, paper_id) = ({_ID}, {_PAPER})",  # noqa: S608  # constants
                (*rows.scope(room), paper),
            )
            return int(votes)

        return await self.write(job)

    async def present(self, room: Destination, paper: str, presenter: Destination | None) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            if presenter:
                await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(presenter))
            await db.execute(
                f"UPDATE nomination SET presenter_id = {_ID} WHERE (room_id, paper_id) = ({_ID}, {_PAPER})",  # noqa: S608  # constants
                (*(rows.scope(presenter) if presenter else (None, None, None)), *rows.scope(room), paper),
            )

        await self.write(job)

    async def meeting(self, room: Destination, day: date) -> Meeting | None:
        found = await self.read(
            f"SELECT day, starts, skipped, {_POSTED} FROM meeting AS m WHERE (room_id, day) = ({_ID}, ?)",  # noqa: S608  # constants
            (*rows.scope(room), day.isoformat()),
        )
        return next(map(rows.meeting, found), None)

    async def draw_up(self, room: Destination, meeting: Meeting, papers: tuple[str, ...], at: datetime) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            if await _settle(db, room, meeting, at):
                await db.execute(
                    f"""
                    UPDATE nomination SET met = ?
                    WHERE room_id = {_ID}
                          AND paper_id IN (SELECT id FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(?)))
                    """,  # noqa: S608  # a constant
                    (meeting.day.isoformat(), *rows.scope(room), json.dumps(papers)),
                )

        await self.write(job)

    async def skip(self, room: Destination, meeting: Meeting, at: datetime) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await _reopen(db, room, meeting.day)
            await _settle(db, room, meeting, at)

        await self.write(job)

    async def unskip(self, room: Destination, day: date) -> None:
        await self.write(lambda db: _reopen(db, room, day))

    async def carry(self, room: Destination, paper: str) -> None:
        await self._run(
            f"UPDATE nomination SET met = NULL WHERE (room_id, paper_id) = ({_ID}, {_PAPER})",  # noqa: S608  # constants
            *rows.scope(room),
            paper,
        )

    async def _run(self, sql: str, *values: object) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(sql, values)

        await self.write(job)


async def _vote(db: aiosqlite.Connection, room: Destination, person: Destination, paper: str) -> None:
    await db.execute(
        f"""
        INSERT INTO vote (room_id, paper_id, person_id)
        SELECT room_id, paper_id, {_ID} FROM nomination WHERE (room_id, paper_id) = ({_ID}, {_PAPER})
        ON CONFLICT DO NOTHING
        """,  # noqa: S608  # constants
        (*rows.scope(person), *rows.scope(room), paper),
    )


async def _settle(db: aiosqlite.Connection, room: Destination, meeting: Meeting, at: datetime) -> bool:
    """Write down what becomes of a meeting; return False where that is known."""
    cursor = await db.execute(
        f"INSERT INTO meeting (room_id, day, starts, skipped, at) SELECT id, ?, ?, ?, ? FROM ({_ID[1:-1]}) WHERE true "  # noqa: S608  # a constant
        "ON CONFLICT DO NOTHING",
        (meeting.day.isoformat(), rows.stamp(meeting.starts), meeting.skipped, rows.stamp(at), *rows.scope(room)),
    )
    return cursor.rowcount > 0


async def _reopen(db: aiosqlite.Connection, room: Destination, day: date) -> None:
    of = (*rows.scope(room), day.isoformat())
    await db.execute(f"UPDATE nomination SET met = NULL WHERE (room_id, met) = ({_ID}, ?)", of)  # noqa: S608  # a constant
    await db.execute(f"DELETE FROM meeting WHERE (room_id, day) = ({_ID}, ?)", of)  # noqa: S608  # a constant
