"""What a text is about, in the words that tell it from others: so are papers like it found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot.ports import Store
from bot.query import Or, Query, Term
from bot.words import BARRIER, spans, words

_MOST = 14  # words
_LONE = 6  # words besides that one paper has: where that is the paper asked about, they must not crowd out others
_RARE = 5  # a telling word is in no more than one in so many papers
# What the figures say of these anyway; but most papers have them, and to count those takes longer than to search.
TELL_NOTHING = frozenset({
    "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "in", "is", "it", "of", "on", "or", "our",
    "that", "the", "these", "this", "to", "we", "which", "while", "with",
})  # fmt: skip

Bag = Mapping[str, int]
Vector = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rarity:
    """In how many of some texts each folded word is, and how many texts these are."""

    counts: Mapping[str, int]
    texts: int

    def vector(self, bag: Bag) -> Vector:
        """Return a text's words, each with its weight (tf-idf), of length 1."""
        return unit({word: (1 + math.log(count)) * self.of(word) for word, count in bag.items()})

    def of(self, word: str) -> float:
        return math.log((self.texts + 1) / (self.counts.get(word, 0) + 1))


def bag(title: str, abstract: str) -> Bag:
    """Return how often a paper has each folded word that may tell something; what the title has counts twice."""
    return Counter([*_tokens(title) * 2, *_tokens(abstract)])


def different(title: str, abstract: str) -> Sequence[str]:
    """Return a paper's folded words that may tell something, each once."""
    return _different(title, abstract).split()


def rarity(texts: Iterable[Iterable[str]]) -> Rarity:
    """Count in how many texts each word is; a text is its words, each once."""
    counts: Counter[str] = Counter()
    number = 0
    for each in texts:
        counts.update(each)
        number += 1
    return Rarity(counts, number)


def unit(weights: Vector) -> Vector:
    length = math.hypot(*weights.values())
    return {word: weight / length for word, weight in weights.items() if weight} if length else {}


def likeness(one: Vector, other: Vector) -> float:
    """Return the cosine of two vectors of length 1: 0 if they share no word, 1 if they are the same."""
    few, many = (one, other) if len(one) < len(other) else (other, one)
    return sum(weight * many[word] for word, weight in few.items() if word in many)


async def telling(text: str, store: Store) -> Query | None:
    """Return a query for any of a text's most telling words, those first that tell most; None where there are none.

    A word tells the more, the more often the text has it and the fewer papers do (tf-idf). The query's line is these
    words as the text spells them, and means the same again.
    """
    spelled: dict[str, str] = {}
    times: Counter[str] = Counter()
    for (word, *_), _, start, end in spans(text):
        if len(word) > 1 and not word.isdecimal() and word not in TELL_NOTHING:
            times[word] += 1
            spelled.setdefault(word, text[start:end])
    papers = await store.count(date.min, date.max)
    found = await store.frequencies(times)
    weight = {
        word: (1 + math.log(times[word])) * math.log(papers / count)
        for word, count in found.items()
        if count <= max(2, papers / _RARE)
    }
    ranked = sorted(weight, key=lambda word: (-weight[word], word))
    lone = [word for word in ranked if found[word] == 1]
    chosen = lone[:_LONE] + [word for word in ranked if found[word] > 1][:_MOST]
    if not chosen:
        return None
    return Query(
        " ".join(spelled[word] for word in chosen), Or(tuple(Term(((word,),), spelled[word]) for word in chosen))
    )


def _tokens(text: str) -> list[str]:
    folded = words(text)
    # Behind the first barrier are the hyphenated words as one, whose parts are there already.
    folded = folded[: folded.index(BARRIER)] if BARRIER in folded else folded
    return [word for word in folded if len(word) > 1 and word not in TELL_NOTHING and not word.isdecimal()]


# A line takes a tenth of the memory that a set does.
@lru_cache(maxsize=1 << 12)
def _different(title: str, abstract: str) -> str:
    return " ".join(dict.fromkeys(_tokens(title) + _tokens(abstract)))
