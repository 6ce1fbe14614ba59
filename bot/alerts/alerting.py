"""How a person is alerted: when a message may come, and what it says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import alerts
from bot.calendar import instant, moment, named_days, span, spoken
from bot.cards import matched
from bot.highlights.personal import Personal, personal
from bot.model import Alerting, Button, Delivery, Paper, Pick, Reply, Subscription, Text
from bot.ports import DeliveryError, Store
from bot.search import tightening
from bot.search.grammar import parse
from bot.search.query import mark

_MOST_WAYS_OUT = 5
# Of what was kept as many papers are shown as in three days: at least, and at most, so many.
_DAYS, _LEAST, _MOST = 3, 10, 50
_SEEN = 30  # characters of a query, at least, on a button
_MONTH = timedelta(days=29)  # and the day itself
LONGEST_REST = timedelta(days=366)


def when(alerting: Alerting, at: datetime) -> datetime | None:
    """Return when a person may be told of what comes in at a moment; None where that is at once.

    Who wants to hear instantly waits for the end of the quiet hours; others for the next slot of their schedule, or the
    end of the quiet hours in which it is: what comes after a day's slot waits for the next one's. Whoever is away hears
    of nothing before they are back.
    """
    back = max(at, alerting.away_until or at)
    free = _after_quiet(alerting, back) if alerting.pace == "instant" else _next_slot(alerting, back)
    return free if free > at else None


def local_day(alerting: Alerting, at: datetime) -> date:
    """Return the day that it is where a person is."""
    return at.astimezone(ZoneInfo(alerting.schedule.zone)).date()


def resting(alerting: Alerting, until: date) -> Alerting:
    """Return how a person is alerted who is away until the morning of a day: the time of their schedule."""
    back = instant(datetime.combine(until, alerting.schedule.start), ZoneInfo(alerting.schedule.zone))
    return replace(alerting, away_until=back)


def absence(alerting: Alerting, at: datetime) -> str:
    """Say until when a person's alerts rest; "" where they do not."""
    if alerting.away_until is None or alerting.away_until <= at:
        return ""
    return f"Alerts to you rest until {moment(alerting.away_until)}. What comes meanwhile is kept for then."


def settled(alerting: Alerting) -> str:
    """Say how a person is alerted, in a sentence."""
    start, zone = alerting.schedule.start, alerting.schedule.zone
    pace = "at once"
    if alerting.pace != "instant":
        weekly = "weekly " * (alerting.pace == "weekly")
        pace = f"{weekly}{named_days(alerting.schedule.days)} at {start:%H:%M}, {zone}"
    quiet = ""
    if alerting.quiet:
        where = f", {zone}" * (alerting.pace == "instant")
        quiet = f"; nothing between {alerting.quiet[0]:%H:%M} and {alerting.quiet[1]:%H:%M}{where}"
    return f"Alerts come {pace}, at most {alerting.most} paper{'s' * (alerting.most > 1)} a day{quiet}."


@dataclass(frozen=True, slots=True)
class Chosen:
    """The papers of an alert, those first that go first; the first `room` of them are shown.

    `plain` is their order without what their reader likes, of which `own` tells. What is `seen` already is left out of
    what `catches_up` with days of absence.
    """

    best: tuple[Pick, ...]
    plain: tuple[Pick, ...]
    room: int
    own: Personal
    papers: Mapping[str, Paper]
    mine: Mapping[int, Subscription]
    catches_up: bool
    seen: frozenset[str]

    @property
    def folded(self) -> frozenset[str]:
        """Those that are only counted, by their ids."""
        return frozenset(pick.paper for pick in self.best[self.room :])


