"""Misspelt queries: whether what was meant is found all the same, and what it costs to find out what was meant.

The queries are three words of a real paper's title; found is that paper among the first five. The typos are of the
kinds that Damerau (1964) counted: a letter wrong, missing, too many, two swapped; one of them in four words of five,
two in the fifth, anywhere in a word of at least five letters.
"""

from __future__ import annotations

import asyncio
import importlib
import random
import re
import resource
import sqlite3
import string
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rapidfuzz import process
from rapidfuzz.distance import OSA

from benchmarks import scaled
from benchmarks.bars import Bar
from benchmarks.library import database
from benchmarks.timing import Watch, milliseconds, percentile
from bot.ports import Store
from bot.search.grammar import parse
from bot.search.likeness import TELL_NOTHING
from bot.search.spelling import meanings, suggestion
from bot.search.words import spans, words
from storage import connect

_SAMPLE = 1_200  # papers
_WORDS = 300  # misspelt ones, for what a correction costs
_ROUNDS = 5  # for each of them, whose median counts
_KNOWN = 2_000  # words and names that are spelt as the store has them
_SEED = 2026
_SHORTEST = 5
_OFTEN = 10  # papers: what is searched for
_TABLES = ("word", "deletion")


@dataclass(frozen=True, slots=True)
class _Item:
    """A paper, and three words of its title; the first two are long enough to misspell."""

    id: str
    words: tuple[str, str, str]

    def line(self, misspelt: int, chance: random.Random) -> str:
        return " ".join([*(typo(word, chance) for word in self.words[:misspelt]), *self.words[misspelt:]])


def bars(size: int) -> list[Bar]:
    path = database(size)
    with closing(sqlite3.connect(path)) as db:
        vocabulary = dict(db.execute("SELECT word, papers FROM word WHERE meant"))
        known = [word for (word,) in db.execute("SELECT word FROM word WHERE papers > 5 ORDER BY word")]
        stored = {id_ for (id_,) in db.execute("SELECT arxiv_id FROM paper")}
        index = sum(
            db.execute("SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?", (each,)).fetchone()[0]
            for each in _TABLES
        )
        ((text,),) = db.execute("SELECT sum(length(CAST(title AS BLOB)) + length(CAST(abstract AS BLOB))) FROM paper")
    records = [each for each in scaled.real() if each.id in stored]
    chance = random.Random(_SEED)
    return [
        *asyncio.run(_found(path, list(_items(records, chance)), chance)),
        asyncio.run(_left_alone(path, chance.sample(known, min(_KNOWN, len(known))), _names(records))),
        *asyncio.run(_costs(path, vocabulary, chance)),
        Bar(
            f"spelling's tables: {len(vocabulary):,} words that may be meant",
            "<= 0.05 x the raw text",
            f"{index / 2**20:,.1f} MiB, {index / text:.3f} x",
            index <= 0.05 * text,
        ),
    ]


def typo(word: str, chance: random.Random) -> str:
    """Return a word misspelt, so that it does not fold to what it was."""
    while True:
        wrong = word
        for _ in range(1 + (chance.random() < 0.2)):
            wrong = _edited(wrong, chance)
        if words(wrong) != words(word):
            return wrong


def _edited(word: str, chance: random.Random) -> str:
    at, letter = chance.randrange(len(word)), chance.choice(string.ascii_lowercase)
    match chance.choice(["wrong", "missing", "more", "swapped"]):
        case "wrong":
            return word[:at] + letter + word[at + 1 :]
        case "missing":
            return word[:at] + word[at + 1 :]
        case "more":
            return word[:at] + letter + word[at:]
        case _:
            return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]


def _items(records: Sequence[scaled.Record], chance: random.Random) -> Iterator[_Item]:
    for record in chance.sample(records, len(records)):
        content = {
            parts[0]: record.title[start:end].lower()
            for parts, _, start, end in spans(record.title)
            if len(parts) == 1 and len(parts[0]) > 2 and parts[0] not in TELL_NOTHING
        }
        plain = [typed for typed in content.values() if len(typed) >= _SHORTEST and typed.isascii() and typed.isalpha()]
        if len(content) > 2 and len(plain) > 1:
            one, two = chance.sample(plain, 2)
            third = chance.choice([typed for typed in content.values() if typed not in (one, two)])
            yield _Item(record.id, (one, two, third))


