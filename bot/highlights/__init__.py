"""Which papers of a day go first in a room, and the words that say why.

A paper's score is a sum of parts that can each be said in a sentence. Their weights, and how much a topic that is
there already counts against another paper on it, are by the figures of `python -m benchmarks ranking`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.highlights import novelty
from bot.highlights.evidence import Evidence
from bot.highlights.interest import TOLD_FROM, Interest
from bot.highlights.taste import Taste
from bot.highlights.trends import Trend, carried, spelled
from bot.model import Paper, Pick
from bot.search.likeness import Vector, likeness
from bot.search.spelling import lowered

_SHORT = 40  # papers, the best ones, among which different topics are looked for
_OPEN_FROM = 3  # papers: of fewer, none is spared for something new


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of a score counts. A part without weight is not mentioned either."""

    people: float = 1
    taste: float = 15
    rising: float = 0.3
    code: float = 0.2
    variety: float = 0.3
    novelty: float = 1


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of a room: what its people follow, and its taste."""

    interest: Interest = Interest()  # noqa: RUF009  # frozen, and empty
    taste: Taste | None = None
    is_person: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What each part of a score adds to it. How close a paper is adds the less the more people follow it.

    That few people follow it is a part of how close it is, so that no number tells of one of them.
    """

    followed: float = 0
    close: float = 0
    taste: float = 0
    rising: float = 0
    code: float = 0

    @property
    def score(self) -> float:
        return self.followed + self.close + self.taste + self.rising + self.code


@dataclass(frozen=True, slots=True)
class Scored:
    """A paper with its score, part by part, and what it is counted by.

    `people` follow it, `close` is how close it is to what they look for, `liking` how much it is to the room's taste.
    """

    paper: Paper
    parts: Parts
    vector: Vector
    trend: Trend | None
    people: int
    close: float
    liking: float

    @property
    def score(self) -> float:
        return self.parts.score


@dataclass(frozen=True, slots=True)
class Ranking:
    """Papers by their scores alone, and in the order in which they are shown, where topics take turns.

    `new` is the one for which the last place is kept open.
    """

    scored: tuple[Scored, ...]
    shown: tuple[Scored, ...]
    new: Scored | None = None

    def before(self, each: Scored) -> tuple[Scored, float] | None:
        """Return which of the papers shown before one is most like it, and how like; None where none is at all."""
        earlier = self.shown[: self.shown.index(each)]
        nearest = max(earlier, key=lambda other: likeness(each.vector, other.vector), default=None)
        like = likeness(each.vector, nearest.vector) if nearest else 0
        return (nearest, like) if nearest and like else None


_WEIGHTS = Weights()


def choose(
    papers: Iterable[Paper], room: Room, evidence: Evidence, count: int, weights: Weights = _WEIGHTS
) -> tuple[Pick, ...]:
    """Return the `count` papers to show first, each with its reasons in words; ties are in the digest's order."""
    scored = _by_score(papers, room, evidence, weights)
    first = {each.paper.id for each in scored[:count]}
    chosen = _varied(scored, count, weights.variety)
    new = _new(scored, chosen, room, weights)
    picks = [Pick(each.paper.id, tuple(_reasons(each, room, lifted=each.paper.id not in first))) for each in chosen]
    return (*picks[:-1], Pick(new.paper.id, tuple(_reasons_of_new(new, room)))) if new else tuple(picks)


def rank(
    papers: Iterable[Paper], room: Room, evidence: Evidence, count: int = 0, weights: Weights = _WEIGHTS
) -> Ranking:
    """Return all of the papers in the order of which `choose` takes the first `count`."""
    scored = _by_score(papers, room, evidence, weights)
    shown = [*_varied(scored, _SHORT, weights.variety), *scored[_SHORT:]]
    new = _new(scored, shown[:count], room, weights)
    if new:
        shown.remove(new)
        shown.insert(count - 1, new)
    return Ranking(tuple(scored), tuple(shown), new)


