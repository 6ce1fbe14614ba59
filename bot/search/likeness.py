"""What a text is about, in the words that tell it from others: so are papers like it found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.model import Paper
from bot.ports import Store
from bot.search.query import Or, Query, Term
from bot.search.words import BARRIER, spans, words

_FINDING = 20  # words that papers are found by
_LONE = 6  # words besides that one paper has: where that is the paper asked about, they must not crowd out others
_WEIGHED = 50  # words by which what was found is put in order
_RARE = 5  # papers are found by words that no more than one in so many has,
_USUAL = 3  # and put in order by those as well that one in so many has
_NEAREST = 50  # papers that are still like something
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


@dataclass(frozen=True, slots=True)
class Telling:
    """What a text tells: a query for any of its most telling words, and what each of these and some more weighs.

    `line` is all of them as the text spells them, those first that tell most.
    """

    query: Query
    line: str
    weights: Mapping[str, float]


async def telling(text: str, store: Store) -> Telling | None:
    """Return a text's most telling words; None where no paper has one of them.

    A word tells the more, the more often the text has it and the fewer papers do (tf-idf).
    """
    spelled: dict[str, str] = {}
    times: Counter[str] = Counter()
    for (word, *_), _, start, end in spans(text):
        if len(word) > 1 and not word.isdecimal() and word not in TELL_NOTHING:
            times[word] += 1
            spelled.setdefault(word, text[start:end])
    papers = await store.size()
    found = await store.frequencies(times)
    weight = {
        word: (1 + math.log(times[word])) * math.log((papers + 1) / (count + 1))
        for word, count in found.items()
        if count <= max(2, papers / _USUAL)
    }
    ranked = sorted(weight, key=lambda word: (-weight[word], word))
    lone = [word for word in ranked if found[word] == 1][:_LONE]
    shared = [word for word in ranked if found[word] > 1][:_WEIGHED]
    finding = lone + [word for word in shared if found[word] <= max(2, papers / _RARE)][:_FINDING]
    if not finding:
        return None
    query = Query(
        " ".join(spelled[word] for word in finding), Or(tuple(Term(((word,),), spelled[word]) for word in finding))
    )
    every = lone + shared
    return Telling(query, " ".join(spelled[word] for word in every), {word: weight[word] for word in every})


async def alike(asked: Telling, store: Store, *, without: str = "") -> tuple[Paper, ...]:
    """Return the papers that say most of what a text tells, best first: at most 50, none of them `without`."""
    words = {term.phrases[0][0]: asked.weights[term.phrases[0][0]] for term in asked.query.terms}
    near = await store.similar(words, without=without, limit=_NEAREST)
    texts = [f" {paper.title} {paper.title} {paper.abstract}".lower() for paper in near]
    usual = sum(map(len, texts)) / max(1, len(texts))
    scores = [_score(text, len(text) / usual, asked.weights) for text in texts]
    return tuple(paper for paper, _ in sorted(zip(near, scores, strict=True), key=lambda each: -each[1]))


def _score(text: str, length: float, weights: Mapping[str, float]) -> float:
    """Weigh what a text says by how often, as BM25 does (https://doi.org/10.1561/1500000019), k1 = 1.2 and b = 0.75.

    A word counts wherever another begins with it: to fold every text takes five times as long, and finds no better.
    """
    damping = 1.2 * (0.25 + 0.75 * length)
    return sum(
        weight * times / (times + damping) for word, weight in weights.items() if (times := text.count(f" {word}"))
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
