"""Did you mean: a query with its misspelt words put right from the store's own vocabulary.

Only ever a suggestion, and labelled as one: alerts never guess. A word is doubted where the store has hardly seen it;
it is left alone where it looks like a name (digits, + or #, capitals inside), since models are named faster than
learned. Of what it may mean, the likeliest that some paper has together with the rest of the query is suggested.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from rapidfuzz.distance import OSA

from bot.model import Paper, UserError
from bot.ports import Store
from bot.search.grammar import parse
from bot.search.query import Query, Term, mark
from bot.search.words import spans

_RARE = 5
_MORE_FREQUENT = 50
_SHORTEST = 4
_SHORTEST_PART = 3
_ONE_EDIT_BELOW = 6  # letters, of a word alone
_MOST_DOUBTED = 4
_MOST_MEANINGS = 8  # of one word
_OWN_LETTER = 0.25
_MOST_TRIED = 16  # ways to put a query right, each a search
_READ = 3  # papers, for how they write it
_NAME = re.compile(r"[\d+#]|\w[A-Z]")


@dataclass(frozen=True, slots=True)
class Meaning:
    """The folded word, or the two words, that a misspelt one may mean; none: itself. The lower the cost, the likelier.

    The cost is in edits; a word a hundred times as frequent is as likely as one half an edit nearer.
    """

    words: tuple[str, ...]
    cost: float = 0


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A word that stands in a line from `start` to `end`, and what it may mean, the likeliest first."""

    start: int
    end: int
    meanings: Sequence[Meaning]


async def suggestion(query: Query, store: Store) -> Query | None:
    """Return the query with words replaced that are likely misspelt, as people write them; None where none is."""
    words = list(_words(query))
    known = await store.frequencies({word for _, _, word in words})
    doubtful = [each for each in words if known.get(each[2], 0) <= _RARE][:_MOST_DOUBTED]
    # Beside a word that no paper has, one that hardly any has may be right.
    itself = [Meaning(())] if any(word not in known for _, _, word in doubtful) else []
    doubts = [
        _Doubt(start, end, [*(itself if word in known else ()), *likely])
        for start, end, word in doubtful
        if (likely := await meanings(query.text[start:end], word, known.get(word, 0), store, alone=len(words) == 1))
    ]
    if not doubts:
        return None
    ways = sorted(product(*(each.meanings for each in doubts)), key=lambda way: sum(each.cost for each in way))
    together: tuple[Paper, ...] = ()
    best = ways[0]
    for way in ways[:_MOST_TRIED]:
        meant = _put_right(query.text, doubts, [each.words for each in way])
        if meant and (together := (await store.search(meant, limit=_READ)).papers):
            best = way
            break
    written = [
        [await _written(word, query.text[doubt.start : doubt.end], together, store) for word in each.words]
        for doubt, each in zip(doubts, best, strict=True)
    ]
    return _put_right(query.text, doubts, written)


def _words(query: Query) -> Iterator[tuple[int, int, str]]:
    """Yield `(start, end, folded word)` of each word of the query's line that could be a misspelt one."""
    for term in query.terms:
        if term.prefix or term.field == "author":
            continue
        at, until = term.at
        for parts, _, start, end in spans(query.text[at:until]):
            typed = query.text[at + start : at + end]
            if len(parts) == 1 and end - start >= _SHORTEST and not _NAME.search(typed):
                yield at + start, at + end, parts[0]


async def meanings(typed: str, word: str, papers: int, store: Store, *, alone: bool) -> Sequence[Meaning]:
    """Return what a word that so many papers have may mean, the likeliest first; empty where nothing is better.

    One that stands alone, with no other to tell, is put right more sparingly.
    """
    costs: dict[str, float] = {}
    # What looks like a plural may be a misspelt word that ends in s.
    for each in {word, typed.lower()}:
        sparingly = papers or (alone and len(each) < _ONE_EDIT_BELOW)
        near = await store.near(each, 1 if sparingly else 2)
        roughly = sorted(
            (OSA.distance(each, other) - math.log10(frequency) / 4, other)
            for other, frequency in near.items()
            if other != word and frequency >= max(1, papers * _MORE_FREQUENT)
        )
        for cost, other in roughly[: 2 * _MOST_MEANINGS]:
            # A letter that only the typed word has could have been any: that is less likely than one left out.
            exactly = cost + (Counter(each) - Counter(other)).total() * _OWN_LETTER
            costs[other] = min(exactly, costs.get(other, exactly))
    if costs:
        return [Meaning((other,), costs[other]) for other in sorted(costs, key=lambda each: (costs[each], each))][
            :_MOST_MEANINGS
        ]
    return await _run_together(word, store) if not papers else ()


async def _run_together(word: str, store: Store) -> Sequence[Meaning]:
    """Return the likeliest two words that a run-together one is made of: pointcloud, point cloud."""
    cuts = [(word[:n], word[n:]) for n in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)]
    papers = await store.frequencies({part for cut in cuts for part in cut})
    rarest, best = max(((min(papers.get(part, 0) for part in cut), cut) for cut in cuts), default=(0, ()))
    return [Meaning(best)] if rarest > _RARE else ()


def _put_right(line: str, doubts: Sequence[_Doubt], words: Sequence[Sequence[str]]) -> Query | None:
    """Return a line with the doubted words replaced; None where that makes it too long for a query."""
    # From the right, so that the places of what is still to do stay true.
    for doubt, replacement in sorted(zip(doubts, words, strict=True), key=lambda each: -each[0].start):
        start, end = doubt.start, doubt.end
        if replacement:
            line = line[:start] + _joined(replacement, line, start, end) + line[end:]
    try:
        return parse(line)
    except UserError:
        return None


def _joined(replacement: Sequence[str], line: str, start: int, end: int) -> str:
    """Return a replacement as one text that fits where the word stood: in a phrase, in a hyphenated word, alone."""
    if len(replacement) == 1 or line.count('"', 0, start) % 2:
        return " ".join(replacement)
    if not {line[start - 1 : start], line[end : end + 1]}.isdisjoint("-‐‑"):
        return "-".join(replacement)
    return f'"{" ".join(replacement)}"'


async def _written(word: str, typed: str, papers: Iterable[Paper], store: Store) -> str:
    """Return a folded word as these papers write it, or others, and as near to what was typed as they do.

    The vocabulary knows "sery", people know "series".
    """
    spellings = list(_spellings(word, papers))
    spellings = spellings or list(_spellings(word, (await store.search(_query(word), limit=_READ)).papers))
    return min(spellings, key=lambda each: OSA.distance(typed.lower(), each.lower()), default=word)


def _spellings(word: str, papers: Iterable[Paper]) -> Iterator[str]:
    for paper in papers:
        for text, field in ((paper.title, "title"), (paper.abstract, "abstract")):
            for start, end in mark(text, field, [_query(word)]).marks:
                yield lowered(text[start:end])


def _query(word: str) -> Query:
    return Query(word, Term(((word,),), word))


def lowered(word: str) -> str:
    """Return a word as it is written inside a sentence: in lower case, but where it is a name (GPT-4, NeRF)."""
    return word if _NAME.search(word) else word.lower()
