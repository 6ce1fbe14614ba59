"""Searching: from the best tier of a query to the last, each read from the index newest first and left early.

What is found is put in order as row numbers; texts are read only of the papers whose order depends on them, and of
those that are shown.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import date
from functools import partial

import aiosqlite

from bot import relevance
from bot.model import Paper
from bot.ports import LOOKED_INTO, MOST, Found
from bot.query import And, Announced, Folded, Query
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
            root = And((root, Announced(since or date.min, until or date.max)))
        asked = [matching(root)] if query.sort == "new" else tiers(root)
        last = min(offset + limit, MOST)
        exact = asked[-1].exact
        lines = await self._tiers(asked, last if exact else LOOKED_INTO, MOST if exact else LOOKED_INTO)
        ordered = self._ordered(query, lines)
        if exact:
            page = [number async for number in _first(ordered, last)][offset:]
            found = _count(lines[-1])
            return Found(await self._papers(page), min(found, MOST), more=found > MOST)
        # What is found may be too much: each paper is held against the query, until one more than the page needs fits.
        meant = Query(query.text, root)
        verified: list[Paper] = []
        while len(verified) <= last and (some := [number async for number in _first(ordered, last + 1)]):
            verified += [each for each in await self._papers(some) if meant.matches(Folded(each))]
        more = _count(lines[-1]) > LOOKED_INTO or await anext(ordered, None) is not None
        return Found(tuple(verified[offset:last]), len(verified), more=more)

    async def _tiers(self, asked: Sequence[Match], most: int, every: int) -> list[str]:
        """Return the row numbers of each tier, newest first: one more than `every`, of the others what `most` take."""
        # What is weighed may stand in the tier before already.
        first = [max(most, _FEW + 1), _IN_TITLE + 2 * most] if len(asked) == 3 else [most]
        limits = [*(min(limit, every) for limit in first[: len(asked) - 1]), every + 1]
        # A tier is one line of numbers: that takes a third of the time that as many rows do.
        tier = (
            "SELECT group_concat(rowid, ' ') FROM "
            "(SELECT rowid FROM paper_words WHERE paper_words MATCH ? ORDER BY rowid DESC LIMIT ?)"
        )
        found = await self.read(
            " UNION ALL ".join([tier] * len(asked)),
            [value for each, limit in zip(asked, limits, strict=True) for value in (each.expression, limit)],
        )
        return [line or "" for (line,) in found]

    async def _ordered(self, query: Query, lines: Sequence[str]) -> AsyncIterator[int]:
        """Yield the row numbers of all tiers, each once, in order."""
        tiers = [[int(number) for number in line.split()] for line in lines]
        weighed = [[], *(tier[:_ANYWHERE] for tier in tiers[1:])]
        if len(tiers) == 3:
            weighed[1] = tiers[1][:_IN_TITLE]
            if len(tiers[0]) <= _FEW:
                # So few are not what everybody writes about: which is best says more than which is new.
                weighed = [list(dict.fromkeys(tiers.pop(0) + weighed[1])), weighed[2]]
        placed: set[int] = set()
        for tier, near in zip(tiers, weighed, strict=True):
            best = [number for number in near if number not in placed]
            if len(best) > 1:
                best = relevance.ordered(query, await self._texts(best))
            for number in (*best, *tier):
                if number not in placed:
                    placed.add(number)
                    yield number

    async def _texts(self, numbers: Sequence[int]) -> list[tuple[int, str, str]]:
        found = await self.read(
            "SELECT p.id, p.title, p.abstract FROM json_each(?) AS wanted CROSS JOIN paper AS p ON p.id = wanted.value",
            (json.dumps(numbers),),
        )
        return [(id_, title, abstract) for id_, title, abstract in found]

    async def _papers(self, numbers: Sequence[int]) -> tuple[Paper, ...]:
        found = await self.read(
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


async def _first(numbers: AsyncIterator[int], most: int) -> AsyncIterator[int]:
    """Yield so many of the numbers and leave the others where they are."""
    while most > 0 and (number := await anext(numbers, None)) is not None:
        most -= 1
        yield number