async def _found(path: Path, items: Sequence[_Item], chance: random.Random) -> list[Bar]:
    items = items[:_SAMPLE]
    found = []
    async with connect(f"sqlite:///{path}") as store:
        for misspelt in (0, 1, 2):
            lines = [each.line(misspelt, chance) for each in items]
            found.append(sum([each.id in await _first(line, store) for each, line in zip(items, lines, strict=True)]))
    clean = found[0]
    return [
        Bar(
            f"{what} of three misspelt: correct, then search; hit@5",
            f">= {least} x the clean queries",
            f"{hits / len(items):.3f}, clean {clean / len(items):.3f}: {hits / clean:.3f} x",
            hits >= least * clean,
        )
        for what, hits, least in (("one word", found[1], 0.97), ("two words", found[2], 0.9))
    ]


async def _first(line: str, store: Store) -> list[str]:
    query = parse(line)
    meant = await suggestion(query, store) or query
    return [each.id for each in (await store.search(meant, limit=5)).papers]


def _names(records: Sequence[scaled.Record]) -> list[str]:
    """Return what titles write with a digit or a capital inside, and the same as a version nobody has heard of."""
    every = {name for each in records for name in re.findall(r"\b[A-Za-z]+[A-Z0-9][A-Za-z0-9]*\b", each.title)}
    names = sorted(every)
    return [*names, *(f"{each}v17" for each in names)]


async def _left_alone(path: Path, known: Sequence[str], names: Sequence[str]) -> Bar:
    async with connect(f"sqlite:///{path}") as store:
        wrong = [each for each in (*known, *names) if await suggestion(parse(f'"{each}"'), store)]
    return Bar(
        f"{len(known):,} known words and {len(names):,} names that are left as they are",
        "all of them",
        "all of them" if not wrong else f"all but {len(wrong)}: {', '.join(wrong[:5])}",
        not wrong,
    )


async def _costs(path: Path, vocabulary: Mapping[str, int], chance: random.Random) -> list[Bar]:
    """Let ours, a scan of all words and symspellpy take turns, word by word."""
    often = sorted(word for word, papers in vocabulary.items() if papers >= _OFTEN and len(word) >= _SHORTEST)
    typed = [typo(word, chance) for word in chance.sample(often, min(_WORDS, len(often)))]
    watches: defaultdict[str, list[float]] = defaultdict(list)
    start = _resident()
    async with connect(f"sqlite:///{path}") as store:

        async def one(word: str) -> object:
            return await meanings(word, word, 0, store, alone=False)

        async def whole(word: str) -> object:
            return await suggestion(parse(word), store)

        for word in typed:
            await one(word)
        ours = _resident() - start
        every = list(vocabulary)

        async def scan(word: str) -> object:
            return process.extract(word, every, scorer=OSA.distance, score_cutoff=2, limit=5, processor=None)

        start = _resident()
        symspell = _symspell(vocabulary)
        theirs = _resident() - start
        contenders = {"one": one, "whole": whole, "scan": scan, **({"symspell": symspell} if symspell else {})}
        for word in typed:
            for name, contender in contenders.items():
                costs: list[float] = []
                for _ in range(_ROUNDS):
                    with Watch() as watch:
                        await contender(word)
                    costs.append(watch.cost.cpu)
                watches[name].append(median(costs))
    p50, p99 = ({name: percentile(each, share) for name, each in watches.items()} for share in (0.5, 0.99))
    figures = {name: f"{milliseconds(p50[name])} {milliseconds(p99[name])}" for name in watches}
    if symspell:
        figures["symspell"] += f", {theirs:.0f} MiB"
    return [
        Bar(
            f"what one word means, p50 and p99 of CPU; a scan of {len(every):,} words: {figures['scan']}",
            "p99 <= 1/30 x a rapidfuzz scan",
            f"{figures['one']}: 1/{p99['scan'] / p99['one']:.0f} x",
            p99["one"] <= p99["scan"] / 30,
        ),
        Bar(
            "the whole suggestion for one word: what it means, that papers have it, how they write it",
            "",
            f"{figures['whole']}: 1/{p99['scan'] / p99['whole']:.0f} x",
            None,
        ),
        Bar(
            f"memory that it takes; symspellpy, p50 and p99: {figures.get('symspell', 'not installed')}",
            "less than symspellpy's",
            f"{ours:.0f} MiB",
            ours < theirs if symspell else None,
        ),
    ]


def _symspell(vocabulary: Mapping[str, int]) -> Callable[[str], Awaitable[object]] | None:
    """Return symspellpy with all words in memory; None where it is not installed."""
    try:
        symspellpy = importlib.import_module("symspellpy")
    except ImportError:
        return None
    dictionary = symspellpy.SymSpell(max_dictionary_edit_distance=2)
    for word, papers in vocabulary.items():
        dictionary.create_dictionary_entry(word, papers)

    async def correct(word: str) -> object:
        return dictionary.lookup(word, symspellpy.Verbosity.ALL, max_edit_distance=2)

    return correct


def _resident() -> float:
    """Return the process's resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20
