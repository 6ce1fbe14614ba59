"""Socket Mode: two connections that Slack sends to, each kept up on its own.

https://docs.slack.dev/apis/events-api/using-socket-mode
The SDK's own client is not used: after one refused handshake it tries the same spent address for ever, it closes a
connection before it opens the next, writes the address with its ticket to the log, and leaves tasks behind. The shapes
on the wire are the SDK's and the dispatch is Bolt's; the loop between them is here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import FAILURES, RATE, code, passes, retry_after, why
from bot.config import SettingsError
from bot.log import log_bug

_log = logging.getLogger(__name__)

_OPEN_WITHIN = 15.0  # seconds, from the ticket to the hello
_RETIRED_AFTER = 30.0  # seconds for what still comes on a connection that Slack has asked to replace
_STEADY = 1.0  # seconds: a connection that ends sooner counts as one that failed
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds


@dataclass(slots=True)
class Health:
    """How many connections are wanted, and how many stand."""

    wanted: int = 0
    up: int = 0


async def run(
    app: AsyncApp,
    app_token: str,
    client: AsyncWebClient,
    *,
    connections: int = 2,
    ping: float = 4.0,
    health: Health | None = None,
) -> None:
    """Hand what Slack sends to a Bolt app, until cancelled. Raise `SettingsError` where the token is of no use.

    A line that does not answer within half of `ping` seconds, asked every `ping`, is given up. `health` is kept true.
    """
    health = health or Health()
    health.wanted = connections
    ticket = await _first_ticket(client, app_token)
    try:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
            line = _Line(app, app_token, client, session, tasks, ping, health)
            for number in range(connections):
                tasks.create_task(line.keep(ticket if number == 0 else ""))
    finally:
        health.up = 0


async def _first_ticket(client: AsyncWebClient, app_token: str) -> str:
    """Return an address to connect to; wait as long as Slack cannot be reached, and say so once."""
    failures = 0
    while True:
        try:
            return await _ticket(client, app_token)
        except FAILURES as error:
            if not passes(error):
                raise SettingsError(
                    f"Slack refuses PAPERWIRE_SLACK_APP_TOKEN ({why(error)}). At https://api.slack.com/apps turn on "
                    "Socket Mode, and copy an app-level token with the scope connections:write; it begins with xapp-"
                ) from None
            if not failures:
                _log.warning("socket_refused", extra={"code": why(error), "platform": "slack"})
            failures += 1
            await asyncio.sleep(_pause(failures, error))


async def _ticket(client: AsyncWebClient, app_token: str) -> str:
    return str((await client.apps_connections_open(app_token=app_token))["url"])


class _Unwelcome(Exception):  # noqa: N818  # Slack's answer in place of a hello
    """Slack lets a connection be, and says why."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What every connection is made with. Their readers and the answers under way are `tasks`."""

    app: AsyncApp
    app_token: str
    client: AsyncWebClient
    session: aiohttp.ClientSession
    tasks: asyncio.TaskGroup
    ping: float
    health: Health

    async def keep(self, ticket: str) -> None:
        """Keep one connection up for ever, the first through a ticket that is at hand."""
        now = asyncio.get_running_loop().time
        failures = 0
        lost: float | None = None
        reported = ""
        while True:
            try:
                async with asyncio.timeout(_OPEN_WITHIN):
                    socket = await self._open(ticket or await _ticket(self.client, self.app_token))
            except Exception as error:  # noqa: BLE001  # whatever it is, the next attempt may succeed
                ticket = ""
                failures += 1
                reason = str(error) if isinstance(error, _Unwelcome) else why(error)
                if reason != reported:
                    reported = reason
                    _log.warning("socket_refused", extra={"code": reason, "platform": "slack"})
                await asyncio.sleep(_pause(failures, error))
                continue
            ticket, reported, opened = "", "", now()
            if lost is None:
                _log.info("socket_connected", extra={"platform": "slack"})
            else:
                _log.info("socket_rebuilt", extra={"seconds": round(opened - lost, 1), "platform": "slack"})
            over = asyncio.Event()
            self.tasks.create_task(self._read(socket, over))
            try:
                await over.wait()
            except asyncio.CancelledError:
                await socket.close()  # who reads it may have been cancelled too, before beginning
                raise
            lost = now()
            failures = 0 if lost - opened > _STEADY else failures + 1
            if failures:
                await asyncio.sleep(_pause(failures))

    async def _open(self, url: str) -> aiohttp.ClientWebSocketResponse:
        socket = await self.session.ws_connect(
            url,
            heartbeat=self.ping,
            timeout=aiohttp.ClientWSTimeout(ws_close=1),
            proxy=self.client.proxy,
            ssl=self.client.ssl or True,
        )
        try:
            hello = await socket.receive_json()
            if hello.get("type") != "hello":
                raise _Unwelcome(str(hello.get("reason") or "no_hello"))
        except BaseException:
            await socket.close()
            raise
        return socket

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, over: asyncio.Event) -> None:
        """Answer what comes until the connection ends; `over` as soon as another should take its place."""
        self.health.up += 1
        try:
            async with asyncio.timeout(None) as limit:
                async for message in socket:
                    said = _said(message)
                    if "envelope_id" in said:
                        self.tasks.create_task(self._answer(socket, said))
                    elif said.get("type") == "disconnect" and not over.is_set():
                        # Slack goes on sending here until another connection stands.
                        self._lost(over, str(said.get("reason", "")))
                        limit.reschedule(asyncio.get_running_loop().time() + _RETIRED_AFTER)
            if not over.is_set():
                self._lost(over, "no_pong" if isinstance(socket.exception(), TimeoutError) else "closed")
        except TimeoutError:
            pass  # it was asked to go and has had its time
        finally:
            await socket.close()

    def _lost(self, over: asyncio.Event, reason: str) -> None:
        self.health.up -= 1
        over.set()
        _log.info("socket_lost", extra={"code": reason, "platform": "slack"})

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse, envelope: dict[str, Any]) -> None:
        """Let Bolt answer, and acknowledge in any case: what fails here would fail again when it is sent again."""
        payload = None
        try:
            request = SocketModeRequest.from_dict(envelope)
            if request is not None:
                response = await run_async_bolt_app(self.app, request)
                payload = _payload(response) if request.accepts_response_payload else None
        except Exception as error:  # noqa: BLE001  # one envelope must not end the connection
            log_bug(_log, error, platform="slack")
        with suppress(ConnectionError):  # the line was lost meanwhile: Slack sends events again
            await socket.send_json(SocketModeResponse(envelope["envelope_id"], payload).to_dict())


def _said(message: aiohttp.WSMessage) -> dict[str, Any]:
    try:
        said = json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else None
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


def _payload(response: BoltResponse) -> dict[str, Any] | str | None:
    if response.status != 200 or not response.body:
        return None
    is_json = str(response.headers.get("content-type", [""])[0]).startswith("application/json")
    payload: dict[str, Any] | str = json.loads(response.body) if is_json else response.body
    return payload


def _pause(failures: int, error: Exception | None = None) -> float:
    """Return how long to wait before another attempt, in seconds: longer each time, and not all at once."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures - 1, 10))
    asked = retry_after(error) if isinstance(error, SlackApiError) and code(error) in RATE else 0.0
    return asked + random.uniform(0, longest)  # noqa: S311  # to spread, not to hide
