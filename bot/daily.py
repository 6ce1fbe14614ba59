"""A day's work: take in a digest, plan what is owed to whom, deliver the outbox."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot import alerts, highlights
from bot.calendar import spoken
from bot.cards import card
from bot.model import Button, Delivery, Digest, Reply, Text, UserError
from bot.ports import DeliveryError, Intake, Morning, Platform, Store
from bot.query import Query, parse

_log = logging.getLogger(__name__)

# After a failure, wait this long before the next attempt; the last entry repeats.
_WAITS = tuple(map(timedelta, (0,) * 7, (1, 5, 30, 120, 600, 1800, 3600)))
# A message that fails so often through a bug of ours is given up, or it would hold up those behind it for ever.
_MOST_BUGS = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries arrived, failed for now or for good, and may have arrived."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0


async def take_in(digest: Digest, store: Store, at: datetime, *, owe: bool = True) -> Intake:
    """Store a digest, and in the same transaction what is owed for it. Repeating it changes nothing.

    Without `owe` nobody is told: so is an archive filled that nobody wants a year of alerts about.
    """
    return await store.take_in(digest, plan if owe else _nothing, at)


def plan(morning: Morning) -> Iterator[Delivery]:
    """Yield what is owed for a digest: one alert to each person it concerns, the highlights to each room.

    Alerts are for papers that are new here and that the person was never told of; highlights, too, are of papers that
    the room has not seen, and for a digest's first time only: a correction of it does not post them again.
    """
    for person, picks in alerts.match(morning.subscriptions, morning.fresh).items():
        told = morning.told.get(person, frozenset())
        news = tuple(pick for pick in picks if pick.paper not in told)
        if news:
            part = morning.parts.get(person, 0) + 1
            yield Delivery(person, "alert", morning.category, morning.day, news, part)
    if not morning.first or not morning.papers:
        return
    for each in morning.followings:
        if each.categories and morning.category.lower() not in map(str.lower, each.categories):
            continue
        members = [
            subscription
            for subscription in morning.subscriptions
            if (subscription.person.platform, subscription.person.workspace)
            == (each.room.platform, each.room.workspace)
        ]
        told = morning.told.get(each.room, frozenset())
        papers = [paper for paper in morning.papers if paper.id not in told]
        followers = Counter(pick.paper for picks in alerts.match(members, papers).values() for pick in picks)
        if chosen := highlights.choose(papers, followers, each.count):
            yield Delivery(each.room, "highlights", morning.category, morning.day, chosen)


async def deliver(
    store: Store,
    platforms: Mapping[str, Platform],
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> Tally:
    """Deliver everything that is due now on these platforms, oldest first; return how it went.

    Claim, post, settle: a crash between two of them leaves a delivery that `Store.begin_delivery` finds again. Once
    `stopping` says so, nothing more is claimed.
    """
    outcomes: Counter[str] = Counter()
    while not stopping() and (delivery := await store.claim(platforms, clock())):
        outcomes[await _deliver(delivery, store, platforms[delivery.to.platform], clock)] += 1
    return Tally(outcomes["sent"], outcomes["failed"], outcomes["uncertain"])


async def compose(delivery: Delivery, store: Store) -> Reply | None:
    """Return the message that a delivery stands for; None where nothing of it is wanted any more."""
    if delivery.kind == "alert":
        return await _alert(delivery, store)
    papers = {paper.id: paper for paper in await store.papers(pick.paper for pick in delivery.picks)}
    taken = next(each for each in await store.digests(delivery.day) if each.category == delivery.category)
    shown = f"{len(delivery.picks)} of {taken.stored} papers" if len(delivery.picks) < taken.stored else "all of it"
    return Reply(
        Text(f"{delivery.category}, {spoken(delivery.day)}: {shown}"),
        tuple(card(papers[pick.paper], why="; ".join(pick.reasons)) for pick in delivery.picks),
        buttons=(Button("The whole digest", "today", f"{delivery.day} {delivery.category}"),),
    )


def _nothing(_: Morning) -> tuple[Delivery, ...]:
    return ()


async def _alert(delivery: Delivery, store: Store) -> Reply | None:
    subscriptions = {each.number: each.query for each in await store.subscriptions(delivery.to)}
    # Who unsubscribed in the meantime is not told any more.
    wanted = {pick.paper: pick for pick in delivery.picks if subscriptions.keys() & set(pick.subscriptions)}
    if not wanted:
        return None
    papers = await store.papers(wanted)
    behind = sorted({n for pick in wanted.values() for n in pick.subscriptions if n in subscriptions})
    count = "1 new paper matches" if len(papers) == 1 else f"{len(papers)} new papers match"
    return Reply(
        Text(f"{count} what you subscribed to, in {delivery.category} of {spoken(delivery.day)}"),
        tuple(
            card(
                paper,
                [query for number in wanted[paper.id].subscriptions if (query := _read(subscriptions.get(number)))],
                why=f"matches: {', '.join(wanted[paper.id].reasons)}",
            )
            for paper in papers
        ),
        buttons=tuple(Button(f"Unsubscribe from {subscriptions[n]}", "unsubscribe", str(n)) for n in behind),
        private=True,
    )


def _read(line: str | None) -> Query | None:
    try:
        return parse(line or "")
    except UserError:
        return None


async def _deliver(delivery: Delivery, store: Store, platform: Platform, clock: Callable[[], datetime]) -> str:
    about: dict[str, object] = {
        "delivery": delivery.id,
        "kind": delivery.kind,
        "platform": delivery.to.platform,
        "attempt": delivery.attempts,
    }
    try:
        reply = await compose(delivery, store)
        if reply is None:
            await store.settle(delivery, "dead", code="unsubscribed")
            return "dropped"
        await platform.post(delivery.to, reply, key=delivery.key, uncertain=delivery.uncertain)
    except DeliveryError as error:
        _log.warning("delivery_failed", extra=about | {"code": error.code, "what": error.kind})
        await _settle_failed(delivery, store, error, clock())
        return "uncertain" if error.kind == "uncertain" else "failed"
    except Exception:  # noqa: BLE001  # a bug in one message must not keep the others from arriving
        _log.exception("delivery_bug", extra=about | {"id": uuid.uuid4().hex[:8]})
        kind: Literal["content", "uncertain"] = "uncertain" if delivery.attempts < _MOST_BUGS else "content"
        await _settle_failed(delivery, store, DeliveryError("bug", kind), clock())
        return "failed"
    await store.settle(delivery, "sent")
    _log.info("delivered", extra=about)
    return "sent"


async def _settle_failed(delivery: Delivery, store: Store, error: DeliveryError, now: datetime) -> None:
    if error.kind == "content":
        await store.settle(delivery, "dead", code=error.code)
        return
    wait = _WAITS[min(delivery.attempts, len(_WAITS)) - 1]
    if error.retry_after is not None:
        wait = max(wait, timedelta(seconds=error.retry_after))
    await store.settle(
        delivery,
        "pending",
        code=error.code,
        not_before=now + wait,
        pause=error.kind == "gone",
        uncertain=delivery.uncertain or error.kind == "uncertain",
    )
