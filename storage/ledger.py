"""What platforms' adapters remember, and how a workspace is closed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import aiosqlite

from bot.ports import StoreError
from storage import fence, links, outbox, rows
from storage.access import Access

_KEY = "(platform, kind, key) = (?, ?, ?)"


class SqliteLedger:
    """Fulfil `bot.ports.Ledger`. ValueError where a key is not one of Fernet's."""

    def __init__(self, platform: str, keys: Sequence[str], access: Access) -> None:
        self._platform = platform
        self._seal = _Seal(keys) if keys else None
        self._read = access.read
        self._write = access.write

    async def put(
        self, kind: str, key: str, value: str, *, until: datetime | None = None, secret: bool = False
    ) -> None:
        if secret:
            if self._seal is None:
                raise ValueError(f"no key to seal {kind} with")
            value = self._seal.close([*self._scope(kind, key), value])

        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(
                """
                INSERT INTO ledger (platform, kind, key, value, sealed, until) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET value = excluded.value, sealed = excluded.sealed, until = excluded.until
                """,
                (*self._scope(kind, key), value, secret, rows.stamp(until) if until else None),
            )

        await self._write(job)

    async def get(self, kind: str, key: str, now: datetime) -> str | None:
        found = await self._read(
            f"SELECT value, sealed FROM ledger WHERE {_KEY} AND coalesce(until > ?, TRUE)",  # noqa: S608  # a constant
            (*self._scope(kind, key), rows.stamp(now)),
        )
        return next((self._opened(kind, key, row) for row in found), None)

    async def pop(self, kind: str, key: str, now: datetime) -> str | None:
        async def job(db: aiosqlite.Connection) -> str | None:
            await _forget(db, now)
            found = await db.execute_fetchall(
                f"DELETE FROM ledger WHERE {_KEY} RETURNING value, sealed",  # noqa: S608  # a constant
                self._scope(kind, key),
            )
            return next((self._opened(kind, key, tuple(row)) for row in found), None)

        return await self._write(job)

    async def add(self, kind: str, key: str, *, until: datetime, now: datetime) -> bool:
        async def job(db: aiosqlite.Connection) -> bool:
            await _forget(db, now)
            cursor = await db.execute(
                "INSERT INTO ledger (platform, kind, key, value, sealed, until) VALUES (?, ?, ?, '', FALSE, ?) "
                "ON CONFLICT DO NOTHING",
                (*self._scope(kind, key), rows.stamp(until)),
            )
            return cursor.rowcount > 0

        return await self._write(job)

    async def delete(self, kind: str, key: str) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(f"DELETE FROM ledger WHERE {_KEY}", self._scope(kind, key))  # noqa: S608  # a constant

        await self._write(job)

    async def gap(self, now: datetime) -> datetime | None:
        found = await self._read("SELECT since FROM gap WHERE until > ?", (fence.fallen(now),))
        return next((datetime.fromisoformat(since) for (since,) in found), None)

    async def close(self, workspace: str, code: str, at: datetime, *, erase_at: datetime | None = None) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            # A platform says so more than once, and in any order: the first stands, and the earliest end.
            await db.execute(
                """
                INSERT INTO closed (platform, workspace, code, since, erase_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET
                    erase_at = min(coalesce(erase_at, excluded.erase_at), coalesce(excluded.erase_at, erase_at))
                """,
                (self._platform, workspace, code, rows.stamp(at), rows.stamp(erase_at) if erase_at else None),
            )
            await links.evade_workspace(db, (self._platform, workspace))

        await self._write(job)

    async def reopen(self, workspace: str) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            scope = (self._platform, workspace)
            closed = await db.execute("DELETE FROM closed WHERE (platform, workspace) = (?, ?)", scope)
            if closed.rowcount:
                await outbox.renew(db, "(platform, workspace) = (?, ?)", scope)

        await self._write(job)

    def _scope(self, kind: str, key: str) -> tuple[str, str, str]:
        return self._platform, kind, key

    def _opened(self, kind: str, key: str, row: rows.Row) -> str:
        value, sealed = row
        if not sealed:
            return str(value)
        opened = self._seal.open(value) if self._seal else None
        # What is sealed says whose it is: a row that was copied over another's opens nothing.
        if opened is None or opened[:-1] != [*self._scope(kind, key)]:
            raise StoreError(
                f"A stored secret ({kind}) was sealed with a key that PAPERWIRE_SECRET_KEY does not hold. "
                "Put the old key behind the new one, with a comma between them."
            )
        return opened[-1]


class _Seal:
    """Encrypt and authenticate with the first key, open with any: https://github.com/fernet/spec."""

    def __init__(self, keys: Sequence[str]) -> None:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415  # most commands end without a secret

        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, said: list[str]) -> str:
        return self._fernet.encrypt(json.dumps(said).encode()).decode()

    def open(self, sealed: str) -> list[str] | None:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  # as above

        try:
            opened: list[str] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            return None
        return opened


async def _forget(db: aiosqlite.Connection, now: datetime) -> None:
    """Delete the entries whose time has passed."""
    await db.execute("DELETE FROM ledger WHERE until <= ?", (rows.stamp(now),))
