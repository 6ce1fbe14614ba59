"""What is owed: the outbox, as the service and an operator work it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import aiosqlite

from bot.model import Delivery, Destination
from bot.ports import Backlog, Owed, Pause, Standing, Trouble
from storage import claims, links, outbox, rows
from storage.access import Access

# Of a destination `d`: paused, or of a workspace that is closed.
_PAUSED = "(d.paused IS NOT NULL OR (d.platform, d.workspace) IN (SELECT platform, workspace FROM closed))"


class Deliveries(Access):
    """The part of `bot.ports.Store` that is owed."""

    async def owe(self, deliveries: Iterable[Delivery], at: datetime) -> int:
        planned = list(deliveries)
        keys = [(*rows.scope(each.to), each.kind, each.day.isoformat(), each.topic, each.part) for each in planned]
        # Who plans by the clock says the same again and again: most of it writes nothing.
        known = await self.read(
            """
            SELECT wanted.key FROM json_each(?) AS wanted
            CROSS JOIN destination AS d ON (d.platform, d.workspace, d.name) =
                (json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'))
            CROSS JOIN outbox AS o ON (o.destination_id, o.kind, o.day, o.topic, o.part) =
                (d.id, json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'),
                 json_extract(value, '$[6]'))
            """,
            (json.dumps(keys),),
        )
        there = {number for (number,) in known}
        new = [each for number, each in enumerate(planned) if number not in there]
        return await self.write(lambda db: outbox.owe(db, new, at)) if new else 0

    async def begin_delivery(self) -> int:
        async def job(db: aiosqlite.Connection) -> int:
            # Who calls this holds the delivering lock, so whatever is "sending" was left by a process that died.
            cursor = await db.execute("UPDATE outbox SET state = 'pending', uncertain = 1 WHERE state = 'sending'")
            return cursor.rowcount

        return await self.write(job)

    async def claim(
        self, platforms: Iterable[str], now: datetime, *, busy: Iterable[tuple[str, str]] = ()
    ) -> Delivery | None:
        return await self.write(lambda db: claims.claim(db, platforms, now, busy))

    async def settle(
        self,
        delivery: Delivery,
        state: Literal["sent", "pending", "dead", "expired", "held"],
        *,
        code: str = "",
        not_before: datetime | None = None,
        pause: datetime | None = None,
        uncertain: bool = False,
        tried: bool = True,
        owe: Delivery | None = None,
    ) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await outbox.settle(db, delivery, state, code, not_before, uncertain=uncertain, tried=tried)
            if pause:
                await outbox.pause(db, delivery.to, code, pause, owe)
                await links.evade(db, delivery.to)

        await self.write(job)

    async def release(self) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(
                """
                UPDATE outbox SET not_before = due
                WHERE state = 'pending' AND attempts = 0 AND kind IN ('alert', 'highlights') AND not_before IS NOT due
                """
            )

        await self.write(job)

    async def requeue(self, ids: Iterable[int], at: datetime) -> tuple[int, ...]:
        return await self.write(lambda db: outbox.requeue(db, ids, at))

    async def let_go(self, ids: Iterable[int]) -> tuple[int, ...]:
        return await self.write(lambda db: outbox.let_go(db, ids))

    async def drop(self, ids: Iterable[int]) -> tuple[int, ...]:
        return await self.write(lambda db: outbox.drop(db, ids))

    async def paused(self, destination: Destination) -> Pause | None:
        found = await self.read(
            """
            SELECT paused, paused_at FROM destination
            WHERE (platform, workspace, name) = (?, ?, ?) AND paused IS NOT NULL
            UNION ALL SELECT code, since FROM closed WHERE (platform, workspace) = (?, ?)
            """,
            (*rows.scope(destination), destination.platform, destination.workspace),
        )
        return next(map(rows.pause, found), None)

    async def trouble(self, destination: Destination) -> Trouble:
        found = await self.read(
            "SELECT failing_since, refused FROM destination WHERE (platform, workspace, name) = (?, ?, ?)",
            rows.scope(destination),
        )
        return next(map(rows.trouble, found), Trouble())

    async def missed(self, destination: Destination, kind: str, before: int) -> tuple[Delivery, ...]:
        found = await self.read(
            f"""
            SELECT {rows.DELIVERY} FROM destination AS d
            CROSS JOIN outbox AS o INDEXED BY outbox_expired ON o.destination_id = d.id
            WHERE (d.platform, d.workspace, d.name) = (?, ?, ?)
                  AND o.kind = ? AND o.state = 'expired' AND o.id < ?
                  AND NOT EXISTS (
                      SELECT 1 FROM outbox AS s
                      WHERE s.destination_id = o.destination_id AND s.kind = o.kind AND s.state = 'sent'
                            AND s.id > o.id
                  )
            ORDER BY o.id
            """,  # noqa: S608  # constants
            (*rows.scope(destination), kind, before),
        )
        return tuple(map(rows.delivery, found))

    async def deliveries(self, *, states: Iterable[str] = (), limit: int = 50) -> tuple[tuple[Owed, ...], int]:
        wanted = json.dumps(list(states))
        ((total,),) = await self.read(
            "SELECT count(*) FROM outbox WHERE ? = '[]' OR state IN (SELECT value FROM json_each(?))",
            (wanted, wanted),
        )
        found = await self.read(
            f"""
            SELECT {rows.DELIVERY}, o.state, o.code, o.created_at
            FROM outbox AS o JOIN destination AS d ON d.id = o.destination_id
            WHERE ? = '[]' OR o.state IN (SELECT value FROM json_each(?)) ORDER BY o.id DESC LIMIT ?
            """,  # noqa: S608  # constants
            (wanted, wanted, limit),
        )
        return tuple(map(rows.owed, found)), int(total)

    async def backlog(self, now: datetime) -> tuple[Backlog, ...]:
        found = await self.read(
            f"""
            WITH owed AS (
                SELECT d.platform, {_PAUSED} AS paused, o.created_at, o.due, coalesce(o.due, '') <= ? AS wanted
                FROM outbox AS o JOIN destination AS d ON d.id = o.destination_id
                WHERE o.state IN ('pending', 'sending')
            )
            SELECT platform, count(*), sum(wanted AND NOT paused), sum(paused),
                   min(CASE WHEN wanted AND NOT paused THEN coalesce(due, created_at) END)
            FROM owed GROUP BY platform ORDER BY platform
            """,  # noqa: S608  # constants
            (rows.stamp(now),),
        )
        return tuple(map(rows.backlog, found))

    async def standing(self, tenant: tuple[str, str], since: datetime) -> Standing:
        ((rooms, people, sent_at),) = await self.read(
            """
            SELECT sum(state IN ('pending', 'sending') AND name NOT LIKE '@%'),
                   sum(state IN ('pending', 'sending') AND name LIKE '@%'),
                   max(CASE state WHEN 'sent' THEN tried_at END)
            FROM outbox JOIN destination AS d ON d.id = destination_id WHERE (platform, workspace) = (?, ?)
            """,
            tenant,
        )
        lost = await self.read(
            """
            SELECT state, code, count(*) FROM outbox JOIN destination AS d ON d.id = destination_id
            WHERE (platform, workspace) = (?, ?) AND state IN ('dead', 'expired')
                  AND coalesce(tried_at, created_at) >= ?
            GROUP BY state, code ORDER BY count(*) DESC, state, code
            """,
            (*tenant, rows.stamp(since)),
        )
        paused = await self.read(
            """
            SELECT platform, workspace, name, paused, paused_at FROM destination
            WHERE (platform, workspace) = (?, ?) AND paused IS NOT NULL ORDER BY paused_at, id
            """,
            tenant,
        )
        pauses = {rows.destination(row[:3]): rows.pause(row[3:]) for row in paused}
        return Standing(
            rooms or 0,
            people or 0,
            rows.instant(sent_at),
            {(state, code): count for state, code, count in lost},
            {each: pause for each, pause in pauses.items() if not each.is_person},
            sum(each.is_person for each in pauses),
        )
