"""One person, several platforms."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.model import Destination


class Links(Protocol):
    """Which addresses are one person's: what is theirs is under one of them, the one where they were last."""

    async def home(self, person: Destination) -> Destination:
        """Return the address that what is a person's is under: from now on this one.

        Unless a message may be on its way to where it was: then it stays there for now.
        """

    async def linked(self, person: Destination) -> tuple[Destination, ...]:
        """Return the other addresses of a person."""

    async def offer_link(self, person: Destination, code: str, until: datetime) -> None:
        """Let who gives this code until then be the same person. An earlier code of theirs is none any more."""

    async def offered_link(self, code: str, now: datetime) -> Destination | None:
        """Return who offers to be the same person by a code; None where nobody does."""

    async def link(self, person: Destination, code: str, now: datetime) -> Destination | None:
        """Make a person and who gave a code one, once; return who that was, or None where the code is none.

        What both have is there once, and all of it is the person's from now on. Raise `OnItsWay` where a message may be
        arriving at the other address just then, and `TooMany` where a person would have more than five addresses.
        """

    async def unlink(self, person: Destination) -> tuple[Destination, ...]:
        """Part a person's addresses, and return the others: what was theirs stays under this one."""
