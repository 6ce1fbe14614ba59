"""What the people of a workspace follow: their subscriptions, as counts only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bot.grammar import parse
from bot.model import Destination, Pick, Subscription, UserError

_Tenant = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Interest:
    """How many people follow each paper, by its id, and how many look for each folded word."""

    people: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)


def interests(
    subscriptions: Iterable[Subscription],
    matching: Mapping[Destination, Iterable[Pick]],
    tenants: Collection[_Tenant],
) -> Mapping[_Tenant, Interest]:
    """Return for each of some workspaces the interest of those with a subscription made there.

    A person counts once for a paper and once for a word, however many subscriptions have it.
    """
    looked_for: dict[str, frozenset[str]] = {}
    made_in: dict[tuple[Destination, int], _Tenant] = {}
    wanted: defaultdict[tuple[_Tenant, Destination], set[str]] = defaultdict(set)
    for each in subscriptions:
        tenant = (each.person.platform, each.workspace)
        if tenant in tenants:
            made_in[each.person, each.number] = tenant
            if each.query not in looked_for:
                looked_for[each.query] = _words(each.query)
            wanted[tenant, each.person] |= looked_for[each.query]
    people: dict[_Tenant, Counter[str]] = {tenant: Counter() for tenant in tenants}
    for person, picks in matching.items():
        for pick in picks:
            numbers = (number for number in pick.subscriptions if (person, number) in made_in)
            for tenant in {made_in[person, number] for number in numbers}:
                people[tenant][pick.paper] += 1
    words: dict[_Tenant, Counter[str]] = {tenant: Counter() for tenant in tenants}
    for (tenant, _), each_word in wanted.items():
        words[tenant].update(each_word)
    return {tenant: Interest(people[tenant], words[tenant]) for tenant in tenants}


def _words(line: str) -> frozenset[str]:
    """Return the words that a query looks for in titles and abstracts."""
    try:
        terms = parse(line).terms
    except UserError:  # saved under an older grammar: it matches nothing either
        return frozenset()
    return frozenset(word for term in terms if term.field != "author" for phrase in term.phrases for word in phrase)
