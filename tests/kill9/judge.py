"""What became of the papers that were owed: lost, told twice, told in another order than that of their days.

Papers are judged, not messages: how many messages tell of several days is the product's affair.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that has arrived: where, the papers it tells of, and whether it says that it may be a repeat.

    `delivery` is what it has in common with the others that go on where it ends.
    """

    place: str
    delivery: str
    papers: tuple[str, ...]
    may_repeat: bool = False


class Verdict(NamedTuple):
    """How many papers never arrived at a place, how many times one came again, and places with days out of order."""

    lost: int
    duplicated: int
    disordered: int


ALL_WELL = Verdict(0, 0, 0)


def judge(arrivals: Iterable[Arrival], owed: Mapping[str, Sequence[Collection[str]]]) -> Verdict:
    """Compare what arrived with the papers owed to each place, day by day. KeyError for what nobody is owed."""
    found: defaultdict[str, list[Arrival]] = defaultdict(list)
    for each in arrivals:
        found[each.place].append(each)
    lost = duplicated = disordered = 0
    for place in owed.keys() | found.keys():
        day = {paper: number for number, papers in enumerate(owed[place]) for paper in papers}
        times: Counter[str] = Counter()
        told: list[list[int]] = []
        for _, messages in groupby(found[place], key=attrgetter("delivery")):
            papers = [paper for each in messages for paper in each.papers]
            told.append([day[paper] for paper in papers if not times[paper]])
            times.update(papers)
        lost += len(day.keys() - times.keys())
        duplicated += times.total() - len(times)
        disordered += any(max(before) > min(after) for before, after in pairwise(filter(None, told)))
    return Verdict(lost, duplicated, disordered)
