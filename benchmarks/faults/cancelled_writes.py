"""A small database with something in every table, and every write of the store, each of which changes it."""

from __future__ import annotations

import inspect
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Literal

from bot import daily
from bot.grammar import parse
from bot.model import Alerting, Delivery, Destination, Digest, Following, Link, Refusal, Report, Schedule
from bot.ports import Store
from storage import connect
from storage.ledger import SqliteLedger
from storage.sqlite import SqliteStore
from tests.kill9 import days

NOW = datetime(2025, 1, 4, 12, tzinfo=UTC)
ROOM = Destination.parse("slack:T1/C1")
ANN, BEN, CAT, DAN = (Destination.parse(f"slack:T1/@U{number}") for number in range(1, 5))
GONE = Destination.parse("slack:T9/@U9")
PLATFORMS = ("slack",)
_ADMIN = Destination.parse("slack:T1/@U0")
_SOURCE = "https://papers.example/cs.CV.md"

_ENDS: tuple[Literal["expired", "dead", "sent", "held"] | None, ...] = ("expired", "dead", "sent", "held", None)

Write = Callable[[Store, Delivery], Awaitable[object]]


def _ledger(store: Store) -> SqliteLedger:
    ledger = store.ledger("slack")
    assert isinstance(ledger, SqliteLedger)
    return ledger


def _paused(store: Store, claimed: Delivery) -> Awaitable[object]:
    notice = Delivery(CAT, "notice", str(claimed.to), NOW.date(), ())
    return store.settle(claimed, "pending", code="user_not_found", pause=NOW, owe=notice)


# By the methods' names, with a word behind where one does more than one thing.
WRITES: Mapping[str, Write] = {
    "take_in, new": lambda store, _: daily.take_in(days.day(6)[1], store, NOW),
    "take_in, corrected": lambda store, _: daily.take_in(_corrected(days.day(4)[1]), store, NOW),
    "erase": lambda store, _: store.erase(NOW),
    "erase_workspace": lambda store, _: store.erase_workspace(ANN.tenant),
    "forget": lambda store, _: store.forget(ANN),
    "compact": lambda store, _: store.compact(),
    "subscribe": lambda store, _: store.subscribe(DAN, parse("sediments"), NOW, most=5),
    "subscribe, as before": lambda store, _: store.subscribe(ANN, parse("clouds"), NOW, workspace="T2"),
    "mute": lambda store, _: store.mute(ANN, 1, muted=True),
    "unsubscribe": lambda store, _: store.unsubscribe(BEN, 1),
    "alert": lambda store, _: store.alert(BEN, Alerting("weekly"), NOW + timedelta(days=2)),
    "follow": lambda store, _: store.follow(Following(ROOM, ("cs.CV",), 7), NOW + timedelta(days=1)),
    "unfollow": lambda store, _: store.unfollow(ROOM),
    "react": lambda store, _: store.react(ROOM, BEN, "2502.00000", -1, NOW),
    "begin_delivery": lambda store, _: store.begin_delivery(),
    "claim": lambda store, _: store.claim(PLATFORMS, NOW),
    "settle, sent": lambda store, claimed: store.settle(claimed, "sent"),
    "settle, dead": lambda store, claimed: store.settle(claimed, "dead", code="msg_too_long"),
    "settle, held": lambda store, claimed: store.settle(claimed, "held", code="restored"),
    "settle, paused": _paused,
    "requeue": lambda store, _: store.requeue(range(1, 100), NOW),
    "let_go": lambda store, _: store.let_go(range(1, 100)),
    "drop": lambda store, _: store.drop(range(1, 100)),
    "release": lambda store, _: store.release(),
    "report": lambda store, _: store.report(
        Report(_SOURCE, "unreachable", "503", NOW, NOW), Delivery(_ADMIN, "report", f"gone {_SOURCE}", NOW.date(), ())
    ),
    "watch": lambda store, _: store.watch(["https://papers.example/cs.CL.md"], NOW),
    "put": lambda store, _: _ledger(store).put("token", "T1", "other"),
    "pop": lambda store, _: _ledger(store).pop("token", "T1", NOW),
    "add": lambda store, _: _ledger(store).add("event", "Ev2", until=NOW + timedelta(hours=1), now=NOW),
    "delete": lambda store, _: _ledger(store).delete("token", "T1"),
    "close": lambda store, _: _ledger(store).close("T1", "account_inactive", NOW, erase_at=NOW + timedelta(days=7)),
    "reopen": lambda store, _: _ledger(store).reopen("T8"),
}


