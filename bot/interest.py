"""What the people of a workspace follow: their subscriptions, as counts only."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.grammar import parse
from bot.model import Destination, Paper, Pick, Subscription
from bot.query import Folded, Query

_Tenant = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Interest:
    """How many people follow a paper, and how much that says."""

    people: int
    strength: float


def interests(
    subscriptions: Iterable[Subscription],
    matching: Mapping[Destination, Iterable[Pick]],
    papers: Iterable[Paper],
    tenants: Collection[_Tenant],
) -> Mapping[_Tenant, Mapping[str, Interest]]:
    """Return for each of some workspaces, by paper id, the interest of those with a subscription made there.

    A subscription says the more, the fewer of the day's papers it matches and the more often a paper has what it looks
    for, once more where the title has it. Of a person's subscriptions the one counts that says most.
    """
    made = {(each.person, each.number): each for each in subscriptions}
    by_id = {paper.id: paper for paper in papers}
    matched = Counter(
        (person, number) for person, picks in matching.items() for pick in picks for number in pick.subscriptions
    )
    folded = lru_cache(maxsize=None)(lambda paper: Folded(by_id[paper]))
    often = lru_cache(maxsize=None)(lambda line, paper: _often(parse(line), folded(paper)))
    people: defaultdict[_Tenant, Counter[str]] = defaultdict(Counter)
    strengths: defaultdict[_Tenant, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for person, picks in matching.items():
        for pick in picks:
            best: dict[_Tenant, float] = {}
            for number in pick.subscriptions:
                each = made[person, number]
                tenant = (person.platform, each.workspace)
                if tenant in tenants:
                    few = math.log((len(by_id) + 1) / matched[person, number])
                    says = few * (1 + math.log(often(each.query, pick.paper)))
                    best[tenant] = max(best.get(tenant, 0), says)
            for tenant, says in best.items():
                people[tenant][pick.paper] += 1
                strengths[tenant][pick.paper] += says
    return {
        tenant: {paper: Interest(count, strengths[tenant][paper]) for paper, count in counts.items()}
        for tenant, counts in people.items()
    }


def _often(query: Query, paper: Folded) -> int:
    """Count how often a paper has what a query looks for: of its words and phrases that it has, the rarest."""
    counts = [
        sum(2 * paper.title.count(each) + paper.abstract.count(each) for each in wanted)
        for wanted in ([f" {' '.join(phrase)} ".removesuffix("* ") for phrase in t.phrases] for t in query.terms)
    ]
    return min((count for count in counts if count), default=1)
