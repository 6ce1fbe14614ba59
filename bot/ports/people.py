"""What people want to be told of, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.model import (
    Alerting,
    Delivery,
    Destination,
    Subscription,
)
from bot.search.query import Query


class People(Protocol):
    """What is a person's own; every question takes whose it is."""

    async def subscribe(
        self, person: Destination, query: Query, at: datetime, *, workspace: str = "", most: int | None = None
    ) -> tuple[Subscription, bool]:
        """Save a subscription; return it and whether it is new. One of the same meaning stays the one it was.

        `workspace` is where it is made, by default the person's own. One that counts nowhere else, for it was made
        there or in a workspace that is gone, is made here from now on. Raise `TooMany` where the person has `most` of
        them already and it is new.
        """

    async def mute(
        self, person: Destination, number: int, *, muted: bool, until: datetime | None = None
    ) -> Subscription | None:
        """Mute a subscription, or let it speak again; return it, or None where the person has no such number.

        Muted until a moment, it speaks again by itself: the first digest that is taken in from then on is told by it.
        """

    async def unsubscribe(self, person: Destination, number: int) -> Subscription | None:
        """Delete a person's subscription and return it; None where that person has no such number."""

    async def subscriptions(self, person: Destination) -> tuple[Subscription, ...]: ...

    async def alerting(self, person: Destination) -> Alerting:
        """Return how a person wants to be alerted; the default where they never said."""

    async def alert(self, person: Destination, alerting: Alerting, due: datetime | None = None) -> None:
        """Alert a person so from now on.

        Where that changes the times, what is owed to them and was never tried is due at `due`, or at once.
        """

    async def sent_of_day(self, delivery: Delivery) -> int:
        """Count the papers in the parts of a day's alert that were sent before this one."""

    async def kept(self, person: Destination) -> int:
        """Count the papers of the alerts that are owed to a person and were never tried, each once.

        It is none where all that they subscribe to is muted or gone: nothing of it will be told.
        """

    async def seen(self, delivery: Delivery) -> frozenset[str]:
        """Return which of a delivery's papers its reader has seen, by arXiv id.

        These are what another kind of delivery told them of, and what they kept, or said something of, before it was
        first tried.
        """
