"""What a room wants more of and less of, by its reactions to papers: words, and how much they count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.highlights.trends import spelled
from bot.likeness import Vector, likeness
from bot.model import Paper
from bot.spelling import lowered

LASTS = timedelta(days=180)  # what was liked longer ago says nothing any more
_WORDS = 100  # of a taste: the rest is what papers have in common, whatever they are about
_FEWER = 0.2  # a paper that was not liked tells less than one that was: it may be about anything
_USUAL = 0.5  # so much of what a day's papers have in common is left out
_ENOUGH = 20  # voices, after which more of them make a taste finer and not louder
_VOICES = 3  # for a paper: of more, it is not the paper alone that people like
_NAMED = 3  # words that two papers share
ALIKE = 0.12  # from here on two papers are alike: of a category's pairs, fewer than one in a hundred are


@dataclass(frozen=True, slots=True)
class Taste:
    """The words of what is liked, with their weights; the papers liked; and how many voices there are.

    `shown` are the papers that were shown lately, whatever was made of them.
    """

    words: Vector
    liked: tuple[Vector, ...]
    voices: int
    shown: tuple[Vector, ...] = ()

    def liking(self, paper: Vector, usual: float) -> float:
        """Return how much a paper is to the taste, of which `usual` is how like it is to what is common that day.

        Every voice counts, until there are enough.
        """
        return min(self.voices, _ENOUGH) * (likeness(paper, self.words) - _USUAL * usual)

    def alike(self, paper: Vector) -> tuple[int, tuple[str, ...]]:
        """Return how many papers that were liked are like one, and the words that tell most of why, best first.

        Where none is alike, the words are those that it has from all of them.
        """
        near = [each for each in self.liked if likeness(paper, each) >= ALIKE]
        worth = {word: weight * sum(each.get(word, 0) for each in near or self.liked) for word, weight in paper.items()}
        shared = sorted((word for word in worth if worth[word]), key=lambda word: (-worth[word], word))
        return len(near), tuple(shared)

    def why(self, paper: Paper, vector: Vector, *, whose: str) -> str:
        """Say how many papers that `whose` liked ("you", "this room") one is like, and by which words."""
        number, words = self.alike(vector)
        like = {0: "a little like the papers", 1: "like a paper"}.get(number, f"like {number} papers")
        return f"{like} {whose} liked ({_named(words, paper)})"


def taste(reactions: Iterable[tuple[Vector, int]]) -> Taste | None:
    """Return the taste that reactions show: each a paper, and the sum of the voices for it; None where none are for.

    It is the mean of what is liked, less a part of the mean of what is not: Rocchio's, kept to its strongest words.
    """
    heard = [(vector, max(-_VOICES, min(_VOICES, voices))) for vector, voices in reactions]
    more = sum(voices for _, voices in heard if voices > 0)
    less = sum(-voices for _, voices in heard if voices < 0)
    if not more:
        return None
    weights: defaultdict[str, float] = defaultdict(float)
    for vector, voices in heard:
        share = voices / more if voices > 0 else _FEWER * voices / less if voices else 0
        for word, weight in vector.items():
            weights[word] += share * weight
    kept = sorted(weights, key=lambda word: (-weights[word], word))[:_WORDS]
    liked = tuple(vector for vector, voices in heard if voices > 0)
    return Taste({word: weights[word] for word in kept}, liked, more)


def usual(papers: Mapping[str, Vector]) -> dict[str, float]:
    """Return for each of a day's papers how like it is to what they have in common, the mean of them."""
    mean: defaultdict[str, float] = defaultdict(float)
    for each in papers.values():
        for word, weight in each.items():
            mean[word] += weight / len(papers)
    return {paper: likeness(vector, mean) for paper, vector in papers.items()}


def _named(folded: Iterable[str], paper: Paper) -> str:
    """Return folded words as a paper writes them."""
    text = f"{paper.title}\n{paper.abstract}"
    return ", ".join(lowered(spelled(word, text)) for word, _ in zip(folded, range(_NAMED), strict=False))
