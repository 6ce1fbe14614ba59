"""How to hear less of something: a word or phrase that parts what a query finds, out of the titles of what it found."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.model import Paper, UserError
from bot.ports import Store
from bot.search.grammar import parse
from bot.search.likeness import TELL_NOTHING
from bot.search.query import Folded, Or, Query, Term
from bot.search.spelling import lowered
from bot.search.words import phrases

LOOKED_AT = 80  # papers: of more, the best terms are the same ones, and reading them takes longer than a search
_FEWEST = 10  # papers, of which a share can be told from chance
_KEPT = (0.2, 0.6)  # of the papers
_OF_TITLES = 0.07
_MORE_FREQUENT = 2
_SHORTEST = 4  # letters, but of names: RAG, 3D
# How often a phrase stands among all papers is not known, only that its words do not less often: it tells more.
_OF_PHRASE = 1.2
_WORD = re.compile(r"[^\W_]+(?:[-‐‑][^\W_]+)*")

_Phrases = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Tightening:
    """A term to add to a query, as typed, and the query with it."""

    term: str
    query: Query


async def suggestion(asked: Query, found: Sequence[Paper], store: Store) -> Tightening | None:
    """Return how to make a query say less, by the papers that it found, best first; None where no term would.

    A term stands in their titles, is in a fifth to three fifths of them, and there at least twice as often as among
    all. Best is the one that is in many of them and in few others; the first 80 speak for all.
    """
    if len(found) < _FEWEST:
        return None
    shares = await asyncio.to_thread(_shares, asked, tuple(found[:LOOKED_AT]))
    known = await store.frequencies({word for term in shares for phrase in term.phrases for word in phrase})
    everything = await store.size()
    worth: dict[Term, float] = {}
    for term, share in shares.items():
        general = max(min(known.get(word, 1) for word in phrase) for phrase in term.phrases) / everything
        if share >= _MORE_FREQUENT * general:
            worth[term] = share * math.log(share / general) * (_OF_PHRASE if " " in term.shown else 1)
    best = sorted(worth, key=lambda term: (-worth[term], term.shown))
    return next((each for term in best if (each := _added(asked, term))), None)


@lru_cache(16)  # on the same morning many people hear too much of the same query
def _shares(asked: Query, papers: tuple[Paper, ...]) -> Mapping[Term, float]:
    """Return what of the papers' titles the query does not look for yet, each with the share of papers that have it."""
    said = tuple(word.rstrip("*") for term in asked.terms for phrase in term.phrases for word in phrase)
    spelt: defaultdict[_Phrases, Counter[str]] = defaultdict(Counter)
    for paper in papers:
        for meaning, written in dict(_written(paper.title)).items():
            # Robotic says no more than robot.
            if not any(word.startswith(said) for phrase in meaning for word in phrase):
                spelt[meaning][written] += 1
    folded = [Folded(paper) for paper in papers]
    shares = {}
    for meaning, spellings in spelt.items():
        if spellings.total() >= _OF_TITLES * len(papers):
            term = Term(meaning, min(spellings, key=lambda each: (-spellings[each], each)))
            has = Query(term.shown, term).matches
            share = sum(map(has, folded)) / len(folded)
            if _KEPT[0] <= share <= _KEPT[1]:
                shares[term] = share
    return shares


def _written(title: str) -> Iterator[tuple[_Phrases, str]]:
    """Yield the words and pairs of words of a title: what each means, and how it is written inside a sentence."""
    found = list(_WORD.finditer(title))
    pairs = (pair for pair in pairwise(found) if title[pair[0].end() : pair[1].start()] == " ")
    for run in (*((each,) for each in found), *pairs):
        written = [lowered(each[0]) for each in run]
        if all(len(word) >= _SHORTEST or not word.islower() for word in written) and TELL_NOTHING.isdisjoint(
            word.lower() for word in written
        ):
            line = " ".join(written)
            yield phrases(line), line


def _added(asked: Query, term: Term) -> Tightening | None:
    """Return a query with a term added; None where it cannot be typed so."""
    typed = f'"{term.shown}"' if " " in term.shown else term.shown
    line = f"({asked.text})" if isinstance(asked.root, Or) else asked.text
    try:
        return Tightening(typed, parse(f"{line} {typed}"))
    except UserError:  # it has grown past a query's limits, or what titles write as NOT is none of its words
        return None
