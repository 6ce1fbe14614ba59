"""When a shard may IDENTIFY. Discord counts: who starts too many sessions a day loses them all, and the token.

https://discord.com/developers/docs/events/gateway#session-start-limit
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import discord
from yarl import URL

if TYPE_CHECKING:
    from discord.types.gateway import SessionStartLimit

_log = logging.getLogger(__name__)

_RESERVE = 20  # sessions a day that are left to whoever restarts the program
_BURST = 20  # sessions that may be started at once besides the first of every shard
_SHARE = 0.9  # of a day's sessions, which those that follow are spread over
_SHORTEST_WAIT = 1.0  # seconds


class Turns:
    """The turns of all shards of one process, whatever becomes of its clients.

    `spacing` seconds lie between two of the shards that Discord counts together; it counts `concurrency` times.
    """

    def __init__(self, spacing: float) -> None:
        self.concurrency = 1
        self._spacing = spacing
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._last: dict[int, float] = {}
        self._level, self._at = 0.0, 0.0

    @asynccontextmanager
    async def turn(self, client: discord.Client, shard: int) -> AsyncIterator[URL]:
        """Wait until a shard may identify, and yield the gateway's address. An error in there costs no session.

        Raise what `HTTPClient.get_bot_gateway` raises.
        """
        now = asyncio.get_running_loop().time
        bucket = shard % self.concurrency
        async with self._locks[bucket]:
            url = await self._allowed(client)
            if bucket in self._last:
                await asyncio.sleep(self._last[bucket] + self._spacing - now())
            yield url
            self._last[bucket] = now()
            self._level += 1

    async def _allowed(self, client: discord.Client) -> URL:
        while True:
            shards, url, limit = await client.http.get_bot_gateway()
            wait = self._wait(shards, limit)
            if not wait:
                return URL(url)
            _log.warning("identify_waits", extra={"seconds": round(wait), "platform": "discord"})
            await asyncio.sleep(wait)

    def _wait(self, shards: int, limit: SessionStartLimit) -> float:
        """Return for how many seconds nobody may identify: by Discord's own count, and by a leaky bucket of ours."""
        now = asyncio.get_running_loop().time()
        leaking = _SHARE * limit["total"] / 86_400
        self._level = max(0.0, self._level - (now - self._at) * leaking)
        self._at = now
        if limit["remaining"] < shards + _RESERVE:
            return max(_SHORTEST_WAIT, float(limit["reset_after"]) / 1000)
        over = self._level + 1 - (shards + _BURST)
        return max(_SHORTEST_WAIT, over / leaking) if over > 0 else 0.0
