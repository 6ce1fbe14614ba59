"""One shard's line to Discord's gateway, kept up for ever.

https://discord.com/developers/docs/events/gateway
The protocol is discord.py's; the loop around it is here. The library's own tries a refused shard every five seconds
with a traceback each time, gives a session up where it could be resumed, and holds all shards while one waits.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from adapters.discord import failures
from adapters.discord.identify import Turns
from bot.config import SettingsError
from bot.log import log_bug

_log = logging.getLogger(__name__)

REFUSED = (
    "Discord refuses PAPERWIRE_DISCORD_TOKEN. At https://discord.com/developers/applications choose the application, "
    "then Bot, then Reset Token, and copy the token that it shows"
)

_OPEN_WITHIN = 20.0  # seconds, from the handshake to the first word
_CLOSE_WITHIN = 1.0
_STEADY = 10.0  # seconds: a session that ends sooner counts as one that failed
_RESUMES = 3  # attempts at a session before another is begun
_WRONG_COUNT = (4010, 4011)
_INTENTS = (4013, 4014)


@dataclass(slots=True)
class Health:
    """How many shards are wanted, and how many stand."""

    wanted: int = 0
    up: int = 0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after failures, in seconds: longer each time, and not all at once."""

    first: float = 0.5
    longest: float = 60.0

    def after(self, failed: int) -> float:
        if not failed:
            return 0.0
        return random.uniform(0, min(self.longest, self.first * 2 ** min(failed - 1, 20)))  # noqa: S311  # to spread


class Resharded(Exception):  # noqa: N818  # Discord's wish, and no failure
    """Discord wants another number of shards."""


def refuses_token(error: Exception) -> bool:
    """Say whether an error means that the token is of no use; discord.py hides it behind others of its own."""
    if isinstance(error, discord.GatewayNotFound) and isinstance(error.__cause__, discord.HTTPException):
        return error.__cause__.status == 401
    if isinstance(error, discord.ConnectionClosed):
        return error.code == 4004
    return isinstance(error, discord.LoginFailure) or (isinstance(error, discord.HTTPException) and error.status == 401)


@dataclass(slots=True)
class Refusals:
    """What keeps a line from standing, logged once for each reason."""

    shard: int | None = None
    _reported: str = ""

    def report(self, error: Exception) -> None:
        cause = error.__cause__ if isinstance(error, discord.GatewayNotFound) else None
        shown = cause if isinstance(cause, Exception) else error
        code = failures.why(shown)
        if isinstance(error, discord.ConnectionClosed):
            code = f"closed_{error.code}"
        elif isinstance(error, ReconnectWebSocket):
            code = "hung_up"
        if code == self._reported:
            return
        self._reported = code
        fields = {"platform": "discord"} | ({} if self.shard is None else {"shard": self.shard})
        if isinstance(shown, (*failures.FAILURES, discord.DiscordException, ReconnectWebSocket)):
            _log.warning("gateway_refused", extra=fields | {"code": code})
        else:
            log_bug(_log, error, **fields)

    def over(self) -> None:
        self._reported = ""


