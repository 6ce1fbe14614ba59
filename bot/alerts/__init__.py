"""What a person's subscriptions match, and why: what a message and `matches` show."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable

from bot.alerts.percolator import Percolator, bits
from bot.model import Destination, Paper, Pick, Subscription, UserError
from bot.search.grammar import parse
from bot.search.query import Folded, Query

_log = logging.getLogger(__name__)


def match(subscriptions: Iterable[Subscription], papers: Iterable[Paper]) -> dict[Destination, tuple[Pick, ...]]:
    """Return for each person the papers that match, in the order given, each with every reason and subscription."""
    folded = [Folded(paper) for paper in papers]
    percolator = Percolator()
    held = [(each, query, percolator.add(query)) for each in subscriptions if (query := readable(each.query))]
    true = percolator.match(folded)
    hits: defaultdict[Destination, defaultdict[int, list[tuple[int, Query]]]] = defaultdict(lambda: defaultdict(list))
    for each, query, node in held:
        for number in bits(true[node]):
            hits[each.person][number].append((each.number, query))
    return {
        person: tuple(_pick(folded[number], of_person[number]) for number in sorted(of_person))
        for person, of_person in hits.items()
    }


def readable(line: str) -> Query | None:
    """Return the query of a subscription; None for one saved under an older grammar.

    Its owner sees it in `subscriptions`; everybody else's must still fire.
    """
    try:
        return parse(line)
    except UserError:
        _log.warning("subscription_unreadable")
        return None


def _pick(paper: Folded, hits: list[tuple[int, Query]]) -> Pick:
    hits.sort(key=lambda hit: hit[0])
    reasons = dict.fromkeys(reason for _, query in hits for reason in query.reasons(paper))
    return Pick(paper.id, tuple(reasons), tuple(number for number, _ in hits))
