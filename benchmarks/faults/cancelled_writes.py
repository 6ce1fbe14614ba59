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
from bot.model import Alerting, Delivery, Destination, Digest, Following, Link, Refusal, Report, Schedule
from bot.ports import Club, Meeting, Store
from bot.search.grammar import parse
from storage import connect
from storage.ledger import SqliteLedger
from storage.sqlite import SqliteStore
from tests.kill9 import days

NOW = datetime(2025, 1, 4, 12, tzinfo=UTC)
ROOM = Destination.parse("slack:T1/C1")
ANN, BEN, CAT, DAN = (Destination.parse(f"slack:T1/@U{number}") for number in range(1, 5))
GONE = Destination.parse("slack:T9/@U9")
# One person at two places, and a code of each kind: used there, and not yet.
EVE, EVE_TOO = Destination.parse("slack:T1/@U5"), Destination.parse("discord:dm/@5")
CODE, USED = "ABCDEFGH", "HGFEDCBA"
PLATFORMS = ("slack",)
_ADMIN = Destination.parse("slack:T1/@U0")
_SOURCE = "https://papers.example/cs.CV.md"
_PAPER, _OTHER = "2501.00000", "2502.00000"
_MEETING = Meeting(date(2025, 1, 6), datetime(2025, 1, 6, 13, tzinfo=UTC))

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
    "mute, for a while": lambda store, _: store.mute(ANN, 1, muted=True, until=NOW + timedelta(days=7)),
    "open_feed": lambda store, _: store.open_feed(ANN, 1, "another", NOW),
    "open_feed, anew": lambda store, _: store.open_feed(BEN, 1, "another", NOW, anew=True),
    "close_feed": lambda store, _: store.close_feed(BEN, 1),
    "unsubscribe": lambda store, _: store.unsubscribe(BEN, 1),
    "alert": lambda store, _: store.alert(BEN, Alerting("weekly"), NOW + timedelta(days=2)),
    "follow": lambda store, _: store.follow(Following(ROOM, ("cs.CV",), 7), NOW + timedelta(days=1)),
    "unfollow": lambda store, _: store.unfollow(ROOM),
    "react": lambda store, _: store.react(ROOM, BEN, "2502.00000", -1, NOW),
    "learn": lambda store, _: store.learn(ROOM, learns=False),
    "unlearn": lambda store, _: store.unlearn(ROOM, ANN),
    "share": lambda store, _: store.share(ROOM, BEN, [_PAPER], NOW),
    "name_person": lambda store, _: store.name_person(BEN, ROOM.tenant, "Ben"),
    "name_person, no longer": lambda store, _: store.name_person(ANN, ROOM.tenant, None),
    "save": lambda store, _: store.save(BEN, _PAPER, NOW, most=5),
    "tag": lambda store, _: store.tag(ANN, _PAPER, "to-read", "ml", most=5),
    "untag": lambda store, _: store.untag(ANN, _PAPER, "ml"),
    "unsave": lambda store, _: store.unsave(ANN, _PAPER),
    "owe": lambda store, _: store.owe([Delivery(ROOM, "weekly", "", NOW.date(), ())], NOW),
    "home": lambda store, _: store.home(EVE),
    "offer_link": lambda store, _: store.offer_link(CAT, "K7QF2M9T", NOW + timedelta(minutes=10)),
    "link": lambda store, _: store.link(DAN, CODE, NOW),
    "unlink": lambda store, _: store.unlink(EVE_TOO),
    "begin_club": lambda store, _: store.begin_club(Club(ROOM, Schedule(time(15), "Asia/Tokyo", (2,)), NOW)),
    "end_club": lambda store, _: store.end_club(ROOM),
    "nominate": lambda store, _: store.nominate(ROOM, BEN, _OTHER, NOW),
    "withdraw": lambda store, _: store.withdraw(ROOM, _PAPER),
    "vote": lambda store, _: store.vote(ROOM, BEN, _PAPER, wanted=True),
    "vote, taken back": lambda store, _: store.vote(ROOM, ANN, _PAPER, wanted=False),
    "present": lambda store, _: store.present(ROOM, _PAPER, BEN),
    "draw_up": lambda store, _: store.draw_up(ROOM, replace(_MEETING, day=date(2025, 1, 13)), (_PAPER,), NOW),
    "skip": lambda store, _: store.skip(ROOM, replace(_MEETING, skipped=True), NOW),
    "unskip": lambda store, _: store.unskip(ROOM, _MEETING.day),
    "carry": lambda store, _: store.carry(ROOM, _PAPER),
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
        await store.open_feed(BEN, 1, "hash", NOW)
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
        await store.react(ROOM, ANN, _PAPER, 1, NOW)
        await store.save(ANN, _PAPER, NOW)
        await store.tag(ANN, _PAPER, "ml")
        await store.share(ROOM, ANN, [_PAPER], NOW)
        await store.name_person(ANN, ROOM.tenant, "Ann")
        await store.begin_club(Club(ROOM, Schedule(time(14), "Europe/Berlin", (0,)), NOW, owner=ANN))
        await store.nominate(ROOM, ANN, _PAPER, NOW)
        await store.draw_up(ROOM, _MEETING, (_PAPER,), NOW)
        await store.report(Report(_SOURCE, "late", "", NOW, NOW, date(2025, 1, 3)))
        await store.subscribe(EVE, parse("sediments"), NOW)
        await store.offer_link(EVE, USED, NOW + timedelta(minutes=10))
        await store.link(EVE_TOO, USED, NOW)
        await store.offer_link(EVE_TOO, CODE, NOW + timedelta(minutes=10))
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
