"""One person, several platforms."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.model import Destination


class Links(Protocol):
    """Which addresses are one person's: what is theirs is under one of them, the one where they were last."""

    async def home(self, person: Destination) -> Destination:
        """Return the address that what is a person's is under: from now on this one, which is tried again if paused.

        Unless a message may be on its way to where it was: then it stays there for now. Where nothing can be sent any
        more, `settle` with a pause and `close`, it moves by itself to another where something can.
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
        arriving at either just then, and `TooMany` where a person would have more than five addresses.
        """

    async def unlink(self, person: Destination) -> tuple[Destination, ...]:
        """Part a person's addresses, and return the others: what was theirs stays under this one.

        Raise `OnItsWay` where a message may be on its way to the person: it would be of what they have no more.
        """
