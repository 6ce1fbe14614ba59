"""What is owed to whom, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.model import (
    Delivery,
    Destination,
)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent to a destination, in the platform's word for it, and since when."""

    code: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """A row of the outbox as an operator sees it: what is or was owed, how it stands, and the last code."""

    delivery: Delivery
    state: Literal["pending", "sending", "sent", "dead", "expired", "merged", "held"]
    code: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """How sending to a destination goes wrong: since when nothing arrives, and how many in a row were refused."""

    since: datetime | None = None
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the deliveries to one workspace stand; of its people only how many.

    `rooms` and `people` are how many messages are owed to them, `sent_at` is when the last that arrived was tried, and
    `lost` counts what expired or was given up lately, by its state and code.
    """

    rooms: int
    people: int
    sent_at: datetime | None
    lost: Mapping[tuple[str, str], int]
    paused_rooms: Mapping[Destination, Pause]
    paused_people: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much is owed on a platform: in all, due now, held by a pause, and since when the oldest of it is due."""

    platform: str
    owed: int
    due: int
    paused: int
    oldest: datetime | None = None


class Deliveries(Protocol):
    """The outbox: what is owed, what was sent, and what went wrong."""

    async def owe(self, deliveries: Iterable[Delivery], at: datetime) -> int:
        """Owe messages to destinations that are known, each once by its business key; return how many are new.

        They are due at once, or when they say. What is there already stays as it is.
        """

    async def begin_delivery(self) -> int:
        """Start delivering as the only process that does; return how many sends a crash left uncertain."""

    async def claim(
        self, platforms: Iterable[str], now: datetime, *, busy: Iterable[tuple[str, str]] = ()
    ) -> Delivery | None:
        """Take what is due for longest on these platforms, in order for each destination; None where nothing is.

        Nothing is taken of the `busy` workspaces (platform and name): others have their turn. What else is due to the
        same destination, highlights of the topic or alerts, and was never tried either, is merged into it: the newest
        day's carries all the papers on. Of highlights as many as the room wants, from each day in turn; the room was
        not told of the others.
        """

    async def settle(
        self,
        delivery: Delivery,
        state: Literal["sent", "pending", "dead", "expired", "held"],
        *,
        code: str = "",
        not_before: datetime | None = None,
        pause: datetime | None = None,
        uncertain: bool = False,
        tried: bool = True,
        owe: Delivery | None = None,
    ) -> None:
        """Write down how a claimed delivery went. `pause` holds everything else for its destination since then.

        Where it was not `tried`, claiming it was no attempt. After a pause, what waits has all its time anew.

        `owe` is what follows from that: the notice to whoever set the destination up, owed with the pause or not.
        One of the same day that was sent before makes it the next part.
        """

    async def trouble(self, destination: Destination) -> Trouble:
        """Return how sending to a destination goes wrong; all is well where a message arrived last."""

    async def deliveries(self, *, states: Iterable[str] = (), limit: int = 50) -> tuple[tuple[Owed, ...], int]:
        """Return the newest of what is and was owed, in these states or in any, and how many there are."""

    async def standing(self, tenant: tuple[str, str], since: datetime) -> Standing:
        """Return how the deliveries to a workspace stand, and what of them was lost since then."""

    async def requeue(self, ids: Iterable[int], at: datetime) -> tuple[int, ...]:
        """Owe anew what was given up, expired or waits; due at once. Return the ids of what was found so.

        What was tried before stays as it was then and is merged with nothing: a part of it may have arrived. Papers
        that the destination was told of meanwhile are left out; a message of no others is not owed anew.
        """

    async def let_go(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Owe again what is held, for it may have arrived before a backup was restored; return the ids of it."""

    async def drop(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Give up what waits or is held; return the ids of what was found so."""

    async def missed(self, destination: Destination, kind: str, before: int) -> tuple[Delivery, ...]:
        """Return what expired before the message of id `before` was owed, and no message since has told of."""

    async def backlog(self, now: datetime) -> tuple[Backlog, ...]:
        """Return how much is owed on each platform that is owed anything."""

    async def paused(self, destination: Destination) -> Pause | None:
        """Return since when and why nothing is sent to a destination; None where all is well."""
