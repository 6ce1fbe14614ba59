"""Where discord.py finds Discord, and how it comes in."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
from discord.http import Route

_WITHIN = 40.0  # seconds: discord.py tries again by itself for most of them


def point_at(api: str) -> None:
    """Send every request of discord.py's to this API, as in `Settings.discord_api`. Call it before making a client."""
    Route.BASE = api
    # A client would warn that voice cannot be spoken, which nobody here does.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


async def log_in(client: discord.Client, token: str) -> None:
    """Let a client find out who it is. Raise `discord.LoginFailure`, or one of `failures.FAILURES`."""
    try:
        async with asyncio.timeout(_WITHIN):
            await client.login(token)
    except (KeyError, TypeError) as error:  # a page of some other site, taken for an answer
        raise aiohttp.ClientPayloadError("no answer of Discord's") from error
