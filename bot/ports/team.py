"""What the people of a room make of papers together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.alerts.subscribers import Subscribers, Tenant
from bot.model import Destination

Act = Literal["like", "share", "nominate", "vote", "save"]


@dataclass(frozen=True, slots=True)
class Circle:
    """Who did something: the one who asks, how many others, and what those of the others are called who said so."""

    me: bool = False
    others: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discussed:
    """A paper, by its arXiv id, that so many people of a room took up, the last of them at a time."""

    paper: str
    people: int
    at: datetime


class Team(Protocol):
    """What people of a room did before the others, and what they are called who want to be named."""

    async def share(self, room: Destination, person: Destination, papers: Iterable[str], at: datetime) -> None:
        """Save that a person has put papers before a room; what is not stored is left out."""

    async def reception(self, paper: str, room: Destination, me: Destination) -> Mapping[Act, Circle]:
        """Return who of a room liked a paper, shared it there, nominated it for its club, or voted for it besides.

        And who keeps it of all people of the workspace: those who subscribed, reacted, shared, nominated or voted
        there, or have an address in it; none of them by name.
        """

    async def discussed(self, room: Destination, since: datetime, *, limit: int) -> tuple[Discussed, ...]:
        """Return the papers that most people of a room liked, shared, nominated or voted for since then.

        A person counts once for a paper. Of two with as many people the one that was taken up last comes first. A vote
        has the time of the nomination.
        """

    async def followed(self, tenant: Tenant, at: datetime) -> Subscribers:
        """Return what people subscribed to in a workspace, but what is muted then; it is kept until that changes."""

    async def name_person(self, person: Destination, tenant: tuple[str, str], known_as: str | None) -> None:
        """Call a person so before the others of a workspace from now on, or by no name."""

    async def known_as(self, person: Destination, tenant: tuple[str, str]) -> str | None:
        """Return what a person is called before the others of a workspace; None where they are not named."""
