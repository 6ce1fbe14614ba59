"""A guard against too many invalid requests, for which Discord bans an address.

https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import aiohttp

from bot.ports import DeliveryError

_log = logging.getLogger(__name__)

_INVALID = (401, 403, 429)
_WINDOW = timedelta(minutes=10)
_MOST = 200  # of 10,000: others may send from the same address
_HELD = timedelta(minutes=10)


class InvalidRequests:
    """Count what Discord refuses, and hold all sending while that is too much.

    `unauthorized` is set where the bot's token was refused.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.unauthorized = asyncio.Event()
        self._clock = clock
        self._refused: deque[datetime] = deque()
        self._held: tuple[datetime, datetime] | None = None  # from when on, and until when

    def trace(self) -> aiohttp.TraceConfig:
        """Return what a client's session is to be traced with, so that its answers are counted."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._ended)
        return trace

    def check(self) -> None:
        """Raise `DeliveryError` while nothing should be sent; its `retry_after` is the rest of the time."""
        if left := self._left():
            raise DeliveryError("too_many_invalid_requests", "held", left.total_seconds())

    def hold(self, seconds: float) -> None:
        """Hold all sending for some time from now on: Discord has said by other means that it has enough."""
        left, wanted, now = self._left(), timedelta(seconds=seconds), self._clock()
        if not left:
            _log.error("sending_held", extra={"seconds": round(seconds), "platform": "discord"})
        if wanted > left:
            self._held = now, now + wanted

    def _left(self) -> timedelta:
        """Return for how long all is held. A clock that was put back must not make it longer."""
        now = self._clock()
        return self._held[1] - now if self._held and self._held[0] <= now < self._held[1] else timedelta()

    async def _ended(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        status, now = ended.response.status, self._clock()
        # The answers to an interaction go by a token of its own, which runs out.
        if status == 401 and "Authorization" in ended.headers:
            self.unauthorized.set()
        # A limit that many bots share is nobody's fault.
        shared = ended.response.headers.get("X-RateLimit-Scope") == "shared"
        if status not in _INVALID or (status == 429 and shared):
            return
        if self._refused and now < self._refused[-1]:  # the clock was put back
            self._refused.clear()
        self._refused.append(now)
        while self._refused[0] <= now - _WINDOW:
            self._refused.popleft()
        if len(self._refused) > _MOST and not self._left():
            self.hold(_HELD.total_seconds())
