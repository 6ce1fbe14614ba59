"""The store as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.ports.deliveries import Deliveries
from bot.ports.erasing import Erasing
from bot.ports.ledger import Ledger
from bot.ports.papers import Papers
from bot.ports.people import People
from bot.ports.reports import Reports
from bot.ports.rooms import Rooms
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


class Store(Papers, Vocabulary, People, Rooms, Deliveries, Reports, Erasing, Protocol):
    """Papers, what people want of them, and what is owed. Times are aware datetimes; days are the digests' own."""

    def ledger(self, platform: str, keys: Sequence[str] = ()) -> Ledger:
        """Return a platform's own ledger. Secrets in it are sealed with the first of the keys, read with any."""
