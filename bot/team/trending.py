"""How often something is in the papers, week by week, and what rises."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from bot.calendar import spoken
from bot.highlights import trends
from bot.highlights.trends import Trend, carried, spelled
from bot.model import Button, Item, Text
from bot.ports import Store
from bot.search.grammar import parse
from bot.search.query import Query
from bot.search.spelling import lowered

WEEKS = 26
GAP = "·"

_BARS = "▁▂▃▄▅▆▇█"
_WEEK = timedelta(days=7)
_FEW = 5  # papers, of which a few more or less would be no wonder
_SAME = (0.95, 1.05)
# How often the rising terms of one archive are worked out again for those who ask meanwhile.
_KEPT = 4


@dataclass(frozen=True, slots=True)
class Curve:
    """How many papers match a query, of how many new ones, in each of some weeks, the oldest first.

    A week is the seven days to its last, `until` that of the last week. None of one without a digest. `first` is the
    day that first listed a paper that matches; without `exact`, see `bot.ports.Course`.
    """

    query: Query
    weeks: tuple[tuple[int, int] | None, ...]
    until: date
    first: date | None
    exact: bool

    @property
    def shares(self) -> tuple[float | None, ...]:
        return tuple(None if each is None else each[0] / each[1] for each in self.weeks)

    @property
    def highest(self) -> float:
        return max((each for each in self.shares if each), default=0)

    def bars(self, highest: float) -> str:
        """Draw the weeks' shares as bars, the highest of which is for a share that is as high; nothing is the lowest.

        A week without a digest is no bar.
        """
        return "".join(GAP if each is None else _bar(each, highest) for each in self.shares)

    def compared(self) -> str:
        """Say how often the last week has it, and the weeks before."""
        *earlier, last = self.weeks
        before = [each for each in earlier if each is not None]
        found, papers = sum(each[0] for each in before), sum(each[1] for each in before)
        if last is None or not papers:
            of = f"{last[0]:,} of {last[1]:,} papers" if last else "no new paper"
            return f"{of} this week, and none before to compare with".capitalize()
        weeks = "the week before" if len(earlier) == 1 else f"the {len(earlier)} weeks before"
        span = "the 6 months before" if len(self.weeks) == WEEKS else weeks
        this = f"{last[0]:,} of {last[1]:,} papers this week"
        if not found or not last[0]:
            return f"{this}, {found:,} of {papers:,} in {span}"
        usual = found / papers
        times = last[0] / last[1] / usual
        often = "as often" if _SAME[0] <= times <= _SAME[1] else f"{_rounded(times)} times as often"
        few = "; so few may be chance" if min(last[0], usual * last[1]) < _FEW else ""
        return f"{often.capitalize()} as in {span}: {this}{few}"


@dataclass(frozen=True, slots=True)
class Rise:
    """A term that rises, as a title writes it: its counts, and how often titles had it week by week."""

    term: str
    trend: Trend
    curve: Curve


@dataclass(frozen=True, slots=True)
class Rising:
    """What rises in the seven days to `until`, in `papers` new papers against `before` of the 30 days before."""

    until: date
    papers: int
    before: int
    rises: tuple[Rise, ...]


async def curves(queries: Iterable[Query], until: date, store: Store) -> tuple[Curve, ...]:
    """Return how often queries are found in the weeks to a day that has a digest, as far back as there are any."""
    held = await store.holdings()
    oldest = held.oldest or until
    count = min(WEEKS, (until - oldest) // _WEEK + 1)
    since = until - count * _WEEK + timedelta(days=1)
    new = await store.new_papers(since, until)
    papers = _weekly(new, since, count)
    drawn = []
    for query in queries:
        course = await store.course(query, since, until)
        found = _weekly(course.counts, since, count)
        weeks = tuple((each, of) if of else None for each, of in zip(found, papers, strict=True))
        drawn.append(Curve(query, weeks, until, course.first, course.exact))
    return tuple(drawn)


async def rising(store: Store, until: date, categories: Collection[str] = (), *, most: int) -> Rising:
    """Return what rises in titles in the seven days to one against the 30 before: first what does least by chance.

    Of terms that share a word the first stands for all.
    """
    since = until - _WEEK + timedelta(days=1)
    month = since - timedelta(days=trends.DAYS), since - timedelta(days=1)
    titles = await store.new_titles(since, until, categories)
    before = await store.new_titles(*month, categories)
    chosen = _different(await asyncio.to_thread(_rising, titles, before))[:most]
    terms = [_written(each, titles) for each in chosen]
    drawn = await curves([parse(f'title:"{each}"') for each in terms], until, store)
    rises = tuple(Rise(*each) for each in zip(terms, chosen, drawn, strict=True))
    return Rising(until, len(titles), len(before), rises)


def item(rise: Rise) -> Item:
    """Return a line on a term that rises, with the step to its papers."""
    week = rise.curve.until - _WEEK + timedelta(days=1)
    titles = "1 title" if rise.trend.today == 1 else f"{rise.trend.today:,} titles"
    text = f"{rise.curve.bars(rise.curve.highest)}  {rise.term}: {titles}, {rise.trend.before:,} in the 30 days before"
    return Item(Text(text), (Button("Papers", "search", f"{rise.curve.query.text} after:{week}"),))


def legend(drawn: Collection[Curve]) -> str:
    """Say what bars drawn on one scale are."""
    last = next(iter(drawn))
    gaps = last.weeks.count(None)
    said = f"Each bar is a week, the last to {spoken(last.until)}: its share of new papers"
    most = 100 * max(each.highest for each in drawn)
    said += f", at most {most:.0f} %." if most >= 10 else f", at most {most:.2g} %."
    if gaps:
        weeks = "1 week" if gaps == 1 else f"{gaps} of {len(last.weeks)} weeks"
        said += f" {GAP} is a week without a digest here: {weeks}."
    return said


def _bar(share: float, highest: float) -> str:
    return _BARS[math.ceil((len(_BARS) - 1) * (share / highest))] if share else _BARS[0]


def _rounded(times: float) -> str:
    return f"{times:.0f}" if times >= 10 else f"{times:.1f}" if times >= 0.1 else f"{times:.1g}"


def _weekly(counts: Mapping[date, int], since: date, weeks: int) -> list[int]:
    summed = [0] * weeks
    for day, count in counts.items():
        summed[(day - since) // _WEEK] += count
    return summed


@lru_cache(_KEPT)
def _rising(titles: tuple[str, ...], before: tuple[str, ...]) -> tuple[Trend, ...]:
    return trends.rising(titles, before)


def _different(found: Iterable[Trend]) -> list[Trend]:
    chosen: list[Trend] = []
    said: set[str] = set()
    for each in found:
        if said.isdisjoint(each.term.split()):
            chosen.append(each)
            said.update(each.term.split())
    return chosen


def _written(trend: Trend, titles: Sequence[str]) -> str:
    """Return a term as the newest title that has it writes it."""
    title = next((each for each in titles if carried(each, [trend])), trend.term)
    return " ".join(map(lowered, spelled(trend.term, title).replace('"', " ").split()))
