"""Slack as a platform: commands, buttons, dialogs, the App Home, mentions, direct messages; highlights and alerts.

`listen` turns what people do into calls, `blocks`, `prose` and `views` turn replies into Block Kit, `post` delivers
what is owed, `workspaces` knows whose token speaks where, and `sockets` and `web` are the two ways in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import manifest, oauth, sockets, web
from adapters.slack.installations import ManyWorkspaces
from adapters.slack.listen import Listener
from adapters.slack.post import Posts
from adapters.slack.single import OneWorkspace
from bot.config import Settings
from bot.model import Answer, Destination, Reply, Suggest
from bot.ports import Ledger

_ANSWERS_WITHIN = 15  # seconds, of each call to Slack


class Adapter:
    """Fulfil `bot.ports.Platform` for one workspace, by its bot token, or for many, by OAuth."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        client: AsyncWebClient,
        workspaces: OneWorkspace | ManyWorkspaces,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._client = client
        self._workspaces = workspaces
        self._clock = clock
        self._posts = Posts(workspaces, client, ledger, clock)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, ledger: Ledger, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> AsyncIterator[Self]:
        """Find out whose token the settings have, or raise `SettingsError`; close every connection at the end."""
        timeout = aiohttp.ClientTimeout(total=_ANSWERS_WITHIN)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            # The SDK's own retries post twice where a reply was lost; the outbox knows better what to repeat.
            client = AsyncWebClient(base_url=settings.slack_api, session=session, retry_handlers=[])
            if settings.slack_client_id:
                yield cls(settings, ledger, client, ManyWorkspaces(ledger, clock), clock)
            else:
                one = await OneWorkspace.open(settings.slack_bot_token, client, ledger, clock)
                yield cls(settings, ledger, client, one, clock)

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Answer what people do in Slack, through a socket, over HTTP, or both, as the settings say."""
        del suggest  # Slack offers nothing while one types a command
        listener = Listener(answer, self._workspaces, self._settings, self._ledger, self._clock)
        app = listener.app(self._client)
        health = sockets.Health()
        ways: list[Coroutine[Any, Any, None]] = []
        if self._settings.slack_app_token:
            ways.append(sockets.run(app, self._settings.slack_app_token, self._client, health=health))
        if self._settings.slack_signing_secret:
            flow = None
            if isinstance(self._workspaces, ManyWorkspaces):
                states = oauth.States(self._ledger, self._clock)
                flow = oauth.flow(
                    self._settings, self._client, self._workspaces, states, manifest.scopes(self._settings)
                )
            ways.append(
                web.run(
                    app,
                    self._settings,
                    self._ledger,
                    self._clock,
                    flow=flow,
                    healthy=lambda: health.up > 0 or not health.wanted,
                )
            )
        tasks = [asyncio.ensure_future(each) for each in ways]
        try:
            await asyncio.gather(*tasks)
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await listener.close()

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        await self._posts.send(to, reply, key=key, uncertain=uncertain)
