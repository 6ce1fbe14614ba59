"""The store on SQLite, through aiosqlite: statements written out, values only as parameters.

One connection writes. A write is one job, one whole transaction, run in its own task behind a lock: cancelling who
asked for it cannot leave it half done. Three connections read beside it, each query one call into its thread.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.alerts.subscribers import Subscribers, Tenant
from bot.model import Destination, Digest
from bot.ports import Census, Intake, Plan, StoreError
from storage import erasing, intake, rows
from storage.clubs import Clubs
from storage.deliveries import Deliveries
from storage.erasing import Erasing
from storage.feeds import Feeds
from storage.followers import Followers
from storage.history import History
from storage.ledger import SqliteLedger
from storage.links import Links
from storage.mornings import Mornings
from storage.opening import BUSY_MS, check_small, configured, migrated, translated
from storage.papers import Papers
from storage.people import People
from storage.receipts import Receipts
from storage.reports import Reports
from storage.rooms import Rooms
from storage.searching import Searching
from storage.shelf import Shelf
from storage.tastes import Tastes
from storage.team import Team
from storage.vocabulary import Vocabulary

_Result = TypeVar("_Result")
_READERS = 3
_LEAST_BUSY_MS = 100
_EMPTY_WITHIN_MS = 250


class SqliteStore(
    Searching,
    Papers,
    History,
    Vocabulary,
    People,
    Rooms,
    Clubs,
    Tastes,
    Team,
    Deliveries,
    Receipts,
    Reports,
    Links,
    Shelf,
    Feeds,
    Erasing,
):
    """Fulfil `bot.ports.Store`."""

    def __init__(self, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self._writer = writer
        self._writing = asyncio.Lock()
        self._jobs: set[asyncio.Task[object]] = set()
        self._idle = readers
        self._reading = asyncio.Semaphore(len(readers))
        self._mornings = Mornings()
        self._followers = Followers()
        self._is_erasing = True  # a process that was killed may have left its log

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
            await check_small(connections[0], path)
            store = cls(connections[0], connections[1:])
            try:
                yield store
            finally:
                if store._jobs:
                    await asyncio.wait(store._jobs)

    # Papers

    async def take_in(self, digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        return await self.write(lambda db: intake.take_in(db, digest, plan, at, hold_until, self._mornings))

    async def followed(self, tenant: Tenant, at: datetime) -> Subscribers:
        return await self._followers.read(self, tenant, at)

    async def census(self, *of: Destination) -> Census:
        found = await self.read(
            """
            WITH named AS (
                SELECT d.id FROM json_each(?) CROSS JOIN destination AS d
                    ON (d.platform, d.workspace, d.name) =
                       (json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'))
                UNION ALL SELECT id FROM destination WHERE ? = '[]'
            )
            SELECT (SELECT count(*) FROM subscription WHERE person_id IN named),
                   coalesce(sum(state IN ('pending', 'sending')), 0), coalesce(sum(state = 'sent'), 0),
                   coalesce(sum(state IN ('dead', 'expired') AND code <> 'unwanted'), 0)
            FROM outbox WHERE destination_id IN named
            """,
            [json.dumps([rows.scope(each) for each in of])] * 2,
        )
        return Census(*found[0])

    # What is erased, and what adapters remember

    async def erase(self, now: datetime) -> int:
        count = await self.write(lambda db: erasing.erase_due(db, now))
        self._is_erasing |= count > 0
        await self._finish_erasing()
        return count

    async def erase_workspace(self, tenant: tuple[str, str]) -> Mapping[str, int]:
        return await self._erased(lambda db: erasing.erase_workspace(db, tenant))

    async def forget(self, person: Destination) -> Mapping[str, int]:
        return await self._erased(lambda db: erasing.forget(db, person))

    def ledger(self, platform: str, keys: Sequence[str] = ()) -> SqliteLedger:
        return SqliteLedger(platform, keys, self)

    # Two ways to the database

    async def look(self, job: Callable[[sqlite3.Connection], _Result]) -> _Result:
        async with self._reading:
            reader = self._idle.pop()
            try:
                with translated():
                    # In public aiosqlite has one statement a call; a call to its thread and back costs as much as most
                    # of them.
                    return await reader._execute(lambda: job(reader._conn))  # type: ignore[no-any-return, no-untyped-call]
            except asyncio.CancelledError:
                # Who reads next must not wait for what nobody waits for any more.
                await reader.interrupt()
                raise
            finally:
                self._idle.append(reader)

    async def write(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
        task = asyncio.ensure_future(self._transaction(job))
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return await asyncio.shield(task)

    async def _erased(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
        gone = await self.write(job)
        self._is_erasing = True
        with suppress(StoreError):  # it is erased; what cannot be written now is tried again every hour
            await self._finish_erasing()
        return gone

    async def _finish_erasing(self) -> None:
        """Empty the write-ahead log, which still has what was erased; if somebody reads it now, the next time does."""
        if not self._is_erasing:
            return
        async with self._writing:
            with translated():
                await self._writer.execute(f"PRAGMA busy_timeout = {_EMPTY_WITHIN_MS}")
                try:
                    ((busy, *_),) = await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    await self._writer.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        self._is_erasing = bool(busy)

    async def _transaction(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
        asked = asyncio.get_running_loop().time()
        async with self._writing:
            with translated():
                await self._begin(asyncio.get_running_loop().time() - asked)
                try:
                    result = await job(self._writer)
                    await self._writer.execute("COMMIT")
                except BaseException:
                    # A full disk has rolled back by itself already; then there is nothing to undo.
                    if self._writer.in_transaction:
                        await self._writer.execute("ROLLBACK")
                    raise
                return result

    async def _begin(self, waited: float) -> None:
        """Begin a transaction; what waited its turn already waits the less for another program.

        Else each of those that queue while the database is locked would wait as long again as the one before it.
        """
        if waited * 1000 < _LEAST_BUSY_MS:
            await self._writer.execute("BEGIN IMMEDIATE")
            return
        left = max(_LEAST_BUSY_MS, BUSY_MS - int(waited * 1000))
        await self._writer.execute(f"PRAGMA busy_timeout = {left}")
        try:
            await self._writer.execute("BEGIN IMMEDIATE")
        finally:
            await self._writer.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
