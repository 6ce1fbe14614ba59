"""What a platform's adapter remembers."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Ledger(Protocol):
    """What a platform's adapter must remember across restarts, under the platform's name and a kind of its own.

    An entry whose `until` has passed is as good as gone. Times are aware datetimes. How a key begins says whose the
    entry is, and with whom it is erased: `T1`, or `T1/…`, is the workspace's, and `T1/@U1/…` a person's there.
    """

    async def put(
        self, kind: str, key: str, value: str, *, until: datetime | None = None, secret: bool = False
    ) -> None:
        """Write an entry, in place of the one that is there. A secret is sealed: ValueError where there is no key."""

    async def get(self, kind: str, key: str, now: datetime) -> str | None: ...

    async def pop(self, kind: str, key: str, now: datetime) -> str | None:
        """Return an entry and forget it, in one step: who asks second gets nothing."""

    async def add(self, kind: str, key: str, *, until: datetime, now: datetime) -> bool:
        """Write an empty entry; return whether there was none: of all who ask at once, one hears yes."""

    async def delete(self, kind: str, key: str) -> None: ...

    async def gap(self, now: datetime) -> datetime | None:
        """Return since when a message may have been sent that the ledger does not know: a backup was restored lately.

        None where it knows of all.
        """

    async def close(self, workspace: str, code: str, at: datetime, *, erase_at: datetime | None = None) -> None:
        """Send nothing to a workspace any more, and erase its data when `erase_at` has come."""

    async def reopen(self, workspace: str) -> None:
        """Send to a workspace again, and let its data be."""
