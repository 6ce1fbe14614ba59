"""What a ranking gains, and how sure its mean is."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence
from statistics import fmean


def ndcg(ranked: Sequence[str], relevant: Collection[str], places: int) -> float:
    """Return nDCG at so many places, of some that are relevant: https://doi.org/10.1145/582415.582418."""
    discounts = [1 / math.log2(place + 2) for place in range(places)]
    gained = sum(each for each, paper in zip(discounts, ranked, strict=False) if paper in relevant)
    return gained / sum(discounts[: len(relevant)])


def interval(gains: Sequence[float]) -> str:
    """Return the mean, and the 95 % interval of it by a bootstrap."""
    chance = random.Random(0)
    means = sorted(fmean(chance.choices(gains, k=len(gains))) for _ in range(1000))
    return f"{fmean(gains):.3f} ({means[25]:.3f}-{means[974]:.3f})"
