"""Known items: how high up a search has the paper that its words were taken from, beside tantivy and FTS5's bm25.

Each query is of one paper, in four families: three words of the title, its two rarest, three words of the abstract, one
of the title and two of the abstract. They are real papers, whatever the size, for made ones are made of each other. The
words are asked for in the order in which the paper has them, as who remembers it would type them, and in any order; to
the peers it makes no difference. A paper that is not among the first ten counts as not found. What another paper
matches as well is as hard for everyone.

A peer is the strongest of several: tantivy with its default tokenizer (words as they are) and with its English stems,
all words wanted or any; FTS5 with Porter's stems, all words wanted: with any of them, it is weaker in each family and
too slow to be asked thousands of times. In both a title counts ten times.

The weights of `bot.search.relevance` were fitted to one half of the papers, and the bars are measured on the other.

python -m benchmarks.relevance  the figures of the half that the weights were fitted to
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import sqrt
from statistics import fmean, stdev

from benchmarks import scaled, tantivy_index
from benchmarks.bars import Bar, absent
from benchmarks.library import database
from benchmarks.material import CORPUS
from benchmarks.scaled import Record
from bot.search.grammar import parse
from storage import connect

_FITTED, _HELD_OUT = (11, 0), (2026, 1)  # a seed, and which half of the records
_SAMPLE = 2_000  # papers
_MORE = 0.02  # of MRR, than tantivy
_FIRST = 10
_TITLE = 10.0  # times what the abstract counts
_THREE, _TWO = 3, 2
_FAMILIES = ("3 title words", "2 rare title words", "3 abstract words", "1 title + 2 abstract words")

_WORD = re.compile(r"[^\W_]+")
# What tells nothing of a paper: nobody remembers one by it.
_STOP = frozenset({
    "about", "across", "after", "all", "also", "although", "among", "and", "any", "are", "because", "been", "before",
    "being", "between", "both", "but", "can", "could", "did", "does", "each", "either", "even", "for", "from",
    "further", "given", "had", "has", "have", "here", "how", "however", "into", "its", "itself", "less", "like", "many",
    "may", "more", "most", "much", "must", "need", "nor", "not", "one", "only", "other", "our", "out", "over", "per",
    "same", "several", "should", "show", "shows", "since", "some", "such", "than", "that", "the", "their", "them",
    "then", "there", "therefore", "these", "they", "this", "those", "through", "thus", "toward", "towards", "two",
    "under", "upon", "use", "used", "using", "very", "via", "was", "well", "were", "what", "when", "where", "whether",
    "which", "while", "who", "whose", "why", "will", "with", "within", "without", "would", "you", "your",
})  # fmt: skip

# For each query the place of its paper as 1/place, 0 for none of the first ten: its mean is the MRR.
_Ranks = list[float]
# Words to the numbers of the first ten papers.
_Searching = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Item:
    """A paper by its number, and the words it is looked for by, in the order in which it has them."""

    number: int
    words: tuple[str, ...]


def bars(_size: int) -> list[Bar]:
    """Measure on the real records, whatever the size."""
    if not CORPUS.exists():
        return [Bar("relevance", "", "there is no corpus beside the checkout", None)]
    return _measured(scaled.real(), *_HELD_OUT)


def _measured(records: Sequence[Record], seed: int, half: int) -> list[Bar]:
    chance = random.Random(seed)
    items = _items(records, chance, half)
    shuffled = {
        family: [_Item(each.number, tuple(chance.sample(each.words, len(each.words)))) for each in some]
        for family, some in items.items()
    }
    ours = asyncio.run(_ours(records, {"in order": items, "in any order": shuffled}))
    fts5 = _fts5(records, items)
    tantivy = _tantivy(records, items) if tantivy_index.is_installed() else {}
    found = [
        _bar(
            f"{family}, {order}",
            by_family[family],
            fts5[family],
            {name: each[family] for name, each in tantivy.items()},
        )
        for order, by_family in ours.items()
        for family in items
    ]
    return found if tantivy else [*found, absent("relevance", "tantivy")]


def _bar(what: str, ours: _Ranks, fts5: _Ranks, tantivy: Mapping[str, _Ranks]) -> Bar:
    told = [f"MRR {fmean(ours):.3f}, hit@{_FIRST} {_hit(ours):.3f}", f"FTS5 {_beside(ours, fts5)}"]
    passed = fmean(ours) >= fmean(fts5)
    if tantivy:
        name, strongest = max(tantivy.items(), key=lambda each: fmean(each[1]))
        stemmed = max((each for kind, each in tantivy.items() if "stem" in kind), key=fmean)
        told += [f"tantivy ({name}) {_beside(ours, strongest)}", f"with stems {_beside(ours, stemmed)}"]
        passed = passed and fmean(ours) >= fmean(strongest) + _MORE
    bar = f">= tantivy + {_MORE}, >= FTS5"
    return Bar(f"known item: {what}", bar, "; ".join(told), passed if tantivy else None)


def _beside(ours: _Ranks, peer: _Ranks) -> str:
    """Return a peer's figures, and by how much ours is better, with the standard error of that."""
    more = [a - b for a, b in zip(ours, peer, strict=True)]
    error = stdev(more) / sqrt(len(more))
    return f"{fmean(peer):.3f}, {_hit(peer):.3f} ({fmean(more):+.3f} ± {error:.3f})"


