"""Discord as a platform: one command with everything in it, buttons and menus; highlights in channels, alerts by DM.

`commands` and `sync` tell Discord what can be typed, `listen` turns what people do into calls, `messages` turns replies
into what Discord shows, `post` and `direct` deliver what is owed, and `gateway` keeps the way in open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Self

import discord
from discord.http import Route

from adapters.discord import direct, failures, gateway, sync
from adapters.discord.api import log_in, point_at
from adapters.discord.invalid import InvalidRequests
from adapters.discord.listen import Listener
from adapters.discord.once import request
from adapters.discord.post import Posts
from bot.config import Settings, SettingsError
from bot.model import Answer, Destination, Reply, Suggest
from bot.ports import Ledger, Unreachable

_LONGEST_WAIT = 30.0  # seconds that the library may sleep by itself where Discord asks it to wait


class Adapter:
    """Fulfil `bot.ports.Platform`: one client asks and posts, another one, which may die and rise, listens."""

    def __init__(
        self, settings: Settings, ledger: Ledger, client: discord.Client, guard: InvalidRequests, clock: _Clock
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._client = client
        self._guard = guard
        self._clock = clock
        self._gateway: gateway.Gateway | None = None
        self._posts = Posts(client, guard, ledger, clock, self._has_left)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, ledger: Ledger, clock: _Clock = lambda: datetime.now(UTC)
    ) -> AsyncIterator[Self]:
        """Find out whose token the settings have, or raise `SettingsError`; close every connection at the end."""
        point_at(settings.discord_api)
        guard = InvalidRequests(clock)
        client = discord.Client(
            intents=discord.Intents(guilds=True),  # with none at all the library warns
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=_LONGEST_WAIT,
            http_trace=guard.trace(),
        )
        async with client:
            try:
                await log_in(client, settings.discord_token)
            except discord.LoginFailure:
                raise SettingsError(gateway.REFUSED) from None
            except failures.FAILURES as error:
                raise Unreachable(
                    f"Discord does not answer at {settings.discord_api} ({failures.why(error)}). "
                    "Check this machine's network and PAPERWIRE_DISCORD_API, and start again."
                ) from None
            yield cls(settings, ledger, client, guard, clock)

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Answer what people do in Discord, through its gateway, and tell it what can be typed.

        Raise `SettingsError` once Discord refuses the token.
        """
        confirm = partial(direct.confirm, self._client, self._ledger, clock=self._clock, guard=self._guard)
        listener = Listener(answer, suggest, self._ledger, self._clock, confirm)
        tasks = [
            asyncio.ensure_future(gateway.keep(lambda: self._made(listener), self._settings.discord_token)),
            asyncio.ensure_future(sync.sync(self._client, self._ledger, self._clock)),
            asyncio.ensure_future(self._refused()),
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        await self._posts.send(to, reply, key=key, uncertain=uncertain)

    async def _refused(self) -> None:
        """Wait until the token is refused, whatever it is used for: who is without it can only stop."""
        while True:
            await self._guard.unauthorized.wait()
            try:
                await request(self._client, Route("GET", "/users/@me"))
            except Exception as error:  # noqa: BLE001  # what is a bug of ours is raised again
                if gateway.refuses_token(error):
                    raise SettingsError(gateway.REFUSED) from None
                failures.translated(error)
            self._guard.unauthorized.clear()

    def _made(self, listener: Listener) -> gateway.Gateway:
        self._gateway = gateway.Gateway(listener.heard, self._ledger, self._guard, self._clock)
        return self._gateway

    def _has_left(self, guild: str) -> bool:
        """Say whether the bot is known to be in no such server any more: one that is down for now is still its own."""
        listening = self._gateway
        return listening is not None and listening.is_ready() and listening.get_guild(int(guild)) is None


_Clock = Callable[[], datetime]
