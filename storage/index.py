"""A paper as the index has it: one line of distinct tokens, each a folded word or a fact, told apart by a mark.

The index keeps for each token the papers that have it, newest first, and nothing else: no positions, no counts. So it
takes a fifth of the text, and a query that wants the newest papers is left as soon as it has them. Where words stand is
in the tokens themselves: the title's come once more with a mark, and so do words that only the title has; neighbours
are a token of their own, in titles all of them, elsewhere two common words, and so is what an abbreviation is short
for. Any other phrase is looked up by its words, and then in the text.

What is in the list of common words, what abbreviations there are, and every mark, is in the index of every database: a
change of any needs a migration that builds the index anew.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from itertools import islice, pairwise, takewhile

from bot.model import Paper
from bot.search.abbreviations import long_forms
from bot.search.likeness import TELL_NOTHING
from bot.search.query import category_words
from bot.search.words import BARRIER, words

# The ascii tokenizer takes all from U+0080 on for letters, and no folded word has any of these.
TITLE = "†"
TITLE_ONLY = "‡"
AUTHOR = "¤"
CATEGORY = "§"
ID = "¬"
DAY = "¦"
HAS_CODE = "©"
EVERY = "®"  # every paper has it
_COMMON = "•"
_BESIDE = "·"

# The words that most texts have (`python -m benchmarks.common` makes the list). They stand apart, so that what begins
# with some letters is a few of them, and few papers have the others.
COMMON = frozenset(resources.files(__package__).joinpath("common_words.txt").read_text("utf-8").split())
_SORTED = sorted(COMMON)
_TOKENS = {each: _COMMON + each for each in COMMON}
# Whose neighbours are kept: function words stand beside everything.
_PAIRED = frozenset(each for each in COMMON - TELL_NOTHING if len(each) > 1)

# A day holds so many papers before its last ones stand with those of the day before.
OF_A_DAY = 1 << 12
_DAYS = date(1800, 1, 1), date(2199, 12, 31)
_IDS = str.maketrans({".": _BESIDE, "/": "÷", "-": "¬"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index has of a paper: its tokens, and the different words of its title and abstract."""

    tokens: str
    words: frozenset[str]


def entry(paper: Paper) -> Entry:
    """Return what the index has of a paper; always the same for the same paper, for that is how it is forgotten."""
    title, abstract = words(paper.title), words(paper.abstract)
    in_title, in_abstract = _different(title), _different(abstract)
    every = in_title | in_abstract
    token = _TOKENS.get
    beside = dict.fromkeys(
        both for text in (title, abstract) for both in pairwise(text) if both[0] in _PAIRED and both[1] in _PAIRED
    )
    titled, spoken = dict.fromkeys(_long_forms(title)), dict.fromkeys(_long_forms(abstract))
    tokens = [EVERY, ID + id_word(paper.id), *[token(each, each) for each in every]]
    tokens += [TITLE + token(each, each) for each in in_title]
    tokens += [TITLE_ONLY + each for each in in_title if each not in in_abstract]
    tokens += dict.fromkeys(TITLE + phrase(both) for both in pairwise(title) if BARRIER not in both)
    tokens += [TITLE + phrase(each) for each in titled if len(each) > 2]
    tokens += map(phrase, beside | titled | spoken)
    tokens += dict.fromkeys(AUTHOR + each for name in paper.authors for each in words(name) if each != BARRIER)
    tokens += [CATEGORY + each for each in sorted(category_words(paper.every_category))]
    tokens += dict.fromkeys(token for each in paper.listings for token in _day_words(each.day))
    if paper.code:
        tokens.append(HAS_CODE)
    return Entry(" ".join(tokens), frozenset(every))


def word(folded: str) -> str:
    """Return the token of a folded word."""
    return _TOKENS.get(folded, folded)


def phrase(neighbours: tuple[str, ...]) -> str:
    """Return the token of some neighbours. It begins as no word does, so that no beginning of a word finds it."""
    return _BESIDE + _BESIDE.join(neighbours)


def has_token(neighbours: tuple[str, ...], *, titled: bool) -> bool:
    """Say whether some neighbours have a token wherever they stand so, or wherever they do in a title."""
    if len(neighbours) == 2 and (titled or _PAIRED.issuperset(neighbours)):
        return True
    return neighbours in long_forms()


def common_words(beginning: str) -> list[str]:
    """Return the tokens of the common words that begin so."""
    found = islice(_SORTED, bisect_left(_SORTED, beginning), None)
    return [_COMMON + each for each in takewhile(lambda each: each.startswith(beginning), found)]


def id_word(arxiv_id: str) -> str:
    return arxiv_id.translate(_IDS)


@lru_cache(1 << 6)
def days(first: date, last: date) -> tuple[tuple[str, ...], bool]:
    """Return tokens of which a paper has one if it is listed from `first` to `last`; and whether only if it is."""
    low, high = _within(first), _within(last)
    return tuple(_span(low, high)), first in (low, date.min) and last in (high, date.max)


def row_numbers(day: date) -> tuple[int, int]:
    """Return the first and the last row number for the papers of a day: a later day's are greater."""
    first = day.toordinal() * OF_A_DAY
    return first, first + OF_A_DAY - 1


def day_of(row_number: int) -> date:
    """Return the day that first listed the paper of a row number; of a full day's last ones the day before."""
    return date.fromordinal(row_number // OF_A_DAY)


def _different(text: list[str]) -> dict[str, None]:
    found = dict.fromkeys(text)
    found.pop(BARRIER, None)
    return found


def _long_forms(text: list[str]) -> Iterator[tuple[str, ...]]:
    begun = _begun()
    for at, both in enumerate(pairwise(text)):
        for each in begun.get(both, ()):
            if tuple(text[at : at + len(each)]) == each:
                yield each


@cache
def _begun() -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the long forms of abbreviations by their first two words."""
    begun: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for each in sorted(long_forms()):
        begun.setdefault(each[:2], []).append(each)
    return begun


@lru_cache(1 << 10)
def _day_words(day: date) -> tuple[str, ...]:
    return tuple(token for token, *_ in _periods(_within(day)))


def _span(first: date, last: date) -> Iterator[str]:
    """Yield the largest periods that together are a span of days."""
    at = first
    while at <= last:
        token, at = next(
            (token, ends + timedelta(days=1)) for token, begins, ends in _periods(at) if begins == at and ends <= last
        )
        yield token


def _periods(day: date) -> Iterator[tuple[str, date, date]]:
    """Yield the century, the decade, the year, the month and the day that a day is in: token, first and last day."""
    for years in (100, 10, 1):
        begins = day.year // years * years
        yield f"{DAY}{begins // years}y{years}", date(begins, 1, 1), date(begins + years - 1, 12, 31)
    yield f"{DAY}{day:%Y%m}", day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    yield f"{DAY}{day:%Y%m%d}", day, day


def _within(day: date) -> date:
    return min(max(day, _DAYS[0]), _DAYS[1])
