"""Delivering what is owed: claim, post, settle; and what becomes of a message that did not arrive."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot import metrics
from bot.delivery.breaker import Breaker
from bot.delivery.compose import compose
from bot.log import log_bug
from bot.model import Delivery, Destination
from bot.ports import DeliveryError, Platform, Store, StoreError
from bot.progress import Progress

_log = logging.getLogger(__name__)

# After a failure, wait at most this long before the next attempt; the last entry repeats.
_WAITS = tuple(map(timedelta, (0,) * 7, (1, 5, 30, 120, 600, 1800, 3600)))
# News of yesterday is none: after its first try a message has so long to arrive.
_EXPIRES_AFTER = timedelta(hours=24)
# A message that fails so often through a bug of ours, or by a code that nobody knows, is given up, or it would hold up
# those behind it.
_MOST_BUGS = _MOST_UNKNOWN = 5
# Where so many in a row are refused, or nothing has arrived for so long, it is not the messages.
_MOST_REFUSED = 3
_LONGEST_FAILING = timedelta(days=7)
_AT_ONCE = 16  # destinations
_AT_ONCE_IN_ONE = 8  # of one workspace: a large one must not keep the others waiting
_LOOK_EVERY = 1.0  # seconds: for what has become due while others are on their way


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries arrived, failed for now or for good, and may have arrived."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0


async def deliver(
    store: Store,
    platforms: Mapping[str, Platform],
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
    *,
    breaker: Breaker | None = None,
    jitter: Callable[[], float] = random.random,
) -> Tally:
    """Deliver everything that is due now on these platforms, to several at once; return how it went.

    Claim, post, settle: a crash between two of them leaves a delivery that `Store.begin_delivery` finds again. Once
    `stopping` says so, or the store has failed, nothing more is claimed, and what is on its way is waited for.

    Who calls it again and again keeps the `breaker`: it knows which workspaces do not answer. `jitter` draws from 0 to
    1 how much of a wait is waited, so that what failed together does not come back together.
    """
    breaker = breaker or Breaker()
    progress = Progress(store, clock)
    outcomes: Counter[str] = Counter()
    under_way: dict[asyncio.Task[_Outcome], Delivery] = {}
    try:
        while True:
            while len(under_way) < _AT_ONCE and not stopping():
                limits = breaker.limits(clock())
                at_once = Counter(each.to.tenant for each in under_way.values())
                busy = [each for each in {**limits, **at_once} if at_once[each] >= limits.get(each, _AT_ONCE_IN_ONE)]
                delivery = await store.claim(platforms, clock(), busy=busy)
                if delivery is None:
                    break
                sending = asyncio.create_task(_deliver(delivery, store, platforms[delivery.to.platform], clock, jitter))
                under_way[sending] = delivery
            if not under_way:
                failed = outcomes["failed"] + outcomes["dead"] + outcomes["held"]
                return Tally(outcomes["sent"], failed, outcomes["uncertain"])
            done, _ = await asyncio.wait(under_way, timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                delivery, outcome = under_way.pop(each), each.result()
                outcomes[outcome.what] += 1
                if outcome.what != "unwanted":
                    metrics.delivered(delivery.to.platform, delivery.kind, outcome.what)
                if outcome.answered:
                    breaker.mend(delivery.to.tenant)
                elif outcome.answered is False:
                    breaker.fail(delivery.to.tenant, clock())
            await progress.tell(outcomes["sent"])
    except asyncio.CancelledError:
        for each in under_way:
            each.cancel()
        raise
    finally:
        # Also of those that failed after the first: it speaks for all.
        await asyncio.gather(*under_way, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a delivery, and whether the platform has answered; None where nothing was asked of it."""

    what: metrics.Outcome | Literal["unwanted"]
    answered: bool | None = None


