"""What the people of a room make of papers together: every statement takes its room's scope, or its workspace's."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import aiosqlite

from bot.model import Destination
from bot.ports import Act, Circle, Discussed
from storage import outbox, rows
from storage.access import Access

_ROOM = "(SELECT id FROM destination WHERE (platform, workspace, name) = (:platform, :workspace, :name))"
_PERSON = "(SELECT id FROM destination WHERE (platform, workspace, name) = (:p, :w, :n))"
_PAPER = "(SELECT id FROM paper WHERE arxiv_id = :paper)"
_ROOMS = "(SELECT id FROM destination WHERE (platform, workspace) = (:platform, :workspace))"
# Whether a person `s.person_id` is one of a workspace.
_IS_HERE = f"""
    s.person_id IN {_ROOMS}
    OR EXISTS (SELECT 1 FROM link WHERE home_id = s.person_id AND alias_id IN {_ROOMS})
    OR EXISTS (
        SELECT 1 FROM subscription AS f JOIN destination AS d ON d.id = f.person_id
        WHERE f.person_id = s.person_id AND (coalesce(made_on, platform), f.workspace) = (:platform, :workspace)
    )
    OR EXISTS (SELECT 1 FROM reaction AS a WHERE a.person_id = s.person_id AND a.room_id IN {_ROOMS})
    OR EXISTS (SELECT 1 FROM share AS a WHERE a.person_id = s.person_id AND a.room_id IN {_ROOMS})
    OR EXISTS (SELECT 1 FROM nomination AS a WHERE a.person_id = s.person_id AND a.room_id IN {_ROOMS})
    OR EXISTS (SELECT 1 FROM vote AS a WHERE a.person_id = s.person_id AND a.room_id IN {_ROOMS})
"""  # noqa: S608  # constants


class Team(Access):
    """The part of `bot.ports.Store` that is what people do before each other."""

    async def share(self, room: Destination, person: Destination, papers: Iterable[str], at: datetime) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            for each in (room, person):
                await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(each))
            await db.execute(
                f"""
                INSERT INTO share (room_id, paper_id, person_id, at)
                SELECT {_ROOM}, id, {_PERSON}, :at FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(:papers))
                ON CONFLICT DO UPDATE SET at = excluded.at
                """,  # noqa: S608  # constants
                {**_room(room), **_person(person), "papers": json.dumps(list(papers)), "at": rows.stamp(at)},
            )

        await self.write(job)

    async def reception(self, paper: str, room: Destination, me: Destination) -> Mapping[Act, Circle]:
        found = await self.read(
            f"""
            WITH act (act, person_id) AS (
                SELECT 'like', person_id FROM reaction
                WHERE (room_id, paper_id) = ({_ROOM}, {_PAPER}) AND value = 1
                UNION ALL
                SELECT 'share', person_id FROM share WHERE (room_id, paper_id) = ({_ROOM}, {_PAPER})
                UNION ALL
                SELECT 'nominate', person_id FROM nomination
                WHERE (room_id, paper_id) = ({_ROOM}, {_PAPER}) AND person_id IS NOT NULL
                UNION ALL
                -- Who nominates votes for it, too.
                SELECT 'vote', v.person_id FROM vote AS v JOIN nomination AS n USING (room_id, paper_id)
                WHERE (room_id, paper_id) = ({_ROOM}, {_PAPER}) AND v.person_id IS NOT n.person_id
                UNION ALL
                SELECT 'save', person_id FROM saved AS s WHERE paper_id = {_PAPER} AND ({_IS_HERE})
            )
            SELECT act, coalesce(person_id = {_PERSON}, 0), iif(act = 'save', NULL, (
                SELECT known_as FROM naming AS n
                WHERE (n.person_id, n.platform, n.workspace) = (act.person_id, :platform, :workspace)
            ))
            FROM act
            """,  # noqa: S608  # constants
            {**_room(room), **_person(me), "paper": paper},
        )
        people: defaultdict[Act, list[tuple[bool, str | None]]] = defaultdict(list)
        for act, is_me, name in found:
            people[act].append((bool(is_me), name))
        return {act: _circle(each) for act, each in people.items()}

    async def discussed(self, room: Destination, since: datetime, *, limit: int) -> tuple[Discussed, ...]:
        found = await self.read(
            f"""
            WITH act (paper_id, person_id, at) AS (
                SELECT paper_id, person_id, at FROM reaction WHERE room_id = {_ROOM} AND value = 1
                UNION ALL SELECT paper_id, person_id, at FROM share WHERE room_id = {_ROOM}
                UNION ALL SELECT paper_id, person_id, at FROM nomination
                          WHERE room_id = {_ROOM} AND person_id IS NOT NULL
                UNION ALL SELECT paper_id, v.person_id, n.at
                          FROM vote AS v JOIN nomination AS n USING (room_id, paper_id) WHERE room_id = {_ROOM}
            )
            SELECT arxiv_id, count(DISTINCT person_id) AS people, max(at) AS last
            FROM act JOIN paper AS p ON p.id = paper_id WHERE at >= :since
            GROUP BY paper_id ORDER BY people DESC, last DESC, paper_id DESC LIMIT :limit
            """,  # noqa: S608  # constants
            {**_room(room), "since": rows.stamp(since), "limit": limit},
        )
        return tuple(Discussed(paper, people, datetime.fromisoformat(last)) for paper, people, last in found)

    async def name_person(self, person: Destination, tenant: tuple[str, str], known_as: str | None) -> None:
        platform, workspace = tenant
        about = {**_person(person), "platform": platform, "workspace": workspace, "known_as": known_as}

        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(person))
            await db.execute(
                f"DELETE FROM naming WHERE (person_id, platform, workspace) = ({_PERSON}, :platform, :workspace)",  # noqa: S608
                about,
            )
            if known_as is not None:
                await db.execute(
                    f"INSERT INTO naming VALUES ({_PERSON}, :platform, :workspace, :known_as)",  # noqa: S608
                    about,
                )

        await self.write(job)

    async def known_as(self, person: Destination, tenant: tuple[str, str]) -> str | None:
        found = await self.read(
            """
            SELECT known_as FROM naming AS n JOIN destination AS d ON d.id = person_id
            WHERE (d.platform, d.workspace, d.name) = (?, ?, ?) AND (n.platform, n.workspace) = (?, ?)
            """,
            (*rows.scope(person), *tenant),
        )
        return next((name for (name,) in found), None)


def _circle(people: Sequence[tuple[bool, str | None]]) -> Circle:
    others = [name for is_me, name in people if not is_me]
    return Circle(any(is_me for is_me, _ in people), len(others), tuple(sorted(filter(None, others))))


def _room(room: Destination) -> dict[str, str]:
    return dict(zip(("platform", "workspace", "name"), rows.scope(room), strict=True))


def _person(person: Destination) -> dict[str, str]:
    return dict(zip("pwn", rows.scope(person), strict=True))
