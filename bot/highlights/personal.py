"""What a person likes, among papers that are theirs anyway: in what order these stand, and the words that say why."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from bot.highlights import Weights
from bot.highlights.taste import LASTS, Taste, taste, usual
from bot.highlights.taught import rare, read
from bot.model import Destination, Paper, Pick
from bot.ports import Store
from bot.search.likeness import Bag, Rarity, Vector

_LIFTS = Weights().taste  # as for the highlights, where a subscription that matches counts for one


@dataclass(frozen=True, slots=True)
class Personal:
    """What a person's taste makes of some papers; without a taste, nothing. No paper is left out by it.

    `liked` are the papers that they said they like, by their ids.
    """

    taste: Taste | None = None
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    lifts: Mapping[str, float] = field(default_factory=dict)
    liked: frozenset[str] = frozenset()

    def worth(self, pick: Pick) -> float:
        """Return what a paper counts: one for each subscription that it matches, and how much it is liked."""
        return len(pick.subscriptions) + self.lifts.get(pick.paper, 0)

    def why(self, paper: Paper) -> str:
        """Say what of a paper is liked; nothing where that is little, or no word tells it."""
        if self.taste is None:
            return ""
        if paper.id in self.liked:
            return "you liked it"
        vector = self.vectors[paper.id]
        near, words = self.taste.alike(paper, vector)
        if not near and (self.lifts[paper.id] <= 0 or not words):
            return ""
        return f"{'more ' * bool(near)}{self.taste.why(paper, vector, whose='you')}"


async def personal(
    person: Destination, papers: Sequence[Paper], store: Store, day: date, *, until: datetime | None = None
) -> Personal:
    """Return what a person's taste makes of papers, by what they liked in the half year before a day and since.

    What they said after `until` does not count.
    """
    since = datetime.combine(day, time(), UTC) - LASTS
    opinions = (await store.opinions(since, [person], until=until)).get(person)
    if not opinions or not papers:
        return Personal()
    reacted = await store.papers(sorted(opinions))
    # A day's matches of a broad query take a while, in which others ask.
    bags, known = await asyncio.to_thread(lambda: (read(papers), read(reacted)))
    common = await rare([*bags.values(), *known.values()], store)
    return await asyncio.to_thread(_personal, bags, known, opinions, common)


def weighed(vectors: Mapping[str, Vector], liked: Taste) -> Personal:
    """Return what a taste makes of papers, by their words."""
    common = usual(vectors)
    lifts = {paper: _LIFTS * liked.liking(vector, common[paper]) for paper, vector in vectors.items()}
    return Personal(liked, vectors, lifts)


def _personal(
    bags: Mapping[str, Bag], known: Mapping[str, Bag], opinions: Mapping[str, int], common: Rarity
) -> Personal:
    liked = taste((common.vector(each), opinions[paper]) for paper, each in sorted(known.items()))
    if liked is None:
        return Personal()
    found = weighed({paper: common.vector(each) for paper, each in bags.items()}, liked)
    return replace(found, liked=frozenset(paper for paper, said in opinions.items() if said > 0))
