"""A guard against too many invalid requests, for which Discord bans an address.

https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

from __future__ import annotations

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
    """Count what Discord refuses, and hold all sending while that is too much."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._refused: deque[datetime] = deque()
        self._held_until: datetime | None = None

    def trace(self) -> aiohttp.TraceConfig:
        """Return what a client's session is to be traced with, so that its answers are counted."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._ended)
        return trace

    def check(self) -> None:
        """Raise `DeliveryError` while nothing should be sent; its `retry_after` is the rest of the time."""
        if self._held_until is not None and (left := self._held_until - self._clock()) > timedelta():
            raise DeliveryError("too_many_invalid_requests", "held", left.total_seconds())

    def hold(self, seconds: float) -> None:
        """Hold all sending for some time from now on: Discord has said by other means that it has enough."""
        now = self._clock()
        until = now + timedelta(seconds=seconds)
        if self._held_until is None or self._held_until <= now:
            _log.error("sending_held", extra={"seconds": round(seconds), "platform": "discord"})
        elif self._held_until > until:
            return
        self._held_until = until

    async def _ended(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        # A limit that many bots share is nobody's fault.
        shared = ended.response.headers.get("X-RateLimit-Scope") == "shared"
        if ended.response.status not in _INVALID or (ended.response.status == 429 and shared):
            return
        now = self._clock()
        self._refused.append(now)
        while self._refused[0] <= now - _WINDOW:
            self._refused.popleft()
        if len(self._refused) > _MOST and (self._held_until is None or self._held_until <= now):
            self.hold(_HELD.total_seconds())
