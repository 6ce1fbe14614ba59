"""What is owed by the clock and not by a digest: each minute it is asked whose time has come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.calendar import due
from bot.log import log_bug
from bot.model import Delivery, Schedule
from bot.ports import Store, StoreError

# What is owed at a time, as far as its own time has come. It may say the same again: each is owed once, by its key.
Planner = Callable[[Store, datetime], Awaitable[Iterable[Delivery]]]

_EVERY = 60.0  # seconds
# Who was down when a day ended still does what that day was for.
_LATE = timedelta(hours=6)

_log = logging.getLogger(__name__)


async def keep_planning(
    store: Store, clock: Callable[[], datetime], stop: asyncio.Event, planners: Iterable[Planner]
) -> None:
    """Owe what each planner plans, every minute until `stop` is set."""
    every = tuple(planners)
    while not stop.is_set():
        await plan(store, clock(), every)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _EVERY)


async def plan(store: Store, now: datetime, planners: Iterable[Planner]) -> None:
    """Owe what each planner plans now."""
    for each in planners:
        try:
            await store.owe(await each(store, now), now)
        except StoreError as error:
            _log.warning("planning_waits", extra={"reason": str(error)})
        except Exception as error:  # noqa: BLE001  # a bug in one keeps no other waiting
            log_bug(_log, error)


def came(schedule: Schedule, now: datetime) -> date | None:
    """Return the day of the schedule whose time has come, by its clocks: until six hours after that day."""
    began = due(schedule, now - _LATE)
    return began.astimezone(ZoneInfo(schedule.zone)).date() if began <= now else None
