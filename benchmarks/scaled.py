"""The corpus at the size of arXiv: every real record, and around them as many made of real sentences as it takes.

A made paper takes its sentences and its title from two real ones of a category. New words come in at the rate that
Heaps' law fits on the real records, so that the vocabulary grows as it would; the days from 1995 on hold more and more.
"""

from __future__ import annotations

import gzip
import heapq
import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from statistics import linear_regression

from benchmarks.material import CORPUS
from bot.model import Digest, Paper

SIZES = {"100k": 100_000, "1m": 1_000_000, "2.8m": 2_800_000}

_FIRST, _LAST = date(1995, 1, 1), date(2026, 8, 21)
_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_SEED = 42
_DAYS_OF_ONE = 7_000_000  # a week of a million papers


@dataclass(frozen=True, slots=True)
class Record:
    """A paper of the corpus, as one category listed it on one day."""

    id: str
    title: str
    abstract: str
    day: date
    category: str
    real: bool = True

    @property
    def paper(self) -> Paper:
        return Paper(self.id, self.title, self.abstract, self.title, self.abstract, categories=(self.category,))


def real() -> list[Record]:
    """Return the real records, the oldest first."""
    with gzip.open(CORPUS, "rt", encoding="utf-8") as file:
        records = [
            Record(each["id"], each["title"], each["abstract"], date.fromisoformat(each["date"]), each["category"])
            for each in map(json.loads, file)
        ]
    return sorted(records, key=lambda each: (each.day, each.id))


def records(count: int) -> Iterator[Record]:
    """Yield so many records, the oldest first: the real ones, or a sample of them where they are more."""
    known = real()
    if count <= len(known):
        chosen = random.Random(_SEED).sample(known, count)
        return iter(sorted(chosen, key=lambda each: (each.day, each.id)))
    return heapq.merge(known, _made(known, count - len(known)), key=attrgetter("day"))


def digests(count: int) -> Iterator[Digest]:
    """Yield the records as digests: one for each category and as many days as have a thousand of them in the end."""
    days = max(1, _DAYS_OF_ONE // count)

    def first(record: Record) -> date:
        return date.fromordinal((record.day.toordinal() - 1) // days * days + 1)

    for day, of_days in groupby(records(count), first):
        by_category = sorted(of_days, key=attrgetter("category"))
        for category, listed in groupby(by_category, attrgetter("category")):
            yield Digest("scaled", category, day, tuple(each.paper for each in listed))


def _made(known: list[Record], count: int) -> Iterator[Record]:
    chance = random.Random(_SEED)
    vocabulary, new_words = _heaps(known, chance)
    parts = [word for word in vocabulary if word.isascii() and word.isalpha() and 4 <= len(word) <= 12]
    sentences = [_SENTENCE_END.split(each.abstract) for each in known]
    of_category = defaultdict(list)
    for number, each in enumerate(known):
        of_category[each.category].append(number)
    span = (_LAST - _FIRST).days
    numbers: defaultdict[str, int] = defaultdict(int)
    for done, after in enumerate(sorted(int(span * math.sqrt(chance.random())) for _ in range(count))):
        base = chance.randrange(len(known))
        donor = chance.choice(of_category[known[base].category])
        text = _mixed(sentences[base], sentences[donor], chance)
        title = _joined(known[base].title, known[donor].title)
        rate = new_words(len(known) + done + 1)
        for _ in range(int(rate) + (chance.random() < rate % 1)):
            word = chance.choice(parts)[: chance.randint(2, 5)] + chance.choice(parts)[-chance.randint(2, 6) :]
            at = chance.randrange(len(text))
            split = text[at].split(" ")
            split.insert(chance.randrange(len(split) + 1), word)
            text[at] = " ".join(split)
            if chance.random() < 0.25:
                title = f"{word.capitalize()}: {title.partition(': ')[2] or title}"
        day = _FIRST + timedelta(days=after)
        month = f"{day:%y%m}"
        numbers[month] += 1
        yield Record(
            f"{month}.{90000 + numbers[month]:05}", title, " ".join(text), day, known[base].category, real=False
        )


def _heaps(known: list[Record], chance: random.Random) -> tuple[list[str], Heaps]:
    """Return the words of the records, and how many new ones the n-th paper brings, by Heaps' law fitted on them."""
    order = chance.sample(known, len(known))
    seen: dict[str, None] = {}
    points = []
    marks = {len(known) >> shift for shift in range(5)}
    for read, each in enumerate(order, 1):
        seen.update(dict.fromkeys(_WORD.findall(f"{each.title} {each.abstract}".lower())))
        if read in marks:
            points.append((math.log(read), math.log(len(seen))))
    beta, logarithm = linear_regression(*zip(*points, strict=True))
    return list(seen), Heaps(beta, math.exp(logarithm))


@dataclass(frozen=True, slots=True)
class Heaps:
    """V(n) = factor * n ** beta distinct words in n papers; called, its derivative."""

    beta: float
    factor: float

    def __call__(self, papers: int) -> float:
        return self.factor * self.beta * math.pow(papers, self.beta - 1)


def _mixed(base: list[str], donor: list[str], chance: random.Random) -> list[str]:
    """Take each sentence from the base or, as often, the donor's at the same place of its text."""
    return [
        each if chance.random() < 0.5 else donor[min(len(donor) - 1, at * len(donor) // len(base))]
        for at, each in enumerate(base)
    ]


def _joined(base: str, donor: str) -> str:
    if ": " in base and ": " in donor:
        return f"{base.partition(': ')[0]}: {donor.partition(': ')[2]}"
    first, last = base.split(), donor.split()
    return " ".join([*first[: (len(first) + 1) // 2], *last[len(last) // 2 :]])