def unknown() -> set[str]:
    """Return the names of the store's writes that are not among those here, by what they call."""
    named = chain(vars(SqliteLedger).items(), inspect.getmembers(SqliteStore, inspect.isfunction))
    public = ((name, each) for name, each in named if inspect.iscoroutinefunction(each) and not name.startswith("_"))
    writing = {name for name, each in public if re.search(r"write\(|_erased\(", inspect.getsource(each))}
    return writing - {name.partition(",")[0] for name in WRITES} - {"write"}


async def furnish(address: str, digests: tuple[Digest, ...] = ()) -> Delivery:
    """Make the database, with some more digests; return what was claimed there and not settled."""
    async with connect(address) as store:
        await store.subscribe(ANN, parse("clouds"), NOW)
        await store.subscribe(BEN, parse('"point clouds" -sediments'), NOW)
        for person in (CAT, GONE):
            await store.subscribe(person, parse("clouds"), NOW)
        await store.alert(BEN, Alerting("daily", Schedule(time(7), "Asia/Tokyo", (0, 1)), (time(22), time(6)), 3))
        await store.follow(Following(ROOM, (), 5, Schedule(time(9), "Europe/Berlin"), owner=ANN))
        for digest in digests:
            await daily.take_in(digest, store, NOW)
        # What is owed to two people in turn ends in each way there is, and the last of it not yet.
        for number, end in enumerate(_ENDS):
            for digest in days.day(number):
                await daily.take_in(_furnished(digest), store, NOW)
            found = await store.claim(PLATFORMS, NOW)
            assert found
            claimed = found
            if end:
                await store.settle(claimed, end)
        await daily.take_in(days.day(len(_ENDS))[2], store, NOW, hold_until=NOW + daily.HOLD)
        ledger = store.ledger("slack")
        await ledger.put("token", "T1", "value")
        await ledger.put("token", "T9", "value of T9")
        await ledger.add("event", "Ev1", until=NOW + timedelta(hours=1), now=NOW)
        await ledger.close("T8", "account_inactive", NOW)
        await ledger.close("T9", "account_inactive", NOW, erase_at=NOW)
        await store.watch([_SOURCE], NOW)
        await store.react(ROOM, ANN, "2501.00000", 1, NOW)
        await store.report(Report(_SOURCE, "late", "", NOW, NOW, date(2025, 1, 3)))
        return claimed


def contents(db: sqlite3.Connection) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield every row of a database, with its table's name; those of the index as what is in it."""
    db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed USING fts5vocab(main, paper_words, instance)")
    tables = db.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall()
    for table in (*sorted(table for (table,) in tables), "indexed"):
        found = db.execute(f"SELECT * FROM {table}")
        names = [name for name, *_ in found.description]
        for row in found:
            yield table, dict(zip(names, row, strict=True))


def _furnished(digest: Digest) -> Digest:
    papers = [
        replace(each, authors=("Ana Müller", "Bo Li"), categories=("cs.CV",), links=(Link("https://a.example/b"),))
        for each in digest.papers
    ]
    return replace(digest, papers=tuple(papers), refused=(Refusal(8, "the title is empty", "### 3."),))


def _corrected(digest: Digest) -> Digest:
    return replace(digest, papers=tuple(replace(each, title=f"{each.title}, once more") for each in digest.papers))
