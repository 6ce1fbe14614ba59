"""What is taken in while processes die over it: each day's digests, and who is owed which papers of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import storage
from bot.model import Alerting, Destination, Digest, Following, Paper
from bot.search.grammar import parse

CATEGORIES = ("cs.CL", "cs.CV")  # each has rooms that follow it
_QUERY = "clouds"
_PAPERS = 3  # that a digest has for itself
_OTHERS = 40  # of the category that nobody follows


def day(number: int) -> tuple[Digest, ...]:
    """Return the digests of a day, from 0.

    The first is long and nobody's; the others repeat a paper of the day before each, and the third one of the second.
    """
    when = date(2025, 1, 1) + timedelta(number)
    own = [[_paper(kind, each) for each in _numbers(number)] for kind in range(len(CATEGORIES))]
    again = [[_paper(kind, _numbers(number - 1)[-1])] if number else [] for kind in range(len(CATEGORIES))]
    first, second = (tuple(old + new) for old, new in zip(again, own, strict=True))
    others = tuple(_paper(8, number * _OTHERS + each) for each in range(_OTHERS))
    listed = zip(("econ.EM", *CATEGORIES), (others, first, (*second, first[-1])), strict=True)
    return tuple(Digest("test", category, when, papers) for category, papers in listed)


def days(count: int) -> tuple[tuple[Digest, ...], ...]:
    return tuple(map(day, range(count)))


def owed(count: int, category: str = "") -> list[list[str]]:
    """Return the papers of each day that who follows a category must hear of, each once; without one, a person."""
    told: set[str] = set()
    found = []
    for digests in days(count):
        wanted = [
            each for each in digests if each.category == category or (not category and each.category in CATEGORIES)
        ]
        fresh = dict.fromkeys(paper.id for each in wanted for paper in each.papers if paper.id not in told)
        told.update(fresh)
        found.append(list(fresh))
    return found


async def furnish(address: str, rooms: Iterable[tuple[Destination, str]], people: Iterable[Destination]) -> None:
    """Let rooms follow a category each, and people all that is owed to any of them."""
    async with storage.connect(address) as store:
        for room, category in rooms:
            await store.follow(Following(room, (category,) if category else (), count=30))
        for person in people:
            await store.subscribe(person, parse(_QUERY), datetime.now(UTC))
            await store.alert(person, Alerting(most=100))


class Left(NamedTuple):
    """What a killed process left: digests that are half there, digests that are not there, deliveries owed."""

    half: int
    missing: int
    owed: int


async def look(address: str, digests: Collection[Digest]) -> Left:
    """Open what a killed process left, and look for some digests in it."""
    half = missing = 0
    async with storage.connect(address) as store:
        for digest in digests:
            listed = await store.listed(digest.day, digest.category, limit=len(digest.papers) + 1)
            is_there = digest.category in (each.category for each in await store.digests(digest.day))
            expected = [(paper.id, paper.title) for paper in digest.papers] if is_there else []
            half += [(paper.id, paper.title) for paper in listed.papers] != expected
            missing += not is_there
        census = await store.census()
    assert not census.dead, "a delivery was given up"
    return Left(half, missing, census.owed)


def _numbers(number: int) -> range:
    return range(number * _PAPERS, (number + 1) * _PAPERS)


def _paper(kind: int, number: int) -> Paper:
    what = "Sediments" if kind == 8 else "Point clouds"
    return Paper(
        f"25{kind + 1:02}.{number:05}", f"{what}, part {number}", f"We say {number} things, each with care. " * 9
    )
