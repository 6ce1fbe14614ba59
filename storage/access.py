"""The ways to the database, which everything in the store goes by."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import aiosqlite

from storage import rows

_Result = TypeVar("_Result")


class Access(ABC):
    """Reading beside the writer, and writing as whole transactions."""

    @abstractmethod
    async def look(self, job: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run a job that only reads in the thread of a connection: its queries, and the work between them."""

    async def read(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[rows.Row]:
        """Return the rows of one query."""
        return await self.look(lambda db: db.execute(sql, values).fetchall())

    @abstractmethod
    async def write(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
        """Run a job as one transaction on the writing connection."""
