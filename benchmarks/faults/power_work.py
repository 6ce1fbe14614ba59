"""What is done until the power goes: digests come in, messages are marked; each that is done is written to a file.

`python -m benchmarks.faults.power_work DATABASE FILE [PRAGMA]`, a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys

from benchmarks.faults.cancelled_writes import NOW, PLATFORMS
from bot import daily
from bot.model import Destination
from bot.search.grammar import parse
from storage import connect
from storage.sqlite import SqliteStore
from tests.kill9 import days

PEOPLE = [Destination.parse(f"slack:T1/@U{number}") for number in range(3)]
_STARTS = 2
_DAYS = 3  # of each start


async def main(path: str, done: str, *pragmas: str) -> None:
    """Do the work, and write a line for each thing that is done: `subscribed`, `digest`, `claimed`, `sent`."""
    file = os.open(done, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tell(*words: object) -> None:
        os.write(file, f"{' '.join(map(str, words))}\n".encode())

    for start in range(_STARTS):
        async with connect(f"sqlite:///{path}") as store:
            assert isinstance(store, SqliteStore)
            # More often than as a rule, so that the power goes in the middle of one.
            for pragma in ("wal_autocheckpoint = 50", *pragmas):
                await store._writer.execute(f"PRAGMA {pragma}")  # what a store never does
            for person in PEOPLE:
                subscription, _ = await store.subscribe(person, parse(f"clouds OR word{start}"), NOW)
                tell("subscribed", person, subscription.number)
            for number in range(start * _DAYS, (start + 1) * _DAYS):
                for digest in days.day(number):
                    await daily.take_in(digest, store, NOW)
                    tell("digest", digest.day, digest.category, len(digest.papers))
                while claimed := await store.claim(PLATFORMS, NOW):
                    tell("claimed", claimed.id)
                    await store.settle(claimed, "sent")
                    tell("sent", claimed.id)
    os.close(file)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
