"""The newest titles, kept in memory: what somebody is typing is looked up in them between two keys.

Beginnings of words are what an index is worst at: thousands of words begin with two letters. And who types mostly looks
for what is new.
"""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nsmallest
from itertools import islice, takewhile
from operator import itemgetter
from typing import NamedTuple
from weakref import WeakKeyDictionary

from bot.ports import Store
from bot.search.query import Term
from bot.search.spelling import lowered
from bot.search.words import padded, words

_MOST = 50  # words
_SHORT = 2  # letters
_TITLES = 3_000  # of three days on which arXiv announces a thousand papers
_WRITTEN = re.compile(r"(?<![\w-])\w+[+#]*(?:[-‐‑]\w+)*")


class Word(NamedTuple):
    """A word of a title: in small letters, as it is written in a sentence, and its folded words."""

    small: str
    shown: str
    folded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest titles of a store of `size` papers, by arXiv id, the newest first; each also as its words.

    `folded` has their folded words, `written` the words as they stand. `frequent` is all of these, each once, by how
    they begin, with the number of places where each stands, and with the number of the first.
    """

    size: int
    titles: Mapping[str, str]
    folded: Sequence[str]
    written: Sequence[Sequence[Word]]
    frequent: Sequence[tuple[str, Word, int, int]]
    # What most words begin with takes longest, and is typed again and again.
    asked: dict[str, list[Word]] = field(default_factory=dict)

    @property
    def is_all(self) -> bool:
        """Whether no other titles are stored."""
        return len(self.titles) >= self.size

    def having(self, terms: Iterable[Term], *, most: int | None = None) -> dict[str, str]:
        """Return the titles that have all of some words or phrases, by arXiv id; of many only the newest."""
        titles = list(self.titles.items())
        return dict(titles[number] for number in self._having(terms)[:most])

    def begun(self, typed: str) -> list[Word]:
        """Return the words that begin as typed, each as most titles write it, the most frequent first."""
        typed = typed.lower()
        if typed in self.asked:
            return self.asked[typed]
        begins = islice(self.frequent, bisect_left(self.frequent, typed, key=itemgetter(0)), None)
        found = _ranked(each[1:] for each in takewhile(lambda each: each[0].startswith(typed), begins))
        if len(typed) <= _SHORT:
            self.asked[typed] = found
        return found

    def begun_beside(self, terms: Sequence[Term], typed: str, *, most: int) -> list[Word]:
        """Return the same of the newest titles that have all of some words or phrases."""
        typed = typed.lower()
        titles = self._having(terms)[:most]
        fitting = (word for number in titles for word in self.written[number] if word.small.startswith(typed))
        return _ranked((word, times, first) for first, (word, times) in enumerate(Counter(fitting).items()))

    def _having(self, terms: Iterable[Term]) -> Sequence[int]:
        found = list(enumerate(self.folded))
        for needles in map(_needles, terms):
            # Nearly always one, and looked for in every title while one types: a generator takes five times as long.
            if len(needles) == 1:
                (needle,) = needles
                found = [each for each in found if needle in each[1]]
            else:
                found = [each for each in found if any(needle in each[1] for needle in needles)]
        return [number for number, _ in found]


_kept: WeakKeyDictionary[Store, Recent] = WeakKeyDictionary()


async def recent(store: Store) -> Recent:
    """Return the newest titles, read again where there are new papers since."""
    size = await store.size()
    kept = _kept.get(store)
    if kept is None or kept.size != size:
        titles = await store.titles(limit=_TITLES)
        kept = _kept[store] = await asyncio.to_thread(_made, size, titles)
    return kept


def _made(size: int, titles: Mapping[str, str]) -> Recent:
    read = [_read(title) for title in titles.values()]
    places = Counter(word for _, written in read for word in written)
    frequent = [(word.small, word, times, first) for first, (word, times) in enumerate(places.items())]
    return Recent(
        size,
        titles,
        [folded for folded, _ in read],
        [written for _, written in read],
        sorted(frequent, key=itemgetter(0)),
    )


def _ranked(places: Iterable[tuple[Word, int, int]]) -> list[Word]:
    """Return words by how often they stand, the first of as frequent ones first, each spelt as it is most often."""
    groups: dict[tuple[str, ...], tuple[int, int, int, Word]] = {}
    for word, times, first in places:
        total, earliest, best, shown = groups.get(word.folded, (0, first, 0, word))
        spelling = (times, word) if times > best else (best, shown)
        groups[word.folded] = (total + times, min(earliest, first), *spelling)
    return [word for *_, word in nsmallest(_MOST, groups.values(), key=lambda each: (-each[0], each[1]))]


@lru_cache(maxsize=1 << 12)  # where papers come in, most of the newest are those that were the newest before
def _read(title: str) -> tuple[str, Sequence[Word]]:
    """Return a title as its folded words, and as the words that stand in it."""
    return padded(title), list(map(_word, _WRITTEN.findall(title)))


@lru_cache(maxsize=1 << 14)  # most stand in many titles
def _word(written: str) -> Word:
    shown = lowered(written)
    return Word(shown.lower(), shown, tuple(words(written)))


def _needles(term: Term) -> list[str]:
    # A beginning may go on where a whole word must end.
    return [f" {' '.join(phrase)} ".removesuffix("* ") for phrase in term.phrases]
