"""arXiv's terms: over its feeds, OAI-PMH and API together one request in three seconds, and a single connection.

They hold for all that one operates (https://info.arxiv.org/help/api/tou.html), so a turn is taken by locking a file of
this user's: every task and every process of the machine waits for it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

from adapters._sources.fetch import Fetched, FetchError, fetch
from bot.config import state_folder
from bot.digest.entries import MAX_BYTES

INTERVAL = 3.0

# What is waited between tries where arXiv says that it is busy, unless it names a longer time; the longest of those.
_PAUSES = (5.0, 30.0)
_LONGEST = 120.0
_BUSY = (429, 503)
_POLL = 0.05
_WIDTH = 32


class Pace:
    """Who reads from arXiv reads through this.

    `clock` and `sleep` are in seconds. The clock is the machine's since it was started, which nobody sets; where it was
    started anew, what the file says is in the future, and the wait still no longer than one interval.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._refusal = ""
        self._not_before = 0.0

    async def read(
        self,
        url: str,
        *,
        etag: str = "",
        modified: str = "",
        private: bool = False,
        most: int = MAX_BYTES,
        within: float = 20.0,
    ) -> Fetched:
        """Read an address as `fetch` does, in turn; wait and try again where arXiv says that it is busy.

        Where it names a time that is too long to wait for, raise `FetchError`, and until then again without asking. An
        address on this machine is one that the operator named: it may be read whatever `private` is.
        """
        if self._clock() < self._not_before:
            raise FetchError(self._refusal, self._not_before - self._clock())
        private = private or urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        async with self._turn():
            for pause in (*_PAUSES, inf):
                try:
                    return await fetch(url, etag=etag, modified=modified, private=private, most=most, within=within)
                except FetchError as error:
                    named = error.retry_after or 0.0
                    if error.status not in _BUSY or (wait := max(pause, named)) > _LONGEST:
                        self._refusal, self._not_before = str(error), self._clock() + named
                        raise
                # In the turn: nobody else of ours asks meanwhile.
                await self._sleep(wait)
        raise AssertionError("the last try returns or raises")

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        folder = self._folder or state_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(folder / "arxiv.pace", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FetchError(f"not asked, for its pace cannot be kept in {folder}: {error.strerror}") from None
        try:
            # Each has opened the file for itself, so the lock keeps tasks apart as well as processes.
            while not _locked(file):  # noqa: ASYNC110  # it is the kernel that knows
                await asyncio.sleep(_POLL)
            since = self._clock() - _number(os.pread(file, _WIDTH, 0))
            if since < INTERVAL:
                await self._sleep(min(INTERVAL, INTERVAL - since))
            try:
                yield
            finally:
                # As wide as any number, so that no end of a longer one stays.
                os.pwrite(file, f"{self._clock():<{_WIDTH}}".encode(), 0)
        finally:
            os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _number(data: bytes) -> float:
    try:
        return float(data)
    except ValueError:
        return -inf
