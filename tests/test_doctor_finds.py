"""What the doctor finds wrong in a database that SQLite itself takes for sound; and what a start does."""

import contextlib
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import daily
from bot.config import Settings
from bot.doctor import diagnose
from bot.model import Alerting, Destination, Following, Link, Schedule
from bot.ports import Club, DiskError, Store, StoreError
from bot.search.grammar import parse
from storage import connect, inspect, path
from tests.conftest import MakeDigest, MakePaper

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
FRIDAY = date(2020, 11, 20)
ANN = Destination.parse("slack:T1/@U1")
BEN = Destination.parse("discord:dm/@101")
ROOM = Destination.parse("slack:T1/C1")


@pytest.fixture
async def furnished(address: str, digest: MakeDigest, paper: MakePaper) -> str:
    """Return the address of a closed database with something of everything."""
    shared = paper(
        "2011.00001", "Lidar for C++", "It sees 3 Dinge.", authors=("Ana Müller",), links=(Link("https://a.b/c"),)
    )
    async with connect(address) as store:
        await store.subscribe(ANN, parse('lidar OR "point clouds"'), NOW)
        await store.alert(ANN, Alerting("daily"))
        await store.follow(Following(ROOM, ("cs.CV",)))
        await store.begin_club(Club(ROOM, Schedule(days=(0,)), NOW))
        for number, category in enumerate(("cs.CV", "cs.LG", "cs.CV")):
            others = [paper(f"2011.0001{number}", f"Radar, part {number}", "Lidar comes before it.")]
            await daily.take_in(digest(FRIDAY + timedelta(days=number), category, shared, *others), store, NOW)
        await daily.take_in(digest(FRIDAY, "cs.RO", shared, paper("math/0101001", "Sonar")), store, NOW)
        await store.save(ANN, "2011.00001", NOW)
        await store.nominate(ROOM, ANN, "2011.00001", NOW)
        await store.offer_link(BEN, "ABCDEFGH", NOW + timedelta(minutes=5))
        assert await store.link(ANN, "ABCDEFGH", NOW) == BEN
        await store.offer_link(ANN, "ABCDEFGH", NOW + timedelta(minutes=5))
    return address


def spoilt(address: str, *statements: str) -> tuple[str, ...]:
    """Change a database behind Paperwire's back; return what is found wrong with it. SQLite finds nothing."""
    with contextlib.closing(sqlite3.connect(path(address), isolation_level=None)) as db:
        for each in statements:
            assert db.execute(each).rowcount
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = inspect(address)
    assert found is not None
    return found.trouble


def test_a_sound_database_is_found_sound(furnished: str) -> None:
    assert spoilt(furnished) == ()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE paper SET title = 'lidar for C++' WHERE title LIKE 'Lidar%'",
            "the paper '2011.00001' is not as it was",
        ),
        ("UPDATE paper SET origins = '{}' WHERE id = (SELECT max(id) FROM paper)", "is not as it was written"),
        ("UPDATE word SET papers = papers + 1 WHERE word = 'radar'", "the words are not those"),
        ("UPDATE word SET meant = 0 WHERE word = 'radar'", "misspelt words"),
        ("UPDATE deletion SET words = upper(words) WHERE part = (SELECT min(part) FROM deletion)", "misspelt words"),
        ("INSERT INTO paper_words (rowid, tokens) VALUES (99, 'lidar')", "the index is not that of the papers"),
        ("UPDATE tally SET with_authors = 0", "the tally"),
        ("UPDATE edition SET papers = 7 WHERE category = 'cs.CV' AND day = '2020-11-20'", "the counts of the days"),
        ("UPDATE edition SET papers = 7 WHERE category = '' AND day = '2020-11-20'", "the counts of the days"),
        ("DELETE FROM relisting WHERE day = '2020-11-22'", "listed before"),
        ("DELETE FROM destination WHERE name = '@U1'", "belongs to a row of destination that is not there"),
        ("""UPDATE outbox SET picks = '[["2011.99999", []]]' WHERE kind = 'alert'""", "the papers of deliveries"),
        ("UPDATE outbox SET created_at = '2020-11-20T0A:00:00.000000+00:00'", "a created_at that is no instant"),
        ("UPDATE outbox SET created_at = CAST(x'32FF' AS TEXT)", "a created_at that is no instant"),
        ("UPDATE outbox SET picks = '['", "outbox has a picks that is no json"),
        ("UPDATE digest SET source = CAST(x'32FF' AS TEXT) WHERE id = 1", "digest has a source that is no text"),
        ("UPDATE digest SET refused = '['", "digest has a refused that is no json"),
        ("""UPDATE following SET schedule = '["09:00:00", "Europe/Nowhere", [0]]'""", "no schedule"),
        ("UPDATE subscription SET query = 'lidar OR radar'", "a subscription is not what its query means"),
        ("UPDATE saved SET at = 'today'", "saved has a at that is no instant"),
        ("UPDATE nomination SET met = '2020-11-31'", "nomination has a met that is no day"),
        ("""UPDATE club SET schedule = '["14:00:00", "UTC", [7]]'""", "club has a schedule that is no schedule"),
        ("UPDATE link_code SET until = '2020'", "link_code has a until that is no instant"),
        ("INSERT INTO link SELECT home_id, alias_id FROM link", "the links of people"),
        ("DROP INDEX outbox_alerts", "the tables are not those of schema"),
    ],
)
def test_what_does_not_fit_together_is_found(furnished: str, statement: str, found: str) -> None:
    assert found in "; ".join(spoilt(furnished, statement))


def test_the_doctor_and_the_error_name_the_copy_that_was_kept(furnished: str) -> None:
    file = path(furnished)
    copy = file.with_name(f"{file.name}.v1-before-v2")
    copy.write_bytes(file.read_bytes())
    spoilt(furnished, "UPDATE tally SET papers = 0")
    found = [each for each in diagnose(Settings(furnished), file, lambda: inspect(furnished)) if each.state == "FAIL"]
    assert [each.about for each in found] == ["disk"]
    assert f"type: paperwire restore {copy}" in found[0].text


async def test_a_small_database_that_is_damaged_is_not_even_opened_and_left_as_it_is(furnished: str) -> None:
    file = path(furnished)
    content = bytearray(file.read_bytes())
    at = content.index(b"Radar, part 0") // 4096 * 4096
    content[at : at + 8] = bytes(8)
    file.write_bytes(content)
    with pytest.raises(DiskError, match=r"is damaged: .*restore a backup"):
        async with connect(furnished):
            pass
    assert file.read_bytes() == content


async def test_a_text_that_is_none_is_damage_and_is_not_repeated(store: Store, address: str) -> None:
    await store.ledger("slack").put("token", "T1", "secret")
    with contextlib.closing(sqlite3.connect(path(address), isolation_level=None)) as db:
        db.execute("UPDATE ledger SET value = CAST(x'7365637265FF' AS TEXT)")
    with pytest.raises(DiskError, match="damaged") as caught:
        await store.ledger("slack").get("token", "T1", NOW)
    assert "secre" not in str(caught.value)
    assert isinstance(caught.value, StoreError)


def test_a_schema_that_is_no_text_is_damage_and_no_bug(tmp_path: Path) -> None:
    file = tmp_path / "papers.db"
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE paper (a)")
    # SQLite's error quotes what it reads there, and Python cannot read the error.
    file.write_bytes(file.read_bytes().replace(b"CREATE TABLE paper (a)", b"CREATE \xeeABLE paper (a)"))

    with pytest.raises(DiskError, match="what it says of itself is no text"):
        inspect(f"sqlite:///{file}")
