"""What people type to search: lines of every kind that the grammar has, from words of real titles, the same each time.

How common a word is is said of the real papers: a share of them have it in title or abstract.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from benchmarks import scaled

_SEED = 7
_WORD = re.compile(r"[^\W_]+")
# Shares of the papers; of rare words, papers.
_COMMON, _MID, _RARE = 0.08, (0.003, 0.05), (2, 7)
_OFTEN_IN_TITLES = 400
_STOP = frozenset({
    "a", "all", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "how", "in", "into",
    "is", "it", "its", "need", "not", "of", "on", "or", "the", "through", "to", "toward", "towards", "under", "using",
    "via", "we", "what", "why", "with", "you", "your",
})  # fmt: skip
_COMMON_PAIRS = ("deep learning", "language models", "large models", "reinforcement learning", "neural network")
_PHRASES = (
    "attention is all you need",
    "chain of thought",
    "large language model",
    "reinforcement learning",
    "vision language",
    "state of the art",
    "in the wild",
    "from scratch",
)
_CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.IR", "cs.LG", "cs.RO", "cs.SD", "cs.SE", "eess.IV")
_DAYS = ("2025-08-21", "2026-05-21", "2026-07-21")


@dataclass(frozen=True, slots=True)
class Asked:
    """A line, and its kind."""

    kind: str
    line: str


@cache
def asked() -> tuple[Asked, ...]:
    """Return the lines, each once, kind by kind."""
    made = _Vocabulary()
    kinds: dict[str, tuple[int, Callable[[], str]]] = {
        "two common": (len(_COMMON_PAIRS), iter(_COMMON_PAIRS).__next__),
        "common": (20, made.common),
        "mid": (40, lambda: made.word(*_MID)),
        "rare": (20, made.rare),
        "two words": (60, lambda: made.run(2) if made.chance.random() < 0.6 else made.several(2)),
        "three words": (30, lambda: made.several(3)),
        "phrase": (40, _first(_PHRASES, lambda: made.run(made.chance.choice((2, 2, 3, 4, 5)))).__next__),
        "prefix": (20, made.prefix),
        "category and days": (40, made.filtered),
        "negation": (12, lambda: f"{made.any_word()} -{made.word(*_MID)}"),
        "either": (12, lambda: f"{made.any_word()} OR {made.word(*_MID)}"),
        "field": (12, made.field),
        "newest": (12, lambda: f"{made.chance.choice((made.any_word(), made.several(2)))} sort:new"),
    }
    lines: dict[str, Asked] = {}
    for kind, (count, make) in kinds.items():
        wanted = len(lines) + count
        while len(lines) < wanted:
            line = f'"{make()}"' if kind == "phrase" else make()
            lines.setdefault(line, Asked(kind, line))
    return tuple(lines.values())


class _Vocabulary:
    """Words and runs of words of the real titles, drawn by chance."""

    def __init__(self) -> None:
        self.chance = random.Random(_SEED)
        papers = scaled.real()
        self._titles: list[list[str]] = [_WORD.findall(each.title.lower()) for each in papers]
        having: Counter[str] = Counter()
        for title, each in zip(self._titles, papers, strict=True):
            having.update({*title, *_WORD.findall(each.abstract.lower())})
        self._words = {word: having[word] for title in self._titles for word in title if _tells(word)}
        often = Counter(word for title in self._titles for word in title if _tells(word))
        self._in_titles = [word for word, _ in often.most_common(_OFTEN_IN_TITLES)]
        self._count = len(papers)

    def word(self, least: float, most: float) -> str:
        return self.chance.choice(
            [word for word, papers in self._words.items() if least <= papers / self._count < most]
        )

    def common(self) -> str:
        """Return a word that many papers have, and many titles."""
        return self.chance.choice([word for word in self._in_titles if self._words[word] >= _COMMON * self._count])

    def rare(self) -> str:
        return self.word(_RARE[0] / self._count, (_RARE[1] + 1) / self._count)

    def any_word(self) -> str:
        return self.common() if self.chance.random() < 0.5 else self.word(*_MID)

    def several(self, count: int) -> str:
        """Return words of a title, in any order."""
        return " ".join(self.chance.sample(list(dict.fromkeys(filter(_tells, self._title(count)))), count))

    def run(self, count: int) -> str:
        """Return words of a title that stand beside each other; small words may be among them, not at an end."""
        while True:
            title = self._title(count)
            at = self.chance.randrange(len(title) - count + 1)
            run = title[at : at + count]
            if _tells(run[0]) and _tells(run[-1]) and all(word.isascii() for word in run):
                return " ".join(run)

    def prefix(self) -> str:
        word = self.word(0.0005, 0.08)
        return f"{word[: max(3, min(6, len(word) - 2))]}*"

    def filtered(self) -> str:
        words = self.chance.choice((self.any_word(), self.run(2), self.word(*_MID)))
        return f"{words} cat:{self.chance.choice(_CATEGORIES)} after:{self.chance.choice(_DAYS)}"

    def field(self) -> str:
        return f"{self.chance.choice(('title', 'abstract'))}:{self.any_word()}"

    def _title(self, count: int) -> list[str]:
        while True:
            title = self.chance.choice(self._titles)
            if len(set(filter(_tells, title))) >= count:
                return title


def _first(given: tuple[str, ...], make: Callable[[], str]) -> Iterator[str]:
    yield from given
    while True:
        yield make()


def _tells(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) > 2 and word not in _STOP
