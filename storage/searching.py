"""Searching: from the best tier of a query to the last, each read from the index newest first and left early.

What is found is put in order as row numbers; texts are read only of the papers whose order depends on them, and of
those that are shown.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from itertools import chain, islice

import aiosqlite

from bot.model import Paper
from bot.ports import LOOKED_INTO, MOST, Found
from bot.search import relevance
from bot.search.query import And, Announced, Folded, Query
from storage import rows
from storage.access import Access
from storage.matching import Match, matching, tiers

# So many of the newest, with all words in the title or anywhere, are put in order by their texts; the others come after
# them, newest first. So are up to so many that have the words in the title as typed; where there are more, they come
# first, newest first.
_IN_TITLE, _ANYWHERE = 100, 100
_FEW = 50
# Pages of the index that are merged in a transaction: a tenth of a second, so that others can write in between.
_MERGED = 500


class Searching(Access):
    """The part of `bot.ports.Store` that finds papers by a query."""

    async def compact(self) -> None:
        pages = -_MERGED  # begins to merge all parts of the index into one; then goes on
        while await self.write(partial(_merge, pages)) > 1:
            pages = _MERGED

    async def search(
        self,
        query: Query,
        *,
        limit: int = 10,
        offset: int = 0,
        since: date | None = None,
        until: date | None = None,
    ) -> Found:
        root = query.root
        if since or until:
            span = Announced(since or date.min, until or date.max)
            root = And((*root.nodes, span)) if isinstance(root, And) else And((root, span))
        return await self.look(partial(_search, query=Query(query.text, root, query.sort), limit=limit, offset=offset))


def _search(db: sqlite3.Connection, *, query: Query, limit: int, offset: int) -> Found:
    asked = tiers(query.root) if query.sort == "best" else [matching(query.root)]
    last = min(offset + limit, MOST)
    exact = asked[-1].exact
    lines = _tiers(db, asked, last if exact else LOOKED_INTO, MOST if exact else LOOKED_INTO)
    ordered = _ordered(db, query, lines)
    if exact:
        page = list(islice(ordered, last))[offset:]
        found = _count(lines[-1])
        return Found(_papers(db, page), min(found, MOST), more=found > MOST)
    # What is found may be too much: each paper is held against the query, until one more than the page needs fits.
    verified: list[Paper] = []
    while len(verified) <= last and (some := list(islice(ordered, last + 1))):
        verified += [each for each in _papers(db, some) if query.matches(Folded(each))]
    more = _count(lines[-1]) > LOOKED_INTO or next(ordered, None) is not None
    return Found(tuple(verified[offset:last]), len(verified), more=more)


def _tiers(db: sqlite3.Connection, asked: Sequence[Match], most: int, every: int) -> list[str]:
    """Return the row numbers of each tier, newest first: one more than `every`, of the others what `most` take."""
    # What is weighed may stand in the tier before already.
    first = [max(most, _FEW + 1), _IN_TITLE + 2 * most] if len(asked) == 3 else [most]
    limits = [*(min(limit, every) for limit in first[: len(asked) - 1]), every + 1]
    # A tier is one line of numbers: that takes a third of the time that as many rows do.
    tier = (
        "SELECT group_concat(rowid, ' ') FROM "
        "(SELECT rowid FROM paper_words WHERE paper_words MATCH ? ORDER BY rowid DESC LIMIT ?)"
    )
    found = (db.execute(tier, (each.expression, limit)) for each, limit in zip(asked, limits, strict=True))
    return [line or "" for ((line,),) in found]


def _ordered(db: sqlite3.Connection, query: Query, lines: Sequence[str]) -> Iterator[int]:
    """Yield the row numbers of all tiers, each once, in order."""
    tiers = [line.split() for line in lines]  # of a thousand numbers the first page needs few as such
    weighed = [[], *(tier[:_ANYWHERE] for tier in tiers[1:])]
    if len(tiers) == 3:
        weighed[1] = tiers[1][:_IN_TITLE]
        if len(tiers[0]) <= _FEW:
            # So few are not what everybody writes about: which is best says more than which is new.
            weighed = [list(dict.fromkeys(tiers.pop(0) + weighed[1])), weighed[2]]
    placed: set[int] = set()
    for tier, near in zip(tiers, weighed, strict=True):
        best = [number for number in map(int, near) if number not in placed]
        if len(best) > 1:
            best = relevance.ordered(query, _texts(db, best))
        for number in chain(best, map(int, tier)):
            if number not in placed:
                placed.add(number)
                yield number


def _texts(db: sqlite3.Connection, numbers: Sequence[int]) -> list[tuple[int, str, str]]:
    return db.execute(
        "SELECT p.id, p.title, p.abstract FROM json_each(?) AS wanted CROSS JOIN paper AS p ON p.id = wanted.value",
        (json.dumps(numbers),),
    ).fetchall()


def _papers(db: sqlite3.Connection, numbers: Sequence[int]) -> tuple[Paper, ...]:
    found = db.execute(
        f"SELECT {rows.PAPER} FROM json_each(?) AS wanted CROSS JOIN paper AS p ON p.id = wanted.value "  # noqa: S608  # a constant
        "ORDER BY wanted.key",
        (json.dumps(numbers),),
    )
    return tuple(map(rows.paper, found))


async def _merge(pages: int, db: aiosqlite.Connection) -> int:
    """Merge so many pages of the index; return the rows changed, fewer than 2 where nothing is left to merge."""
    before = db.total_changes
    # https://www.sqlite.org/fts5.html#the_merge_command
    await db.execute("INSERT INTO paper_words (paper_words, rank) VALUES ('merge', ?)", (pages,))
    return db.total_changes - before


def _count(line: str) -> int:
    return line.count(" ") + bool(line)
