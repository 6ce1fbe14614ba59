"""The command that runs the service: the wiring of the core, the adapters and the storage."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

import adapters
import storage
from bot import config
from bot.cli.settings import begin, database_option, has_person
from bot.exits import complain
from bot.model import Destination, UserError
from bot.ports import Unreachable

if TYPE_CHECKING:
    from bot.ports import Platform, Source, Store
    from bot.timetable import Planner

_LEAVE_WITHIN = 2.0  # seconds


@click.command()
@database_option
@click.option("--once", is_flag=True, help="Gather and deliver what there is now, and end.")
def run(database: str | None, *, once: bool) -> None:
    """Run the service: gather digests, answer what people ask, deliver what is owed. SIGTERM or Ctrl-C ends it."""
    settings = begin(database, service=not has_person())
    with storage.own(settings.database):
        asyncio.run(_run(settings, once=once))


async def _run(settings: config.Settings, *, once: bool) -> None:
    await (_serve_once(settings) if once else _serve(settings))
    # All is written and closed. A thread that still looks up the address of a host is not waited for.
    leaving = threading.Timer(_LEAVE_WITHIN, os._exit, (0,))
    leaving.daemon = True
    leaving.start()


async def _serve_once(settings: config.Settings) -> None:
    from bot.delivery import deliver  # noqa: PLC0415
    from bot.gathering import gather_once  # noqa: PLC0415
    from bot.timetable import plan  # noqa: PLC0415

    clock = adapters.terminal().clock
    async with _opened(settings) as (store, platforms):
        sources = _sources(settings, store)
        stop = _stopped_by_signal()
        await gather_once(sources, store, clock, stop, admin=_admin(settings))
        await plan(store, clock(), _planners())
        await store.begin_delivery()
        tally = await deliver(store, platforms, clock, stop.is_set)
    complain(f"{tally.sent} delivered, {tally.failed} failed, {tally.uncertain} uncertain")


async def _serve(settings: config.Settings) -> None:
    from bot import feeds, metrics  # noqa: PLC0415
    from bot.gathering import keep_gathering  # noqa: PLC0415
    from bot.gathering.enrichment import keep_enriching  # noqa: PLC0415
    from bot.pulse import Pulse  # noqa: PLC0415
    from bot.service import serve, unwell  # noqa: PLC0415
    from bot.timetable import keep_planning  # noqa: PLC0415

    typed = sys.stdin is not None and sys.stdin.isatty()
    clock = adapters.terminal().clock
    async with _opened(settings) as (store, platforms):
        sources = _sources(settings, store)
        beside: list[Callable[[asyncio.Event], Awaitable[None]]] = [
            lambda stop: keep_gathering(sources, store, clock, stop, admin=_admin(settings)),
            lambda stop: keep_planning(store, clock, stop, _planners()),
        ]
        if settings.authors == "arxiv":
            beside.append(lambda stop: keep_enriching(store, adapters.lookup(settings), clock, stop))
        # What is there now stays: not to look at it again and again takes a tenth of a second from the longest pause.
        gc.collect()
        gc.freeze()
        await feeds.switch(settings.feeds, store)
        pulse = Pulse()
        async with AsyncExitStack() as stack:
            if settings.health_listen:
                stack.enter_context(metrics.recording())
                await stack.enter_async_context(
                    adapters.health(
                        settings.health_listen,
                        lambda: unwell(store, platforms, pulse),
                        lambda: metrics.exposition(store, platforms, clock()),
                    )
                )
            if settings.feeds:
                await stack.enter_async_context(
                    adapters.feeds(
                        settings.feeds_listen,
                        settings.feeds,
                        lambda secret, now: feeds.edition(secret, store, now),
                        clock,
                    )
                )
            stop = _stopped_by_signal()
            await serve(store, platforms, clock, stop, outlive_asking=not typed, beside=beside, pulse=pulse)


def _sources(settings: config.Settings, store: Store) -> list[Source]:
    """Return the service's sources; one that cannot be is a mistake in the settings."""
    try:
        return [adapters.source(each, settings, store.ledger("sources")) for each in settings.every_source]
    except UserError as error:
        raise config.SettingsError(f"PAPERWIRE_SOURCES: {error}") from None


def _planners() -> tuple[Planner, ...]:
    from bot.club import agenda  # noqa: PLC0415
    from bot.team import weekly  # noqa: PLC0415

    return agenda.plan, weekly.plan


def _admin(settings: config.Settings) -> Destination | None:
    return Destination.parse(settings.admin) if settings.admin else None


def _stopped_by_signal() -> asyncio.Event:
    """Return what is set where the process is asked to end. Until then a signal ends it at once: nothing is begun."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _opened(settings: config.Settings) -> AsyncIterator[tuple[Store, Mapping[str, Platform]]]:
    """Open the store and the platforms that are configured.

    One that cannot be reached now must not keep the others from their people. Raise `Unreachable` where nobody is left.
    """
    from bot.service import Late  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(storage.connect(settings.database))

        async def opened(name: str) -> Platform:
            ledger = store.ledger(name, settings.secret_keys)
            return await stack.enter_async_context(adapters.platform(name, settings, ledger))

        platforms: dict[str, Platform] = {}
        silent: list[Unreachable] = []
        for name in settings.platforms:
            try:
                platforms[name] = await opened(name)
            except Unreachable as error:
                platforms[name] = Late(name, partial(opened, name))
                silent.append(error)
        if silent and len(silent) == len(platforms) - 1:  # all but the terminal, which needs no answer
            raise silent[0]
        for each in silent:
            complain(str(each))
        yield store, platforms
