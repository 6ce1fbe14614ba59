"""A place where people ask and where messages go."""

from __future__ import annotations

from typing import Protocol

from bot.model import (
    Answer,
    Destination,
    Reply,
    Suggest,
)


class Platform(Protocol):
    """A place where people ask and where messages go: Slack, Discord, the terminal."""

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Answer what people ask until there is no more to answer. Cancelling it is how it is stopped.

        `suggest` is for platforms that offer values while one types.
        """

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        """Deliver a message, or raise `DeliveryError`.

        `key` is the message's identity, the same for every attempt. Where `uncertain`, an earlier attempt may have
        arrived: look for it (a nonce, the room's history) before posting, and say "may be a repeat" if that cannot
        be known.
        """
