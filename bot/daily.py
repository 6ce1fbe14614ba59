"""A day's work: take in a digest, plan what is owed to whom, deliver the outbox."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot import alerts, highlights
from bot.calendar import spoken
from bot.cards import card
from bot.config import log_bug
from bot.grammar import parse
from bot.model import Button, Delivery, Destination, Digest, Following, Pick, Reply, Subscription, Text
from bot.ports import DeliveryError, Intake, Morning, Platform, Store, StoreError
from bot.query import category_word, category_words

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
        # Only which papers: why is said by what the person is subscribed to when the message goes out.
        news = tuple(Pick(pick.paper) for pick in picks if pick.paper not in told)
        if news:
            part = morning.parts.get(person, 0) + 1
            yield Delivery(person, "alert", morning.category, morning.day, news, part)
    if not morning.first or not morning.followings:
        return
    workspaces: defaultdict[tuple[str, str], list[Subscription]] = defaultdict(list)
    for subscription in morning.subscriptions:
        workspaces[_workspace(subscription.person)].append(subscription)
    followers = {
        workspace: Counter(pick.paper for picks in alerts.match(members, morning.papers).values() for pick in picks)
        for workspace, members in workspaces.items()
        if workspace in {_workspace(each.room) for each in morning.followings}
    }
    for each in morning.followings:
        told = morning.told.get(each.room, frozenset())
        papers = [paper for paper in morning.papers if paper.id not in told]
        chosen = highlights.choose(papers, followers.get(_workspace(each.room), {}), each.count)
        if chosen and _follows(each, morning.category):
            yield Delivery(each.room, "highlights", morning.category, morning.day, chosen)


def _workspace(destination: Destination) -> tuple[str, str]:
    return destination.platform, destination.workspace


def _follows(following: Following, category: str) -> bool:
    """Say whether a room wants a category: all if it names none, else those named, or their whole archive."""
    wanted = set(map(category_word, following.categories))
    return not wanted or bool(wanted & category_words((category,)))


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
    following = await store.following(delivery.to)
    if following is None or not _follows(following, delivery.category):
        return None
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
    # By what the person is subscribed to now: who unsubscribed in the meantime is not told any more.
    mine = {each.number: each for each in await store.subscriptions(delivery.to)}
    papers = {paper.id: paper for paper in await store.papers(pick.paper for pick in delivery.picks)}
    picks = alerts.match(mine.values(), papers.values()).get(delivery.to)
    if not picks:
        return None
    behind = sorted({number for pick in picks for number in pick.subscriptions})
    count = "1 new paper matches" if len(picks) == 1 else f"{len(picks)} new papers match"
    return Reply(
        Text(f"{count} what you subscribed to, in {delivery.category} of {spoken(delivery.day)}"),
        tuple(
            card(
                papers[pick.paper],
                [parse(mine[number].query) for number in pick.subscriptions],
                why=f"matches: {', '.join(pick.reasons)}",
            )
            for pick in picks
        ),
        buttons=tuple(Button(f"Unsubscribe from {mine[n].query}", "unsubscribe", str(n)) for n in behind),
        private=True,
    )


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
            await store.settle(delivery, "dead", code="unwanted")
            return "dropped"
        await platform.post(delivery.to, reply, key=delivery.key, uncertain=delivery.uncertain)
    except DeliveryError as error:
        _log.warning("delivery_failed", extra=about | {"code": error.code, "what": error.kind})
        await _settle_failed(delivery, store, error, clock())
        return "uncertain" if error.kind == "uncertain" else "failed"
    except StoreError:
        # The trouble is the store's and not this message's. It stays claimed: `Store.begin_delivery` frees it.
        raise
    except Exception as error:  # noqa: BLE001  # a bug in one message must not keep the others from arriving
        log_bug(_log, error, **about)
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