def _by_score(papers: Iterable[Paper], room: Room, evidence: Evidence, weights: Weights) -> list[Scored]:
    return sorted((_scored(paper, room, evidence, weights) for paper in papers), key=lambda each: -each.score)


def _scored(paper: Paper, room: Room, evidence: Evidence, weights: Weights) -> Scored:
    vector = evidence.vectors.get(paper.id, {})
    trend = carried(paper.title, evidence.rising) if weights.rising else None
    people = room.interest.people.get(paper.id, 0)
    close = evidence.close(paper.id, room.interest.words)
    liking = room.taste.liking(vector, evidence.usual.get(paper.id, 0)) if room.taste and weights.taste else 0
    followed = weights.people * math.log1p(people if people >= TOLD_FROM else 0)
    parts = Parts(
        followed,
        weights.people * math.log1p(people + close) - followed,
        weights.taste * liking,
        weights.rising * bool(trend),
        weights.code * bool(paper.code),
    )
    return Scored(paper, parts, vector, trend, people, close, liking)


def _varied(scored: Sequence[Scored], count: int, variety: float) -> list[Scored]:
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
    chosen: list[Scored] = []
    while left and len(chosen) < count:
        # Of equals, max returns the first.
        best = max(left, key=lambda each: worth[each.paper.id] - variety * nearest[each.paper.id])
        left.remove(best)
        chosen.append(best)
        for each in left:
            nearest[each.paper.id] = max(nearest[each.paper.id], likeness(each.vector, best.vector))
    return chosen


def _new(scored: Sequence[Scored], chosen: Sequence[Scored], room: Room, weights: Weights) -> Scored | None:
    """Return the paper that takes the last place of those chosen: one that neither taste nor subscriptions bring.

    So a taste does not close in on itself. Where there is none, or so few places, nothing is kept open.
    """
    if room.taste is None or not (weights.taste and weights.novelty) or not _OPEN_FROM <= len(chosen) < len(scored):
        return None
    *kept, _ = chosen
    others = {each.paper.id for each in kept}
    left = {each.paper.id: each for each in scored if each.paper.id not in others}
    known = (*room.taste.liked, *room.taste.shown, *(each.vector for each in kept))
    worth = {paper: each.parts.rising + each.parts.code for paper, each in left.items()}
    vectors = {paper: each.vector for paper, each in left.items()}
    new = novelty.unlike(vectors, worth, known, weights.novelty)
    return left[new] if new else None


def phrases(each: Scored, room: Room) -> Mapping[str, str]:
    """Return in words what raises a paper's score, by the names of `Parts`, in their order."""
    said = {}
    if each.parts.followed:
        said["followed"] = f"{each.people} people here follow this"
    if each.parts.close:
        # Not which words: they may be one person's alone.
        said["close"] = "close to what people here follow"
    if room.taste and each.parts.taste > 0:
        said["taste"] = room.taste.why(each.paper, each.vector, whose="you" if room.is_person else "this room")
    if each.trend:
        term = " ".join(map(lowered, spelled(each.trend.term, each.paper.title).split()))
        said["rising"] = f"rising: {term} (in {each.trend.today} titles, {each.trend.before} in the 30 days before)"
    if each.parts.code:
        said["code"] = "code released"
    return said


def _reasons(each: Scored, room: Room, *, lifted: bool) -> Iterator[str]:
    said = phrases(each, room)
    # Who follows it says more.
    yield from (said[part] for part in said if part != "close" or "followed" not in said)
    if lifted:
        yield "a different topic"
    elif not said:
        yield "early in the digest"


def _reasons_of_new(each: Scored, room: Room) -> Iterator[str]:
    yield f"something new: unlike what {'you' if room.is_person else 'this room'} liked"
    yield from (said for part, said in phrases(each, room).items() if part in ("followed", "rising", "code"))
