"""How often something is in the papers, over time: counted in the index, whose row numbers say the day.

Of what the index does not know for certain the papers are read, as far as they are few.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from bot.ports import Course
from bot.search.query import Folded, Query
from storage import rows
from storage.access import Access
from storage.index import OF_A_DAY, day_of, row_numbers
from storage.matching import matching

# So many papers are read at most: more would keep who asks waiting.
READ = 200
_FOUND = "SELECT rowid FROM paper_words WHERE paper_words MATCH ? AND rowid BETWEEN ? AND ?"


class History(Access):
    """The part of `bot.ports.Store` that counts papers over time."""

    async def course(self, query: Query, since: date, until: date) -> Course:
        return await self.look(partial(_course, query=query, span=_span(since, until)))

    async def new_papers(self, since: date, until: date) -> Mapping[date, int]:
        found = await self.read(
            """
            SELECT day, papers - coalesce((SELECT sum(papers) FROM relisting AS r WHERE r.day = e.day), 0)
            FROM edition AS e WHERE category = '' AND day BETWEEN ? AND ? AND papers > 0
            """,
            (since.isoformat(), until.isoformat()),
        )
        return {date.fromisoformat(day): int(new) for day, new in found}

    async def new_titles(self, since: date, until: date, categories: Collection[str] = ()) -> tuple[str, ...]:
        found = await self.read(
            """
            SELECT title FROM paper AS p
            WHERE id BETWEEN ? AND ? AND (? = '[]' OR EXISTS (
                SELECT 1 FROM listing AS l WHERE l.paper_id = p.id AND category IN (SELECT value FROM json_each(?))
            ))
            ORDER BY id DESC
            """,
            (*_span(since, until), *[json.dumps(sorted(categories))] * 2),
        )
        return tuple(str(title) for (title,) in found)


def _course(db: sqlite3.Connection, *, query: Query, span: tuple[int, int]) -> Course:
    match = matching(query.root)
    if not match.exact:
        some = _numbers(db, f"{_FOUND} LIMIT ?", (match.expression, *span, READ + 1))
        if len(some) <= READ:
            counts = Counter(day_of(number) for number in _matching(db, query, some))
            return Course(counts, _first(db, query, match.expression, span, exact=False))
    days = db.execute(
        f"SELECT max(rowid), count(*) FROM ({_FOUND}) GROUP BY rowid / ?",  # noqa: S608  # a constant
        (match.expression, *span, OF_A_DAY),
    )
    counts = Counter({day_of(number): count for number, count in days})
    first = _first(db, query, match.expression, span, exact=True) if match.exact else None
    return Course(counts, first, exact=match.exact)


def _first(db: sqlite3.Connection, query: Query, expression: str, span: tuple[int, int], *, exact: bool) -> date | None:
    """Return the day that first listed a paper that matches; None where it is not known, or there is none."""
    every = (expression, 0, span[1])
    some = _numbers(db, f"{_FOUND} ORDER BY rowid LIMIT ?", (*every, 1 if exact else READ))
    for number in some if exact else _matching(db, query, some):
        ((day,),) = db.execute("SELECT min(day) FROM listing WHERE paper_id = ?", (number,))
        return rows.day(day)
    return None


def _matching(db: sqlite3.Connection, query: Query, numbers: Sequence[int]) -> Iterator[int]:
    """Yield those of some row numbers whose papers match, in order."""
    found = db.execute(
        f"SELECT p.id, {rows.PAPER} FROM json_each(?) AS wanted "  # noqa: S608  # a constant
        "CROSS JOIN paper AS p ON p.id = wanted.value ORDER BY wanted.key",
        (json.dumps(numbers),),
    )
    return (number for number, *paper in found if query.matches(Folded(rows.paper(paper))))


def _numbers(db: sqlite3.Connection, sql: str, values: Sequence[object]) -> list[int]:
    return [number for (number,) in db.execute(sql, values)]


def _span(since: date, until: date) -> tuple[int, int]:
    return row_numbers(since)[0], row_numbers(until)[1]
