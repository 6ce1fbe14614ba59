"""What became of a paper: when its digests were taken in, and which rows of the outbox have it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from bot.model import Destination, Listing
from bot.ports import Owed
from storage import rows
from storage.access import Access


class Receipts(Access):
    """The part of `bot.ports.Store` that says what became of a paper."""

    async def arrivals(self, paper: str) -> Mapping[Listing, datetime]:
        found = await self.read(
            """
            SELECT l.day, l.category, min(g.taken_at) FROM paper AS p JOIN listing AS l ON l.paper_id = p.id
            JOIN digest AS g ON (g.day, g.category) = (l.day, l.category)
            WHERE p.arxiv_id = ? GROUP BY l.day, l.category ORDER BY l.day, l.category
            """,
            (paper,),
        )
        return {rows.listing_of(day, category): datetime.fromisoformat(at) for day, category, at in found}

    async def receipts(
        self, to: Destination, kind: Literal["alert", "highlights"], papers: Iterable[str]
    ) -> tuple[Owed, ...]:
        found = await self.read(
            f"""
            SELECT {rows.DELIVERY}, o.state, o.code, o.created_at
            FROM destination AS d CROSS JOIN outbox AS o ON o.destination_id = d.id
            WHERE (d.platform, d.workspace, d.name) = (?, ?, ?) AND o.kind = ? AND EXISTS (
                SELECT 1 FROM json_each(o.picks) AS pick
                WHERE json_extract(pick.value, '$[0]') IN (SELECT value FROM json_each(?))
            )
            ORDER BY o.id
            """,  # noqa: S608  # a constant
            (*rows.scope(to), kind, json.dumps(list(papers))),
        )
        return tuple(map(rows.owed, found))
