"""Requests to Discord that are made once: what may be made again, and when, the outbox knows better."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
import discord
from discord.http import Route, json_or_text

_ANSWERS_WITHIN = aiohttp.ClientTimeout(total=15)
# To these discord.py makes the same request up to four times more, over 25 seconds. Not all of them have a nonce:
# where the answer was lost, a forum would have as many posts.
_MADE_AGAIN = frozenset((500, 502, 504, 524))


async def request(client: discord.Client, route: Route, payload: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Make a request; return the JSON object that comes back.

    discord.py keeps Discord's pace and waits out a short 429. Raise one of `failures.FAILURES`, or what it raises.
    """
    options: dict[str, Any] = {} if payload is None else {"json": payload}
    with cancellable(client):
        answer = await client.http.request(route, timeout=_ANSWERS_WITHIN, raise_for_status=_fail, **options)
    if not isinstance(answer, dict):
        raise aiohttp.ClientPayloadError("no JSON object")
    return answer


@contextmanager
def cancellable(client: discord.Client) -> Iterator[None]:
    """Leave nothing behind where a request in the block is cancelled.

    While one waits for the limit of all requests, discord.py holds all others back, and nobody would let them go.
    """
    try:
        yield
    except asyncio.CancelledError:
        client.http._global_over.set()
        raise


async def _fail(response: aiohttp.ClientResponse) -> None:
    if response.status in _MADE_AGAIN:
        raise discord.DiscordServerError(response, await json_or_text(response))
