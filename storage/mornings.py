"""What planning a digest's deliveries depends on; who is subscribed to what is kept until it changes."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import aiosqlite

from bot.alerts.subscribers import Lines, Subscribers
from bot.model import Destination, Listing, Paper
from bot.ports import Morning
from storage.rows import alerting, destination, following

_AT_ONCE = 10_000  # subscriptions


class Mornings:
    """Reads one `Morning` after another, each within the transaction that stores its digest."""

    def __init__(self) -> None:
        self._changes = -1
        self._subscribers = Subscribers()

    async def read(
        self,
        db: aiosqlite.Connection,
        listing: Listing,
        at: datetime,
        *,
        first: bool,
        fresh: tuple[Paper, ...],
    ) -> Morning:
        followings = await db.execute_fetchall(
            "SELECT platform, workspace, name, categories, count, schedule, owner, weekly FROM following "
            "JOIN destination ON id = room_id ORDER BY id"
        )
        told: dict[str, dict[Destination, set[str]]] = {"alert": {}, "highlights": {}}
        for kind, arxiv_id, *to in await db.execute_fetchall(
            """
            SELECT told.kind, p.arxiv_id, d.platform, d.workspace, d.name
            FROM json_each(?) AS wanted JOIN paper AS p ON p.arxiv_id = wanted.value
            JOIN told ON told.paper_id = p.id JOIN destination AS d ON d.id = told.destination_id
            WHERE told.kind IN ('alert', 'highlights')
            """,
            (json.dumps([each.id for each in fresh]),),
        ):
            told[kind].setdefault(destination(to), set()).add(str(arxiv_id))
        parts = await db.execute_fetchall(
            """
            SELECT platform, workspace, name, max(part) FROM outbox JOIN destination AS d ON d.id = destination_id
            WHERE kind = 'alert' AND day = ? AND NOT (state = 'pending' AND attempts = 0) GROUP BY d.id
            """,
            (listing.day.isoformat(),),
        )
        wishes = await db.execute_fetchall(
            """
            SELECT platform, workspace, name, pace, schedule, quiet, most, away_until FROM alerting
            JOIN destination ON id = person_id
            """
        )
        return Morning(
            listing.category,
            listing.day,
            at,
            first,
            fresh,
            tuple(following(destination(row[:3]), row[3:]) for row in followings),
            await self._subscribed(db),
            told=told["alert"],
            shown=told["highlights"],
            parts={destination(row[:3]): int(row[3]) for row in parts},
            alerting={destination(row[:3]): alerting(row[3:]) for row in wishes},
        )

    async def _subscribed(self, db: aiosqlite.Connection) -> Subscribers:
        ((changes, count),) = await db.execute_fetchall(
            "SELECT changes, (SELECT count(*) FROM subscription) FROM subscribing"
        )
        if changes != self._changes:
            lines = self._subscribers.lines
            # Lines cannot be taken out again: where most are nobody's any more, all are read anew.
            subscribers = Subscribers(lines if len(lines) <= 2 * count else Lines())
            cursor = await db.execute(
                """
                SELECT platform || ':' || destination.workspace || '/' || name, coalesce(made_on, platform), query,
                       subscription.workspace
                FROM subscription JOIN destination ON id = person_id WHERE NOT muted ORDER BY person_id, number
                """
            )
            while rows := await cursor.fetchmany(_AT_ONCE):
                await asyncio.to_thread(subscribers.add, map(tuple, rows))
            self._subscribers, self._changes = subscribers, changes
        return self._subscribers
