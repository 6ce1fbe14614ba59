"""The service: answer what people ask and deliver what is owed, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from bot import metrics
from bot.commands import answer, suggest
from bot.delivery import deliver
from bot.delivery.breaker import Breaker
from bot.log import log_bug
from bot.model import Answer, Call, Destination, Reply, Suggest, Suggestion, Text, UserError
from bot.pacing import paced
from bot.ports import DeliveryError, Platform, Store, StoreError, Unreachable
from bot.pulse import Pulse

_log = logging.getLogger(__name__)

_DELIVER_EVERY = 5.0  # seconds: so soon is delivered what another process takes in
_ERASE_EVERY = 3600.0
_OFFER_WITHIN = 1.0  # seconds: who types has typed on
_REACH_EVERY = 30.0
_FINISH_WITHIN = 8.0  # seconds: a supervisor kills what has not ended after ten


async def respond(call: Call, store: Store) -> Reply:
    """Answer a call, whatever happens: trouble of the store in its words, a bug by the id that finds it in the log."""
    begun = time.perf_counter()
    try:
        return await answer(call, store)
    except StoreError as error:
        said = str(error)
    except Exception as error:  # noqa: BLE001  # a bug in one answer must not end the conversation
        found = log_bug(_log, error, platform=call.room.platform)
        said = f"This failed, and not through what you typed. It is in the log as {found}."
    finally:
        metrics.answered(call.room.platform, call.name, time.perf_counter() - begun)
    return Reply(Text(said), error=said, private=True)


async def offer(call: Call, parameter: str, typed: str, store: Store) -> tuple[Suggestion, ...]:
    """Offer values for what is being typed; none where that takes too long, or fails."""
    about = {"platform": call.room.platform}
    try:
        async with asyncio.timeout(_OFFER_WITHIN):
            return await suggest(call, parameter, typed, store)
    except UserError:  # no command of ours: answering it will say so
        return ()
    except TimeoutError:
        _log.warning("suggesting_slow", extra=about)
    except StoreError as error:
        _log.warning("suggesting_failed", extra=about | {"reason": str(error)})
    except Exception as error:  # noqa: BLE001  # as above
        log_bug(_log, error, **about)
    return ()


class Late:
    """A platform that did not answer at the start, beside others that did: it is opened as soon as it does."""

    def __init__(self, name: str, open_: Callable[[], Awaitable[Platform]]) -> None:
        self._name = name
        self._open = open_
        self._platform: Platform | None = None

    @property
    def is_reached(self) -> bool:
        return self._platform is not None

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        while self._platform is None:
            await asyncio.sleep(_REACH_EVERY)
            try:
                self._platform = await self._open()
            except Unreachable as error:
                _log.warning("unreachable", extra={"platform": self._name, "reason": str(error)})
        _log.info("reached", extra={"platform": self._name})
        await self._platform.run(answer, suggest)

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        if self._platform is None:
            raise DeliveryError("unreachable", "held", _REACH_EVERY)
        await self._platform.post(to, reply, key=key, uncertain=uncertain)


async def unwell(store: Store, platforms: Mapping[str, Platform], pulse: Pulse) -> list[str]:
    """Return what is wrong, in a word each: the deliveries, a platform that was not reached so far, the store."""
    words = ["delivery"] if pulse.is_silent else []
    words += [name for name, each in platforms.items() if isinstance(each, Late) and not each.is_reached]
    try:
        await store.reports()
    except StoreError:
        words.append("store")
    return words


async def serve(
    store: Store,
    platforms: Mapping[str, Platform],
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    *,
    outlive_asking: bool,
    beside: Iterable[Callable[[asyncio.Event], Awaitable[None]]] = (),
    pulse: Pulse | None = None,
) -> None:
    """Run every platform, the deliveries and what else goes on `beside` until `stop` is set, or an error ends one.

    Without `outlive_asking` the service also ends once a platform has nobody left to answer: the person at the
    prompt has gone. With it deliveries go on: the end of a pipe is no reason to stop them.
    """
    answering = paced(lambda call: respond(call, store))
    asking = {asyncio.ensure_future(each.run(answering, partial(offer, store=store))) for each in platforms.values()}
    delivering = asyncio.ensure_future(_deliver(store, platforms, clock, stop, pulse or Pulse()))
    others = {asyncio.ensure_future(each) for each in (_erase(store, clock, stop), stop.wait())}
    others |= {asyncio.ensure_future(each(stop)) for each in beside}
    waiting: set[asyncio.Future[Any]] = {*asking, delivering, *others}
    try:
        while not stop.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
            if done & asking and not outlive_asking:
                stop.set()
    finally:
        stop.set()
        # What writes writes to its end: a transaction is not cancelled with who asked for it.
        for each in (*asking, *others):
            each.cancel()
        # A message that is on its way arrives, and its row says so.
        await asyncio.wait({delivering}, timeout=_FINISH_WITHIN)
        delivering.cancel()
        await asyncio.gather(*asking, delivering, *others, return_exceptions=True)


async def _deliver(
    store: Store,
    platforms: Mapping[str, Platform],
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    pulse: Pulse,
) -> None:
    freed = False
    breaker = Breaker()

    def stopping() -> bool:
        pulse.beat()  # it is asked each time that something can be claimed
        return stop.is_set()

    while not stop.is_set():
        try:
            # At the start, and after the store has failed in the middle of a delivery.
            if not freed:
                await store.begin_delivery()
            freed = True
            await deliver(store, platforms, clock, stopping, breaker=breaker)
        except StoreError as error:
            # A full disk may have space again: what is owed stays owed, and questions are still answered.
            freed = False
            _log.warning("delivery_waits", extra={"reason": str(error)})
        await _pause(_DELIVER_EVERY, stop)


async def _erase(store: Store, clock: Callable[[], datetime], stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            if count := await store.erase(clock()):
                _log.info("erased", extra={"workspaces": count})
        except StoreError as error:
            _log.warning("erasing_waits", extra={"reason": str(error)})
        await _pause(_ERASE_EVERY, stop)


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
