"""Reading papers and their digests, which are the same for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from bot.model import Listing, Paper
from bot.ports import Found, Taken
from bot.query import Query, Term
from bot.words import BARRIER
from storage import rows
from storage.access import Access
from storage.matching import any_of, in_title, listed_between, split, title_matches

_DAYS = 1000  # four years of them


class Papers(Access):
    """The half of `bot.ports.Store` that no person or room comes into."""

    async def search(
        self,
        query: Query,
        *,
        limit: int = 10,
        offset: int = 0,
        since: date | None = None,
        until: date | None = None,
    ) -> Found:
        match, conditions, values = split(query.root)
        if since or until:
            sql, days = listed_between(since or date.min, until or date.max)
            conditions.append(sql)
            values += days
        # Counting what only the index knows of need not look at the papers.
        source = counted = "paper AS p"
        if match:
            # CROSS JOIN keeps the planner from walking all papers and probing the index for each.
            source = "paper_words AS w CROSS JOIN paper AS p ON p.id = w.rowid"
            counted = source if conditions else "paper_words AS w"
            conditions.insert(0, "w.paper_words MATCH ?")
            values.insert(0, match)
        where = " AND ".join(conditions)
        better = title_matches(query)
        rank = " + ".join(["(p.id IN (SELECT rowid FROM paper_words WHERE paper_words MATCH ?))"] * len(better))
        relevance = "bm25(paper_words, 10, 1, 1, 0)," if match else ""
        best = f"{f'{rank} DESC,' if rank else ''} p.day DESC, {relevance} p.arxiv_id DESC"
        total = await self.read(f"SELECT count(*) FROM {counted} WHERE {where}", values)  # noqa: S608  # constants
        page = await self.read(
            f"""
            WITH hit AS MATERIALIZED (
                SELECT p.id FROM {source} WHERE {where} ORDER BY {best} LIMIT ? OFFSET ?
            ), placed AS (SELECT id, row_number() OVER () AS place FROM hit)
            SELECT {rows.PAPER} FROM placed JOIN paper AS p ON p.id = placed.id ORDER BY placed.place
            """,  # noqa: S608  # constants, of here and of storage.matching
            [*values, *better, limit, offset],
        )
        return Found(tuple(map(rows.paper, page)), total[0][0])

    async def similar(self, words: Sequence[str], *, without: str = "", limit: int = 10, offset: int = 0) -> Found:
        if not words:
            return Found((), 0)
        # Thousands have one of the words: what is not asked of each of them is not looked up for each.
        where = "paper_words MATCH ? AND rowid IS NOT (SELECT id FROM paper WHERE arxiv_id = ?)"
        values = (any_of(words), without)
        total = await self.read(f"SELECT count(*) FROM paper_words WHERE {where}", values)  # noqa: S608  # constants
        page = await self.read(
            f"""
            WITH hit AS MATERIALIZED (
                SELECT rowid AS id FROM paper_words WHERE {where}
                ORDER BY bm25(paper_words, 2, 1, 1, 1), rowid DESC LIMIT ? OFFSET ?
            ), placed AS (SELECT id, row_number() OVER () AS place FROM hit)
            SELECT {rows.PAPER} FROM placed JOIN paper AS p ON p.id = placed.id ORDER BY placed.place
            """,  # noqa: S608  # as above
            (*values, limit, offset),
        )
        return Found(tuple(map(rows.paper, page)), total[0][0])

    async def listed(self, day: date, category: str | None = None, *, limit: int = 10, offset: int = 0) -> Found:
        # Each paper once, where its first category (by name) has it.
        which = """
            SELECT paper_id, min(category || printf('/%06d', position)) AS place
            FROM listing WHERE day = ? AND category = coalesce(?, category) GROUP BY paper_id
        """
        values = (day.isoformat(), category)
        total = await self.read(f"SELECT count(*) FROM ({which})", values)  # noqa: S608  # a constant
        page = await self.read(
            f"SELECT {rows.PAPER} FROM ({which}) AS hit JOIN paper AS p ON p.id = hit.paper_id "  # noqa: S608
            "ORDER BY hit.place, p.arxiv_id LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        return Found(tuple(map(rows.paper, page)), total[0][0])

    async def papers(self, ids: Iterable[str]) -> tuple[Paper, ...]:
        found = await self.read(
            f"SELECT {rows.PAPER} FROM json_each(?) AS wanted "  # noqa: S608  # a constant
            "JOIN paper AS p ON p.arxiv_id = wanted.value ORDER BY wanted.key",
            (json.dumps(list(ids)),),
        )
        return tuple(map(rows.paper, found))

    async def unattributed(self, since: date) -> tuple[Listing, ...]:
        found = await self.read(
            """
            SELECT l.day, l.category FROM listing AS l JOIN paper AS p ON p.id = l.paper_id
            WHERE l.day >= ? AND p.authors = '[]' GROUP BY l.day, l.category ORDER BY l.day DESC, l.category
            """,
            (since.isoformat(),),
        )
        return tuple(rows.listing_of(*row) for row in found)

    async def headlines(self, category: str, since: date, until: date) -> tuple[str, ...]:
        found = await self.read(
            "SELECT title FROM listing AS l JOIN paper AS p ON p.id = l.paper_id "
            "WHERE category = ? AND l.day BETWEEN ? AND ?",
            (category, since.isoformat(), until.isoformat()),
        )
        return tuple(str(row[0]) for row in found)

    async def texts(self, category: str, since: date, until: date, *, limit: int) -> tuple[tuple[str, str], ...]:
        found = await self.read(
            """
            SELECT title, abstract FROM listing AS l JOIN paper AS p ON p.id = l.paper_id
            WHERE category = ? AND l.day BETWEEN ? AND ? ORDER BY l.day DESC, l.paper_id LIMIT ?
            """,
            (category, since.isoformat(), until.isoformat(), limit),
        )
        return tuple((title, abstract) for title, abstract in found)

    async def count(self, since: date, until: date) -> int:
        found = await self.read(
            "SELECT count(DISTINCT paper_id) FROM listing WHERE day BETWEEN ? AND ?",
            (since.isoformat(), until.isoformat()),
        )
        return int(found[0][0])

    async def digests(self, day: date) -> tuple[Taken, ...]:
        found = await self.read(
            """
            SELECT day, category, (SELECT count(*) FROM listing AS l WHERE l.day = d.day AND l.category = d.category),
                   json_group_array(refused)
            FROM digest AS d
            WHERE day = ? AND id = (
                SELECT max(id) FROM digest AS s
                WHERE s.day = d.day AND s.category = d.category AND s.source = d.source
            )
            GROUP BY category ORDER BY category
            """,
            (day.isoformat(),),
        )
        return tuple(map(rows.taken, found))

    async def newest(self, category: str | None = None, *, until: date | None = None) -> date | None:
        found = await self.read(
            "SELECT max(day) FROM listing WHERE category = coalesce(?, category) AND day <= ?",
            (category, (until or date.max).isoformat()),
        )
        return rows.day(found[0][0])

    async def categories(self) -> tuple[str, ...]:
        found = await self.read("SELECT DISTINCT category FROM digest ORDER BY category")
        return tuple(str(row[0]) for row in found)

    async def frequencies(self, words: Iterable[str]) -> Mapping[str, int]:
        found = await self.read(
            "SELECT term, max(doc) FROM json_each(?) AS wanted CROSS JOIN vocabulary ON term = wanted.value "
            "WHERE col IN ('title', 'abstract') GROUP BY term",
            (json.dumps(list(words)),),
        )
        return dict(map(tuple, found))

    async def vocabulary(self) -> Mapping[str, int]:
        found = await self.read(
            "SELECT term, max(doc) FROM vocabulary WHERE col IN ('title', 'abstract') AND term <> ? GROUP BY term",
            (BARRIER,),
        )
        return dict(map(tuple, found))

    async def titles(self, terms: Iterable[Term] = (), *, limit: int) -> Mapping[str, str]:
        match = in_title(terms)
        # In the order of the index, so that it is left as soon as there are enough.
        found = await self.read(
            """
            SELECT p.arxiv_id, p.title
            FROM (SELECT rowid AS id FROM paper_words WHERE paper_words MATCH ? ORDER BY rowid DESC LIMIT ?) AS hit
            CROSS JOIN paper AS p ON p.id = hit.id ORDER BY hit.id DESC
            """
            if match
            else "SELECT arxiv_id, title FROM paper ORDER BY id DESC LIMIT ?",
            (match, limit) if match else (limit,),
        )
        return dict(map(tuple, found))

    async def titles_from(self, beginning: str, *, limit: int) -> Mapping[str, str]:
        found = await self.read(
            "SELECT arxiv_id, title FROM paper WHERE arxiv_id BETWEEN ? AND ? || char(0x10FFFF) "
            "ORDER BY arxiv_id DESC LIMIT ?",
            (beginning, beginning, limit),
        )
        return dict(map(tuple, found))

    async def days(self) -> tuple[date, ...]:
        found = await self.read("SELECT DISTINCT day FROM digest ORDER BY day DESC LIMIT ?", (_DAYS,))
        return tuple(date.fromisoformat(row[0]) for row in found)

    async def counts(self, days: Iterable[date]) -> Mapping[date, int]:
        found = await self.read(
            "SELECT day, count(DISTINCT paper_id) FROM json_each(?) AS wanted JOIN listing ON day = wanted.value "
            "GROUP BY day",
            (json.dumps([each.isoformat() for each in days]),),
        )
        return {date.fromisoformat(day): count for day, count in found}
