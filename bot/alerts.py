"""Many subscriptions against a day's papers, in one pass.

Subscriptions are parsed once for each distinct query. A query is held against a paper only where the paper has one of
the query's anchors, words without which it cannot match; so a day costs little more than reading its papers.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable

from bot.grammar import parse
from bot.model import Destination, Paper, Pick, Subscription, UserError
from bot.query import And, Folded, Node, Or, Query, Term

_log = logging.getLogger(__name__)


def match(subscriptions: Iterable[Subscription], papers: Iterable[Paper]) -> dict[Destination, tuple[Pick, ...]]:
    """Return for each person the papers that match, in the order given, each with every reason and subscription."""
    typed: defaultdict[str, list[Subscription]] = defaultdict(list)
    for each in subscriptions:
        typed[each.query].append(each)
    holders: defaultdict[str, list[Subscription]] = defaultdict(list)
    anchored: defaultdict[str, list[Query]] = defaultdict(list)
    unanchored: list[Query] = []
    for line, owners in typed.items():
        try:
            query = parse(line)
        except UserError:
            # Saved under an older grammar: its owner sees it in `subscriptions`; everybody else's must still fire.
            _log.warning("subscription_unreadable", extra={"people": len(owners)})
            continue
        holders[query.text] += owners
        anchors = _anchors(query.root)
        for word in anchors or ():
            anchored[word].append(query)
        if anchors is None:
            unanchored.append(query)

    found: defaultdict[Destination, list[Pick]] = defaultdict(list)
    for paper in papers:
        folded = Folded(paper)
        words = set(f"{folded.title}{folded.abstract}{folded.author}".split())
        candidates = {query.text: query for word in words & anchored.keys() for query in anchored[word]}
        candidates |= {query.text: query for query in unanchored}
        picks: defaultdict[Destination, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        for line, query in candidates.items():
            if query.matches(folded):
                reasons = query.reasons(folded)
                for each in holders[line]:
                    picks[each.person].append((each.number, reasons))
        for person, hits in picks.items():
            hits.sort()
            reasons = tuple(dict.fromkeys(reason for _, each in hits for reason in each))
            found[person].append(Pick(paper.id, reasons, tuple(number for number, _ in hits)))
    return {person: tuple(picks) for person, picks in found.items()}


def _anchors(node: Node) -> frozenset[str] | None:
    """Return words of which a matching paper has at least one; None where no such words exist."""
    match node:
        case Term(phrases):
            whole = [[word for word in phrase if not word.endswith("*")] for phrase in phrases]
            return frozenset(max(words, key=len) for words in whole) if all(whole) else None
        case And(nodes):
            each = [words for words in map(_anchors, nodes) if words is not None]
            # Long words are rare words, and a rare anchor spares the most work.
            return max(each, key=lambda words: min(map(len, words))) if each else None
        case Or(nodes):
            each = [words for words in map(_anchors, nodes) if words is not None]
            return frozenset().union(*each) if len(each) == len(nodes) else None
        case _:
            return None
