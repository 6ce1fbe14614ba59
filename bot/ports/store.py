"""The store as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.ports.clubs import Clubs
from bot.ports.deliveries import Deliveries
from bot.ports.erasing import Erasing
from bot.ports.feeds import Feeds
from bot.ports.history import History
from bot.ports.ledger import Ledger
from bot.ports.links import Links
from bot.ports.papers import Papers
from bot.ports.people import People
from bot.ports.receipts import Receipts
from bot.ports.reports import Reports
from bot.ports.rooms import Rooms
from bot.ports.shelf import Shelf
from bot.ports.tastes import Tastes
from bot.ports.team import Team
from bot.ports.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an operator should know of a database: `trouble` is all that is wrong with it, `backup` one that is kept."""

    where: str
    engine: str
    size: int
    schema: int
    newest_schema: int
    mode: int
    trouble: tuple[str, ...]
    backup: str = ""


class Store(
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
    Protocol,
):
    """Papers, what people want of them, and what is owed. Times are aware datetimes; days are the digests' own."""

    def ledger(self, platform: str, keys: Sequence[str] = ()) -> Ledger:
        """Return a platform's own ledger. Secrets in it are sealed with the first of the keys, read with any."""
