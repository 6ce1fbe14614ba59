"""Reading papers and their digests, which are the same for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from bot.model import Listing, Paper
from bot.ports import Found, Holdings, Taken
from bot.search.query import Term
from storage import rows
from storage.access import Access
from storage.matching import having, in_title
from storage.tally import OF_DAYS

_DAYS = 1000  # four years of them
_NEWEST = 300  # papers with a word, among which the likest are looked for
_FIRST_OF_DAY = """
    NOT EXISTS (
        SELECT 1 FROM listing AS e WHERE e.paper_id = l.paper_id AND e.day = l.day AND e.category < l.category
    )
"""
# Day by day: a category has no listings of its own, and other categories list as much as it does on each.
_OF_CATEGORY = """
    FROM edition AS e CROSS JOIN listing AS l ON l.day = e.day AND l.category = e.category
    JOIN paper AS p ON p.id = l.paper_id WHERE e.category = ? AND e.day BETWEEN ? AND ?
"""


class Papers(Access):
    """The half of `bot.ports.Store` that no person or room comes into."""

    async def similar(self, words: Mapping[str, float], *, without: str = "", limit: int = 10) -> tuple[Paper, ...]:
        if not words:
            return ()
        has = (
            "SELECT * FROM (SELECT rowid AS id, ? AS weight FROM paper_words WHERE paper_words MATCH ? "
            "ORDER BY rowid DESC LIMIT ?)"
        )
        return await self._read_papers(
            f"""
            WITH hit AS MATERIALIZED (
                SELECT id, sum(weight) AS weight FROM ({" UNION ALL ".join([has] * len(words))})
                WHERE id IS NOT (SELECT id FROM paper WHERE arxiv_id = ?)
                GROUP BY id ORDER BY sum(weight) DESC, id DESC LIMIT ?
            )
            SELECT {rows.PAPER} FROM hit CROSS JOIN paper AS p ON p.id = hit.id ORDER BY weight DESC, hit.id DESC
            """,  # noqa: S608  # constants
            (*(each for word, weight in words.items() for each in (weight, having(word), _NEWEST)), without, limit),
        )

    async def listed(self, day: date, category: str | None = None, *, limit: int = 10, offset: int = 0) -> Found:
        values = (day.isoformat(), category)
        total = await self.read("SELECT papers FROM edition WHERE day = ? AND category = coalesce(?, '')", values)
        # Each paper once, where its first category (by name) has it. In the order of the key, so that what comes
        # behind the page's last category is not read.
        page = await self._read_papers(
            f"""
            WITH hit AS MATERIALIZED (
                SELECT paper_id FROM listing AS l WHERE day = ? AND {"category = ?" if category else _FIRST_OF_DAY}
                ORDER BY category, position, paper_id LIMIT ? OFFSET ?
            ), placed AS (SELECT paper_id, row_number() OVER () AS place FROM hit)
            SELECT {rows.PAPER} FROM placed JOIN paper AS p ON p.id = paper_id ORDER BY place
            """,  # noqa: S608  # constants
            (*filter(None, values), limit, offset),
        )
        return Found(page, total[0][0] if total else 0)

    async def papers(self, ids: Iterable[str]) -> tuple[Paper, ...]:
        return await self._read_papers(
            f"SELECT {rows.PAPER} FROM json_each(?) AS wanted "  # noqa: S608  # a constant
            "JOIN paper AS p ON p.arxiv_id = wanted.value ORDER BY wanted.key",
            (json.dumps(list(ids)),),
        )

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
            f"SELECT title {_OF_CATEGORY}",  # a constant
            (category, since.isoformat(), until.isoformat()),
        )
        return tuple(str(row[0]) for row in found)

    async def texts(self, category: str, since: date, until: date, *, limit: int) -> tuple[tuple[str, str], ...]:
        found = await self.read(
            f"SELECT title, abstract {_OF_CATEGORY} ORDER BY e.day DESC, l.paper_id LIMIT ?",  # as above
            (category, since.isoformat(), until.isoformat(), limit),
        )
        return tuple((title, abstract) for title, abstract in found)

    async def size(self) -> int:
        found = await self.read("SELECT papers FROM tally")
        return int(found[0][0])

    async def holdings(self) -> Holdings:
        found = await self.read(
            """
            SELECT papers, with_authors, digests, (SELECT min(day) FROM edition WHERE category = ''),
                   (SELECT max(day) FROM edition WHERE category = '')
            FROM tally
            """
        )
        papers, with_authors, digests, oldest, newest = found[0]
        return Holdings(papers, with_authors, digests, rows.day(oldest), rows.day(newest))

    async def count(self, since: date, until: date) -> int:
        found = await self.read(OF_DAYS, (since.isoformat(), until.isoformat()) * 2 + (since.isoformat(),))
        return int(found[0][0])

    async def digests(self, day: date) -> tuple[Taken, ...]:
        found = await self.read(
            """
            SELECT day, category, (SELECT papers FROM edition AS e WHERE e.category = d.category AND e.day = d.day),
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
            "SELECT day FROM edition WHERE category = ? AND day <= ? AND papers > 0 ORDER BY day DESC LIMIT 1",
            (category or "", (until or date.max).isoformat()),
        )
        return next((date.fromisoformat(day) for (day,) in found), None)

    async def categories(self) -> tuple[str, ...]:
        # From one to the next: each has thousands of days.
        found = await self.read(
            """
            WITH RECURSIVE known (category) AS (
                SELECT min(category) FROM edition WHERE category > ''
                UNION ALL
                SELECT (SELECT min(e.category) FROM edition AS e WHERE e.category > known.category)
                FROM known WHERE known.category IS NOT NULL
            )
            SELECT category FROM known WHERE category IS NOT NULL
            """
        )
        return tuple(str(row[0]) for row in found)

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
        found = await self.read("SELECT day FROM edition WHERE category = '' ORDER BY day DESC LIMIT ?", (_DAYS,))
        return tuple(date.fromisoformat(row[0]) for row in found)

    async def counts(self, days: Iterable[date]) -> Mapping[date, int]:
        found = await self.read(
            "SELECT day, papers FROM json_each(?) AS wanted CROSS JOIN edition ON (category, day) = ('', wanted.value) "
            "WHERE papers > 0",
            (json.dumps([each.isoformat() for each in days]),),
        )
        return {date.fromisoformat(day): count for day, count in found}

    async def _read_papers(self, sql: str, values: Sequence[object]) -> tuple[Paper, ...]:
        """Return the papers of one query: made in the reader's thread, or hundreds would stop all else meanwhile."""
        return await self.look(lambda db: tuple(map(rows.paper, db.execute(sql, values))))
