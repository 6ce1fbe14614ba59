"""What is counted as digests are taken in is what one would count in the end, whatever order they came in."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import combinations_with_replacement

import pytest

from bot.model import Digest, Paper
from bot.ports import Holdings, Store

NOW = datetime(2020, 11, 20, tzinfo=UTC)
DAYS = [date(2020, 11, 16) + timedelta(days=number) for number in range(6)]
CATEGORIES = ("cs.CV", "cs.LG", "hep-th")
IDS = [f"2011.{number:05}" for number in range(12)]


@pytest.mark.parametrize("seed", range(6))
async def test_every_span_of_days_is_counted_with_each_paper_once(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    listed: set[tuple[date, str, str]] = set()
    editions: set[tuple[date, str]] = set()
    attributed: set[str] = set()
    for number in range(25):
        day, category = chance.choice(DAYS), chance.choice(CATEGORIES)
        ids = chance.sample(IDS, chance.randint(0, 5))
        known = chance.random() < 0.3
        papers = tuple(Paper(id_, f"Title {number}", authors=("K. He",) if known else ()) for id_ in ids)
        for _ in range(2):  # the second time nothing is new
            await store.take_in(Digest("test", category, day, papers), lambda _: (), NOW)
        listed |= {(day, category, id_) for id_ in ids}
        editions.add((day, category))
        attributed |= set(ids) if known else set()

    def papers_of(first: date, last: date, category: str = "") -> int:
        return len({id_ for day, each, id_ in listed if first <= day <= last and category in ("", each)})

    for first, last in combinations_with_replacement(DAYS, 2):
        assert await store.count(first, last) == papers_of(first, last), (first, last)
    assert await store.count(date.min, date.max) == await store.size() == len({id_ for *_, id_ in listed})
    assert await store.counts(DAYS) == {day: papers_of(day, day) for day in DAYS if papers_of(day, day)}
    assert await store.days() == tuple(sorted({day for day, _ in editions}, reverse=True))
    assert await store.categories() == tuple(sorted({category for _, category in editions}))
    oldest, *_, newest = sorted(day for day, _ in editions)
    held = Holdings(len({id_ for *_, id_ in listed}), len(attributed), len(editions), oldest, newest)
    assert await store.holdings() == held
    for day in DAYS:
        assert {each.category: each.stored for each in await store.digests(day)} == {
            category: papers_of(day, day, category) for on, category in editions if on == day
        }
        for listing in (None, *CATEGORIES):
            page = await store.listed(day, listing, limit=20)
            assert page.total == len(page.papers) == papers_of(day, day, listing or "")
            first_days = [on for on, each, _ in listed if on <= day and listing in (None, each)]
            assert await store.newest(listing, until=day) == max(first_days, default=None)
