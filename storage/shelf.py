"""What people keep of the papers: every statement takes its person's scope."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import aiosqlite

from bot.model import Destination
from bot.ports import Saved
from storage import outbox, rows
from storage.access import Access
from storage.scoped import check_count

_PERSON = "(SELECT id FROM destination WHERE (platform, workspace, name) = (:p, :w, :n))"
# What a person keeps, under a tag or ''.
_KEPT = f"""
    FROM saved AS s JOIN paper AS p ON p.id = s.paper_id
    WHERE s.person_id = {_PERSON}
          AND (:tag = '' OR EXISTS (
              SELECT 1 FROM tag AS t WHERE (t.person_id, t.tag, t.paper_id) = (s.person_id, :tag, s.paper_id)
          ))
"""  # noqa: S608  # a constant
# Of what was chosen in `hit`, what `rows.saved` reads, last first: only that is read whole.
_SHOWN = f"""
    SELECT hit.at, (SELECT json_group_array(tag) FROM tag AS t WHERE (t.person_id, t.paper_id) = (hit.person_id, p.id)),
           {rows.PAPER}
    FROM hit JOIN paper AS p ON p.id = hit.paper_id ORDER BY hit.at DESC, p.id DESC
"""  # noqa: S608  # a constant


class Shelf(Access):
    """The part of `bot.ports.Store` that is what a person keeps."""

    async def save(self, person: Destination, paper: str, at: datetime, *, most: int | None = None) -> bool:
        async def job(db: aiosqlite.Connection) -> bool:
            await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(person))
            found = await db.execute_fetchall("SELECT id FROM paper WHERE arxiv_id = ?", (paper,))
            if not list(found):
                raise KeyError(paper)
            cursor = await db.execute(
                f"""
                INSERT INTO saved (person_id, paper_id, at) SELECT {_PERSON}, id, :at FROM paper WHERE arxiv_id = :paper
                ON CONFLICT DO NOTHING
                """,  # noqa: S608  # a constant
                _scope(person, paper=paper, at=rows.stamp(at)),
            )
            new = cursor.rowcount > 0
            if new:
                await check_count(
                    db,
                    "SELECT count(*) FROM saved JOIN destination ON id = person_id "
                    "WHERE (platform, workspace, name) = (?, ?, ?)",
                    rows.scope(person),
                    most,
                )
            return new

        return await self.write(job)

    async def tag(self, person: Destination, paper: str, *tags: str, most: int | None = None) -> frozenset[str]:
        async def job(db: aiosqlite.Connection) -> frozenset[str]:
            added = await db.execute_fetchall(
                f"""
                INSERT INTO tag (person_id, tag, paper_id)
                SELECT s.person_id, wanted.value, s.paper_id
                FROM saved AS s JOIN paper AS p ON p.id = s.paper_id, json_each(:tags) AS wanted
                WHERE s.person_id = {_PERSON} AND p.arxiv_id = :paper
                ON CONFLICT DO NOTHING RETURNING tag
                """,  # noqa: S608  # a constant
                _scope(person, paper=paper, tags=json.dumps(tags)),
            )
            if list(added):
                await check_count(
                    db,
                    """
                    SELECT count(*)
                    FROM tag JOIN destination AS d ON d.id = person_id JOIN paper AS p ON p.id = paper_id
                    WHERE (platform, workspace, name) = (?, ?, ?) AND arxiv_id = ?
                    """,
                    (*rows.scope(person), paper),
                    most,
                )
            return frozenset(tag for (tag,) in added)

        return await self.write(job)

    async def untag(self, person: Destination, paper: str, *tags: str) -> frozenset[str]:
        async def job(db: aiosqlite.Connection) -> frozenset[str]:
            gone = await db.execute_fetchall(
                f"""
                DELETE FROM tag
                WHERE person_id = {_PERSON} AND tag IN (SELECT value FROM json_each(:tags))
                      AND paper_id = (SELECT id FROM paper WHERE arxiv_id = :paper)
                RETURNING tag
                """,  # noqa: S608  # a constant
                _scope(person, paper=paper, tags=json.dumps(tags)),
            )
            return frozenset(tag for (tag,) in gone)

        return await self.write(job)

    async def unsave(self, person: Destination, paper: str) -> Saved | None:
        async def job(db: aiosqlite.Connection) -> Saved | None:
            about = _scope(person, paper=paper, tag="")
            found = await db.execute_fetchall(
                f"WITH hit AS (SELECT s.* {_KEPT} AND p.arxiv_id = :paper) {_SHOWN}", about
            )
            await db.execute(
                f"""
                DELETE FROM saved
                WHERE person_id = {_PERSON} AND paper_id = (SELECT id FROM paper WHERE arxiv_id = :paper)
                """,  # noqa: S608  # a constant
                about,
            )
            return next(map(rows.saved, found), None)

        return await self.write(job)

    async def saved(self, person: Destination, tag: str = "", *, limit: int = 10, offset: int = 0) -> tuple[Saved, ...]:
        found = await self.read(
            f"""
            WITH hit AS MATERIALIZED (
                SELECT s.* {_KEPT} ORDER BY s.at DESC, s.paper_id DESC LIMIT :limit OFFSET :offset
            )
            {_SHOWN}
            """,
            _scope(person, tag=tag, limit=limit, offset=offset),
        )
        return tuple(map(rows.saved, found))

    async def saved_count(self, person: Destination, tag: str = "") -> int:
        found = await self.read(f"SELECT count(*) {_KEPT}", _scope(person, tag=tag))
        return int(found[0][0])

    async def saved_before(self, person: Destination, paper: str) -> int | None:
        found = await self.read(
            f"""
            SELECT (
                SELECT count(*) FROM saved AS later
                WHERE later.person_id = s.person_id AND (later.at, later.paper_id) > (s.at, s.paper_id)
            ) {_KEPT} AND p.arxiv_id = :paper
            """,  # noqa: S608  # a constant
            _scope(person, paper=paper, tag=""),
        )
        return next((int(before) for (before,) in found), None)

    async def saved_titles(self, person: Destination) -> Mapping[str, str]:
        found = await self.read(
            f"SELECT p.arxiv_id, p.title {_KEPT} ORDER BY s.at DESC, s.paper_id DESC", _scope(person, tag="")
        )
        return dict(map(tuple, found))

    async def tags(self, person: Destination) -> Mapping[str, int]:
        found = await self.read(
            f"SELECT tag, count(*) FROM tag WHERE person_id = {_PERSON} "  # noqa: S608  # a constant
            "GROUP BY tag ORDER BY count(*) DESC, tag",
            _scope(person),
        )
        return dict(map(tuple, found))


def _scope(person: Destination, **values: object) -> dict[str, object]:
    return dict(zip("pwn", rows.scope(person), strict=True)) | values
