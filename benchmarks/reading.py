"""What is read but not searched: a day, a paper, what one may be typing, a dry run, similar papers.

All of it goes through the commands, as a chat asks for it, and so does the search that it is held against. Each line is
asked several times, in turns; its median stands for it, and the percentiles are those of the lines.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import library, material
from benchmarks.bars import Bar, at_most
from benchmarks.progress import shown
from benchmarks.queries import asked
from benchmarks.timing import Cost, Watch, milliseconds, percentile
from bot.commands import answer, call, suggest
from bot.model import Destination
from bot.ports import Store
from storage import connect

_ROUNDS = 5
_LINES = 60  # of search
_DAYS, _PAPERS = 30, 60
_HERE = Destination("benchmark", "local", "@me")
# What is typed letter by letter, and where.
_TYPED = (
    ("search", "query_text", "segmentation"),
    ("search", "query_text", "lidar sl"),
    ("search", "query_text", "learning se"),
    ("search", "query_text", '"large language mo'),
    ("search", "query_text", "title:diff"),
    ("search", "query_text", "quaternion ro"),
    ("search", "query_text", "cat:cs.c"),
    ("search", "query_text", "lidar after:2025-0"),
    ("show", "paper_id", "point cloud reg"),
    ("show", "paper_id", "2505.18"),
    ("today", "day", "fri 1"),
    ("today", "category", "cs.r"),
)
_SEARCH = "search"
# Times search's p99.
_LIMITS = {"today": 0.2, "show": 0.2, "autocomplete": 0.2, "dry run": 1.0, "similar": 1.0}

Ask = Callable[[], Awaitable[object]]


def bars(size: int) -> Iterator[Bar]:
    if not material.CORPUS.exists():
        yield Bar("reading", "", "there is no corpus beside the checkout", None)
        return
    first, costs = asyncio.run(_measured(library.database(size)))
    search = _p99(costs[_SEARCH])
    for what, limit in _LIMITS.items():
        p50 = percentile([each.cpu for each in costs[what].values()], 0.5)
        bar = at_most(f"{what}, p99", limit, _p99(costs[what]), search, "search's p99")
        slowest = max(costs[what], key=lambda each: costs[what][each].cpu)
        figures = f"p50 {milliseconds(p50)}, p99 {milliseconds(_p99(costs[what]).cpu)}, slowest: {slowest}"
        yield Bar(bar.what, bar.bar, f"{bar.measured}; {figures}", bar.passed)
    yield Bar("the first key typed after a start", "", f"{milliseconds(first.cpu)} of CPU", None)
    yield Bar("search, p99, which these are held against", "", f"{milliseconds(search.cpu)} of CPU", None)


async def _measured(path: Path) -> tuple[Cost, Mapping[str, Mapping[str, Cost]]]:
    """Return the cost of the first suggestion, and of each kind the median of each line."""
    newest, days, ids = _sample(path)
    at = datetime.combine(newest, time(20), UTC)
    taken: defaultdict[str, defaultdict[str, list[Cost]]] = defaultdict(lambda: defaultdict(list))
    async with connect(f"sqlite:///{path}") as store:
        with Watch() as first:
            await _offered(store, at, *_TYPED[0])
        asks = list(_asks(store, at, days, ids))
        chance = random.Random(0)
        turns = [(number, each) for number in range(1 + _ROUNDS) for each in chance.sample(asks, len(asks))]
        for number, (kind, line, ask) in shown(turns, "Reading", len(turns)):
            with Watch() as watch:
                await ask()
            if number:  # the first round warms up
                taken[kind][line].append(watch.cost)
    return first.cost, {
        kind: {line: Cost(median(c.wall for c in each), median(c.cpu for c in each)) for line, each in lines.items()}
        for kind, lines in taken.items()
    }


def _asks(store: Store, at: datetime, days: list[str], ids: list[str]) -> Iterator[tuple[str, str, Ask]]:
    lines = [each.line for each in asked()]
    some = lines[:: max(1, len(lines) // _LINES)]
    commands = {
        _SEARCH: [f"search {line}" for line in some],
        "today": [
            "today",
            "today cs.CV",
            *(f"today {each}" for each in days),
            *(f"today {each} page:9" for each in days),
        ],
        "show": [f"show {each}" for each in ids],
        "similar": [f"similar {each}" for each in ids],
        "dry run": [f"preview {line}" for line in some],
    }
    for kind, every in commands.items():
        for line in every:
            yield kind, line, partial(_answered, store, at, line)
    for name, parameter, typed in _TYPED:
        for end in range(len(typed) + 1):
            yield "autocomplete", f"{name} {typed[:end]}", partial(_offered, store, at, name, parameter, typed[:end])


async def _answered(store: Store, at: datetime, line: str) -> object:
    return await answer(call(line, room=_HERE, caller=_HERE, at=at), store)


async def _offered(store: Store, at: datetime, name: str, parameter: str, typed: str) -> object:
    return await suggest(call(name, room=_HERE, caller=_HERE, at=at), parameter, typed, store)


def _sample(path: Path) -> tuple[date, list[str], list[str]]:
    """Return the newest day, the days with the most papers, and papers from all over the database."""
    with closing(sqlite3.connect(path)) as db:
        counted = db.execute("SELECT day FROM listing GROUP BY day ORDER BY count(*) DESC LIMIT ?", (_DAYS,))
        days = [day for (day,) in counted]
        ((newest,),) = db.execute("SELECT max(day) FROM listing")
        ids = [id_ for (id_,) in db.execute("SELECT arxiv_id FROM paper ORDER BY id")]
    return date.fromisoformat(newest), days, ids[:: max(1, len(ids) // _PAPERS)][:_PAPERS]


def _p99(costs: Mapping[str, Cost]) -> Cost:
    return Cost(*(percentile([getattr(each, what) for each in costs.values()], 0.99) for what in ("wall", "cpu")))
