"""Which papers of a day go first in a room, and the words that say why.

A paper's score is a sum of parts that can each be said in a sentence. Their weights, and how much a topic that is
there already counts against another paper on it, are by the figures of `python -m benchmarks ranking`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.highlights.evidence import Evidence
from bot.highlights.interest import Interest
from bot.highlights.taste import Taste
from bot.highlights.trends import Trend, carried, spelled
from bot.likeness import Vector, likeness
from bot.model import Paper, Pick
from bot.spelling import lowered

_SHORT = 40  # papers, the best ones, among which different topics are looked for
_NAMED = 3  # words that two papers share


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of a score counts. A part without weight is not mentioned either."""

    people: float = 1
    taste: float = 15
    rising: float = 0.3
    code: float = 0.2
    variety: float = 0.3


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of a room: what its people follow, and its taste."""

    interest: Interest = Interest()  # noqa: RUF009  # frozen, and empty
    taste: Taste | None = None
    is_person: bool = False


@dataclass(frozen=True, slots=True)
class _Scored:
    paper: Paper
    score: float
    vector: Vector
    trend: Trend | None
    people: int
    close: float
    liking: float


_WEIGHTS = Weights()


def choose(
    papers: Iterable[Paper], room: Room, evidence: Evidence, count: int, weights: Weights = _WEIGHTS
) -> tuple[Pick, ...]:
    """Return the `count` papers to show first, each with its reasons in words; ties are in the digest's order."""
    scored = [_scored(paper, room, evidence, weights) for paper in papers]
    scored.sort(key=lambda each: -each.score)
    first = {each.paper.id for each in scored[:count]}
    chosen = _varied(scored, count, weights.variety)
    return tuple(
        Pick(each.paper.id, tuple(_reasons(each, room, lifted=each.paper.id not in first, weights=weights)))
        for each in chosen
    )


def _scored(paper: Paper, room: Room, evidence: Evidence, weights: Weights) -> _Scored:
    vector = evidence.vectors.get(paper.id, {})
    trend = carried(paper.title, evidence.rising) if weights.rising else None
    people = room.interest.people.get(paper.id, 0)
    close = evidence.close(paper.id, room.interest.words)
    liking = room.taste.liking(vector, evidence.usual.get(paper.id, 0)) if room.taste and weights.taste else 0
    score = (
        weights.people * math.log1p(people + close)
        + weights.taste * liking
        + weights.rising * bool(trend)
        + weights.code * bool(paper.code)
    )
    return _Scored(paper, score, vector, trend, people, close, liking)


def _varied(scored: Sequence[_Scored], count: int, variety: float) -> list[_Scored]:
    """Return `count` of the papers: each time the one whose score, less its likeness to one chosen, is highest.

    That is maximal marginal relevance: https://doi.org/10.1145/290941.291025. Scores count as their place between
    the highest and the lowest of the papers that are looked at.
    """
    left = list(scored[:_SHORT])
    if not left:
        return []
    low = left[-1].score
    span = left[0].score - low or 1
    worth = {each.paper.id: (each.score - low) / span for each in left}
    nearest = dict.fromkeys(worth, 0.0)
    chosen: list[_Scored] = []
    while left and len(chosen) < count:
        # Of equals, max returns the first.
        best = max(left, key=lambda each: worth[each.paper.id] - variety * nearest[each.paper.id])
        left.remove(best)
        chosen.append(best)
        for each in left:
            nearest[each.paper.id] = max(nearest[each.paper.id], likeness(each.vector, best.vector))
    return chosen


def _reasons(each: _Scored, room: Room, weights: Weights, *, lifted: bool) -> Iterator[str]:
    if each.people and weights.people:
        yield "1 person here follows this" if each.people == 1 else f"{each.people} people here follow this"
    elif each.close and weights.people:
        # Not which words: they may be one person's alone.
        yield "close to what people here follow"
    liked = room.taste is not None and each.liking > 0
    if room.taste and liked:
        number, words = room.taste.alike(each.vector)
        like = {0: "a little like the papers", 1: "like a paper"}.get(number, f"like {number} papers")
        yield f"{like} {'you' if room.is_person else 'this room'} liked ({_named(words, each.paper)})"
    if each.trend:
        term = " ".join(map(lowered, spelled(each.trend.term, each.paper.title).split()))
        yield f"rising: {term} (in {each.trend.today} titles, {each.trend.before} in the 30 days before)"
    if each.paper.code and weights.code:
        yield "code released"
    if lifted:
        yield "a different topic"
    elif not (each.people or each.close or liked or each.trend or each.paper.code):
        yield "early in the digest"


def _named(folded: Iterable[str], paper: Paper) -> str:
    """Return folded words as a paper writes them."""
    text = f"{paper.title}\n{paper.abstract}"
    return ", ".join(lowered(spelled(word, text)) for word, _ in zip(folded, range(_NAMED), strict=False))