class _Socket(DiscordWebSocket):
    """A line that is closed where it cannot be set up: discord.py would forget it, with its thread and all."""

    kept = False

    async def poll_event(self) -> None:
        async with self._closed_on_error():
            await super().poll_event()

    async def identify(self) -> None:
        async with self._closed_on_error():
            await super().identify()

    async def resume(self) -> None:
        async with self._closed_on_error():
            await super().resume()

    async def hang_up(self, code: int) -> None:
        """Close, though nobody may be there to answer."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_CLOSE_WITHIN):
                await self.close(code)

    @asynccontextmanager
    async def _closed_on_error(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            if not self.kept:
                await self.hang_up(4000)
            raise


class Shard:
    """One shard of a client that is logged in."""

    def __init__(
        self, client: discord.AutoShardedClient, number: int, turns: Turns, backoff: Backoff, health: Health
    ) -> None:
        self._client = client
        self._number = number
        self._turns = turns
        self._backoff = backoff
        self._health = health
        self._refusals = Refusals(number)
        self._failed = 0
        self._resumes = 0
        self._lost: float | None = None
        self._last: _Socket | None = None  # whose session can be resumed

    async def keep(self) -> None:
        """Hand what comes to the client, until cancelled. Raise `SettingsError` or `Resharded` where nothing helps."""
        while True:
            try:
                socket = await self._open()
            except Exception as error:  # noqa: BLE001  # whatever it is, the next attempt may succeed
                self._failed += 1
                _raise_if_hopeless(error)
                self._refusals.report(error)
            else:
                await self._read(socket)
            await asyncio.sleep(self._backoff.after(self._failed))

    async def _open(self) -> _Socket:
        """Open a line, with the last session if that is to be had."""
        if self._last is not None and self._resumes < _RESUMES:
            self._resumes += 1
            async with asyncio.timeout(_OPEN_WITHIN):
                socket = await _Socket.from_client(
                    self._client,
                    gateway=self._last.gateway,
                    shard_id=self._number,
                    session=self._last.session_id,
                    sequence=self._last.sequence,
                    resume=True,
                )
        else:
            self._last = None
            async with self._turns.turn(self._client, self._number) as url, asyncio.timeout(_OPEN_WITHIN):
                socket = await _Socket.from_client(self._client, gateway=url, shard_id=self._number)
        socket.kept = True
        return socket

    async def _read(self, socket: _Socket) -> None:
        """Read a line to its end."""
        now = asyncio.get_running_loop().time
        stands = socket.wait_for("READY" if self._last is None else "RESUMED", lambda _: True)
        since: float | None = None
        code = 4000
        self._last = socket
        try:
            while True:
                await socket.poll_event()
                if since is None and stands.done():
                    since = now()
                    self._up(stands.result(), since)
        except ReconnectWebSocket:
            pass
        except discord.ConnectionClosed as closed:
            self._last = None
            _raise_if_hopeless(closed)
            self._refusals.report(closed)
        except asyncio.CancelledError:
            code = 1000  # Discord need not keep the session
            raise
        except Exception as bug:  # noqa: BLE001  # what the library cannot read would come again with this session
            self._last = None
            self._refusals.report(bug)
        finally:
            await socket.hang_up(code)
            if since is not None:
                self._down(socket, now())
        if self._last is not None and socket.session_id is None:  # it was called invalid
            self._last = None
        self._failed = 0 if since is not None and now() - since > _STEADY else self._failed + 1

    def _up(self, said: dict[str, Any], now: float) -> None:
        self._health.up += 1
        self._resumes = 0
        self._refusals.over()
        fields = {"shard": self._number, "shards": self._health.wanted, "platform": "discord"}
        if self._lost is None:
            _log.info("gateway_connected", extra=fields)
        else:
            _log.info("gateway_rebuilt", extra=fields | {"seconds": round(now - self._lost, 1)})
        if "guilds" in said:
            self._client.dispatch("guilds_listed", self._number, frozenset(int(each["id"]) for each in said["guilds"]))

    def _down(self, socket: _Socket, now: float) -> None:
        self._health.up -= 1
        self._lost = now
        _log.info(
            "gateway_lost", extra={"code": socket.socket.close_code, "shard": self._number, "platform": "discord"}
        )


def _raise_if_hopeless(error: Exception) -> None:
    if refuses_token(error):
        raise SettingsError(REFUSED) from None
    code = error.code if isinstance(error, discord.ConnectionClosed) else 0
    if code in _WRONG_COUNT:
        raise Resharded from None
    if code in _INTENTS:
        raise SettingsError(
            f"Discord refuses what Paperwire asks to hear of ({code}), which is servers alone. At "
            "https://discord.com/developers/applications see whether the application is in order"
        ) from None
