"""What adapters remember across restarts, and how a workspace is closed and erased: on a real database."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.daily import take_in
from bot.model import Alerting, Delivery, Destination, Digest, Following, Paper, Report
from bot.ports import Store, StoreError
from bot.search.grammar import parse
from storage import connect
from tests.conftest import MakeDigest, MakePaper
from tests.traces import leave

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
# Of papers, digests and sources, and what is counted of them.
_NOBODYS = (
    *("paper", "digest", "listing", "relisting", "edition", "tally", "word", "deletion"),
    *("report", "subscribing", "gap", "sqlite_"),
)
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def personal(path: Path) -> dict[str, list[object]]:
    """Return the rows of every table, but for those of papers, digests, sources: nobody's. A new one is somebody's."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables if not table.startswith(_NOBODYS)
        }


def raw(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.iterdir())


async def test_an_entry_is_remembered_across_a_restart_and_replaced_by_the_next(address: str) -> None:
    async with connect(address) as store:
        await store.ledger("slack").put("team", "T1", "Readers")
        await store.ledger("slack").put("team", "T1", "Writers")
    async with connect(address) as store:
        ledger = store.ledger("slack")
        assert await ledger.get("team", "T1", NOW) == "Writers"
        await ledger.delete("team", "T1")
        assert await ledger.get("team", "T1", NOW) is None


async def test_platforms_and_kinds_do_not_see_each_others_entries(store: Store) -> None:
    await store.ledger("slack").put("team", "T1", "Readers")
    assert await store.ledger("discord").get("team", "T1", NOW) is None
    assert await store.ledger("slack").get("state", "T1", NOW) is None


async def test_an_entry_is_gone_once_its_time_has_come(store: Store) -> None:
    ledger = store.ledger("slack")
    await ledger.put("state", "abc", "1", until=LATER)
    assert await ledger.get("state", "abc", LATER - timedelta(microseconds=1)) == "1"
    assert await ledger.get("state", "abc", LATER) is None
    assert await ledger.pop("state", "abc", LATER) is None


async def test_of_all_who_take_an_entry_at_once_one_has_it(store: Store) -> None:
    ledger = store.ledger("slack")
    await ledger.put("state", "abc", "1", until=LATER)
    taken = await asyncio.gather(*(ledger.pop("state", "abc", NOW) for _ in range(20)))
    assert sorted(taken, key=str) == ["1", *[None] * 19]


async def test_of_all_who_add_an_entry_at_once_one_hears_yes_until_it_has_expired(store: Store) -> None:
    ledger = store.ledger("slack")
    heard = await asyncio.gather(*(ledger.add("event", "T1/E1", until=LATER, now=NOW) for _ in range(20)))
    assert sorted(heard) == [*[False] * 19, True]
    assert await ledger.add("event", "T1/E2", until=LATER, now=NOW)
    assert await ledger.add("event", "T1/E1", until=LATER + timedelta(hours=1), now=LATER)


async def test_what_has_expired_is_deleted_as_new_entries_come(store: Store, tmp_path: Path) -> None:
    ledger = store.ledger("slack")
    for number in range(100):
        await ledger.add("event", f"T1/old{number}", until=LATER, now=NOW)
    await ledger.add("event", "T1/new", until=LATER + timedelta(hours=1), now=LATER)
    assert len(personal(tmp_path / "paperwire.db")["ledger"]) == 1


async def test_what_has_expired_is_deleted_though_no_other_comes(store: Store, tmp_path: Path) -> None:
    ledger = store.ledger("slack")
    await ledger.put("posted", "T1/old", "{}", until=LATER)
    await ledger.put("posted", "T1/new", "{}", until=LATER + timedelta(hours=1))
    await ledger.put("dm", "T1/U1", "D1")
    await store.erase(LATER)
    assert len(personal(tmp_path / "paperwire.db")["ledger"]) == 2


async def test_a_secret_is_not_in_the_file_and_any_key_that_sealed_it_opens_it(address: str, tmp_path: Path) -> None:
    async with connect(address) as store:
        await store.ledger("slack", [OLD]).put("bot", "T1", "xoxb-canary", secret=True)
        rotated = store.ledger("slack", [NEW, OLD])
        assert await rotated.get("bot", "T1", NOW) == "xoxb-canary"
        await rotated.put("bot", "T2", "xoxb-canary", secret=True)
        assert await store.ledger("slack", [NEW]).get("bot", "T2", NOW) == "xoxb-canary"
    assert b"canary" not in raw(tmp_path)


@pytest.mark.parametrize("keys", [[], [NEW]])
async def test_a_secret_whose_key_is_gone_is_an_error_that_says_what_to_do(store: Store, keys: list[str]) -> None:
    await store.ledger("slack", [OLD]).put("bot", "T1", "xoxb-canary", secret=True)
    with pytest.raises(StoreError, match="PAPERWIRE_SECRET_KEY") as caught:
        await store.ledger("slack", keys).get("bot", "T1", NOW)
    assert "canary" not in str(caught.value)


async def test_a_sealed_entry_moved_to_another_workspace_opens_nothing(store: Store, tmp_path: Path) -> None:
    ledger = store.ledger("slack", [OLD])
    await ledger.put("bot", "T1", "xoxb-canary", secret=True)
    with closing(sqlite3.connect(tmp_path / "paperwire.db")) as db, db:
        db.execute("UPDATE ledger SET key = 'T2'")
    with pytest.raises(StoreError):
        await ledger.pop("bot", "T2", NOW)


