"""What the core asks of the world outside: a store, platforms, sources; and the errors that cross.

The store's modules are called as those in storage/ that fulfil them.
"""

from __future__ import annotations

from bot.ports.deliveries import Backlog, Owed, Pause, Standing, Trouble
from bot.ports.erasing import Census
from bot.ports.errors import (
    AlreadyRunning,
    DeliveryError,
    DiskError,
    SchemaError,
    StoreError,
    TooMany,
    Unreachable,
)
from bot.ports.ledger import Ledger
from bot.ports.papers import LOOKED_INTO, MOST, Found, Holdings, Intake, Morning, Plan, Taken
from bot.ports.platforms import Platform
from bot.ports.sources import Archive, Document, Lookup, Source
from bot.ports.store import Inspection, Store

__all__ = [
    "LOOKED_INTO",
    "MOST",
    "AlreadyRunning",
    "Archive",
    "Backlog",
    "Census",
    "DeliveryError",
    "DiskError",
    "Document",
    "Found",
    "Holdings",
    "Inspection",
    "Intake",
    "Ledger",
    "Lookup",
    "Morning",
    "Owed",
    "Pause",
    "Plan",
    "Platform",
    "SchemaError",
    "Source",
    "Standing",
    "Store",
    "StoreError",
    "Taken",
    "TooMany",
    "Trouble",
    "Unreachable",
]
