"""Which papers of a day go first in a room, and the words that say why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.model import Paper, Pick


def choose(papers: Iterable[Paper], followers: Mapping[str, int], count: int) -> tuple[Pick, ...]:
    """Return the `count` papers to show first, each with its reasons in words.

    `followers` counts, by paper id, the people of the room's workspace whose subscriptions match: only ever a count.
    What most of them follow goes first, then what names its code, then the digest's own order.
    """
    ranked = sorted(papers, key=lambda paper: (-followers.get(paper.id, 0), not paper.code))
    return tuple(Pick(paper.id, tuple(_reasons(paper, followers.get(paper.id, 0)))) for paper in ranked[:count])


def _reasons(paper: Paper, people: int) -> Iterable[str]:
    if people:
        yield "1 person here follows this" if people == 1 else f"{people} people here follow this"
    if paper.code:
        yield "code released"
    if not people and not paper.code:
        yield "early in the digest"
