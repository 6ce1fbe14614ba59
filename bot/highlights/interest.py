"""What the people of a workspace follow: their subscriptions, as counts only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from bot.alerts.percolator import bits
from bot.alerts.subscribers import Matching, Tenant

# People, of whom it is told before a room how many follow a paper: of fewer, who reads there may know who it is.
TOLD_FROM = 3


@dataclass(frozen=True, slots=True)
class Interest:
    """How many people follow each paper, by its id, and how many look for each folded word."""

    people: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)


def interests(matching: Matching, tenants: Collection[Tenant]) -> Mapping[Tenant, Interest]:
    """Return for each of some workspaces the interest of those with a subscription made there.

    A person counts once for a paper and once for a word, however many subscriptions have it.
    """
    return {tenant: _interest(matching, tenant) for tenant in tenants}


def _interest(matching: Matching, tenant: Tenant) -> Interest:
    held = matching.subscribers.made_in(tenant)
    masks = []
    words: Counter[str] = Counter()
    for nodes in held:
        masks.append(reduce(or_, (matching.true[node] for node in nodes)))
        words.update({word for node in nodes for word in matching.subscribers.lines.words(node)})
    people = {matching.papers[number].id: count for number, count in _counts(masks).items()}
    return Interest(people, words)


def _counts(masks: Iterable[int]) -> Mapping[int, int]:
    """Return for each bit that is set in any mask in how many it is.

    The counts stand upright, a mask for each of their binary digits: adding one adds to all counts at once.
    """
    digits: list[int] = []
    for mask in masks:
        carry = mask
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
            if not carry:
                break
        if carry:
            digits.append(carry)
    counts: Counter[int] = Counter()
    for place, digit in enumerate(digits):
        for number in bits(digit):
            counts[number] += 1 << place
    return counts
