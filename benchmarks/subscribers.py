"""Subscriptions as a platform could have them: a million lines, asked for as unevenly as words are used.

What people look for are runs of one to four words from the titles of real records, no function word at either end: 30,
42, 20 and 8 % of them. The n-th most frequent run of a length is asked for 1/n times as often as the first. Lines of
the whole grammar are made of such runs.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from benchmarks.scaled import Record
from bot.alerts.subscribers import Row

_SHARES = {1: 0.30, 2: 0.42, 3: 0.20, 4: 0.08}
_WORD = re.compile(r"[^\W\d_]\w+")
_FUNCTION_WORDS = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "how", "in", "into", "is",
    "it", "its", "not", "of", "on", "or", "our", "that", "the", "their", "to", "toward", "towards", "under", "using",
    "via", "we", "what", "when", "where", "which", "why", "with", "without", "your",
})  # fmt: skip
_SEED = 6


def phrases(records: Iterable[Record], count: int) -> Iterator[str]:
    """Yield so many lines that ask for a word or for a phrase."""
    return (f'"{run}"' if " " in run else run for run in _runs(records, count, random.Random(_SEED)))


def lines(records: Sequence[Record], count: int) -> Iterator[str]:
    """Yield so many lines of the whole grammar: of ten, four a word or a phrase, and two with all of several words."""
    chance = random.Random(_SEED)
    runs = _runs(records, 3 * count, chance)
    names = [record.title.split()[0] for record in records[:500]]  # the records have no authors: no name matches
    categories = sorted({record.category for record in records})
    days = sorted({record.day for record in records})

    def said() -> str:
        run = next(runs)
        return f'"{run}"' if " " in run else run

    def word() -> str:
        return next(runs).split()[-1]

    def beginning() -> str:
        return f"{next(each for each in iter(word, '') if len(each) > 4)[:5]}*"

    makers: dict[Callable[[], str], int] = {
        said: 40,
        lambda: f"{word()} {word()}": 16,
        lambda: f"{said()} {word()} {word()}": 4,
        lambda: f"{said()} OR {said()}": 8,
        lambda: f"{said()} -{said()}": 9,
        lambda: f"({said()} OR {said()}) {word()} -{word()}": 3,
        lambda: f"title:{said()}": 6,
        lambda: f"abstract:{said()} {word()}": 3,
        lambda: f"{said()} cat:{chance.choice(categories)}": 4,
        lambda: f"{beginning()} {word()}": 2,
        beginning: 1,
        lambda: f"author:{chance.choice(names)}": 1,
        lambda: f"{said()} has:code": 2,
        lambda: f"{said()} after:{chance.choice(days)}": 1,
    }
    for make in chance.choices(list(makers), list(makers.values()), k=count):
        yield make()


def alone(made: Iterable[str]) -> Iterator[Row]:
    """Yield each line as a person's only subscription."""
    return ((f"slack:T1/@U{number}", "slack", line, "T1") for number, line in enumerate(made))


def _runs(records: Iterable[Record], count: int, chance: random.Random) -> Iterator[str]:
    frequent: dict[int, Counter[str]] = {length: Counter() for length in _SHARES}
    for record in records:
        title = _WORD.findall(record.title.lower())
        for length, known in frequent.items():
            for at in range(len(title) - length + 1):
                run = title[at : at + length]
                if not _FUNCTION_WORDS & {run[0], run[-1]}:
                    known[" ".join(run)] += 1
    drawn: dict[int, Iterator[str]] = {}
    lengths = chance.choices(list(_SHARES), list(_SHARES.values()), k=count)
    for length, wanted in Counter(lengths).items():
        ranked = [run for run, _ in sorted(frequent[length].items(), key=lambda each: (-each[1], each[0]))]
        weights = list(accumulate(1 / rank for rank in range(1, len(ranked) + 1)))
        drawn[length] = iter(chance.choices(ranked, cum_weights=weights, k=wanted))
    return (next(drawn[length]) for length in lengths)
