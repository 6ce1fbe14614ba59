"""The servers that the bot is in, and what follows when that changes, be it while nothing runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Set
from datetime import datetime, timedelta

from bot.ports import Ledger

# Who removes the bot by mistake finds everything as it was, for so long.
ERASED_AFTER = timedelta(days=7)
_REMEMBERED = timedelta(days=90)
_KIND = "guilds"


class Guilds:
    """An application's servers, by Discord's ids. The ledger has them all in one entry: there may be ten thousand."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime], application: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._key = f"application/{application}"
        self._known: set[int] | None = None
        self._begun = False  # whether the ledger remembered any from before this process
        self._listed: set[int] = set()  # the shards that were
        self._turn = asyncio.Lock()

    async def listed(self, ids: Set[int], shard: int, shards: int) -> None:
        """Take in all servers of a shard: close those that the bot was removed from, and open those it is in again."""
        async with self._turn:
            known = await self._remembered()
            before = {each for each in known if (each >> 22) % shards == shard}
            for gone in before - ids:
                await self._close(gone)
            # Of a first start nothing is closed, and opening ten thousand of them would take its time.
            for new in ids - before if self._begun or shard in self._listed else ():
                await self._ledger.reopen(str(new))
            self._listed.add(shard)
            await self._remember((known - before) | ids)

    async def joined(self, guild: int) -> None:
        async with self._turn:
            await self._open(guild)

    async def available(self, guild: int) -> None:
        """Take in a server that may be a new one: discord.py says so of none that comes while a shard starts."""
        async with self._turn:
            if guild not in await self._remembered():
                await self._open(guild)

    async def left(self, guild: int) -> None:
        """Send nothing there any more, and erase in seven days what is known of it."""
        async with self._turn:
            await self._close(guild)
            await self._remember(await self._remembered() - {guild})

    async def _open(self, guild: int) -> None:
        await self._ledger.reopen(str(guild))
        await self._remember(await self._remembered() | {guild})

    async def _close(self, guild: int) -> None:
        now = self._clock()
        await self._ledger.close(str(guild), "removed", now, erase_at=now + ERASED_AFTER)

    async def _remembered(self) -> set[int]:
        if self._known is None:
            entry = await self._ledger.get(_KIND, self._key, self._clock())
            self._begun = entry is not None
            self._known = {int(each) for each in (entry or "").split()}
        return self._known

    async def _remember(self, guilds: set[int]) -> None:
        text = " ".join(map(str, sorted(guilds)))
        await self._ledger.put(_KIND, self._key, text, until=self._clock() + _REMEMBERED)
        self._known = guilds
