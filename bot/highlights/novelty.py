"""Something new for a room: a paper that is unlike what it liked and what it was shown lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.highlights.taste import ALIKE
from bot.search.likeness import Vector, likeness, unit

LATELY = timedelta(days=14)
_LOOKED_AT = 12  # papers, those least like all that is known: to hold every paper against every other takes longer


def unlike(
    papers: Mapping[str, Vector], worth: Mapping[str, float], known: Sequence[Vector], weight: float
) -> str | None:
    """Return the paper that is worth most less `weight` times its likeness to the nearest of what is known.

    None where every paper is like one of them. Of equals it is the first.
    """
    middle: defaultdict[str, float] = defaultdict(float)
    for each in known:
        for word, share in each.items():
            middle[word] += share
    centre = unit(middle)
    first = sorted(papers, key=lambda paper: weight * likeness(papers[paper], centre) - worth[paper])[:_LOOKED_AT]
    nearest = {paper: max((likeness(papers[paper], each) for each in known), default=0) for paper in first}
    new = [paper for paper in papers if nearest.get(paper, ALIKE) < ALIKE]
    return max(new, key=lambda paper: worth[paper] - weight * nearest[paper], default=None)
