"""Which subscriptions can be read as feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model import Destination, Subscription


@dataclass(frozen=True, slots=True)
class Feed:
    """A subscription that is read as a feed, since when, and when what is stored last changed."""

    subscription: Subscription
    since: datetime
    changed: datetime


class Feeds(Protocol):
    """Feeds by what their addresses end with, of which only the hash is ever given here."""

    async def open_feed(
        self, person: Destination, number: int, secret: str, at: datetime, *, anew: bool = False
    ) -> bool:
        """Let a subscription be read by a secret, given as its hash; return whether it is, from now on.

        It is not where it has another one already, unless it is to have this one `anew`, and the old one none.
        """

    async def close_feed(self, person: Destination, number: int) -> bool:
        """Let a subscription be read no longer; return whether it could be."""

    async def feeds(self, person: Destination) -> Mapping[int, datetime]:
        """Return which of a person's subscriptions can be read as feeds, by number, and since when."""

    async def feed(self, secret: str) -> Feed | None:
        """Return the feed of a secret, given as its hash; None where there is none, or its workspace is closed."""
