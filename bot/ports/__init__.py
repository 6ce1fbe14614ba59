"""What the core asks of the world outside: a store, platforms, sources; and the errors that cross.

The store's modules are called as those in storage/ that fulfil them.
"""

from __future__ import annotations

from bot.ports.clubs import Club, Meeting, Nomination
from bot.ports.deliveries import Backlog, Owed, Pause, Standing, Trouble
from bot.ports.erasing import Census
from bot.ports.errors import (
    AlreadyRunning,
    DeliveryError,
    DiskError,
    OnItsWay,
    SchemaError,
    StoreError,
    TooMany,
    Unreachable,
)
from bot.ports.feeds import Feed
from bot.ports.history import Course
from bot.ports.ledger import Ledger
from bot.ports.papers import LOOKED_INTO, MOST, Found, Holdings, Intake, Morning, Plan, Taken
from bot.ports.platforms import Platform
from bot.ports.shelf import Saved
from bot.ports.sources import Archive, Document, Lookup, Source
from bot.ports.store import Inspection, Store
from bot.ports.tastes import Heard, Voice
from bot.ports.team import Act, Circle, Discussed

__all__ = [
    "LOOKED_INTO",
    "MOST",
    "Act",
    "AlreadyRunning",
    "Archive",
    "Backlog",
    "Census",
    "Circle",
    "Club",
    "Course",
    "DeliveryError",
    "Discussed",
    "DiskError",
    "Document",
    "Feed",
    "Found",
    "Heard",
    "Holdings",
    "Inspection",
    "Intake",
    "Ledger",
    "Lookup",
    "Meeting",
    "Morning",
    "Nomination",
    "OnItsWay",
    "Owed",
    "Pause",
    "Plan",
    "Platform",
    "Saved",
    "SchemaError",
    "Source",
    "Standing",
    "Store",
    "StoreError",
    "Taken",
    "TooMany",
    "Trouble",
    "Unreachable",
    "Voice",
]
