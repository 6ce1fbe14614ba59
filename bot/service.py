"""The service: answer what people ask and deliver what is owed, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from bot.commands import answer
from bot.daily import deliver
from bot.ports import Platform, Store, StoreError

_log = logging.getLogger(__name__)

_DELIVER_EVERY = 5.0  # seconds: so soon is delivered what another process takes in
_FINISH_WITHIN = 8.0  # seconds: a supervisor kills what has not ended after ten


async def serve(
    store: Store,
    platforms: Mapping[str, Platform],
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    *,
    outlive_asking: bool,
) -> None:
    """Run every platform and the deliveries beside them until `stop` is set, or an error ends one of them.

    Without `outlive_asking` the service also ends once no platform has anybody left to answer: the person at the
    prompt has gone. With it deliveries go on: the end of a pipe is no reason to stop them.
    """
    asking = asyncio.gather(*(each.run(lambda call: answer(call, store)) for each in platforms.values()))
    delivering = asyncio.create_task(_deliver(store, platforms, clock, stop))
    stopping = asyncio.create_task(stop.wait())
    waiting: set[asyncio.Future[Any]] = {asking, delivering, stopping}
    try:
        while not stop.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
            if asking in done and not outlive_asking:
                stop.set()
    finally:
        stop.set()
        asking.cancel()
        # A message that is on its way arrives, and its row says so.
        await asyncio.wait({delivering}, timeout=_FINISH_WITHIN)
        delivering.cancel()
        await asyncio.gather(asking, delivering, stopping, return_exceptions=True)


async def _deliver(
    store: Store, platforms: Mapping[str, Platform], clock: Callable[[], datetime], stop: asyncio.Event
) -> None:
    freed = False
    while not stop.is_set():
        try:
            # At the start, and after the store has failed in the middle of a delivery.
            if not freed:
                await store.begin_delivery()
            freed = True
            await deliver(store, platforms, clock, stop.is_set)
        except StoreError as error:
            # A full disk may have space again: what is owed stays owed, and questions are still answered.
            freed = False
            _log.warning("delivery_waits", extra={"reason": str(error)})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _DELIVER_EVERY)
