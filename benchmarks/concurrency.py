"""Many people at once, with slow queries among theirs; how long the event loop is blocked; reading beside an ingest.

Latencies are by the clock on the wall, for waiting is what they measure: on a machine that does other work, too, the
figures of an idle loop and of idle readers are the ones to compare with.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from shutil import copyfile
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks import library, material, scaled, subscribers
from benchmarks.bars import Bar
from benchmarks.heartbeat import heartbeat
from benchmarks.queries import asked
from benchmarks.stores import opened, subscribed
from benchmarks.timing import Cost, milliseconds, percentile
from bot.daily import take_in
from bot.model import Digest, Paper
from bot.ports import Store
from bot.search.grammar import parse
from storage import connect
from storage.access import Access

_PEOPLE = 64
_EACH = 10  # lines of a person
_SLOW = 0.03  # of all of them
_SLOW_TAKES = 0.05  # seconds
_ROUNDS = 3
_READERS = 8
_READS = 40  # of each, while nothing or much is written
_SUBSCRIPTIONS = 200_000
_DAY = 1_000  # papers
_TODAY = date(2026, 9, 1)
_THROUGHPUT, _TAIL, _BLOCKED, _WHILE_WRITING = 1.8, 0.5, 0.02, 2.0

# A line, or None for a slow query.
Asking = Sequence[str | None]


def bars(size: int) -> Iterator[Bar]:
    if not material.CORPUS.exists():
        yield Bar("concurrency", "", "there is no corpus beside the checkout", None)
        return
    path = library.database(size)
    yield from asyncio.run(_crowd(path))
    with TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / "copy.db"
        copyfile(path, copy)
        yield from asyncio.run(_blocked(copy))
        yield from asyncio.run(_while_writing(copy))


async def _crowd(path: Path) -> list[Bar]:
    """Let everybody ask at once, of our store and of one with a single connection to read, in turns."""
    ways: dict[str, Callable[[], AbstractAsyncContextManager[Store]]] = {
        "ours": lambda: connect(f"sqlite:///{path}"),
        "one connection": lambda: opened(path, readers=1),
    }
    scanned = await _calibrated(path)
    lines = _lines()
    rates: dict[str, list[Cost]] = {name: [] for name in ways}
    tails: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(1 + _ROUNDS):
        for name in list(ways)[:: -1 if number % 2 else 1]:
            async with ways[name]() as store:
                wall, cpu = perf_counter(), process_time()
                waits = await asyncio.gather(*(_ask(store, each, scanned) for each in lines))
                spent = Cost(perf_counter() - wall, process_time() - cpu)
            if number:
                rates[name].append(spent)
                tails[name].append(percentile([wait for each in waits for wait in each], 0.99))
    walls = {name: median(each.wall for each in costs) for name, costs in rates.items()}
    cpus = {name: median(each.cpu for each in costs) for name, costs in rates.items()}
    high = {name: median(each) for name, each in tails.items()}
    more, longer = walls["one connection"] / walls["ours"], high["ours"] / high["one connection"]
    asking = f"{_PEOPLE} people at once, {_SLOW:.0%} slow queries of {milliseconds(_SLOW_TAKES)}"
    rate = f"{_PEOPLE * _EACH / walls['ours']:,.0f}/s; CPU of one {cpus['ours'] / cpus['one connection']:.2f} x"
    return [
        Bar(
            f"{asking}: answers", f">= {_THROUGHPUT:g} x one connection", f"{more:.2f} x ({rate})", more >= _THROUGHPUT
        ),
        Bar(
            f"{asking}: p99 of the wait",
            f"<= {_TAIL:g} x one connection",
            f"{longer:.2f} x ({milliseconds(high['ours'])})",
            longer <= _TAIL,
        ),
    ]


async def _blocked(path: Path) -> list[Bar]:
    """Measure how late the event loop is while people search, a day is matched, and a thousand papers come in."""
    papers = _new(random.Random(2).sample(scaled.real(), 2 * _DAY), 0)
    # As the service does at its start; and the corpus is no part of what it has to look after.
    gc.collect()
    gc.freeze()
    nothing = await _late(asyncio.sleep(2))
    found = []
    async with connect(f"sqlite:///{path}") as store:
        everybody = [[line for line in each if line] for each in _lines()]
        searches = await _late(asyncio.gather(*(_ask(store, each, 0) for each in everybody)))
        found.append((f"{_PEOPLE} people search", searches))
        now = datetime.now(UTC)
        found.append(
            (f"{_DAY:,} papers come in", await _late(take_in(_digest(papers[:_DAY], 1), store, now, owe=False)))
        )
    async with opened(path) as store:
        await subscribed(store, subscribers.phrases(scaled.real(), _SUBSCRIPTIONS))
        match = take_in(_digest(papers[_DAY:], 2), store, now, hold_until=now + timedelta(minutes=10))
        found.append((f"{_DAY:,} papers are matched with {_SUBSCRIPTIONS:,} subscriptions", await _late(match)))
    gc.unfreeze()
    idle = f"nothing: {milliseconds(max(nothing))}"
    return [
        Bar(
            f"the event loop, longest blocked while {what}",
            f"<= {milliseconds(_BLOCKED)}",
            f"{milliseconds(max(late))} (p99 {milliseconds(percentile(late, 0.99))}; while {idle})",
            # As late as it is with nothing to do, the machine is.
            max(late) <= _BLOCKED or (None if max(late) <= _BLOCKED + max(nothing) else False),
        )
        for what, late in found
    ]


async def _while_writing(path: Path) -> list[Bar]:
    """Read while nothing is written, and while digests come in without a pause, in turns."""
    lines = [each.line for each in asked()]
    random.Random(0).shuffle(lines)
    records = scaled.real()
    found = []
    for of_a_digest in (53, 1_000):
        waits: dict[bool, list[float]] = {False: [], True: []}
        async with connect(f"sqlite:///{path}") as store:
            await _read(store, lines)
            for number in range(2 * _ROUNDS):
                writing = bool(number % 2)
                async with _ingesting(store, records, of_a_digest, number) if writing else _nothing():
                    waits[writing] += await _read(store, lines)
        idle, busy = (percentile(waits[each], 0.99) for each in (False, True))
        found.append(
            Bar(
                f"{_READERS} readers while digests of {of_a_digest:,} papers come in: p99",
                f"<= {_WHILE_WRITING:g} x idle",
                f"{busy / idle:.2f} x (wall; {milliseconds(busy)} beside {milliseconds(idle)})",
                busy <= _WHILE_WRITING * idle,
            )
        )
    return found


async def _read(store: Store, lines: Sequence[str]) -> list[float]:
    parts = [list(islice(cycle(lines[at::_READERS]), _READS)) for at in range(_READERS)]
    return [wait for waits in await asyncio.gather(*(_ask(store, part, 0) for part in parts)) for wait in waits]


@asynccontextmanager
async def _ingesting(
    store: Store, records: Sequence[scaled.Record], of_a_digest: int, number: int
) -> AsyncIterator[None]:
    """Take in digest after digest beside the block, each of papers that are new."""
    chance = random.Random(number)
    numbers = count(10_000 * number + of_a_digest)
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            papers = _new(chance.sample(records, of_a_digest), next(numbers))
            await take_in(_digest(papers, next(numbers)), store, datetime.now(UTC), owe=False)

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        stop.set()
        await working


def _digest(papers: Sequence[Paper], number: int) -> Digest:
    return Digest("benchmark", f"cs.X{number}", _TODAY, tuple(papers))


def _new(records: Sequence[scaled.Record], number: int) -> list[Paper]:
    """Return the records as papers that are not known yet."""
    return [replace(each.paper, id=f"2609.{number}{at:05}") for at, each in enumerate(records)]


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


async def _ask(store: Store, lines: Asking, scanned: int) -> list[float]:
    """Ask one line after the other; return how long each answer took."""
    waits = []
    for line in lines:
        began = perf_counter()
        if line is None:
            await _scan(store, scanned)
        else:
            await store.search(parse(line), limit=10)
        waits.append(perf_counter() - began)
    return waits


async def _scan(store: Store, papers: int) -> None:
    """Ask what no index helps with: so slow is nothing that people can type."""
    assert isinstance(store, Access)
    await store.read(
        "SELECT count(*) FROM (SELECT abstract FROM paper LIMIT ?) WHERE abstract LIKE '%qzxqz%'", (papers,)
    )


async def _calibrated(path: Path) -> int:
    """Return how many papers take as long to scan as a slow query is to take."""
    papers = 1_000
    async with opened(path, readers=1) as store:
        await _scan(store, papers)
        costs = []
        for _ in range(5):
            cpu = process_time()
            await _scan(store, papers)
            costs.append(process_time() - cpu)
    return round(papers * _SLOW_TAKES / median(costs))


async def _late(work: Awaitable[object]) -> list[float]:
    async with heartbeat() as late:
        await work
    return late


def _lines() -> list[Asking]:
    chance = random.Random(1)
    lines = [each.line for each in asked()]
    return [[None if chance.random() < _SLOW else chance.choice(lines) for _ in range(_EACH)] for _ in range(_PEOPLE)]
