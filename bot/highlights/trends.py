"""Terms that rise: in a day's titles far more often than in those of the month before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.search.likeness import TELL_NOTHING
from bot.search.words import BARRIER, spans, words

DAYS = 30  # before the day
_LEAST = 3  # papers of the day
_LIFT = 3  # times as often as before
_CHANCE = 5e-4  # of a rise as high where nothing rises: a category has a rising term in three days or so
_COMMON = 0.02  # what more of the titles had is no news, however many have it today
_THIN = 100  # titles before, without which nothing can be said


@dataclass(frozen=True, slots=True)
class Trend:
    """A word or pair of folded words that rises: in how many of the day's titles it is, and in how many before."""

    term: str
    today: int
    before: int


def rising(titles: Sequence[str], before: Sequence[str]) -> tuple[Trend, ...]:
    """Return the terms that rise in a day's titles, those first that rise least by chance.

    A term that is in `before` so often that the day's titles may well have it as often by chance does not rise. The
    count of the day is held against the negative binomial distribution that a count before predicts, which is wider
    where that count is small.
    """
    if len(before) < _THIN:
        return ()
    today = Counter(term for title in titles for term in terms(title))
    many = {term for term, count in today.items() if count >= _LEAST}
    parts = {part for term in many for part in term.split()}
    # Most titles have none of them, and are passed over quickly: there are thousands.
    near = (title for title in before if not parts.isdisjoint(_folded(title).split()))
    earlier = Counter(term for title in near for term in terms(title) & many)
    chances = {}
    for term in many:
        rate = (earlier[term] + 0.5) / len(before)
        if rate < _COMMON and today[term] >= _LIFT * rate * len(titles):
            chances[term] = _chance(today[term], len(titles), earlier[term], len(before))
    found = sorted((chance, -len(term), term) for term, chance in chances.items() if chance < _CHANCE)
    return tuple(Trend(term, today[term], earlier[term]) for *_, term in found)


def carried(title: str, trends: Iterable[Trend]) -> Trend | None:
    """Return the first of some trends whose term a title has."""
    has = terms(title)
    return next((each for each in trends if each.term in has), None)


def spelled(term: str, title: str) -> str:
    """Return a term as a title that has it writes it."""
    runs = [(part, start, end) for parts, _, start, end in spans(title) for part in parts]
    wanted = term.split()
    for at in range(len(runs)):
        here = runs[at : at + len(wanted)]
        if [part for part, _, _ in here] == wanted:
            return title[here[0][1] : here[-1][2]]
    return term


def terms(title: str) -> frozenset[str]:
    """Return the telling words of a title, and the pairs of them that stand together."""
    folded = _folded(title).split()
    pairs = (" ".join(pair) for pair in pairwise(folded) if _tells(pair[0]) and _tells(pair[1]))
    return frozenset((*filter(_tells, folded), *pairs))


@lru_cache(maxsize=1 << 15)
def _folded(title: str) -> str:
    # Behind the first barrier are the hyphenated words as one, whose parts are there already.
    return " ".join(words(title)).partition(f" {BARRIER}")[0]


def _tells(word: str) -> bool:
    return len(word) > 1 and not word.isdecimal() and word not in TELL_NOTHING


def _chance(count: int, titles: int, earlier: int, before: int) -> float:
    """Return how likely at least `count` of the titles have a term that `earlier` of those `before` had.

    The rate is not known but estimated: a gamma distribution with Jeffreys' prior for it makes the count a negative
    binomial one. https://en.wikipedia.org/wiki/Negative_binomial_distribution#Gamma%E2%80%93Poisson_mixture
    """
    shape, keep = earlier + 0.5, before / (before + titles)
    exactly, fewer = keep**shape, 0.0
    for number in range(count):
        fewer += exactly
        exactly *= (shape + number) / (number + 1) * (1 - keep)
    return 1 - fewer