async def _deliver(
    delivery: Delivery,
    store: Store,
    platform: Platform,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> _Outcome:
    about: dict[str, object] = {
        "delivery": delivery.id,
        "kind": delivery.kind,
        "platform": delivery.to.platform,
        "attempt": delivery.attempts,
    }
    if delivery.tried_at and clock() - delivery.tried_at >= _EXPIRES_AFTER:
        await store.settle(delivery, "expired", tried=False)
        _log.warning("delivery_expired", extra=about)
        return _Outcome("expired")
    try:
        reply = await compose(delivery, store, clock())
        if reply is None:
            await store.settle(delivery, "dead", code="unwanted", tried=False)
            return _Outcome("unwanted")
        await platform.post(delivery.to, reply, key=delivery.key, uncertain=delivery.uncertain)
    except DeliveryError as error:
        level = logging.DEBUG if error.kind == "held" else logging.WARNING
        _log.log(level, "delivery_failed", extra=about | {"code": error.code, "what": error.kind})
        if error.kind == "later" and error.retry_after is not None:
            metrics.rate_limited(delivery.to.platform)
        return _Outcome(await _settle_failed(delivery, store, error, clock(), jitter), _answered(error))
    except StoreError:
        # The trouble is the store's and not this message's. It stays claimed: `Store.begin_delivery` frees it.
        raise
    except Exception as error:  # noqa: BLE001  # a bug in one message must not keep the others from arriving
        log_bug(_log, error, **about)
        kind: Literal["content", "uncertain"] = "uncertain" if delivery.attempts < _MOST_BUGS else "content"
        await _settle_failed(delivery, store, DeliveryError("bug", kind), clock(), jitter)
        return _Outcome("dead" if kind == "content" else "failed")
    await store.settle(delivery, "sent")
    _log.info("delivered", extra=about)
    return _Outcome("sent", answered=True)


def _answered(error: DeliveryError) -> bool | None:
    """Say whether a platform that does not take a message has answered; to ask for time tells nothing either way."""
    if error.kind in ("gone", "content") or not error.known:
        return True
    return None if error.kind in ("held", "unknowable") or error.retry_after is not None else False


async def _settle_failed(
    delivery: Delivery, store: Store, error: DeliveryError, now: datetime, jitter: Callable[[], float]
) -> metrics.Outcome:
    if error.kind == "unknowable":
        await store.settle(delivery, "held", code=error.code, uncertain=True, tried=False)
        return "held"
    trouble = await store.trouble(delivery.to)
    passes = error.kind in ("later", "uncertain")
    unknown = passes and not error.known and error.retry_after is None
    refused = error.kind == "content" or (unknown and delivery.attempts >= _MOST_UNKNOWN)
    hopeless = (
        trouble.refused + 1 >= _MOST_REFUSED
        if refused
        else passes and trouble.since is not None and now - trouble.since >= _LONGEST_FAILING
    )
    pausing = error.kind == "gone" or hopeless
    if pausing:
        _log.warning("destination_paused", extra={"platform": delivery.to.platform, "code": error.code})
    await store.settle(
        delivery,
        "dead" if refused else "pending",
        code=error.code,
        not_before=None if error.kind == "gone" else _next_try(delivery, error, now, jitter),
        pause=now if pausing else None,
        uncertain=delivery.uncertain or error.kind == "uncertain",
        # Where there is no place for a message, it was not tried: with what else waits there, it may yet be one.
        tried=error.begun or error.kind not in ("held", "gone"),
        owe=await _told_of(delivery.to, store, now) if pausing else None,
    )
    if refused:
        return "dead"
    return error.kind if error.kind in ("uncertain", "held") else "failed"


def _next_try(delivery: Delivery, error: DeliveryError, now: datetime, jitter: Callable[[], float]) -> datetime:
    """Return when to try again, or to see that the time to is over.

    Where the platform names a time, its own is meant: waiting for a turn is no failure that would make it longer.
    """
    if error.retry_after is not None:
        return now + timedelta(seconds=error.retry_after)
    wait = _WAITS[min(delivery.attempts, len(_WAITS)) - 1] * jitter()
    return min(now + wait, (delivery.tried_at or now) + _EXPIRES_AFTER)


async def _told_of(gone: Destination, store: Store, now: datetime) -> Delivery | None:
    """Return the notice to whoever set a room up that it is gone; there is nobody else to tell of a person."""
    following = None if gone.is_person else await store.following(gone)
    if following is None or following.owner is None:
        return None
    return Delivery(following.owner, "notice", str(gone), now.date(), ())
