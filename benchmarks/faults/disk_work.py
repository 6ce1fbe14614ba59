"""Digests come in and are delivered, again and again, each time in a process whose disk fails in another place.

`python -m benchmarks.faults.disk_work`, begun with disk_shim.c before its files: a line on its input is a JSON object
of what to do, and the exit code of who did it is a line of its output.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import storage.sqlite  # noqa: F401  # what is loaded here need not be by each process
from bot import daily
from bot.delivery import deliver
from bot.exits import BUG, explained
from bot.model import Destination, Reply
from bot.ports import StoreError
from storage import connect, own
from tests.kill9 import days
from tests.kill9.victim import Ledger

_TRIES = 3


class Forgetful(Ledger):
    """A platform where nobody looks for what may have arrived: that is wrong."""

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        del uncertain
        await super().post(to, reply, key=key, uncertain=False)


async def work(address: str, platform: Ledger, count: int) -> None:
    """Deliver so many days as the service does: trouble of the store's is waited out, on the same connection."""
    with own(address):
        async with connect(address) as store:
            for left in reversed(range(_TRIES)):
                try:
                    await store.begin_delivery()
                    for number in range(count):
                        for digest in days.day(number):
                            await daily.take_in(digest, store, datetime.now(UTC))
                        await deliver(store, {"ledger": platform}, lambda: datetime.now(UTC))
                except StoreError:
                    if not left:
                        raise
                else:
                    return


def _ended(database: str, ledger: str, count: int, environment: dict[str, str], *, forgetful: bool) -> int:
    """Return the exit code, as that of the command line would be."""
    os.environ.update(environment)
    platform = (Forgetful if forgetful else Ledger)(Path(ledger))
    try:
        asyncio.run(work(database, platform, count))
    except Exception as error:  # noqa: BLE001  # as the command line ends
        code = explained(error)
        if code == BUG:
            traceback.print_exc()
        return code
    return 0


def main() -> None:
    """Fork a process for each line, and say how it ended."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = BUG
            try:
                code = _ended(**json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
