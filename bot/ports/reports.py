"""How the sources of digests are doing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from bot.model import (
    Delivery,
    Report,
)


class Reports(Protocol):
    """What is known of each source."""

    async def report(self, report: Report, owe: Delivery | None = None) -> None:
        """Save how a source is doing, and owe the message that says so where the one before said otherwise.

        What is owed of the source and did not arrive yet is withdrawn where it says otherwise. That all is well is news
        only after another message.
        """

    async def reports(self) -> tuple[Report, ...]:
        """Return how the sources are doing."""

    async def watch(self, sources: Iterable[str], at: datetime) -> None:
        """Know these sources, new ones as "new", and no others."""
