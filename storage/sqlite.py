"""The store on SQLite, through aiosqlite: statements written out, values only as parameters.

One connection writes. A write is one job, one whole transaction, run in its own task behind a lock: cancelling who
asked for it cannot leave it half done. Three connections read beside it, each query one call into its thread.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeVar

import aiosqlite

from bot.model import Delivery, Destination, Digest, Following, Subscription
from bot.ports import Census, Intake, Pause, Plan, TooMany
from bot.query import Query
from storage import intake, outbox, rows
from storage.ledger import SqliteLedger, erase
from storage.opening import configured, migrated, translated
from storage.papers import Papers

_Result = TypeVar("_Result")
_READERS = 3


class SqliteStore(Papers):
    """Fulfil `bot.ports.Store`."""

    def __init__(self, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self._writer = writer
        self._writing = asyncio.Lock()
        self._jobs: set[asyncio.Task[object]] = set()
        self._idle = readers
        self._reading = asyncio.Semaphore(len(readers))

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[SqliteStore]:
        """Open the database file, migrated to this program's schema; close every connection at the end."""
        await migrated(path)
        # aiosqlite's threads keep a process alive: whatever happens, what was opened is closed.
        async with AsyncExitStack() as stack:
            connections = []
            with translated(path):
                for number in range(1 + _READERS):
                    each = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None))
                    await configured(each, reader=number > 0)
                    connections.append(each)
            store = cls(connections[0], connections[1:])
            try:
                yield store
            finally:
                if store._jobs:
                    await asyncio.wait(store._jobs)

    # Papers

    async def take_in(self, digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        return await self._write(lambda db: intake.take_in(db, digest, plan, at, hold_until))

    async def census(self) -> Census:
        found = await self._read(
            """
            SELECT (SELECT count(*) FROM paper), (SELECT count(*) FROM paper WHERE authors <> '[]'),
                   (SELECT count(*) FROM (SELECT DISTINCT day, category FROM digest)),
                   (SELECT min(day) FROM digest), (SELECT max(day) FROM digest),
                   (SELECT count(*) FROM subscription),
                   (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')),
                   (SELECT count(*) FROM outbox WHERE state = 'sent'),
                   (SELECT count(*) FROM outbox WHERE state = 'dead')
            """
        )
        papers, with_authors, digests, oldest, newest, *counts = found[0]
        return Census(papers, with_authors, digests, rows.day(oldest), rows.day(newest), *counts)

    # People and rooms: every statement takes its scope.

    async def subscribe(
        self, person: Destination, query: Query, at: datetime, *, workspace: str = "", most: int | None = None
    ) -> tuple[Subscription, bool]:
        made_in = workspace or person.workspace

        async def job(db: aiosqlite.Connection) -> tuple[Subscription, bool]:
            await _welcome(db, person)
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
                await _check_count(
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
                SELECT number, query, since, muted, subscription.workspace
                FROM subscription JOIN destination ON id = person_id
                WHERE (platform, destination.workspace, name) = (?, ?, ?) AND meaning = ?
                """,
                (*rows.scope(person), query.key),
            )
            return rows.subscription(person, row), new

        return await self._write(job)

    async def mute(self, person: Destination, number: int, *, muted: bool) -> Subscription | None:
        async def job(db: aiosqlite.Connection) -> Subscription | None:
            kept = await db.execute_fetchall(
                """
                UPDATE subscription SET muted = ?
                WHERE person_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                      AND number = ?
                RETURNING number, query, since, muted, workspace
                """,
                (muted, *rows.scope(person), number),
            )
            return next((rows.subscription(person, row) for row in kept), None)

        return await self._write(job)

    async def unsubscribe(self, person: Destination, number: int) -> Subscription | None:
        async def job(db: aiosqlite.Connection) -> Subscription | None:
            gone = await db.execute_fetchall(
                """
                DELETE FROM subscription
                WHERE person_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                      AND number = ?
                RETURNING number, query, since, muted, workspace
                """,
                (*rows.scope(person), number),
            )
            return next((rows.subscription(person, row) for row in gone), None)

        return await self._write(job)

    async def subscriptions(self, person: Destination) -> tuple[Subscription, ...]:
        found = await self._read(
            """
            SELECT number, query, since, muted, subscription.workspace
            FROM subscription JOIN destination ON id = person_id
            WHERE (platform, destination.workspace, name) = (?, ?, ?) ORDER BY number
            """,
            rows.scope(person),
        )
        return tuple(rows.subscription(person, row) for row in found)

    async def follow(
        self, following: Following, due: datetime | None = None, *, most: int | None = None
    ) -> tuple[date, ...]:
        async def job(db: aiosqlite.Connection) -> tuple[date, ...]:
            missed = await outbox.give_up_missed(db, following.room)
            await _welcome(db, following.room)
            known = await db.execute_fetchall(
                """
                SELECT 1 FROM following JOIN destination ON id = room_id
                WHERE (platform, workspace, name) = (?, ?, ?)
                """,
                rows.scope(following.room),
            )
            await db.execute(
                """
                INSERT INTO following (room_id, categories, count, schedule, owner)
                SELECT id, ?, ?, ?, ? FROM destination WHERE (platform, workspace, name) = (?, ?, ?)
                ON CONFLICT (room_id) DO UPDATE SET categories = excluded.categories, count = excluded.count,
                    schedule = excluded.schedule, owner = excluded.owner
                """,
                (
                    json.dumps(following.categories),
                    following.count,
                    rows.schedule(following.schedule),
                    str(following.owner) if following.owner else None,
                    *rows.scope(following.room),
                ),
            )
            if not known and not following.room.is_person:
                await _check_count(
                    db,
                    "SELECT count(*) FROM following JOIN destination ON id = room_id "
                    "WHERE (platform, workspace) = (?, ?) AND name NOT LIKE '@%'",
                    (following.room.platform, following.room.workspace),
                    most,
                )
            await db.execute(
                """
                UPDATE outbox SET not_before = coalesce(?, not_before)
                WHERE destination_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                      AND kind = 'highlights' AND state = 'pending' AND attempts = 0
                """,
                (rows.stamp_or_null(due), *rows.scope(following.room)),
            )
            return missed

        return await self._write(job)

    async def unfollow(self, room: Destination) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(
                """
                DELETE FROM following
                WHERE room_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                """,
                rows.scope(room),
            )

        await self._write(job)

    async def following(self, room: Destination) -> Following | None:
        found = await self._read(
            """
            SELECT categories, count, schedule, owner FROM following JOIN destination ON id = room_id
            WHERE (platform, workspace, name) = (?, ?, ?)
            """,
            rows.scope(room),
        )
        return next((rows.following(room, row) for row in found), None)

    # The outbox

    async def begin_delivery(self) -> int:
        async def job(db: aiosqlite.Connection) -> int:
            # Who calls this holds the delivering lock, so whatever is "sending" was left by a process that died.
            cursor = await db.execute("UPDATE outbox SET state = 'pending', uncertain = 1 WHERE state = 'sending'")
            return cursor.rowcount

        return await self._write(job)

    async def claim(
        self, platforms: Iterable[str], now: datetime, *, busy: Iterable[tuple[str, str]] = ()
    ) -> Delivery | None:
        return await self._write(lambda db: outbox.claim(db, platforms, now, busy))

    async def settle(
        self,
        delivery: Delivery,
        state: Literal["sent", "pending", "dead"],
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

        await self._write(job)

    async def paused(self, destination: Destination) -> Pause | None:
        found = await self._read(
            """
            SELECT paused, paused_at FROM destination
            WHERE (platform, workspace, name) = (?, ?, ?) AND paused IS NOT NULL
            UNION ALL SELECT code, since FROM closed WHERE (platform, workspace) = (?, ?)
            """,
            (*rows.scope(destination), destination.platform, destination.workspace),
        )
        return next(map(rows.pause, found), None)

    async def release(self) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(
                "UPDATE outbox SET not_before = NULL WHERE kind = 'alert' AND state = 'pending' AND attempts = 0"
            )

        await self._write(job)

    # What adapters remember

    async def erase(self, now: datetime) -> int:
        return await self._write(lambda db: erase(db, now))

    def ledger(self, platform: str, keys: Sequence[str] = ()) -> SqliteLedger:
        return SqliteLedger(platform, keys, self._read, self._write)

    # Two ways to the database

    async def _read(self, sql: str, values: Sequence[object] = ()) -> list[rows.Row]:
        async with self._reading:
            reader = self._idle.pop()
            try:
                with translated():
                    return [tuple(row) for row in await reader.execute_fetchall(sql, values)]
            except asyncio.CancelledError:
                # Who reads next must not wait for what nobody waits for any more.
                await reader.interrupt()
                raise
            finally:
                self._idle.append(reader)

    async def _write(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
        task = asyncio.ensure_future(self._transaction(job))
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return await asyncio.shield(task)

    async def _transaction(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
        async with self._writing:
            with translated():
                await self._writer.execute("BEGIN IMMEDIATE")
                try:
                    result = await job(self._writer)
                    await self._writer.execute("COMMIT")
                except BaseException:
                    # A full disk has rolled back by itself already; then there is nothing to undo.
                    if self._writer.in_transaction:
                        await self._writer.execute("ROLLBACK")
                    raise
                return result


async def _check_count(db: aiosqlite.Connection, sql: str, values: Sequence[object], most: int | None) -> None:
    """Raise `TooMany`, which takes the transaction back, where what it has just added is one too many."""
    ((count,),) = await db.execute_fetchall(sql, values)
    if most is not None and count > most:
        raise TooMany(count - 1)


async def _welcome(db: aiosqlite.Connection, destination: Destination) -> None:
    """Make a destination known; one that was paused is tried again, now that somebody there has spoken."""
    await db.execute(
        f"{outbox.INTRODUCE} ON CONFLICT DO UPDATE SET paused = NULL, paused_at = NULL", rows.scope(destination)
    )
