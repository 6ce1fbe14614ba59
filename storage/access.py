"""The two ways to the database, which everything in the store goes by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import aiosqlite

from storage import rows

_Result = TypeVar("_Result")


class Access(ABC):
    """Reading beside the writer, and writing as whole transactions."""

    @abstractmethod
    async def read(self, sql: str, values: Sequence[object] = ()) -> list[rows.Row]:
        """Return the rows of one query."""

    @abstractmethod
    async def write(self, job: Callable[[aiosqlite.Connection], Awaitable[_Result]]) -> _Result:
        """Run a job as one transaction on the writing connection."""
