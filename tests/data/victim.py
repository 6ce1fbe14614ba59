"""A process to be killed: take in digests and deliver what they owe, to a platform that is a file.

`python -m tests.data.victim ADDRESS LEDGER DIGESTS FAULT POINT`: DIGESTS is a pickled list of them. FAULT is empty,
"marks first" or "forgets". POINT is where the process kills itself, the third time that it gets there: "planning",
"claimed", "posted", "settled"; empty, it does not.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bot import daily
from bot.model import Answer, Delivery, Destination, Digest, Reply, Suggest
from bot.ports import Morning, Platform, Store
from storage import connect, own

_LATENCY = 0.003  # seconds, at most, for a message to arrive, and for the answer to come back


class Ledger:
    """A platform with a history: a file, a line for each message that has arrived."""

    def __init__(self, path: Path, *, forgets: bool, reached: Callable[[str], None]) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._path = path
        self._forgets = forgets
        self._reached = reached
        self._random = Random()

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Nobody asks anything here."""

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        assert reply.cards
        assert key.startswith(f"{to}|")
        self._reached("claimed")
        if uncertain and not self._forgets and key in self._path.read_text().splitlines():
            return
        await asyncio.sleep(self._random.uniform(0, _LATENCY))
        os.write(self._file, f"{key}\n".encode())
        await asyncio.sleep(self._random.uniform(0, _LATENCY))
        self._reached("posted")


async def _main(address: str, ledger: Path, digests: Iterable[Digest], fault: str, point: str) -> None:
    times = 0

    def reached(here: str) -> None:
        nonlocal times
        times += here == point
        if times == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    def plan(morning: Morning) -> Iterator[Delivery]:
        reached("planning")  # which is in the middle of the transaction
        return daily.plan(morning)

    deliver = _mark_first if fault == "marks first" else daily.deliver
    platforms = {"ledger": Ledger(ledger, forgets=fault == "forgets", reached=reached)}
    with own(address):
        async with connect(address) as store:
            settle = store.settle

            async def settle_and_die(*args: object, **options: object) -> None:
                await settle(*args, **options)  # type: ignore[arg-type]
                reached("settled")

            store.settle = settle_and_die  # type: ignore[method-assign]
            await store.begin_delivery()
            print("ready", flush=True)  # noqa: T201  # from here on, each moment is worth dying in
            for digest in digests:
                await store.take_in(digest, plan, _now())
                await deliver(store, platforms, _now)


async def _mark_first(store: Store, platforms: Mapping[str, Platform], clock: Callable[[], datetime]) -> None:
    """Deliver in the order that loses messages."""
    while delivery := await store.claim(platforms, clock()):
        await store.settle(delivery, "sent")
        reply = await daily.compose(delivery, store)
        assert reply
        await platforms["ledger"].post(delivery.to, reply, key=delivery.key, uncertain=delivery.uncertain)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    address, ledger, digests, fault, point = sys.argv[1:]
    asyncio.run(_main(address, Path(ledger), pickle.loads(Path(digests).read_bytes()), fault, point))
