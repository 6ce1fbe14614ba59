"""What measuring a chat takes, whichever it is: a filled store, the product at work, the times of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import material
from benchmarks.timing import Cost, Row, milliseconds, percentile, ratio
from bot.daily import take_in
from bot.ports import Store
from storage import connect
from tests.fakes.discord_state import ANNOUNCEMENT
from tests.kill9.worlds import DiscordWorld

LINES = ("search segmentation", 'search "point cloud"', "search large language model reasoning", "today", "status")
_DRAINED_WITHIN, _REQUEUED_EVERY = 300, 60  # seconds


@asynccontextmanager
async def filled(count: int) -> AsyncIterator[tuple[Store, int]]:
    """Yield a store of so many papers, and how many they are."""
    with TemporaryDirectory() as folder:
        async with connect(f"sqlite:///{Path(folder) / 'chats.db'}") as store:
            for digest in material.enlarged(count):
                await take_in(digest, store, datetime.now(UTC))
            yield store, await store.size()


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """Do work beside the block, until its end."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def drained(store: Store) -> int:
    """Wait until all that is owed has been delivered, or for five minutes; return how many messages are still owed.

    What failed again and again would wait for longer: after a minute it is owed anew, as an operator does.
    """
    for second in range(_DRAINED_WITHIN):
        if not (left := (await store.census()).owed):
            break
        if second and second % _REQUEUED_EVERY == 0:
            waiting, _ = await store.deliveries(states=("pending",))
            await store.requeue([each.delivery.id for each in waiting], datetime.now(UTC))
        await asyncio.sleep(1)
    return left


def without_news(world: DiscordWorld) -> None:
    """Leave out the rooms for announcements: they take ten an hour, which is met within a minute."""
    kinds = {str(each.id): each.kind for each in world.discord.world.channels.values()}
    world.rooms[:] = [each for each in world.rooms if kinds[each[0].name] != ANNOUNCEMENT]


def percentiles(times: Mapping[str, Sequence[Cost]]) -> list[Row]:
    """Return a row for each contender: p50 and p99, and its p50 as a ratio to the first one's."""
    middle = {
        name: Cost(percentile([c.wall for c in each], 0.5), percentile([c.cpu for c in each], 0.5))
        for name, each in times.items()
    }
    first = next(iter(middle.values()))
    return [
        Row(
            name,
            " ".join(milliseconds(percentile([c.wall for c in each], share)) for share in (0.5, 0.99)),
            " ".join(milliseconds(percentile([c.cpu for c in each], share)) for share in (0.5, 0.99)),
            ratio(middle[name], first),
        )
        for name, each in times.items()
    ]
