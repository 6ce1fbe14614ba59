"""Gathering: what the sources have is read and taken in, each in its own rhythm, and what is wrong with one is told."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.freshness import PATIENCE, judge, owed, redacted
from bot.gathering.reading import Reading
from bot.log import log_bug
from bot.model import Destination, Report
from bot.ports import Source, Store, StoreError

_log = logging.getLogger(__name__)

# A source that is asked every few seconds does not write so often that it is as it was.
_CONFIRM_EVERY = timedelta(minutes=1)
_STORE_AGAIN = 60.0  # seconds


async def keep_gathering(
    sources: Iterable[Source],
    store: Store,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    *,
    admin: Destination | None,
) -> None:
    """Gather from each source in its own rhythm until `stop` is set; one that hangs keeps no other waiting."""
    watched = {each.address: each for each in sources}
    await _unless(stop, _keep_all(watched, store, clock, admin))
    await stop.wait()  # there may be no source


async def gather_once(
    sources: Iterable[Source],
    store: Store,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    *,
    admin: Destination | None,
) -> None:
    """Gather from each source once, one after the other, unless `stop` is set before that is done."""
    watched = {each.address: each for each in sources}

    async def each_once() -> None:
        await store.watch(watched, clock())
        for each in watched.values():
            await gather(each, store, clock(), admin=admin)

    await _unless(stop, each_once())


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Wait for some work to be done; end it as soon as `stop` is set."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for each in (working, stopping):
            each.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def _keep_all(
    watched: Mapping[str, Source], store: Store, clock: Callable[[], datetime], admin: Destination | None
) -> None:
    while True:
        try:
            await store.watch(watched, clock())
            break
        except StoreError as error:
            _log.warning("gathering_waits", extra={"reason": str(error)})
            await asyncio.sleep(_STORE_AGAIN)
    holding: set[Reading] = set()
    async with asyncio.TaskGroup() as group:
        for each in watched.values():
            group.create_task(_keep(each, store, clock, admin, holding))


async def _keep(
    source: Source,
    store: Store,
    clock: Callable[[], datetime],
    admin: Destination | None,
    holding: set[Reading],
) -> None:
    about = {"source": redacted(source.address)}
    reading = Reading(source, store, holding)
    while True:
        # Sources of one rhythm are not to be asked all at once for ever.
        wait = source.every.total_seconds() * random.uniform(0.9, 1.1)  # noqa: S311  # no secret
        try:
            await gather(source, store, clock(), admin=admin, reading=reading)
            reading = Reading(source, store, holding)
        except StoreError as error:
            _log.warning("gathering_waits", extra=about | {"reason": str(error)})
            wait = min(wait, _STORE_AGAIN)
        except Exception as error:  # noqa: BLE001  # a bug in one round must not end the service
            log_bug(_log, error, **about)
        await asyncio.sleep(wait)


async def gather(
    source: Source,
    store: Store,
    now: datetime,
    *,
    admin: Destination | None = None,
    reading: Reading | None = None,
    patience: timedelta = PATIENCE,
) -> Report:
    """Read a source once: take in what is new, and return and save how it is doing; the `admin` is told of a change.

    A source that never gave a digest may be an archive: of each category only the newest day is owed to anybody. Who
    gathers again after a StoreError passes the same `reading`, and nothing is lost. A source that says nothing for
    `patience` is not waited for any longer.
    """
    known = {each.source: each for each in await store.reports()}
    before = known.get(source.address) or Report(source.address, "new", "", now, now)
    reading = reading or Reading(source, store)
    try:
        await reading.all(now, before, patience)
        await reading.catch_up(before, patience)
    except BaseException:
        # What was held back stays so: newer digests of it may come, and who reads them from the start finds it again.
        with suppress(StoreError):
            await reading.release()
        raise
    await reading.close()
    report = judge(before, await reading.found(), now, source.delay)
    is_otherwise = replace(report, checked_at=before.checked_at) != before
    if is_otherwise or abs(now - before.checked_at) >= _CONFIRM_EVERY:
        await store.report(report, owed(report, admin) if admin else None)
    if report.state == "broken" and is_otherwise:
        await reading.remember()
    reading.log(before, report)
    return report
