"""What is a person's right: to know what is stored, and to have it erased."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.model import (
    Destination,
)


@dataclass(frozen=True, slots=True)
class Census:
    """Counts over rooms and people.

    `dead` is what was given up or has expired, but what nobody wanted any more.
    """

    subscriptions: int
    owed: int
    sent: int
    dead: int


class Erasing(Protocol):
    """What is stored of whom, and erasing it."""

    async def census(self, *of: Destination) -> Census:
        """Count what is of some rooms and people; without any named, of all."""

    async def erase(self, now: datetime) -> int:
        """Erase all data of the workspaces whose time to be erased has come; return how many there were."""

    async def erase_workspace(self, tenant: tuple[str, str]) -> Mapping[str, int]:
        """Erase all data of a workspace now; return how much it was, by what it was."""

    async def closing(self) -> tuple[tuple[str, str], ...]:
        """Return the workspaces that wait for their time to be erased."""

    async def known(self, person: Destination) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Return all that is stored about a person: records of JSON values, by what they are."""

    async def forget(self, person: Destination) -> Mapping[str, int]:
        """Erase all that `known` returns; return how much it was, by what it was.

        Rooms that the person set up keep their highlights, and forget who that was.
        """