async def choose(delivery: Delivery, wishes: Alerting, store: Store) -> Chosen | None:
    """Return which papers an alert has, and in what order; None where nothing of it is wanted any more.

    It is by what the person is subscribed to now, and by what they liked when it was first tried.
    """
    catches_up = _was_kept(delivery, wishes)
    # Who unsubscribed in the meantime is not told any more.
    mine = {each.number: each for each in await store.subscriptions(delivery.to) if not each.muted}
    seen = await store.seen(delivery) if catches_up else frozenset()
    wanted = [pick.paper for pick in delivery.picks if pick.paper not in seen]
    papers = {paper.id: paper for paper in await store.papers(wanted)}
    # A week against many queries takes a while, in which others ask.
    picks = (await asyncio.to_thread(alerts.match, mine.values(), papers.values())).get(delivery.to)
    if not picks:
        return None
    most = min(max(_DAYS * wishes.most, _LEAST), _MOST) if catches_up else wishes.most
    room = most if catches_up else max(0, most - await store.sent_of_day(delivery))
    own = await personal(
        delivery.to, [papers[pick.paper] for pick in picks], store, delivery.day, until=delivery.tried_at
    )
    hits: Mapping[str, int] = {}
    if catches_up or len(picks) > room:  # looking for the marks takes longer than all else
        hits = await asyncio.to_thread(_hits, picks, papers, mine)
    best, plain = (
        tuple(sorted(picks, key=lambda pick: (-likes.worth(pick), -hits.get(pick.paper, 0))))
        for likes in (own, Personal())
    )
    return Chosen(best, plain, room, own, papers, mine, catches_up, seen)


async def message(delivery: Delivery, store: Store) -> Reply | None:
    """Return the alert that a delivery stands for; None where nothing of it is wanted any more.

    As many papers are shown as the person wants to see in a day, less those of the day's earlier parts: first what most
    of their subscriptions match and is most like what they liked, then, where not all are shown, what they match in the
    title, then in the order of the digests. The others are one line. What comes to be sent in quiet hours after all, as
    the bot was down at its time or the settings were changed, is held until their end, `DeliveryError`; what was tried
    before is not.

    What was kept while a person was away is one message of more papers, without what they have seen meanwhile.
    """
    wishes = await store.alerting(delivery.to)
    if delivery.attempts == 1 and delivery.tried_at:
        back = max(delivery.tried_at, wishes.away_until or delivery.tried_at)
        wait = _after_quiet(wishes, back) - delivery.tried_at
        if wait:
            raise DeliveryError("quiet", "held", wait.total_seconds())
    chosen = await choose(delivery, wishes, store)
    if chosen is None:
        return None
    picks, shown, folded = chosen.best, chosen.best[: chosen.room], chosen.best[chosen.room :]
    mine, papers, own = chosen.mine, chosen.papers, chosen.own
    behind = sorted({number for pick in picks for number in pick.subscriptions})
    rest = []
    if folded:
        lead = f"and {len(folded):,} more" if shown else f"At most {wishes.most} a day are shown"
        rest.append(_all_of(lead, delivery, [papers[pick.paper] for pick in folded]))
        rest += await _quieter(folded, delivery, mine, store)
    count = "1 new paper matches" if len(picks) == 1 else f"{len(picks):,} new papers match"
    said = f"{count} what you subscribed to, {_where(delivery, [papers[pick.paper] for pick in picks])}"
    if chosen.catches_up:
        others = f"; {len(chosen.seen):,} more you have seen already" if chosen.seen else ""
        said = f"What came while you were away, the best first: {said}{others}"
    return Reply(
        Text(said),
        tuple(matched(papers[pick.paper], pick, mine, own.why(papers[pick.paper])) for pick in shown),
        Text("\n".join(line for line, _ in rest)),
        (*(step for _, step in rest), *_ways_out([mine[number] for number in behind])),
        private=True,
    )


def _next_slot(alerting: Alerting, at: datetime) -> datetime:
    schedule = alerting.schedule
    zone = ZoneInfo(schedule.zone)
    # The quiet hours that put an earlier day's slot off may not be over.
    day = at.astimezone(zone).date() - timedelta(days=2)
    while True:
        slot = instant(datetime.combine(day, schedule.start), zone)
        if day.weekday() in schedule.days and slot.astimezone(zone).date() == day:
            free = _after_quiet(alerting, slot)
            if free >= at:
                return free
        day += timedelta(days=1)


