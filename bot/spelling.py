"""Did you mean: a query with its misspelt words put right from the store's own vocabulary.

Only ever a suggestion, and labelled as one: alerts never guess. A word is doubted where the store has hardly seen it;
it is left alone where it looks like a name (digits, + or #, capitals inside), since models are named faster than
learned.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.grammar import parse
from bot.model import UserError
from bot.ports import Store
from bot.query import Query, Term, mark
from bot.words import spans

_RARE = 2
_MORE_FREQUENT = 50
_SHORTEST = 4
_SHORTEST_PART = 3
_ONE_EDIT_BELOW = 6
_MOST_DOUBTED = 4
# rapidfuzz holds the interpreter while it compares: some 5,000 words take a millisecond.
_AT_ONCE = 5_000
_NAME = re.compile(r"[\d+#]|\w[A-Z]")


async def suggestion(query: Query, store: Store) -> Query | None:
    """Return the query with words replaced that are likely misspelt, as people write them; None where none is."""
    words = list(_words(query))
    known = await store.frequencies({word for _, _, word in words})
    doubtful = [each for each in words if known.get(each[2], 0) <= _RARE][:_MOST_DOUBTED]
    if not doubtful:
        return None
    vocabulary = await store.vocabulary()
    line = query.text
    # From the right, so that the places of what is still to do stay true.
    for start, end, word in sorted(doubtful, reverse=True):
        if replacement := await asyncio.to_thread(_replacement, word, vocabulary):
            replacement = [await _as_written(each, store) for each in replacement]
            line = line[:start] + _joined(replacement, line, start, end) + line[end:]
    try:
        return parse(line) if line != query.text else None
    except UserError:  # it has grown past a query's limits
        return None


def _words(query: Query) -> Iterator[tuple[int, int, str]]:
    """Yield `(start, end, folded word)` of each word of the query's line that could be a misspelt one."""
    for term in query.terms:
        if term.prefix or term.field == "author":
            continue
        at, until = term.at
        for parts, _, start, end in spans(query.text[at:until]):
            typed = query.text[at + start : at + end]
            if len(parts) == 1 and len(parts[0]) >= _SHORTEST and not _NAME.search(typed):
                yield at + start, at + end, parts[0]


def _replacement(word: str, vocabulary: Mapping[str, int]) -> list[str]:
    """Return the folded word, or the two words, that are likely meant; empty where none is better."""
    known = vocabulary.get(word, 0)
    furthest = 1 if len(word) < _ONE_EDIT_BELOW else 2
    better = [
        (distance - math.log10(vocabulary[other]) / 4, other)
        for other, distance in _near(word, vocabulary, furthest)
        if other != word and vocabulary[other] >= max(1, known * _MORE_FREQUENT)
    ]
    if better:
        return [min(better)[1]]
    return list(_two_words(word, vocabulary) or ()) if not known else []


def _near(word: str, vocabulary: Mapping[str, int], furthest: int) -> Iterator[tuple[str, int]]:
    """Yield the words that are at most so many edits away, each with how many."""
    others = iter(vocabulary)
    while some := list(islice(others, _AT_ONCE)):
        found = process.extract(word, some, scorer=OSA.distance, score_cutoff=furthest, limit=None, processor=None)
        yield from ((other, distance) for other, distance, _ in found)


def _joined(replacement: list[str], line: str, start: int, end: int) -> str:
    """Return a replacement as one text that fits where the word stood: in a phrase, in a hyphenated word, alone."""
    if len(replacement) == 1 or line.count('"', 0, start) % 2:
        return " ".join(replacement)
    if not {line[start - 1 : start], line[end : end + 1]}.isdisjoint("-‐‑"):
        return "-".join(replacement)
    return f'"{" ".join(replacement)}"'


def _two_words(word: str, vocabulary: Mapping[str, int]) -> tuple[str, str] | None:
    """Return the likeliest two words that a run-together one is made of: pointcloud, point cloud."""
    cuts = [(word[:n], word[n:]) for n in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)]
    best = max(cuts, key=lambda cut: min(vocabulary.get(part, 0) for part in cut), default=None)
    return best if best and min(vocabulary.get(part, 0) for part in best) > _RARE else None


async def _as_written(word: str, store: Store) -> str:
    """Return a folded word as a paper writes it: the vocabulary knows "sery", people know "series"."""
    found = await store.search(Query(word, Term(((word,),), word)), limit=1)
    for paper in found.papers:
        for text, field in ((paper.title, "title"), (paper.abstract, "abstract")):
            for start, end in mark(text, field, [Query(word, Term(((word,),), word))]).marks[:1]:
                return lowered(text[start:end])
    return word


def lowered(word: str) -> str:
    """Return a word as it is written inside a sentence: in lower case, but where it is a name (GPT-4, NeRF)."""
    return word if _NAME.search(word) else word.lower()
