"""Reading takes no longer as a library grows: counted in steps of the database's engine, the same on any machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.model import Delivery, Destination, Digest, Paper, Pick
from bot.ports import Morning
from bot.search.grammar import parse
from bot.search.query import Term
from storage.sqlite import SqliteStore

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
NEWEST = date(2020, 11, 20)
ANN = Destination.parse("slack:T1/@ann")
ROOM = Destination.parse("slack:T1/C1")
SMALL, LARGE = 12, 120  # days

Ask = Callable[[SqliteStore], Awaitable[object]]


def alerting(morning: Morning) -> Iterable[Delivery]:
    yield Delivery(ANN, "alert", "", morning.day, tuple(Pick(paper.id) for paper in morning.fresh))


@asynccontextmanager
async def library(folder: Path, days: int) -> AsyncIterator[SqliteStore]:
    """Open a store of so many days up to the newest, each alike, whose alerts were sent."""
    async with SqliteStore.open(folder / f"{days}.db") as store:
        await store.subscribe(ANN, parse("lidar"), NOW)
        for number in reversed(range(days)):
            day = NEWEST - timedelta(days=number)
            for category in ("cs.CV", "cs.LG"):
                papers = [
                    Paper(f"{number:04}.{category[-2:]}{n}", f"Lidar {number} of {n}", authors=("K. He",))
                    for n in range(3)
                ]
                await store.take_in(Digest("test", category, day, tuple(papers)), alerting, NOW)
            sent = await store.claim(["slack"], NOW)
            assert sent
            await store.settle(sent, "sent")
        yield store


async def steps(store: SqliteStore, ask: Ask) -> int:
    """Return how many steps the engine takes to answer. It counts a table in one: that is taken for many."""
    count = 0
    statements: list[str] = []

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connections = (store._writer, *store._idle)
    for each in connections:
        await each.set_progress_handler(step, 1)
        await each.set_trace_callback(statements.append)
    await ask(store)
    for each in connections:
        # As Python allows, and its stubs do not.
        await each.set_progress_handler(None, 0)  # type: ignore[arg-type]
        await each.set_trace_callback(None)  # type: ignore[arg-type]
    for sql in statements:
        if not sql.startswith("--"):  # the index asking itself
            codes = [row[1] for row in await store.read(f"EXPLAIN {sql}")]
            count += codes.count("Count") * (await store.read("SELECT max(rowid) FROM digest"))[0][0]
    return count


ASKS: dict[str, Ask] = {
    "size": lambda store: store.size(),
    "holdings": lambda store: store.holdings(),
    "count": lambda store: store.count(NEWEST - timedelta(days=6), NEWEST),
    "newest": lambda store: store.newest(),
    "newest of a category": lambda store: store.newest("cs.LG"),
    "newest of no category": lambda store: store.newest("cs"),
    "categories": lambda store: store.categories(),
    "digests": lambda store: store.digests(NEWEST),
    "counts": lambda store: store.counts([NEWEST]),
    "listed": lambda store: store.listed(NEWEST),
    "listed in a category": lambda store: store.listed(NEWEST, "cs.LG"),
    "papers": lambda store: store.papers(["0001.CV1", "0002.LG2"]),
    "titles": lambda store: store.titles(limit=9),
    "titles with a word": lambda store: store.titles([Term((("lidar",),), "")], limit=9),
    "titles from an id": lambda store: store.titles_from("0001", limit=9),
    "headlines": lambda store: store.headlines("cs.LG", NEWEST, NEWEST),
    "texts": lambda store: store.texts("cs.LG", NEWEST, NEWEST, limit=9),
    "similar": lambda store: store.similar({"7": 1.0}, limit=9),
    "unattributed": lambda store: store.unattributed(NEWEST),
    "subscriptions": lambda store: store.subscriptions(ANN),
    "alerting": lambda store: store.alerting(ANN),
    "following": lambda store: store.following(ROOM),
    "paused": lambda store: store.paused(ANN),
    "trouble": lambda store: store.trouble(ANN),
    "missed": lambda store: store.missed(ANN, "alert", 1 << 20),
    "reactions": lambda store: store.reactions(NOW),
    "reports": lambda store: store.reports(),
    "backlog": lambda store: store.backlog(NOW),
    "begin_delivery": lambda store: store.begin_delivery(),
    "claim": lambda store: store.claim(["slack"], NOW),
    "erase": lambda store: store.erase(NOW),
}


async def test_what_is_read_takes_no_more_steps_in_a_library_ten_times_as_large(tmp_path: Path) -> None:
    async with library(tmp_path, SMALL) as small, library(tmp_path, LARGE) as large:
        taken = {name: (await steps(small, ask), await steps(large, ask)) for name, ask in ASKS.items()}
        few, many = [
            await steps(each, lambda store: store.read("SELECT min(title) FROM paper")) for each in (small, large)
        ]

    assert many > 5 * few > 0  # a walk through a table is seen
    assert all(few for few, _ in taken.values())
    # A tree of more pages takes a few steps more.
    assert {name: counts for name, counts in taken.items() if counts[1] > 1.2 * counts[0] + 20} == {}
