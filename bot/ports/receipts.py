"""What became of a paper: when it came, and which messages had it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, Protocol

from bot.model import Destination, Listing
from bot.ports.deliveries import Owed


class Receipts(Protocol):
    """What one asks who wants to know why a message came, or did not."""

    async def arrivals(self, paper: str) -> Mapping[Listing, datetime]:
        """Return for each listing of a paper when the first digest of its day and category was taken in."""

    async def receipts(
        self, to: Destination, kind: Literal["alert", "highlights"], papers: Iterable[str]
    ) -> tuple[Owed, ...]:
        """Return the messages of a kind to a destination that have or had any of some papers, the oldest first.

        Each is with all its papers, and without the numbers of subscriptions. `due` is when it is tried next.
        """
