"""The store on SQLite, through aiosqlite: statements written out, values only as parameters.

One connection writes. A write is one job, one whole transaction, run in its own task behind a lock: cancelling who
asked for it cannot leave it half done. Three connections read beside it, each query one call into its thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.model import Digest
from bot.ports import Census, Intake, Plan
from storage import intake, rows
from storage.deliveries import Deliveries
from storage.ledger import SqliteLedger, erase
from storage.mornings import Mornings
from storage.opening import configured, migrated, translated
from storage.papers import Papers
from storage.people import People
from storage.reports import Reports
from storage.rooms import Rooms
from storage.searching import Searching
from storage.vocabulary import Vocabulary

_Result = TypeVar("_Result")
_READERS = 3


class SqliteStore(Searching, Papers, Vocabulary, People, Rooms, Deliveries, Reports):
    """Fulfil `bot.ports.Store`."""

    def __init__(self, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self._writer = writer
        self._writing = asyncio.Lock()
        self._jobs: set[asyncio.Task[object]] = set()
        self._idle = readers
        self._reading = asyncio.Semaphore(len(readers))
        self._mornings = Mornings()

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
        return await self.write(lambda db: intake.take_in(db, digest, plan, at, hold_until, self._mornings))

    async def census(self) -> Census:
        found = await self.read(
            """
            SELECT (SELECT count(*) FROM subscription),
                   (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')),
                   (SELECT count(*) FROM outbox WHERE state = 'sent'),
                   (SELECT count(*) FROM outbox WHERE state IN ('dead', 'expired') AND code <> 'unwanted')
            """
        )
        return Census(*found[0])

    # What adapters remember

    async def erase(self, now: datetime) -> int:
        return await self.write(lambda db: erase(db, now))

    def ledger(self, platform: str, keys: Sequence[str] = ()) -> SqliteLedger:
        return SqliteLedger(platform, keys, self)

    # Two ways to the database

    async def read(self, sql: str, values: Sequence[object] = ()) -> list[rows.Row]:
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

    async def write(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
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