async def test_a_secret_is_not_kept_where_there_is_no_key(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no key"):
        await store.ledger("slack").put("bot", "T1", "xoxb-canary", secret=True)
    assert personal(tmp_path / "paperwire.db")["ledger"] == []


async def inhabit(store: Store, workspace: str, category: str, digest: MakeDigest, paper: MakePaper) -> None:
    """Leave a trace of a workspace in every table that tells of people: of a query and a category that it alone has."""
    person, room = (Destination("slack", workspace, name) for name in ("@U1", "C1"))
    await store.subscribe(person, parse(workspace), NOW)
    await store.follow(Following(room, (category,), owner=person))
    await take_in(digest("2020-11-20", category, paper(f"2011.1000{workspace[-1]}", workspace)), store, NOW)
    await store.alert(person, Alerting(most=3))
    await store.react(room, person, f"2011.1000{workspace[-1]}", 1, NOW)
    elsewhere = Destination("slack", workspace, "@U3")
    await leave(store, person, room, elsewhere, f"2011.1000{workspace[-1]}", f"of {workspace}", NOW)
    admin = Destination("slack", workspace, "C9")
    late = Report(f"arxiv:{category}", "late", "it is late", NOW, NOW)
    await store.report(late, Delivery(admin, "report", f"late {late.source}", NOW.date(), ()))
    while delivery := await store.claim(["slack"], NOW + timedelta(days=1)):
        await store.settle(delivery, "sent")
    ledger = store.ledger("slack", [OLD])
    await ledger.put("bot", workspace, "xoxb-canary", secret=True)
    await ledger.add("event", f"{workspace}/Ev1", until=LATER + timedelta(days=99), now=NOW)


async def test_an_erased_workspace_leaves_nothing_in_any_table_and_another_everything(
    address: str, tmp_path: Path, digest: MakeDigest, paper: MakePaper
) -> None:
    path = tmp_path / "paperwire.db"
    async with connect(address) as store:
        ledger = store.ledger("slack")
        await inhabit(store, "W1", "cs.CV", digest, paper)
        await ledger.close("W1", "account_inactive", NOW)
        await ledger.put("bot", "W22", "whose id only begins like the other's")
        await store.ledger("discord").put("bot", "W2", "of another platform")
        before = personal(path)

        await inhabit(store, "W2", "cs.CL", digest, paper)
        await ledger.close("W2", "app_uninstalled", NOW, erase_at=LATER)
        inhabited = personal(path)
        assert await store.erase(LATER - timedelta(seconds=1)) == 0
        assert personal(path) == inhabited
        assert [table for table in before if before[table] == inhabited[table]] == []

        assert await store.erase(LATER) == 1
        assert await store.erase(LATER) == 0
        assert personal(path) == before
    assert b"W2/Ev1" not in raw(tmp_path)


async def test_what_people_of_everywhere_did_in_an_erased_workspace_stays_without_where_it_was(store: Store) -> None:
    ledger = store.ledger("discord")
    person, room = Destination("discord", "dm", "@1"), Destination("discord", "G1", "2")
    await store.subscribe(person, parse("lidar"), NOW, workspace="G1")
    await store.subscribe(person, parse("radar"), NOW, workspace="G11")
    await store.follow(Following(room, owner=person))
    await store.begin_delivery()
    notice = Delivery(person, "notice", str(room), NOW.date(), ())
    await take_in(Digest("x", "cs.CV", NOW.date(), (Paper("2011.1", "T"),)), store, NOW)
    post = await store.claim(["discord"], NOW)
    assert post is not None
    await store.settle(post, "pending", code="gone", pause=NOW, owe=notice)
    await ledger.close("G1", "removed", NOW, erase_at=LATER)

    assert await store.erase(LATER) == 1
    assert [each.workspace for each in await store.subscriptions(person)] == ["", "G11"]
    assert await store.claim(["discord"], LATER) is None


async def test_whoever_comes_back_in_time_is_not_erased(store: Store) -> None:
    person = Destination("slack", "T1", "@U1")
    await store.subscribe(person, parse("elephants"), NOW)
    ledger = store.ledger("slack")
    await ledger.close("T1", "app_uninstalled", NOW, erase_at=LATER)
    await ledger.reopen("T1")
    assert await store.erase(LATER) == 0
    assert len(await store.subscriptions(person)) == 1


@pytest.mark.parametrize("ends", [(LATER, None), (None, LATER), (LATER, LATER + timedelta(days=9))])
async def test_however_often_and_in_what_order_a_workspace_is_closed_the_earliest_end_stands(
    store: Store, ends: tuple[datetime | None, ...]
) -> None:
    ledger = store.ledger("slack")
    for end in ends:
        await ledger.close("T1", "tokens_revoked", NOW, erase_at=end)
    assert await store.erase(LATER) == 1


async def test_nothing_is_sent_to_a_closed_workspace_until_it_is_open_again(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(Destination("slack", "T1", "@U1"), parse("elephants"), NOW)
    ledger = store.ledger("slack")
    await ledger.close("T1", "token_revoked", NOW)
    await take_in(digest("2020-11-20", "cs.CV", paper("2011.10001", "Elephants")), store, NOW)
    assert await store.claim(["slack"], LATER) is None
    await ledger.reopen("T1")
    assert await store.claim(["slack"], LATER) is not None
