"""How a corpus of tens of thousands of papers is taken in and searched, beside FTS5 asked for its own ranking."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import sqlite3
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory

from benchmarks import material
from benchmarks.timing import Cost, Row, Watch, milliseconds, percentile, ratio
from bot.commands import answer, call, suggest
from bot.daily import take_in
from bot.grammar import parse
from bot.model import Destination, Paper
from bot.ports import Store
from bot.query import Query
from storage import connect
from storage.matching import split

_LINES = (
    "learning",
    "segmentation",
    "lidar",
    "point cloud",
    '"point cloud"',
    "large language model reasoning",
    "title:diffusion",
    "diffusion OR flow",
    "segmentation -medical",
    "transform*",
    "segmentation cat:cs.RO",
    "agent after:2025-09-01",
    "id:2505.18334",
)


# What is typed in a field, letter by letter or begun anew.
_TYPED = (
    ("search", "query_text", ""),
    ("search", "query_text", "s"),
    ("search", "query_text", "se"),
    ("search", "query_text", "segm"),
    ("search", "query_text", "lidar s"),
    ("search", "query_text", '"large l'),
    ("search", "query_text", "title:diff"),
    ("search", "query_text", "cat:cs.c"),
    ("show", "paper_id", "point cl"),
    ("show", "paper_id", "2505.1"),
    ("today", "day", ""),
    ("today", "category", "cs."),
    ("settings", "tz", "berl"),
)


def rows(rounds: int, count: int | None) -> list[tuple[str, list[Row]]]:
    if not material.CORPUS.exists():
        return [("Search: there is no corpus beside the checkout", [])]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.db"
        # In a process of its own: its peak of memory is the ingest's.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
            papers, digests, cost, peak = child.submit(_taken_in, path, count).result()
        size = path.stat().st_size / 2**20
        amount = [Row("daily.take_in", f"{papers / cost.wall:,.0f} papers/s", f"{papers / cost.cpu:,.0f} papers/s")]
        amount.append(Row(f"peak of memory {peak:,.0f} MiB, file {size:,.0f} MiB", "", ""))
        return [
            (f"Take in the corpus: {papers:,} papers, {digests:,} digests", amount),
            (
                f"Search {papers:,} papers, p50 and p99; the ratio is FTS5's own rank by bm25, p50 to p50",
                asyncio.run(_searched(path, rounds)),
            ),
            (
                f"`similar` on {papers:,} papers, p50 and p99; how many of the first ten are of the paper's category",
                asyncio.run(_likened(path, 2 * rounds)),
            ),
            (f"Offer values while one types, {papers:,} papers, p50 and p99", asyncio.run(_offered(path, rounds))),
        ]


def _taken_in(path: Path, count: int | None) -> tuple[int, int, Cost, float]:
    """Take in the corpus; return the papers, the digests, the cost, and the peak of memory in MiB."""
    watch = Watch()

    async def run() -> tuple[int, int]:
        papers = digests = 0
        async with connect(f"sqlite:///{path}") as store:
            for digest in material.corpus(count):
                with watch:
                    papers += (await take_in(digest, store, datetime.now(UTC))).new
                digests += 1
        return papers, digests

    papers, digests = asyncio.run(run())
    return papers, digests, watch.cost, getrusage(RUSAGE_SELF).ru_maxrss / 1024


async def _searched(path: Path, rounds: int) -> list[Row]:
    queries = {line: parse(line) for line in _LINES}
    ours: dict[str, list[Cost]] = {line: [] for line in _LINES}
    theirs: dict[str, list[Cost]] = {line: [] for line in _LINES}
    found = {}
    async with connect(f"sqlite:///{path}") as store:
        with closing(sqlite3.connect(path)) as db:
            for _ in range(rounds):
                for line, query in queries.items():
                    cost, found[line] = await _ours(store, query)
                    ours[line].append(cost)
                    theirs[line].append(_ranked(db, query))
    return [
        Row(f"{line}  ({found[line]:,} found)", *_figures(ours[line]), _ratio(theirs[line], ours[line]))
        for line in _LINES
    ] + [Row("all of these together", *_figures([cost for each in ours.values() for cost in each]))]


async def _likened(path: Path, count: int) -> list[Row]:
    """Ask for papers like `count` papers from all over the corpus; ten at random are what it is held against."""
    with closing(sqlite3.connect(path)) as db:
        ids = [row[0] for row in db.execute("SELECT arxiv_id FROM paper ORDER BY arxiv_id")]
    chance = random.Random(0)
    costs, alike, by_chance = [], [], []
    here = Destination("benchmark", "local", "@me")
    async with connect(f"sqlite:///{path}") as store:
        for id_ in ids[:: max(1, len(ids) // count)][:count]:
            with Watch() as watch:
                reply = await answer(call(f"similar {id_}", room=here, caller=here, at=datetime.now(UTC)), store)
            costs.append(watch.cost)
            (paper,) = await store.papers([id_])
            alike += [_shares(paper, each) for each in await store.papers(card.paper for card in reply.cards)]
            by_chance += [_shares(paper, each) for each in await store.papers(chance.sample(ids, 10))]
    return [
        Row("similar", *_figures(costs), f"{sum(alike) / len(alike):.0%}"),
        Row("ten at random", "", "", f"{sum(by_chance) / len(by_chance):.0%}"),
    ]


async def _offered(path: Path, rounds: int) -> list[Row]:
    costs: dict[tuple[str, str, str], list[Cost]] = {each: [] for each in _TYPED}
    here = Destination("benchmark", "local", "@me")
    async with connect(f"sqlite:///{path}") as store:
        for _ in range(rounds):
            for name, parameter, typed in _TYPED:
                with Watch() as watch:
                    await suggest(call(name, room=here, caller=here, at=datetime.now(UTC)), parameter, typed, store)
                costs[name, parameter, typed].append(watch.cost)
    return [Row(f"{name} {typed or '(empty)'}", *_figures(each)) for (name, _, typed), each in costs.items()] + [
        Row("all of these together", *_figures([cost for each in costs.values() for cost in each]))
    ]


def _shares(one: Paper, other: Paper) -> bool:
    return bool(set(one.every_category) & set(other.every_category))


async def _ours(store: Store, query: Query) -> tuple[Cost, int]:
    with Watch() as watch:
        found = await store.search(query, limit=10)
    return watch.cost, found.total


def _ranked(db: sqlite3.Connection, query: Query) -> Cost:
    """Ask FTS5 for its ten best; for what the index cannot say, it costs nothing."""
    match, *_ = split(query.root)
    with Watch() as watch:
        if match:
            db.execute(
                "SELECT rowid FROM paper_words WHERE paper_words MATCH ? "
                "ORDER BY bm25(paper_words, 10, 1, 1, 0) LIMIT 10",
                (match,),
            ).fetchall()
    return watch.cost if match else Cost(0, 0)


def _figures(costs: Iterable[Cost]) -> tuple[str, str]:
    """Return p50 and p99, of the wall and of the CPU."""
    costs = list(costs)
    return _pair([cost.wall for cost in costs]), _pair([cost.cpu for cost in costs])


def _pair(seconds: Sequence[float]) -> str:
    return f"{milliseconds(percentile(seconds, 0.5))}  {milliseconds(percentile(seconds, 0.99))}"


def _ratio(theirs: Sequence[Cost], ours: Sequence[Cost]) -> str:
    if not any(cost.wall for cost in theirs):
        return ""
    return ratio(_middle(theirs), _middle(ours))


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(percentile([cost.wall for cost in costs], 0.5), percentile([cost.cpu for cost in costs], 0.5))
