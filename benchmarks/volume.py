"""Thousands of subscribers and a day of a thousand papers: planning it, sending it, and answering meanwhile.

The platform is a sleep of 50 ms behind Discord's pace: what it takes to make and send a message there is not in it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice, pairwise
from pathlib import Path
from random import Random
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from aiolimiter import AsyncLimiter

from benchmarks import material
from benchmarks.chats import LINES, percentiles
from benchmarks.timing import Cost, Row, Watch, milliseconds, ratio
from bot.commands import call
from bot.daily import take_in
from bot.delivery import deliver
from bot.model import Answer, Destination, Digest, Following, Paper, Reply, Suggest
from bot.ports import Store
from bot.search.grammar import parse
from bot.service import respond
from storage import connect

_PAPERS = 1_000  # of a day
_CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO")
_ANSWERS_IN = 0.05  # seconds
_PACE = (5, 0.125)  # 40 messages a second, as adapters.discord paces them
_ROUNDS = 5
_COMMON = 30
_ROOM, _CALLER = Destination("paced", "home", "room"), Destination("paced", "home", "@caller")


def rows(subscribers: int, questions: int) -> list[tuple[str, list[Row]]]:
    """Measure with so many subscribers; ask so many questions in each round."""
    if not material.CORPUS.exists():
        return [("Volume: there is no corpus beside the checkout", [])]
    # In a process of its own: its peak of memory is that of this.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
        return child.submit(_measured, subscribers, questions).result()


def _measured(subscribers: int, questions: int) -> list[tuple[str, list[Row]]]:
    with TemporaryDirectory() as folder:
        return asyncio.run(_rows(Path(folder), subscribers, questions))


async def _rows(folder: Path, subscribers: int, questions: int) -> list[tuple[str, list[Row]]]:
    papers = [paper for digest in material.corpus(_PAPERS) for paper in digest.papers]
    today = [
        Digest("benchmark", category, date(2025, 12, 1), tuple(papers[number :: len(_CATEGORIES)]))
        for number, category in enumerate(_CATEGORIES)
    ]
    async with connect(f"sqlite:///{folder / 'nobody.db'}") as store:
        alone, _ = await _planned(store, today)
    async with connect(f"sqlite:///{folder / 'volume.db'}") as store:
        await store.follow(Following(_ROOM))
        for number, query in enumerate(_queries(papers, subscribers)):
            await store.subscribe(Destination("paced", "home", f"@{number}"), parse(query), datetime.now(UTC))
        planned, owed = await _planned(store, today)
        planning = [
            _row("nobody subscribed", alone, alone),
            _row(f"{subscribers:,} subscribers and a room: {owed:,} messages owed", planned, alone),
            Row(f"peak of memory {getrusage(RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB", "", ""),
        ]
        answering, rate = await _answered(store, questions)
    all_in = timedelta(seconds=round(owed / rate))
    pace = _PACE[0] / _PACE[1]
    answering.append(Row(f"sent: {rate:.1f} messages/s, where {pace:.0f} are allowed; all of them in {all_in}", "", ""))
    return [
        (f"Take in a day of {len(papers):,} papers, {len(today)} digests, with what is owed for it", planning),
        (f"Answer while {owed:,} messages go out, p50 and p99", answering),
    ]


def _queries(papers: Sequence[Paper], count: int) -> list[str]:
    """Return what people could subscribe to: two words of a title, as a phrase or anywhere, about as often.

    Not with the commonest words: who wants to hear of all that has them reads the digest.
    """
    chance = Random(0)
    titles = [[word for word in paper.title.lower().split() if word.isalpha() and len(word) > 4] for paper in papers]
    common = {word for word, _ in Counter(word for title in titles for word in title).most_common(_COMMON)}
    pairs = [pair for title in titles for pair in pairwise(title) if not common & set(pair)]
    return [chance.choice(("{} {}", '"{} {}"')).format(*chance.choice(pairs)) for _ in range(count)]


async def _planned(store: Store, digests: Sequence[Digest]) -> tuple[Cost, int]:
    now = datetime.now(UTC)
    with Watch() as watch:
        for digest in digests:
            await take_in(digest, store, now, hold_until=now + timedelta(minutes=10))
        await store.release()
    return watch.cost, (await store.census()).owed


class _Paced:
    """A platform that takes a message 40 times a second, and 50 ms for each."""

    def __init__(self) -> None:
        self._pace = AsyncLimiter(*_PACE)

    async def run(self, answer: Answer, suggest: Suggest) -> None:
        """Nobody asks here."""

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        await self._pace.acquire()
        await asyncio.sleep(_ANSWERS_IN)


async def _answered(store: Store, questions: int) -> tuple[list[Row], float]:
    """Ask in turns while nothing is sent, and while messages go out; return the times, and the messages a second."""
    times: dict[str, list[Cost]] = {"idle": [], "while they go out": []}
    platforms = {"paced": _Paced()}
    await store.begin_delivery()
    sent, seconds = 0, 0.0
    for number in range(_ROUNDS):
        for name in list(times)[:: -1 if number % 2 else 1]:
            if name == "idle":
                times[name] += await _asked(store, questions)
                continue
            stop = asyncio.Event()
            began = perf_counter()
            delivering = asyncio.create_task(deliver(store, platforms, lambda: datetime.now(UTC), stop.is_set))
            times[name] += await _asked(store, questions)
            assert not delivering.done(), "all was sent before the questions were asked"
            stop.set()
            sent += (await delivering).sent
            seconds += perf_counter() - began
    return percentiles(times), sent / seconds


async def _asked(store: Store, questions: int) -> list[Cost]:
    costs = []
    for line in islice(cycle(LINES), questions):
        await asyncio.sleep(0.02)
        wall, cpu = perf_counter(), process_time()
        reply = await respond(call(line, room=_ROOM, caller=_CALLER, at=datetime.now(UTC)), store)
        costs.append(Cost(perf_counter() - wall, process_time() - cpu))
        assert reply.error is None
    return costs


def _row(what: str, cost: Cost, first: Cost) -> Row:
    return Row(what, milliseconds(cost.wall), milliseconds(cost.cpu), ratio(cost, first))
