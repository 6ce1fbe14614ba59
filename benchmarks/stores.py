"""The store on a file, put together as a measurement wants it: its number of readers, and who sees what it writes."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

from storage.opening import configured, migrated
from storage.sqlite import SqliteStore

# A statement and its rows of values, as they are run together; and the statements of a transaction.
Statement = tuple[str, list[Any]]
Transaction = list[Statement]

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


@asynccontextmanager
async def opened(
    path: Path, *, readers: int = 3, written: list[Transaction] | None = None
) -> AsyncIterator[SqliteStore]:
    """Open the store with so many connections that read; what it writes is put down in `written`."""
    await migrated(path)
    async with AsyncExitStack() as stack:
        connections = []
        for number in range(1 + readers):
            kind: Callable[..., sqlite3.Connection] = sqlite3.Connection
            if number == 0 and written is not None:
                kind = partial(_Recorder, written)
            each = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None, factory=kind))
            await configured(each, reader=number > 0)
            connections.append(each)
        yield SqliteStore(connections[0], connections[1:])


async def subscribed(store: SqliteStore, lines: Iterable[str]) -> None:
    """Subscribe a person to each line, all in one transaction: one by one takes minutes."""
    rows = [(number, line) for number, line in enumerate(lines, start=1)]

    async def job(db: aiosqlite.Connection) -> None:
        await db.executemany(
            "INSERT INTO destination (id, platform, workspace, name, numbered) VALUES (?, 'paced', 'home', ?, 1)",
            [(number, f"@{number}") for number, _ in rows],
        )
        await db.executemany(
            "INSERT INTO subscription (person_id, number, query, meaning, since, workspace) "
            "VALUES (?, 1, ?, ?, '2026-01-01T00:00:00.000000+00:00', 'home')",
            [(number, line, line) for number, line in rows],
        )

    await store.write(job)


class _Recorder(sqlite3.Connection):
    """A connection that puts down what is written through it, by transaction."""

    def __init__(self, written: list[Transaction], /, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # its own
        super().__init__(*arguments, **options)
        self._written = written

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401  # as there
        if sql.startswith("BEGIN"):
            self._written.append([])
        elif sql.lstrip().startswith(_WRITES):
            self._written[-1].append((sql, [parameters]))
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        rows = list(parameters)
        self._written[-1].append((sql, rows))
        return super().executemany(sql, rows)
