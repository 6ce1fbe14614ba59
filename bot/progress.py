"""A line in the log, once a minute, on how far it is with sending."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from bot.ports import Store

_log = logging.getLogger(__name__)

_EVERY = 60.0  # seconds


class Progress:
    """How many were sent, and what is left of the outbox, told `every` so many seconds at most."""

    def __init__(self, store: Store, clock: Callable[[], datetime], *, every: float = _EVERY) -> None:
        self._store = store
        self._clock = clock
        self._every = every
        self._told_at = asyncio.get_running_loop().time()

    async def tell(self, sent: int) -> None:
        """Log for each platform what is owed there, if it is time to; `sent` counts what arrived so far."""
        if asyncio.get_running_loop().time() - self._told_at < self._every:
            return
        self._told_at = asyncio.get_running_loop().time()
        now = self._clock()
        for each in await self._store.backlog(now):
            oldest = round((now - each.oldest).total_seconds()) if each.oldest else 0
            about = {"platform": each.platform, "sent": sent, "owed": each.owed, "due": each.due, "oldest": oldest}
            _log.info("delivering", extra=about)
