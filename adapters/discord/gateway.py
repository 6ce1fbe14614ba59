"""What Discord tells the program: interactions, and the servers it is put into and removed from."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import discord

from adapters.discord.guilds import Guilds
from adapters.discord.identify import Turns
from adapters.discord.invalid import InvalidRequests
from adapters.discord.shards import REFUSED, Backoff, Health, Refusals, Resharded, Shard, refuses_token
from bot.config import SettingsError
from bot.log import log_bug
from bot.ports import Ledger

__all__ = ["REFUSED", "Backoff", "Gateway", "Health", "keep", "refuses_token"]

_log = logging.getLogger(__name__)

_LOGIN_WITHIN = 90.0  # seconds: discord.py tries again by itself for most of them
_FINISH_WITHIN = 3.0
_QUIET = 0.1  # seconds without another server until discord.py calls a shard ready


class Gateway(discord.AutoShardedClient):
    """A client that hears interactions and servers, and keeps nothing else in memory."""

    def __init__(
        self,
        heard: Callable[[discord.Interaction[Any]], Awaitable[None]],
        ledger: Ledger,
        guard: InvalidRequests,
        clock: Callable[[], datetime],
        *,
        heartbeat_timeout: float = 50.0,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=30,
            heartbeat_timeout=heartbeat_timeout,
            guild_ready_timeout=_QUIET,
            http_trace=guard.trace(),
        )
        self._heard = heard
        self._ledger = ledger
        self._clock = clock
        self._under_way: set[asyncio.Task[Any]] = set()

    async def setup_hook(self) -> None:
        assert self.application_id is not None
        self._joined = Guilds(self._ledger, self._clock, self.application_id)

    async def take_shards(self, turns: Turns, health: Health) -> None:
        """Take as many shards as Discord wants."""
        shards, _, limit = await self.http.get_bot_gateway()
        turns.concurrency = limit["max_concurrency"]
        self.shard_count = self._connection.shard_count = health.wanted = shards
        self._connection.shard_ids = range(shards)

    async def hear(self, turns: Turns, backoff: Backoff, health: Health) -> None:
        """Hear what comes on all shards, until cancelled.

        Raise `SettingsError` where Discord refuses that, and `Resharded` when it wants another number of them.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for number in self._connection.shard_ids:
                    tasks.create_task(Shard(self, number, turns, backoff, health).keep())
        except ExceptionGroup as ended:
            raise ended.exceptions[0] from None

    async def close(self) -> None:
        """Let what is under way come to its end, which needs the connection, and close. Cancel it to close at once."""
        try:
            await self._finish()
        finally:
            try:
                await super().close()
            finally:
                # The library closes in a task, which a cancellation may end before it begins. This is for that.
                await self.http.close()

    async def _finish(self) -> None:
        await asyncio.sleep(0)  # what came last begins
        others = self._under_way - {asyncio.current_task()}
        late: set[asyncio.Task[Any]] = set()
        if others:
            _, late = await asyncio.wait(others, timeout=_FINISH_WITHIN)
        state = self._connection
        # discord.py would leave these behind.
        waiting = [each for each in (*state._ready_tasks.values(), state._ready_task) if each is not None]
        for each in (*late, *waiting):
            each.cancel()
        await asyncio.gather(*late, *waiting, return_exceptions=True)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait: a shard has had its turn before it opened the line."""

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        with self._counted():
            await self._heard(interaction)

    async def on_guilds_listed(self, shard: int, ids: frozenset[int]) -> None:
        with self._counted():
            for guild in list(self.guilds):
                if guild.shard_id == shard and guild.id not in ids:
                    self._connection._remove_guild(guild)
            await self._joined.listed(ids, shard, self.shard_count or 1)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        with self._counted():
            await self._joined.joined(guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        # While a shard starts, this comes late, and may come after the removal.
        if self.get_guild(guild.id) is not None:
            with self._counted():
                await self._joined.available(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        with self._counted():
            await self._joined.left(guild.id)

    async def on_error(self, event_method: str, /, *_: object, **__: object) -> None:
        error = sys.exception()
        if error is not None:
            log_bug(_log, error, platform="discord", about=event_method)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count the task that runs this among those that are waited for in the end."""
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)


async def keep(
    make: Callable[[], Gateway],
    token: str,
    *,
    health: Health | None = None,
    backoff: Backoff = Backoff(),  # noqa: B008  # it is frozen
    spacing: float = 5.5,
) -> None:
    """Keep a gateway up until cancelled. Raise `SettingsError` where Discord refuses the token.

    While Discord cannot be reached it is waited for. `health` is kept true. `spacing` is how many seconds lie between
    two IDENTIFYs: Discord wants five where they arrive.
    """
    health = health or Health()
    turns = Turns(spacing)
    refusals = Refusals()
    failed = 0
    while True:
        try:
            async with make() as client:
                async with asyncio.timeout(_LOGIN_WITHIN):
                    await client.login(token)
                    await client.take_shards(turns, health)
                refusals.over()
                failed = 0
                await client.hear(turns, backoff, health)
        except Resharded:
            failed += 1
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the next client may do better
            if refuses_token(error):
                raise SettingsError(REFUSED) from None
            failed += 1
            refusals.report(error)
        await asyncio.sleep(backoff.after(failed))
