"""What stands in a room, as far as the bot may read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import aiohttp
import discord

from adapters.discord.once import cancellable

MOST = 2_000  # messages that are read
_WITHIN = 60.0  # seconds


async def find(
    client: discord.Client, channel: str, after: datetime, fits: Callable[[discord.Message], bool]
) -> tuple[str, int]:
    """Return the number of our message that fits, "" where none does, and how many were read: `MOST` may not be all.

    Raise one of `failures.FAILURES`. Who may not read the history is shown an empty one.
    """
    seen = 0
    there = client.get_partial_messageable(int(channel))
    try:
        async with asyncio.timeout(_WITHIN):
            with cancellable(client):
                async for each in there.history(limit=MOST, after=after):
                    seen += 1
                    if each.author == client.user and fits(each):
                        return str(each.id), seen
    except TypeError as error:  # a page of some other site, taken for an answer
        raise aiohttp.ClientPayloadError("no answer of Discord's") from error
    return "", seen
