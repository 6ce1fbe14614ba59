"""What people want to hear about, and how: every statement takes its person's scope."""

from __future__ import annotations

import json
from datetime import datetime

import aiosqlite

from bot.model import Alerting, Delivery, Destination, Subscription
from bot.search.query import Query
from storage import rows
from storage.access import Access
from storage.scoped import check_count, welcome


class People(Access):
    """The part of `bot.ports.Store` that is a person's own."""

    async def subscribe(
        self, person: Destination, query: Query, at: datetime, *, workspace: str = "", most: int | None = None
    ) -> tuple[Subscription, bool]:
        made_in = workspace or person.workspace

        async def job(db: aiosqlite.Connection) -> tuple[Subscription, bool]:
            await welcome(db, person)
            cursor = await db.execute(
                """
                INSERT INTO subscription (person_id, number, query, meaning, since, workspace)
                SELECT id, numbered + 1, ?, ?, ?, ? FROM destination WHERE (platform, workspace, name) = (?, ?, ?)
                ON CONFLICT (person_id, meaning) DO NOTHING
                """,
                (query.text, query.key, rows.stamp(at), made_in, *rows.scope(person)),
            )
            new = cursor.rowcount > 0
            if new:
                await check_count(
                    db,
                    "SELECT count(*) FROM subscription JOIN destination ON id = person_id "
                    "WHERE (platform, destination.workspace, name) = (?, ?, ?)",
                    rows.scope(person),
                    most,
                )
                await db.execute(
                    "UPDATE destination SET numbered = numbered + 1 WHERE (platform, workspace, name) = (?, ?, ?)",
                    rows.scope(person),
                )
            else:
                await db.execute(
                    """
                    UPDATE subscription SET workspace = ?
                    WHERE person_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                          AND meaning = ? AND workspace IN ('', ?)
                    """,
                    (made_in, *rows.scope(person), query.key, person.workspace),
                )
            (row,) = await db.execute_fetchall(
                """
                SELECT number, query, since, muted, subscription.workspace, muted_until
                FROM subscription JOIN destination ON id = person_id
                WHERE (platform, destination.workspace, name) = (?, ?, ?) AND meaning = ?
                """,
                (*rows.scope(person), query.key),
            )
            return rows.subscription(person, row), new

        return await self.write(job)

    async def mute(
        self, person: Destination, number: int, *, muted: bool, until: datetime | None = None
    ) -> Subscription | None:
        async def job(db: aiosqlite.Connection) -> Subscription | None:
            kept = await db.execute_fetchall(
                """
                UPDATE subscription SET muted = ?, muted_until = ?
                WHERE person_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                      AND number = ?
                RETURNING number, query, since, muted, workspace, muted_until
                """,
                (muted, rows.stamp_or_null(until), *rows.scope(person), number),
            )
            return next((rows.subscription(person, row) for row in kept), None)

        return await self.write(job)

    async def unsubscribe(self, person: Destination, number: int) -> Subscription | None:
        async def job(db: aiosqlite.Connection) -> Subscription | None:
            gone = await db.execute_fetchall(
                """
                DELETE FROM subscription
                WHERE person_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                      AND number = ?
                RETURNING number, query, since, muted, workspace, muted_until
                """,
                (*rows.scope(person), number),
            )
            return next((rows.subscription(person, row) for row in gone), None)

        return await self.write(job)

    async def subscriptions(self, person: Destination) -> tuple[Subscription, ...]:
        found = await self.read(
            """
            SELECT number, query, since, muted, subscription.workspace, muted_until
            FROM subscription JOIN destination ON id = person_id
            WHERE (platform, destination.workspace, name) = (?, ?, ?) ORDER BY number
            """,
            rows.scope(person),
        )
        return tuple(rows.subscription(person, row) for row in found)

    async def alerting(self, person: Destination) -> Alerting:
        found = await self.read(
            """
            SELECT pace, schedule, quiet, most, away_until FROM alerting JOIN destination ON id = person_id
            WHERE (platform, workspace, name) = (?, ?, ?)
            """,
            rows.scope(person),
        )
        return next(map(rows.alerting, found), Alerting())

    async def alert(self, person: Destination, alerting: Alerting, due: datetime | None = None) -> None:
        quiet = json.dumps([each.isoformat() for each in alerting.quiet]) if alerting.quiet else None
        times = (alerting.pace, rows.schedule(alerting.schedule), quiet, rows.stamp_or_null(alerting.away_until))

        async def job(db: aiosqlite.Connection) -> None:
            await welcome(db, person)
            before = await db.execute_fetchall(
                """
                SELECT pace, schedule, quiet, away_until FROM alerting JOIN destination ON id = person_id
                WHERE (platform, workspace, name) = (?, ?, ?)
                """,
                rows.scope(person),
            )
            await db.execute(
                """
                INSERT INTO alerting (person_id, pace, schedule, quiet, away_until, most)
                SELECT id, ?, ?, ?, ?, ? FROM destination WHERE (platform, workspace, name) = (?, ?, ?)
                ON CONFLICT (person_id) DO UPDATE SET pace = excluded.pace, schedule = excluded.schedule,
                    quiet = excluded.quiet, most = excluded.most, away_until = excluded.away_until
                """,
                (*times, alerting.most, *rows.scope(person)),
            )
            if [tuple(each) for each in before] == [times]:
                return  # what is overdue, as others come first, would wait for the next slot
            await db.execute(
                """
                UPDATE outbox SET due = :due, not_before = :due
                WHERE destination_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (:p, :w, :n))
                      AND kind = 'alert' AND state = 'pending' AND attempts = 0
                """,
                {"due": rows.stamp_or_null(due), **dict(zip("pwn", rows.scope(person), strict=True))},
            )

        await self.write(job)

    async def sent_of_day(self, delivery: Delivery) -> int:
        found = await self.read(
            """
            SELECT coalesce(sum(json_array_length(picks)), 0)
            FROM outbox JOIN destination ON destination.id = destination_id
            WHERE (platform, workspace, name) = (?, ?, ?) AND (kind, topic, day) = (?, ?, ?) AND state = 'sent'
                  AND (tried_at, outbox.id) < (coalesce(?, '9'), ?)
            """,
            (
                *(*rows.scope(delivery.to), delivery.kind, delivery.topic, delivery.day.isoformat()),
                *(rows.stamp_or_null(delivery.tried_at), delivery.id),
            ),
        )
        return int(found[0][0])

    async def kept(self, person: Destination) -> int:
        found = await self.read(
            """
            SELECT count(DISTINCT json_extract(value, '$[0]'))
            FROM outbox JOIN destination ON destination.id = destination_id, json_each(picks)
            WHERE (platform, workspace, name) = (?, ?, ?) AND kind = 'alert' AND state = 'pending' AND attempts = 0
                  AND EXISTS (SELECT 1 FROM subscription WHERE person_id = destination.id AND NOT muted)
            """,
            rows.scope(person),
        )
        return int(found[0][0])

    async def seen(self, delivery: Delivery) -> frozenset[str]:
        found = await self.read(
            """
            WITH who AS (SELECT id FROM destination WHERE (platform, workspace, name) = (:p, :w, :n))
            SELECT arxiv_id FROM paper AS p
            WHERE arxiv_id IN (SELECT value FROM json_each(:papers)) AND p.id IN (
                SELECT paper_id FROM told WHERE destination_id IN who AND kind <> :kind
                UNION ALL SELECT paper_id FROM saved WHERE person_id IN who AND at <= coalesce(:tried_at, '~')
                UNION ALL SELECT paper_id FROM reaction WHERE person_id IN who AND at <= coalesce(:tried_at, '~')
            )
            """,
            {
                **dict(zip("pwn", rows.scope(delivery.to), strict=True)),
                "papers": json.dumps([pick.paper for pick in delivery.picks]),
                "kind": delivery.kind,
                "tried_at": rows.stamp_or_null(delivery.tried_at),
            },
        )
        return frozenset(str(paper) for (paper,) in found)


async def wake(db: aiosqlite.Connection, now: datetime) -> None:
    """Let the subscriptions speak again whose time to be silent is over."""
    await db.execute("UPDATE subscription SET muted = 0, muted_until = NULL WHERE muted_until <= ?", (rows.stamp(now),))