def _hit(ranks: _Ranks) -> float:
    return fmean(each > 0 for each in ranks)


def _items(records: Sequence[Record], chance: random.Random, half: int) -> dict[str, list[_Item]]:
    titles = Counter(word for each in records for word in _content(each.title))
    numbers = range(half, len(records), 2)
    found: dict[str, list[_Item]] = {family: [] for family in _FAMILIES}
    for number in chance.sample(numbers, len(numbers)):
        title, abstract = _content(records[number].title), _content(records[number].abstract)
        rare = sorted((word for word in title if titles[word] > 1), key=lambda word: (titles[word], word))[:_TWO]
        if len(title) < _THREE or len(abstract) <= _THREE or len(rare) < _TWO:
            continue
        one = chance.choice(title)
        others = [word for word in abstract if word != one]
        words = (
            _some(title, _THREE, chance),
            sorted(rare, key=title.index),
            _some(abstract, _THREE, chance),
            [one, *_some(others, _TWO, chance)],
        )
        for family, each in zip(_FAMILIES, words, strict=True):
            found[family].append(_Item(number, tuple(each)))
        if len(found[_FAMILIES[0]]) == _SAMPLE:
            break
    return found


def _content(text: str) -> list[str]:
    """Return the words that tell something, each once, in the order of the text."""
    words = dict.fromkeys(_WORD.findall(text.lower()))
    return [word for word in words if len(word) > _TWO and word.isascii() and word.isalpha() and word not in _STOP]


def _some(words: Sequence[str], count: int, chance: random.Random) -> list[str]:
    return [words[at] for at in sorted(chance.sample(range(len(words)), count))]


async def _ours(
    records: Sequence[Record], asked: Mapping[str, Mapping[str, Sequence[_Item]]]
) -> dict[str, dict[str, _Ranks]]:
    numbers = {each.id: number for number, each in enumerate(records)}
    ranks: dict[str, dict[str, _Ranks]] = {order: {} for order in asked}
    async with connect(f"sqlite:///{database(len(records))}") as store:
        for order, families in asked.items():
            for family, items in families.items():
                ranks[order][family] = []
                for item in items:
                    found = await store.search(parse(" ".join(item.words)), limit=_FIRST)
                    ranks[order][family].append(_rank(item, [numbers[paper.id] for paper in found.papers]))
    return ranks


def _fts5(records: Sequence[Record], families: Mapping[str, Sequence[_Item]]) -> dict[str, _Ranks]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE text USING fts5(title, abstract, tokenize='porter unicode61')")
        db.executemany(
            "INSERT INTO text (rowid, title, abstract) VALUES (?, ?, ?)",
            ((number, each.title, each.abstract) for number, each in enumerate(records)),
        )

        def search(words: Sequence[str]) -> list[int]:
            found = db.execute(
                "SELECT rowid FROM text WHERE text MATCH ? ORDER BY bm25(text, ?, 1) LIMIT ?",
                (" ".join(f'"{word}"' for word in words), _TITLE, _FIRST),
            )
            return [number for (number,) in found]

        return _ranked(families, search)


def _tantivy(records: Sequence[Record], families: Mapping[str, Sequence[_Item]]) -> dict[str, dict[str, _Ranks]]:
    return {
        f"{tokenizer}, {'all' if every else 'any'} words": _ranked(families, search)
        for tokenizer in ("default", "en_stem")
        for every, search in _searches(records, tokenizer)
    }


def _searches(records: Sequence[Record], tokenizer: str) -> Iterator[tuple[bool, _Searching]]:
    """Yield whether all words are wanted, and a search for them, over an index in memory."""
    import tantivy  # noqa: PLC0415  # an extra

    fields = tantivy.SchemaBuilder()
    fields.add_integer_field("number", stored=True)
    for name in ("title", "abstract"):
        fields.add_text_field(name, tokenizer_name=tokenizer)
    index = tantivy.Index(fields.build())
    writer = index.writer(num_threads=1)  # one segment: documents are counted for all
    for number, each in enumerate(records):
        writer.add_document(tantivy.Document(number=number, title=each.title, abstract=each.abstract))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(every: bool, words: Sequence[str]) -> list[int]:
        boosts = {"title": _TITLE, "abstract": 1.0}
        query = index.parse_query(" ".join(words), list(boosts), boosts, conjunction_by_default=every)
        return [searcher.doc(address)["number"][0] for _, address in searcher.search(query, _FIRST, count=False).hits]

    for every in (True, False):
        yield every, partial(search, every)


def _ranked(families: Mapping[str, Sequence[_Item]], search: _Searching) -> dict[str, _Ranks]:
    return {family: [_rank(each, search(each.words)) for each in items] for family, items in families.items()}


def _rank(item: _Item, found: Sequence[int]) -> float:
    return 1 / (found.index(item.number) + 1) if item.number in found else 0.0


if __name__ == "__main__":
    for bar in _measured(scaled.real(), *_FITTED):
        print(bar.what, bar.measured, sep=": ")
