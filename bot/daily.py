"""A day's work: take in a digest, plan what is owed to whom, deliver the outbox."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot import alerts, highlights
from bot.calendar import due, moment, spoken
from bot.cards import card, matched
from bot.log import log_bug
from bot.model import Button, Delivery, Destination, Digest, Following, Pick, Reply, Subscription, Text
from bot.ports import DeliveryError, Intake, Morning, Platform, Store, StoreError
from bot.query import category_word, category_words

_log = logging.getLogger(__name__)

# After a failure, wait this long before the next attempt; the last entry repeats.
_WAITS = tuple(map(timedelta, (0,) * 7, (1, 5, 30, 120, 600, 1800, 3600)))
# A message that fails so often through a bug of ours is given up, or it would hold up those behind it for ever.
_MOST_BUGS = 5
_MOST_WAYS_OUT = 5
_AT_ONCE = 16  # destinations
_AT_ONCE_IN_ONE = 8  # of one workspace: a large one must not keep the others waiting


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries arrived, failed for now or for good, and may have arrived."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0


async def take_in(
    digest: Digest, store: Store, at: datetime, *, owe: bool = True, hold_until: datetime | None = None
) -> Intake:
    """Store a digest, and in the same transaction what is owed for it. Repeating it changes nothing.

    Without `owe` nobody is told: so is an archive filled that nobody wants a year of alerts about. Who takes in
    several digests holds the alerts until `hold_until`, so that each person gets one a day, and ends with
    `Store.release`.
    """
    return await store.take_in(digest, plan if owe else _nothing, at, hold_until=hold_until)


def plan(morning: Morning) -> Iterator[Delivery]:
    """Yield what is owed for a digest: an alert to each person it concerns, the highlights to each room.

    Alerts are for papers that are new here and that the person was never told of; highlights, too, are of papers that
    the room has not seen, and for a digest's first time only: a correction of it does not post them again.
    """
    matching = alerts.match(morning.subscriptions, morning.fresh)
    for person, picks in matching.items():
        told = morning.told.get(person, frozenset())
        # Only which papers: why is said by what the person is subscribed to when the message goes out.
        news = tuple(Pick(pick.paper) for pick in picks if pick.paper not in told)
        if news:
            part = morning.parts.get(person, 0) + 1
            yield Delivery(person, "alert", "", morning.day, news, part)
    if not morning.first:
        return
    followers = _followers(morning.subscriptions, matching)
    for each in morning.followings:
        shown = morning.shown.get(each.room, frozenset())
        papers = [paper for paper in morning.fresh if paper.id not in shown]
        # Where a person is alone with us, nobody else is "here".
        here = {} if each.room.is_person else followers.get(_workspace(each.room), {})
        chosen = highlights.choose(papers, here, each.count)
        if chosen and _follows(each, morning.category):
            when = due(each.schedule, morning.at)
            # At once is no time: one that a wrong clock gave would hold it back when the clock is put right.
            later = when if when > morning.at else None
            yield Delivery(each.room, "highlights", morning.category, morning.day, chosen, due=later)


def _followers(
    subscriptions: Iterable[Subscription], matching: Mapping[Destination, Iterable[Pick]]
) -> Mapping[tuple[str, str], Mapping[str, int]]:
    """Count for each workspace, by paper id, the people with a subscription made there that matches."""
    made_in = {(each.person, each.number): each.workspace for each in subscriptions}
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for person, picks in matching.items():
        for pick in picks:
            for workspace in {made_in[person, number] for number in pick.subscriptions}:
                counts[person.platform, workspace][pick.paper] += 1
    return counts


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
    """Deliver everything that is due now on these platforms, to several at once; return how it went.

    Claim, post, settle: a crash between two of them leaves a delivery that `Store.begin_delivery` finds again. Once
    `stopping` says so, or the store has failed, nothing more is claimed, and what is on its way is waited for.
    """
    outcomes: Counter[str] = Counter()
    under_way: dict[asyncio.Task[str], tuple[str, str]] = {}
    try:
        while True:
            while len(under_way) < _AT_ONCE and not stopping():
                busy = [each for each, count in Counter(under_way.values()).items() if count >= _AT_ONCE_IN_ONE]
                delivery = await store.claim(platforms, clock(), busy=busy)
                if delivery is None:
                    break
                sending = asyncio.create_task(_deliver(delivery, store, platforms[delivery.to.platform], clock))
                under_way[sending] = _workspace(delivery.to)
            if not under_way:
                return Tally(outcomes["sent"], outcomes["failed"], outcomes["uncertain"])
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            outcomes.update([each.result() for each in done])
            for each in done:
                del under_way[each]
    except asyncio.CancelledError:
        for each in under_way:
            each.cancel()
        raise
    finally:
        # Also of those that failed after the first: it speaks for all.
        await asyncio.gather(*under_way, return_exceptions=True)


async def compose(delivery: Delivery, store: Store) -> Reply | None:
    """Return the message that a delivery stands for; None where nothing of it is wanted any more."""
    composed = {"alert": _alert, "highlights": _highlights, "notice": _notice}[delivery.kind]
    return await composed(delivery, store)


async def _highlights(delivery: Delivery, store: Store) -> Reply | None:
    following = await store.following(delivery.to)
    if following is None or not _follows(following, delivery.topic):
        return None
    papers = {paper.id: paper for paper in await store.papers(pick.paper for pick in delivery.picks)}
    taken = next(each for each in await store.digests(delivery.day) if each.category == delivery.topic)
    shown = f"{len(delivery.picks)} of {taken.stored} papers" if len(delivery.picks) < taken.stored else "all of it"
    return Reply(
        Text(f"{delivery.topic}, {spoken(delivery.day)}: {shown}"),
        tuple(card(papers[pick.paper], why="; ".join(pick.reasons)) for pick in delivery.picks),
        buttons=(Button("The whole digest", "today", f"{delivery.day} {delivery.topic}"),),
        topic=delivery.topic,
    )


async def _alert(delivery: Delivery, store: Store) -> Reply | None:
    # By what the person is subscribed to now: who unsubscribed in the meantime is not told any more.
    mine = {each.number: each for each in await store.subscriptions(delivery.to) if not each.muted}
    papers = {paper.id: paper for paper in await store.papers(pick.paper for pick in delivery.picks)}
    picks = alerts.match(mine.values(), papers.values()).get(delivery.to)
    if not picks:
        return None
    behind = sorted({number for pick in picks for number in pick.subscriptions})
    count = "1 new paper matches" if len(picks) == 1 else f"{len(picks)} new papers match"
    listings = [listing for pick in picks for listing in papers[pick.paper].listings]
    *others, last = sorted({listing.category for listing in listings if listing.day == delivery.day})
    where = f"{', '.join(others)} and {last}" if others else last
    return Reply(
        Text(f"{count} what you subscribed to, in {where} of {spoken(delivery.day)}"),
        tuple(matched(papers[pick.paper], pick, mine) for pick in picks),
        buttons=_ways_out([mine[number] for number in behind]),
        private=True,
    )


def _ways_out(behind: Sequence[Subscription]) -> tuple[Button, ...]:
    """Return a button for each subscription that an alert came by; many of them stand in their own list."""
    if len(behind) > _MOST_WAYS_OUT:
        return (Button("Your subscriptions", "subscriptions"),)
    return tuple(Button(f"Unsubscribe from {each.query}", "unsubscribe", str(each.number)) for each in behind)


async def _notice(delivery: Delivery, store: Store) -> Reply | None:
    room = Destination.parse(delivery.topic)
    pause = await store.paused(room)
    following = await store.following(room)
    if pause is None or following is None:
        return None
    what = f"The daily highlights cannot be posted in a room any more, since {moment(pause.since)}: {pause.code}."
    again = " ".join(["settings on", *following.categories])
    return Reply(Text(f"{what}\nLet the bot post there again, then type there: {again}"), private=True, about=room)


def _nothing(_: Morning) -> tuple[Delivery, ...]:
    return ()


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
        level = logging.DEBUG if error.kind == "held" else logging.WARNING
        _log.log(level, "delivery_failed", extra=about | {"code": error.code, "what": error.kind})
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
    # Where the platform names a time, its own is meant: waiting for a turn is no failure that would make it longer.
    wait = _WAITS[min(delivery.attempts, len(_WAITS)) - 1]
    if error.retry_after is not None:
        wait = timedelta(seconds=error.retry_after)
    gone = error.kind == "gone"
    await store.settle(
        delivery,
        "pending",
        code=error.code,
        not_before=now + wait,
        pause=now if gone else None,
        uncertain=delivery.uncertain or error.kind == "uncertain",
        tried=error.kind != "held",
        owe=await _told_of(delivery.to, store, now) if gone else None,
    )


async def _told_of(gone: Destination, store: Store, now: datetime) -> Delivery | None:
    """Return the notice to whoever set a room up that it is gone; there is nobody else to tell of a person."""
    following = None if gone.is_person else await store.following(gone)
    if following is None or following.owner is None:
        return None
    return Delivery(following.owner, "notice", str(gone), now.date(), ())