def _after_quiet(alerting: Alerting, at: datetime) -> datetime:
    """Return the first instant from `at` on at which the clocks show no quiet hour."""
    if alerting.quiet is None:
        return at
    start, end = alerting.quiet
    zone = ZoneInfo(alerting.schedule.zone)
    while True:
        local = at.astimezone(zone)
        now = local.time()
        if not (start <= now < end if start <= end else now >= start or now < end):
            return at
        until = datetime.combine(local.date() + timedelta(days=now >= end), end)
        first = instant(until, zone)
        # Where the clocks go back over the end of the quiet hours, these begin again, and end a second time.
        at = first if first > at else until.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _was_kept(delivery: Delivery, wishes: Alerting) -> bool:
    """Say whether a message has papers of days on which its reader was away, and now is not."""
    if not (wishes.away_until and delivery.tried_at and wishes.away_until <= delivery.tried_at):
        return False
    back = local_day(wishes, wishes.away_until)
    # A digest from before the longest rest is an old one that was taken in since.
    return back - LONGEST_REST <= (delivery.since or delivery.day) < back


def _hits(picks: Sequence[Pick], papers: Mapping[str, Paper], mine: Mapping[int, Subscription]) -> Mapping[str, int]:
    """Return how often the title of each paper has what is looked for."""
    queries = {number: parse(mine[number].query) for number in {each for pick in picks for each in pick.subscriptions}}
    return {
        pick.paper: len(mark(papers[pick.paper].title, "title", [queries[each] for each in pick.subscriptions]).marks)
        for pick in picks
    }


def _where(delivery: Delivery, papers: Sequence[Paper]) -> str:
    if delivery.since:
        return span(delivery.since, delivery.day)
    listings = (listing for paper in papers for listing in paper.listings)
    *others, last = sorted({listing.category for listing in listings if listing.day == delivery.day})
    where = f"{', '.join(others)} and {last}" if others else last
    return f"in {where} of {spoken(delivery.day)}"


def _all_of(lead: str, delivery: Delivery, folded: Sequence[Paper]) -> tuple[str, Button]:
    """Say where what is folded can be seen: of several days, on the one that has most of it."""
    first = delivery.since or delivery.day
    listed = Counter(day for paper in folded for day in {each.day for each in paper.listings})
    day = max((each for each in listed if first <= each <= delivery.day), key=lambda each: (listed[each], each))
    which = "those of a day" if delivery.since else "all"
    return f"{lead}: to see {which}, type: matches {day}", Button(f"All of {spoken(day)}", "matches", str(day))


async def _quieter(
    folded: Sequence[Pick], delivery: Delivery, mine: Mapping[int, Subscription], store: Store
) -> list[tuple[str, Button]]:
    """Say how to hear less of the subscription that alone brought most of what is folded, where one did."""
    alone = Counter(pick.subscriptions[0] for pick in folded if len(pick.subscriptions) == 1)
    ((loudest, count),) = alone.most_common(1) or [(0, 0)]
    if 2 * count <= len(folded):
        return []
    asked = parse(mine[loudest].query)
    found = await store.search(asked, limit=tightening.LOOKED_AT, since=delivery.day - _MONTH, until=delivery.day)
    tighter = await tightening.suggestion(asked, found.papers, store)
    if tighter is None:
        return []
    instead = f"{tighter.query.text} instead:{loudest}"
    said = f"{asked.text} alone brought {count:,} of them. To hear less, type: subscribe {instead}"
    return [(said, Button(f"Tighten with {tighter.term}", "subscribe", instead))]


def _ways_out(behind: Sequence[Subscription]) -> tuple[Button, ...]:
    """Return a button for each subscription that an alert came by; many of them stand in their own list."""
    if len(behind) > _MOST_WAYS_OUT:
        return (Button("Your subscriptions", "subscriptions"),)
    begun = Counter(each.query[:_SEEN] for each in behind)
    # Of those that begin alike, a label shows no more than that.
    names = (f"{each.number}. {each.query}" if begun[each.query[:_SEEN]] > 1 else each.query for each in behind)
    return tuple(
        Button(f"Unsubscribe from {name}", "unsubscribe", str(each.number))
        for name, each in zip(names, behind, strict=True)
    )
