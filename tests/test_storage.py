"""The contract of `bot.ports.Store`, held on real SQLite files; and what must hold of those files."""

import asyncio
import contextlib
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Literal

import aiosqlite
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from rapidfuzz.distance import OSA

import storage
from bot.model import Delivery, Destination, Digest, Following, Link, Listing, Paper, Pick, Refusal, Schedule
from bot.ports import (
    AlreadyRunning,
    Census,
    DiskError,
    Holdings,
    Inspection,
    Intake,
    Morning,
    Pause,
    SchemaError,
    Store,
    StoreError,
    Taken,
    TooMany,
)
from bot.search.grammar import parse
from bot.search.query import Term
from bot.search.words import beginnings, phrases
from storage import claims, connect, own, path
from storage.opening import inspect
from storage.schema import APPLICATION_ID, MIGRATIONS
from storage.sqlite import SqliteStore
from tests.conftest import MakeDigest, MakePaper

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
FRIDAY = date(2020, 11, 20)
MONDAY = date(2020, 11, 23)
ANN = Destination.parse("slack:T1/@U1")
BEN = Destination.parse("slack:T1/@U2")
ROOM = Destination.parse("discord:G1/C1")


def nothing(_: Morning) -> Iterable[Delivery]:
    return ()


def planned(*deliveries: Delivery) -> Callable[[Morning], Iterable[Delivery]]:
    """Return a plan that owes these, whatever comes in."""
    return lambda _: deliveries


def alerting(*people: Destination, part: int = 1) -> Callable[[Morning], Iterable[Delivery]]:
    """Return a plan that owes these people an alert of every paper."""
    return lambda morning: [
        Delivery(
            to,
            "alert",
            "",
            morning.day,
            tuple(Pick(each.id, ("x",), (1,)) for each in morning.fresh),
            part,
        )
        for to in people
    ]


async def found(store: Store, line: str) -> list[str]:
    return [paper.id for paper in (await store.search(parse(line))).papers]


def dump(address: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, the index's own among them."""
    with contextlib.closing(sqlite3.connect(path(address))) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in tables if name != "paper_words"}


def stored(address: str) -> dict[str, list[tuple[object, ...]]]:
    """Return what is stored about papers, without the numbers that SQLite gives rows and the time of writing."""
    with contextlib.closing(sqlite3.connect(path(address))) as db:
        db.execute("CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, paper_words, instance)")
        columns = ", ".join(name for _, name, *_ in db.execute("PRAGMA table_info(paper)") if name != "id")
        return {
            "papers": db.execute(f"SELECT {columns} FROM paper ORDER BY arxiv_id").fetchall(),
            "listings": db.execute(
                "SELECT l.day, category, position, arxiv_id FROM listing AS l JOIN paper ON id = paper_id "
                "ORDER BY 1, 2, 3"
            ).fetchall(),
            "digests": db.execute("SELECT day, category, refused, source FROM digest ORDER BY 1, 2").fetchall(),
            "words": db.execute(
                'SELECT arxiv_id, col, "offset", term FROM word JOIN paper ON id = doc ORDER BY 1, 2, 3'
            ).fetchall(),
        }


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def digested(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# Taking in


async def test_a_digest_is_stored_as_it_was_given(store: Store, digest: MakeDigest) -> None:
    given_ = Paper(
        "hep-th/9901001",
        "On x²",
        "Gains of 4% & more.",
        "On $x^2$",
        "Gains of 4\\% &amp; more.",
        ("Kaiming He", "Łukasz Kaiser"),
        ("hep-th", "cs.CV"),
        (Link("https://github.com/a/b", "code"), Link("https://a.b")),
        3,
    )
    refusal = Refusal(9, "the title is empty", "### 2.")
    assert await store.take_in(digest(FRIDAY, "cs.CV", given_, refused=(refusal,)), nothing, NOW) == Intake(1, 0, 0, 0)
    (read,) = await store.papers(["hep-th/9901001"])
    listing = Listing(FRIDAY, "cs.CV")
    assert read.listings == (listing,)
    assert Paper(*[getattr(read, name) for name in Paper.__match_args__[:-1]]) == given_
    assert await store.digests(FRIDAY) == (Taken("cs.CV", FRIDAY, 1, 2, (refusal,)),)
    assert await store.digests(MONDAY) == ()


async def test_taking_the_same_digest_in_again_changes_no_row(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    twice = digest(
        FRIDAY, "cs.CV", paper("2011.00001", "Lidar"), paper("2011.00002", "Radar"), refused=(Refusal(3, "no id"),)
    )
    assert await store.take_in(twice, alerting(ANN), NOW) == Intake(2, 0, 0, 1)
    before = dump(address)
    assert await store.take_in(twice, alerting(ANN), NOW + timedelta(days=1)) == Intake(0, 2, 0, 0)
    assert dump(address) == before


async def test_a_corrected_digest_updates_text_and_index(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar", "Old scans")), nothing, NOW)
    fixed = digest(FRIDAY, "cs.CV", paper("2011.00001", "Radar", "New scans"))
    assert await store.take_in(fixed, nothing, NOW) == Intake(0, 1, 1, 0)
    assert await found(store, "lidar OR old") == []
    assert await found(store, "title:radar abstract:new") == ["2011.00001"]
    assert await store.frequencies(["lidar", "old", "radar", "new", "scan"]) == {"radar": 1, "new": 1, "scan": 1}
    assert await store.near("lidar", 2) == {"radar": 1}


async def test_an_entry_added_later_joins_its_digest(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    one, two = paper("2011.00001", "One"), paper("2011.00002", "Two")
    await store.take_in(digest(FRIDAY, "cs.CV", one, refused=(Refusal(3, "no id"),)), nothing, NOW)
    assert await store.take_in(digest(FRIDAY, "cs.CV", two, one), nothing, NOW) == Intake(1, 1, 0, 0)
    assert [each.id for each in (await store.listed(FRIDAY)).papers] == ["2011.00002", "2011.00001"]
    (taken,) = await store.digests(FRIDAY)
    assert (taken.stored, taken.declared, taken.refused) == (2, 2, ())


async def test_one_paper_on_two_days_and_in_two_categories_is_one_paper(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    same = paper("2011.00001", "Lidar", categories=("eess.IV",))
    for day, category in ((FRIDAY, "cs.CV"), (FRIDAY, "cs.RO"), (MONDAY, "cs.CV")):
        await store.take_in(digest(day, category, same), nothing, NOW)
    (read,) = await store.papers(["2011.00001"])
    assert read.listings == (Listing(FRIDAY, "cs.CV"), Listing(FRIDAY, "cs.RO"), Listing(MONDAY, "cs.CV"))
    assert read.every_category == ("eess.IV", "cs.CV", "cs.RO")
    for line in ("cat:cs.CV", "cat:cs.RO", "cat:eess", "on:2020-11-20", "on:2020-11-23", "before:2020-11-21"):
        assert await found(store, line) == ["2011.00001"]
    assert (await store.listed(FRIDAY)).total == (await store.listed(FRIDAY, "cs.RO")).total == 1
    assert await store.count(FRIDAY, MONDAY) == 1
    assert await store.size() == 1


async def test_what_one_listing_lacks_another_fills_in_whichever_comes_first(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    bare = digest(MONDAY, "cs.RO", paper("2011.00001", "Lidar, revised", authors=("K. He",)))
    full = digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar", "We scan.", version=2))
    await store.take_in(bare, nothing, NOW)
    assert await store.take_in(full, nothing, NOW) == Intake(0, 1, 1, 0)
    (read,) = await store.papers(["2011.00001"])
    assert (read.title, read.abstract, read.authors, read.version) == ("Lidar, revised", "We scan.", ("K. He",), 2)
    assert await found(store, "revised scan author:he") == ["2011.00001"]
    # An entry without abstract is no correction of one with it.
    assert await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), nothing, NOW) == Intake(
        0, 1, 0, 0
    )
    assert (await store.papers(["2011.00001"]))[0].abstract == "We scan."


facts = st.builds(
    Paper,
    st.sampled_from(["2011.00001", "2011.00002"]),
    st.sampled_from(["Lidar", "Radar scans", "Point-clouds"]),
    st.sampled_from(["", "", "We scan.", "We measure."]),
    st.sampled_from(["Lidar", "$Radar$"]),
    st.sampled_from(["", "We scan."]),
    st.sampled_from([(), (), ("K. He",), ("Ł. Kaiser", "K. He")]),
    st.sampled_from([(), ("cs.CV",), ("cs.LG", "cs.CV")]),
    st.sampled_from([(), (Link("https://github.com/a/b", "code"),), (Link("https://a.b"),)]),
    st.sampled_from([None, 1, 2]),
)
digests = st.lists(
    st.builds(
        lambda day, category, papers: Digest("test", category, day, tuple(papers)),
        st.sampled_from([FRIDAY, MONDAY]),
        st.sampled_from(["cs.CV", "cs.LG"]),
        st.lists(facts, min_size=1, max_size=2, unique_by=lambda each: each.id),
    ),
    min_size=2,
    max_size=4,
    unique_by=lambda each: (each.day, each.category),
)


@given(digests, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_digests_makes_no_difference_to_what_is_stored(ordered: list[Digest], random: Random) -> None:
    async def take_in(order: Iterable[Digest], address: str) -> dict[str, list[tuple[object, ...]]]:
        async with connect(address) as store:
            for each in order:
                await store.take_in(each, nothing, NOW)
        return stored(address)

    orders = list(permutations(ordered))
    random.shuffle(orders)
    with tempfile.TemporaryDirectory() as folder:
        first, *others = [
            asyncio.run(take_in(order, f"sqlite:///{folder}/{number}.db"))
            for number, order in enumerate([ordered, *orders[:1]])
        ]
    assert all(other == first for other in others)


async def test_a_plan_sees_what_the_digest_changed(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    seen: list[Morning] = []

    def plan(morning: Morning) -> Iterable[Delivery]:
        seen.append(morning)
        return alerting(ANN, part=len(seen))(morning)

    await store.subscribe(ANN, parse("one"), NOW)
    await store.subscribe(BEN, parse("one"), NOW)
    await store.mute(BEN, 1, muted=True)
    following = Following(ROOM, ("cs.CV",), 3)
    await store.follow(following)
    one, two = paper("2011.00001", "One"), paper("2011.00002", "Two")
    await store.take_in(digest(FRIDAY, "cs.CV", one), plan, NOW)
    await store.take_in(digest(FRIDAY, "cs.CV", one), plan, NOW)
    assert await store.claim(["slack"], NOW)
    await store.take_in(digest(FRIDAY, "cs.CV", one, two), plan, NOW)
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "One", "More.")), plan, NOW)
    first, second, third = seen
    assert (first.category, first.day, first.at, first.first) == ("cs.CV", FRIDAY, NOW, True)
    assert first.followings == (following,)
    assert list(first.subscribers.match(first.fresh).picks()) == [(str(ANN), (Pick("2011.00001"),))]
    assert [each.id for each in first.fresh] == ["2011.00001"]
    assert [each.listings for each in first.fresh] == [(Listing(FRIDAY, "cs.CV"),)]
    assert (dict(first.told), dict(first.parts)) == ({}, {})
    assert (second.first, [each.id for each in second.fresh]) == (False, ["2011.00002"])
    assert (dict(second.told), dict(second.parts)) == ({}, {ANN: 1})
    assert [each.abstract for each in third.fresh] == ["More."]
    assert (dict(third.told), dict(third.parts)) == ({ANN: frozenset({"2011.00001"})}, {ANN: 1})
    assert dict(third.shown) == {}


async def test_a_plan_that_fails_leaves_nothing_behind(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    def plan(_: Morning) -> Iterator[Delivery]:
        yield Delivery(ANN, "alert", "cs.CV", FRIDAY, ())
        raise ZeroDivisionError

    await store.subscribe(ANN, parse("lidar"), NOW)
    before = dump(address)
    with pytest.raises(ZeroDivisionError):
        await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), plan, NOW)
    assert dump(address) == before
    assert await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), alerting(ANN), NOW) == Intake(
        1, 0, 0, 1
    )


# Finding


async def test_the_title_counts_more_than_the_abstract_and_there_what_speaks_of_it_most(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    old = digest(
        FRIDAY,
        "cs.CV",
        paper("2011.00001", "Lidar scans"),
        paper("2011.00002", "A lidar", "lidar lidar lidar"),
        paper("2011.00003", "Scans", "lidar lidar lidar"),
        paper("2011.00004", "Lidar and scans"),
    )
    new = digest(MONDAY, "cs.CV", paper("2011.00005", "Scans", "of lidar"), paper("2011.00006", "On lidar"))
    await store.take_in(old, nothing, NOW)
    await store.take_in(new, nothing, NOW)
    assert (await found(store, "lidar"))[0] == "2011.00006"
    assert set((await found(store, "lidar"))[1:4]) == {"2011.00001", "2011.00002", "2011.00004"}
    assert (await found(store, "lidar"))[4:] == ["2011.00003", "2011.00005"]
    # Both words in the title, as a phrase before apart.
    assert (await found(store, "lidar scans"))[:2] == ["2011.00001", "2011.00004"]
    assert (await found(store, "abstract:lidar"))[0] == "2011.00005"
    assert await found(store, "on:2020-11-23") == ["2011.00005", "2011.00006"]


@pytest.mark.parametrize("line", ["lidar", "lidar*", "has:code", "cat:cs.CV -radar", "lidar OR scans"])
async def test_pages_put_together_are_one_long_page(
    store: Store, digest: MakeDigest, paper: MakePaper, line: str
) -> None:
    links = (Link("https://github.com/a/b", "code"),)
    for day in (FRIDAY, MONDAY):
        papers = [
            paper(f"{day:%y%m}.{day.day}{n:03}", "Lidar" if n % 3 else "Scans", "lidar scans " * (n % 2), links=links)
            for n in range(20)
        ]
        await store.take_in(digest(day, "cs.CV", *papers), nothing, NOW)
    whole = await store.search(parse(line), limit=100)
    pages = [await store.search(parse(line), limit=7, offset=offset) for offset in range(0, 49, 7)]
    assert {page.total for page in pages} == {whole.total} == {len(whole.papers)}
    assert [each for page in pages for each in page.papers] == list(whole.papers)
    assert len({each.id for each in whole.papers}) == len(whole.papers) > 10
    assert pages[-1].papers == ()


async def test_a_search_keeps_to_days_both_inclusive(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    for n, day in enumerate((date(2020, 11, 19), FRIDAY, MONDAY)):
        await store.take_in(digest(day, "cs.CV", paper(f"2011.0000{n}", "Lidar")), nothing, NOW)

    async def between(since: date | None, until: date | None) -> list[str]:
        return sorted(each.id for each in (await store.search(parse("lidar"), since=since, until=until)).papers)

    assert await between(FRIDAY, FRIDAY) == ["2011.00001"]
    assert await between(FRIDAY, None) == ["2011.00001", "2011.00002"]
    assert await between(None, FRIDAY) == ["2011.00000", "2011.00001"]
    assert await between(date(2020, 11, 21), date(2020, 11, 22)) == []
    assert await store.count(FRIDAY, MONDAY) == 2
    assert await store.count(date(2020, 11, 21), date(2020, 11, 22)) == 0


async def test_a_day_is_listed_in_the_order_of_its_digests_each_paper_once(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    each = [paper(f"2011.0000{n}", f"Paper {n}") for n in range(5)]
    await store.take_in(digest(FRIDAY, "cs.LG", each[0], each[1], each[4]), nothing, NOW)
    await store.take_in(digest(FRIDAY, "cs.CV", each[3], each[1], each[2]), nothing, NOW)
    await store.take_in(digest(MONDAY, "cs.CV", each[0]), nothing, NOW)

    async def listed(category: str | None = None, limit: int = 10, offset: int = 0) -> str:
        page = await store.listed(FRIDAY, category, limit=limit, offset=offset)
        return f"{''.join(paper.id[-1] for paper in page.papers)} of {page.total}"

    assert await listed() == "31204 of 5"
    assert await listed("cs.LG") == "014 of 3"
    assert await listed("cs") == " of 0"
    assert [await listed(limit=2, offset=offset) for offset in (0, 2, 4, 6)] == [
        "31 of 5",
        "20 of 5",
        "4 of 5",
        " of 5",
    ]


async def test_papers_come_in_the_order_asked_and_unknown_ones_are_left_out(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    ids = [f"2011.{n:05}" for n in range(15)]
    await store.take_in(digest(FRIDAY, "cs.CV", *(paper(each, "Lidar") for each in ids)), nothing, NOW)
    asked = [*reversed(ids), "2011.99999", "'; DROP TABLE paper", "\ud800"]
    assert [each.id for each in await store.papers(asked)] == list(reversed(ids))
    assert await store.papers([]) == ()


async def test_the_store_says_which_days_and_categories_it_has(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    assert (await store.newest(), await store.categories(), await store.digests(FRIDAY)) == (None, (), ())
    await store.take_in(digest(FRIDAY, "cs.LG", paper("2011.00001", "Lidar", authors=("K. He",))), nothing, NOW)
    await store.take_in(
        digest(FRIDAY, "cs.CV", paper("2011.00002", "Radar"), refused=(Refusal(3, "no id", "###"),)), nothing, NOW
    )
    await store.take_in(digest(MONDAY, "cs.CV", source="b.md"), nothing, NOW)
    # A digest without papers is no day to show.
    assert await store.newest() == await store.newest("cs.CV") == FRIDAY
    await store.take_in(digest(MONDAY, "cs.CV", paper("2011.00003", "Sonar")), nothing, NOW)
    assert await store.newest() == await store.newest("cs.CV") == MONDAY
    assert await store.newest("cs.LG") == await store.newest(until=date(2020, 11, 22)) == FRIDAY
    assert await store.newest("cs") is await store.newest(until=date(2020, 11, 19)) is None
    assert await store.categories() == ("cs.CV", "cs.LG")
    taken = await store.digests(FRIDAY)
    assert [(each.category, each.stored, each.declared) for each in taken] == [("cs.CV", 1, 2), ("cs.LG", 1, 1)]
    assert await store.digests(MONDAY) == (Taken("cs.CV", MONDAY, 1, 1),)


async def test_titles_are_found_by_their_words_those_taken_in_last_first(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    one = paper("2011.00002", "Point Clouds of Roads", "Sonar and clutter.")
    other = paper("2011.00001", "Cloud Points", "Lidar.")
    await store.take_in(digest(FRIDAY, "cs.CV", one), nothing, NOW)
    await store.take_in(digest(MONDAY, "cs.CV", other), nothing, NOW)

    async def titles(*words: str, limit: int = 10) -> list[str]:
        return list(await store.titles([Term(beginnings(word), "") for word in words], limit=limit))

    assert await store.titles(limit=10) == {"2011.00001": "Cloud Points", "2011.00002": "Point Clouds of Roads"}
    assert await titles("clo") == ["2011.00001", "2011.00002"]
    assert await titles("clo", limit=1) == ["2011.00001"]
    assert await titles("clo", "roa") == ["2011.00002"]
    assert await titles("point clo") == ["2011.00002"]
    assert await titles("sona") == []
    assert list(await store.titles([Term(phrases("point cloud"), ""), Term(phrases("road"), "")], limit=10)) == [
        "2011.00002"
    ]


async def test_titles_are_found_by_the_beginning_of_their_ids(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    ids = ("2011.00001", "2011.00002", "2012.00001", "hep-th/9901001")
    await store.take_in(digest(FRIDAY, "cs.CV", *(paper(each, f"Of {each}") for each in ids)), nothing, NOW)

    assert await store.titles_from("2011", limit=10) == {
        "2011.00002": "Of 2011.00002",
        "2011.00001": "Of 2011.00001",
    }
    assert list(await store.titles_from("2011.00001", limit=10)) == ["2011.00001"]
    assert list(await store.titles_from("hep", limit=10)) == ["hep-th/9901001"]
    assert list(await store.titles_from("20", limit=1)) == ["2012.00001"]
    assert list(await store.titles_from("2011.0000%", limit=10)) == []


async def test_days_are_the_newest_first_with_how_many_papers_each_has(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    shared = paper("2011.00001", "Shared")
    await store.take_in(digest(FRIDAY, "cs.CV", shared, paper("2011.00002", "Other")), nothing, NOW)
    await store.take_in(digest(FRIDAY, "cs.LG", shared), nothing, NOW)
    await store.take_in(digest(MONDAY, "cs.CV"), nothing, NOW)

    assert await store.days() == (MONDAY, FRIDAY)
    assert await store.counts([FRIDAY, MONDAY, date(2020, 1, 1)]) == {FRIDAY: 2}
    assert await store.counts([]) == {}


async def test_words_are_counted_by_papers(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    await store.take_in(
        digest(
            FRIDAY,
            "cs.CV",
            paper("2011.00001", "Lidar", "lidar Lidars radar", authors=("Sonar",)),
            paper("2011.00002", "", "pre-training lidar"),
        ),
        nothing,
        NOW,
    )
    assert await store.frequencies(["lidar", "radar", "sonar", "lidars", "pretraining"]) == {
        "lidar": 2,
        "radar": 1,
        "pretraining": 1,
    }
    assert await store.frequencies([]) == {}
    assert await store.frequencies(["pre", "training", "¶"]) == {"pre": 1, "training": 1}


@pytest.mark.parametrize(
    ("typed", "edits", "near"),
    [
        ("lidar", 1, {"lidar": 2}),
        ("lidra", 1, {"lidar": 2}),
        ("idar", 1, {"lidar": 2}),
        ("xlidar", 1, {"lidar": 2}),
        ("xidar", 1, {"lidar": 2}),
        ("xidra", 1, {}),
        ("xidra", 2, {"lidar": 2}),
        ("lidarss", 2, {"lidar": 2}),
        ("radra", 2, {"radar": 1}),
        ("segmentatoin", 1, {"segmentation": 1}),
        ("segmentatinos", 2, {"segmentation": 1}),
        ("map", 1, {}),  # too short to tell
        ("yolov", 1, {}),  # a name
    ],
)
async def test_a_word_is_near_its_misspelling(
    store: Store, digest: MakeDigest, paper: MakePaper, typed: str, edits: int, near: dict[str, int]
) -> None:
    papers = (
        paper("2011.00001", "Lidar", "Radar segmentation of map with YOLOv5"),
        paper("2011.00002", "Lidar"),
    )
    await store.take_in(digest(FRIDAY, "cs.CV", *papers), nothing, NOW)
    assert await store.near(typed, edits) == near


async def test_all_words_are_near_that_comparing_each_finds(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    chance = Random(0)
    words = {"".join(chance.choices("abé", k=chance.randint(4, 9))) for _ in range(400)}
    folded = {word.replace("é", "e") for word in words}
    halves = [" ".join(list(words)[at::2]) for at in range(2)]
    for day, text in zip((FRIDAY, MONDAY), halves, strict=True):
        await store.take_in(digest(day, "cs.CV", paper(f"2011.0000{day.day % 9}", text)), nothing, NOW)
    for word in sorted(folded)[::7]:
        for edits in (1, 2):
            near = {other for other in folded if OSA.distance(word, other) <= edits}
            assert set(await store.near(word, edits)) == near


async def test_no_word_is_near_at_three_edits(store: Store) -> None:
    with pytest.raises(ValueError, match="3 edits"):
        await store.near("lidar", 3)


async def test_a_large_store_takes_a_word_for_meant_that_two_papers_have(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    with contextlib.closing(sqlite3.connect(path(address))) as db, db:
        db.execute("UPDATE tally SET papers = 1000000")
    for number, near in enumerate(({}, {"lidar": 2}, {"lidar": 3}), start=1):
        await store.take_in(digest(FRIDAY, "cs.CV", paper(f"2011.{number:05}", "Lidar")), nothing, NOW)
        assert await store.near("lidra", 1) == near


async def test_the_census_counts_everything(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    assert (await store.holdings(), await store.census()) == (Holdings(0, 0, 0, None, None), Census(0, 0, 0, 0))
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.subscribe(ANN, parse("radar"), NOW)
    ends: tuple[Literal["sent", "dead", "expired"] | None, ...] = ("sent", "dead", "expired", None)
    for n, end in enumerate(ends):
        day = MONDAY + timedelta(days=n)
        authors = ("K. He",) if n else ()
        await store.take_in(digest(day, "cs.CV", paper(f"2011.0000{n}", "Lidar", authors=authors)), alerting(ANN), NOW)
        claimed = await store.claim(["slack"], NOW)
        assert claimed
        if end:
            await store.settle(claimed, end)
    assert await store.holdings() == Holdings(4, 3, 4, MONDAY, MONDAY + timedelta(days=3))
    assert await store.census() == Census(2, 1, 1, 2)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is None
    # What nobody wanted any more was not given up.
    await store.begin_delivery()
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    await store.settle(claimed, "dead", code="unwanted", tried=False)
    assert (await store.census()).dead == 2


async def test_papers_are_similar_by_the_most_and_the_rarest_words(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    papers = [
        paper("2011.00001", "Lidar of roads", "Point clouds."),
        paper("2011.00002", "Point processes", "Of images."),
        paper("2011.00003", "Clouds", "Points seen by lidar.", authors=("Sonar Radar",)),
        paper("2011.00004", "Images", "Only images."),
        *(paper(f"2012.{n:05}", "Nothing", "Points of view.") for n in range(20)),
    ]
    await store.take_in(digest(FRIDAY, "cs.CV", *papers), nothing, NOW)

    async def similar(without: str = "", limit: int = 10, **words: float) -> list[str]:
        return [each.id[-5:] for each in await store.similar(words, without=without, limit=limit)]

    assert (await similar(lidar=3, cloud=2, point=1))[:4] == ["00001", "00003", "00002", "00000"]
    assert await similar(lidar=3, cloud=2, point=1, without="2011.00001", limit=1) == ["00003"]
    assert await similar(image=1) == ["00002", "00004"]
    assert await similar(lidar=1, image=2) == ["00002", "00004", "00001", "00003"]
    assert await similar(cscv=1, sonar=1, unheard=1) == await similar() == []


# People and rooms


async def test_subscribing_again_is_harmless(store: Store) -> None:
    first, new = await store.subscribe(ANN, parse("Point Clouds"), NOW)
    assert (first.person, first.number, first.query, first.since, new) == (ANN, 1, "Point Clouds", NOW, True)
    for line in ("Point Clouds", "point cloud", '"cloud"  POINT'):
        assert await store.subscribe(ANN, parse(line), NOW + timedelta(days=1)) == (first, False)
    second, new = await store.subscribe(ANN, parse('"point cloud"'), NOW)
    assert (second.number, new) == (2, True)
    assert await store.subscriptions(ANN) == (first, second)


async def test_a_number_is_never_given_twice(store: Store) -> None:
    for line in ("one", "two"):
        await store.subscribe(ANN, parse(line), NOW)
    gone = await store.unsubscribe(ANN, 2)
    assert gone is not None
    assert (gone.number, gone.query) == (2, "two")
    assert await store.unsubscribe(ANN, 2) is None
    assert [(await store.subscribe(ANN, parse(line), NOW))[0].number for line in ("two", "one", "three")] == [3, 1, 4]


async def test_what_is_one_too_many_is_taken_back_whole(store: Store, address: str) -> None:
    for who in (ANN, BEN):
        await store.subscribe(who, parse("lidar"), NOW, most=2)
    await store.subscribe(ANN, parse("radar"), NOW, most=2)
    before = dump(address)

    with pytest.raises(TooMany) as full:
        await store.subscribe(ANN, parse("sonar"), NOW, most=2)
    assert full.value.count == 2
    assert dump(address) == before
    assert await store.subscribe(ANN, parse("Radars"), NOW, most=1) == ((await store.subscriptions(ANN))[1], False)
    await store.unsubscribe(ANN, 1)
    assert (await store.subscribe(ANN, parse("sonar"), NOW, most=2))[0].number == 3


async def test_what_counts_nowhere_counts_where_it_is_subscribed_to_again(store: Store) -> None:
    person = Destination.parse("discord:dm/@1")

    async def made_in(workspace: str) -> str:
        found, _ = await store.subscribe(person, parse("lidar"), NOW, workspace=workspace)
        assert (found,) == await store.subscriptions(person)
        return found.workspace

    assert await made_in("dm") == "dm"
    assert await made_in("G1") == "G1"
    assert await made_in("G2") == "G1"
    await store.ledger("discord").close("G1", "removed", NOW, erase_at=NOW)
    await store.erase(NOW)
    assert await made_in("G2") == "G2"


async def test_rooms_are_counted_in_their_workspace_and_people_never(store: Store, address: str) -> None:
    for name in ("slack:T1/C1", "slack:T1/C2", "slack:T2/C1", "discord:T1/C1", "slack:T1/@U1", "slack:T1/@U2"):
        await store.follow(Following(Destination.parse(name)), most=2)
    before = dump(address)

    with pytest.raises(TooMany) as full:
        await store.follow(Following(Destination.parse("slack:T1/C3")), most=2)
    assert full.value.count == 2
    assert dump(address) == before
    await store.follow(Following(Destination.parse("slack:T1/C1"), count=3), most=1)
    await store.follow(Following(Destination.parse("slack:T1/@U3")), most=2)
    await store.unfollow(Destination.parse("slack:T1/C1"))
    await store.follow(Following(Destination.parse("slack:T1/C3")), most=2)


async def test_following_again_replaces_the_settings(store: Store) -> None:
    assert await store.following(ROOM) is None
    await store.follow(Following(ROOM))
    wanted = Following(ROOM, ("cs.CV", "cs.LG"), 3, Schedule(time(9, 30), "Asia/Kathmandu", (0, 6)), ANN)
    await store.follow(wanted)
    assert await store.following(ROOM) == wanted
    await store.follow(Following(ROOM, ("cs.CV", "cs.LG"), 3))
    assert await store.following(ROOM) == Following(ROOM, ("cs.CV", "cs.LG"), 3)
    await store.unfollow(ROOM)
    await store.unfollow(ROOM)
    assert await store.following(ROOM) is None


PLACES = [
    Destination(platform, workspace, name)
    for platform, workspace in (("slack", "T1"), ("slack", "T2"), ("discord", "T1"))
    for name in ("@U1", "@U2", "C1")
]


class Tenants(RuleBasedStateMachine):
    """People and rooms of the same names in three workspaces do as they like; nobody sees or changes another's."""

    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.stack = contextlib.AsyncExitStack()

        async def begin() -> Store:
            return await self.stack.enter_async_context(connect(f"sqlite:///{self.folder.name}/papers.db"))

        self.store = self.runner.run(begin())
        self.subscribed: dict[Destination, dict[int, str]] = {each: {} for each in PLACES}
        self.numbered = dict.fromkeys(PLACES, 0)
        self.muted: dict[tuple[Destination, int], bool] = {}
        self.followed: dict[Destination, Following] = {}

    @rule(target=numbers, who=st.sampled_from(PLACES), line=st.sampled_from(["lidar", "radar", "lidar -radar"]))
    def subscribe(self, who: Destination, line: str) -> int:
        subscription, new = self.runner.run(self.store.subscribe(who, parse(line), NOW))
        assert new == (line not in self.subscribed[who].values())
        if new:
            self.numbered[who] += 1
            assert subscription.number == self.numbered[who]
            self.subscribed[who][subscription.number] = line
        assert (subscription.person, self.subscribed[who][subscription.number]) == (who, line)
        return subscription.number

    @rule(who=st.sampled_from(PLACES), number=numbers)
    def unsubscribe(self, who: Destination, number: int) -> None:
        gone = self.runner.run(self.store.unsubscribe(who, number))
        assert (gone and gone.query) == self.subscribed[who].pop(number, None)

    @rule(who=st.sampled_from(PLACES), number=numbers, muted=st.booleans())
    def mute(self, who: Destination, number: int, muted: bool) -> None:
        kept = self.runner.run(self.store.mute(who, number, muted=muted))
        assert (kept and (kept.query, kept.muted)) == (
            (self.subscribed[who][number], muted) if number in self.subscribed[who] else None
        )
        if kept:
            self.muted[who, number] = muted

    @rule(who=st.sampled_from(PLACES), count=st.integers(1, 9))
    def follow(self, who: Destination, count: int) -> None:
        self.followed[who] = Following(who, (), count)
        self.runner.run(self.store.follow(self.followed[who]))

    @rule(who=st.sampled_from(PLACES))
    def unfollow(self, who: Destination) -> None:
        self.followed.pop(who, None)
        self.runner.run(self.store.unfollow(who))

    @invariant()
    def everybody_sees_what_is_theirs_and_nothing_else(self) -> None:
        for who in PLACES:
            held = self.runner.run(self.store.subscriptions(who))
            assert {each.number: each.query for each in held} == self.subscribed[who]
            assert all(each.person == who for each in held)
            assert all(each.muted == self.muted.get((who, each.number), False) for each in held)
            assert self.runner.run(self.store.following(who)) == self.followed.get(who)

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


TestTenants = Tenants.TestCase
TestTenants.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)


# The outbox


Owe = Callable[..., Awaitable[None]]


@pytest.fixture
def owe(store: Store, digest: MakeDigest, paper: MakePaper) -> Owe:
    """Return a function that owes an alert of each of these days to each of these people."""

    async def owe(*people: Destination, days: Iterable[date] = (FRIDAY,)) -> None:
        for person in people:
            await store.subscribe(person, parse("lidar"), NOW)
        for day in days:
            await store.take_in(digest(day, "cs.CV", paper(f"2011.{day:%m%d}0", "Lidar")), alerting(*people), NOW)

    return owe


async def test_what_is_owed_comes_back_as_it_was_planned(store: Store, owe: Owe) -> None:
    await owe(ANN)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    assert (claimed.to, claimed.kind, claimed.topic, claimed.day) == (ANN, "alert", "", FRIDAY)
    assert claimed.picks == (Pick("2011.11200", ("x",)),)
    assert (claimed.part, claimed.attempts, claimed.uncertain) == (1, 1, False)
    await store.settle(claimed, "sent")
    assert await store.claim(["slack"], NOW) is None


async def test_only_what_can_be_sent_now_is_claimed(store: Store, owe: Owe) -> None:
    await owe(ANN, ROOM)
    assert await store.claim([], NOW) is None
    assert await store.claim(["console"], NOW) is None
    claimed = await store.claim(["console", "discord"], NOW)
    assert claimed is not None
    assert claimed.to == ROOM


async def test_a_destination_gets_its_messages_in_order_and_one_at_a_time(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    for person in (ANN, BEN):
        await store.follow(Following(person))
    for number, topic in enumerate(("cs.RO", "cs.CV")):
        owed = [Delivery(person, "highlights", topic, FRIDAY, ()) for person in (ANN, BEN)]
        await store.take_in(digest(FRIDAY, topic, paper(f"2011.0000{number}", "Lidar")), planned(*owed), NOW)
    first, other = await store.claim(["slack"], NOW), await store.claim(["slack"], NOW)
    assert first is not None
    assert other is not None
    assert (first.to, first.topic) == (ANN, "cs.RO")  # planned first
    assert (other.to, other.topic) == (BEN, "cs.RO")
    assert await store.claim(["slack"], NOW) is None
    later = NOW + timedelta(seconds=30)
    await store.settle(first, "pending", code="ratelimited", not_before=later)
    await store.settle(other, "dead", code="msg_too_long")
    follow_up = await store.claim(["slack"], NOW)
    assert follow_up is not None
    assert (follow_up.to, follow_up.topic) == (BEN, "cs.CV")
    # What waits holds back what comes after it, to the second.
    assert await store.claim(["slack"], later - timedelta(microseconds=1)) is None
    again = await store.claim(["slack"], later.astimezone(None))
    assert again is not None
    assert (again.id, again.attempts, again.key) == (first.id, 2, first.key)
    assert (again.tried_at, follow_up.tried_at) == (NOW, NOW)


async def test_a_pause_holds_everything_for_a_destination_until_somebody_there_speaks(store: Store, owe: Owe) -> None:
    await owe(ANN, BEN, ROOM)
    everywhere = ["slack", "discord"]
    ann, ben, room = [await store.claim(everywhere, NOW) for _ in range(3)]
    assert ann is not None
    assert ben is not None
    assert room is not None
    await owe(ANN, BEN, ROOM, days=(MONDAY,))
    await store.settle(ann, "pending", code="channel_not_found", pause=NOW)
    await store.settle(room, "pending", pause=NOW)
    await store.settle(ben, "sent")
    theirs = await store.claim(everywhere, NOW)
    assert theirs is not None
    assert (theirs.to, theirs.day) == (BEN, MONDAY)
    assert await store.claim(everywhere, NOW) is None
    await store.subscribe(ANN, parse("radar"), NOW)
    resumed = await store.claim(everywhere, NOW)
    assert resumed is not None
    assert (resumed.to, resumed.day) == (ANN, FRIDAY)
    assert await store.claim(everywhere, NOW) is None
    await store.follow(Following(ROOM))
    resumed = await store.claim(everywhere, NOW)
    assert resumed is not None
    assert resumed.to == ROOM


async def test_what_a_crash_left_half_sent_is_found_and_marked_uncertain(store: Store, address: str, owe: Owe) -> None:
    await owe(ANN, BEN)
    sent = await store.claim(["slack"], NOW)
    assert sent is not None
    await store.settle(sent, "sent")
    left = await store.claim(["slack"], NOW)
    assert left is not None
    async with connect(address) as reopened:
        assert await reopened.begin_delivery() == 1
        assert await reopened.begin_delivery() == 0
        again = await reopened.claim(["slack"], NOW)
        assert again is not None
        assert (again.id, again.key, again.uncertain, again.attempts) == (left.id, left.key, True, 2)
        await reopened.settle(again, "pending", uncertain=True)
        once_more = await reopened.claim(["slack"], NOW)
        assert once_more is not None
        assert once_more.uncertain
        await reopened.settle(once_more, "pending")
        certain = await reopened.claim(["slack"], NOW)
        assert certain is not None
        assert not certain.uncertain


async def test_two_that_claim_at_once_never_get_the_same(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    people = [Destination("slack", "T1", f"@U{n}") for n in range(40)]
    for each in people:
        await store.subscribe(each, parse("lidar"), NOW)
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), alerting(*people), NOW)

    async def drain(which: Store) -> list[Delivery]:
        claimed = []
        while each := await which.claim(["slack"], NOW):
            claimed.append(each)
        return claimed

    async with connect(address) as other:
        mine, theirs, more = await asyncio.gather(drain(store), drain(other), drain(store))
    assert sorted(each.id for each in (*mine, *theirs, *more)) == sorted({each.id for each in (*mine, *theirs, *more)})
    assert {each.to for each in (*mine, *theirs, *more)} == set(people)


async def test_an_alert_that_was_never_tried_takes_in_what_comes_later_that_day(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    one, two, three = (paper(f"2011.0000{n}", "Lidar") for n in range(3))
    await store.subscribe(ANN, parse("lidar"), NOW)
    first = await store.take_in(digest(FRIDAY, "cs.CV", one), alerting(ANN), NOW)
    second = await store.take_in(digest(FRIDAY, "cs.RO", one, two), alerting(ANN), NOW)
    assert (first.owed, second.owed) == (1, 0)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    assert [pick.paper for pick in claimed.picks] == [one.id, two.id]
    # What is being sent is as it is, and so is what will be tried again.
    await store.take_in(digest(FRIDAY, "cs.LG", three), alerting(ANN), NOW)
    await store.settle(claimed, "pending")
    await store.take_in(digest(FRIDAY, "cs.AI", three), alerting(ANN), NOW)
    again = await store.claim(["slack"], NOW)
    assert again is not None
    assert again.picks == claimed.picks


async def test_what_is_held_back_waits_for_its_time_and_for_the_hold_or_its_release(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    later, hold = NOW + timedelta(hours=1), NOW + timedelta(minutes=10)
    for person in (ANN, BEN):
        await store.subscribe(person, parse("lidar"), NOW)
    await store.follow(Following(ROOM))
    owed = [
        *alerting(ANN)(Morning("cs.CV", FRIDAY, NOW, True, (paper("2011.00001", "Lidar"),))),
        Delivery(BEN, "alert", "", FRIDAY, (), due=later),
        Delivery(ROOM, "highlights", "cs.LG", FRIDAY, ()),
    ]
    everywhere = ["slack", "discord"]
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), lambda _: owed, NOW, hold_until=hold)
    second = digest(FRIDAY, "cs.RO", paper("2011.00002", "Lidar"))
    await store.take_in(second, alerting(ANN), NOW, hold_until=hold + timedelta(minutes=1))
    room = await store.claim(everywhere, hold)
    assert room is not None
    assert room.to == ROOM
    await store.settle(room, "pending", not_before=later, tried=False)
    assert await store.claim(everywhere, hold + timedelta(seconds=59)) is None
    await store.release()
    # Whose time is his own is not released to have it now.
    claimed = [await store.claim(everywhere, NOW) for _ in range(3)]
    assert [each and each.to for each in claimed] == [ANN, ROOM, None]
    assert claimed[0] is not None
    assert [pick.paper for pick in claimed[0].picks] == ["2011.00001", "2011.00002"]
    waiting = await store.claim(everywhere, later)
    assert waiting is not None
    assert (waiting.to, waiting.due) == (BEN, later)


async def test_what_was_tried_is_merged_with_nothing_whatever_comes_before_it(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    later = NOW + timedelta(hours=1)
    for number, (day, due) in enumerate([(FRIDAY, later), (MONDAY, None)]):
        owed = [Delivery(ANN, "alert", "", day, (Pick(f"2011.0000{number}"),), due=due)]
        here = digest(day, "cs.CV", paper(f"2011.0000{number}", "Lidar"))
        await store.take_in(here, planned(*owed), NOW)
    tried = await store.claim(["slack"], NOW)
    assert tried is not None
    await store.settle(tried, "pending", not_before=later)
    first, second = [await store.claim(["slack"], later) for _ in range(2)]
    assert second is None
    assert first is not None
    assert (first.day, first.since, len(first.picks)) == (FRIDAY, None, 1)


async def test_what_is_taken_in_makes_an_alert_due_at_the_earlier_time(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    hours = [NOW + timedelta(hours=n) for n in range(4)]

    async def owe(number: int, due: datetime | None, hold: datetime | None = None) -> None:
        owed = [Delivery(ANN, "alert", "", FRIDAY, (Pick(f"2011.0000{number}"),), due=due)]
        here = digest(FRIDAY, f"cs.{number}", paper(f"2011.0000{number}", "Lidar"))
        await store.take_in(here, lambda _: owed, NOW, hold_until=hold)

    async def not_before() -> datetime | None:
        ((found,), _) = await store.deliveries()
        return found.delivery.due

    await owe(0, hours[2])
    await owe(1, hours[3])
    assert await not_before() == hours[2]
    await owe(2, hours[1])
    assert await not_before() == hours[1]
    await owe(3, None, hours[2])
    assert await not_before() == hours[2]
    # Who does not hold back does not let go what another holds.
    await owe(4, hours[1])
    assert await not_before() == hours[2]
    await store.release()
    assert await not_before() is None


async def test_a_message_whose_time_has_not_come_does_not_hold_back_others(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await store.follow(Following(ANN))
    later = NOW + timedelta(hours=1)
    owed = [
        Delivery(ANN, "highlights", "cs.CV", FRIDAY, (), due=later),
        Delivery(ANN, "alert", "", FRIDAY, ()),
    ]
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), lambda _: owed, NOW)
    await store.follow(Following(ANN), later)  # which is no time for alerts
    alert = await store.claim(["slack"], NOW)
    assert alert is not None
    assert alert.kind == "alert"
    await store.settle(alert, "pending", not_before=later)
    first = await store.claim(["slack"], later)
    assert first is not None
    assert first.kind == "highlights"


async def test_new_times_move_what_was_never_tried(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    await store.follow(Following(ROOM))
    hours = [NOW + timedelta(hours=n) for n in range(3)]

    async def owe(day: date) -> None:
        owed = [Delivery(ROOM, "highlights", "cs.CV", day, (), due=hours[1])]
        await store.take_in(digest(day, "cs.CV", paper(f"2011.{day:%m%d}0", "Lidar")), lambda _: owed, NOW)

    await owe(FRIDAY)
    await store.follow(Following(ROOM), hours[2])
    assert await store.claim(["discord"], hours[1]) is None
    await store.follow(Following(ROOM))
    assert await store.claim(["discord"], hours[1]) is None
    await store.follow(Following(ROOM), hours[0])
    claimed = await store.claim(["discord"], hours[0])
    assert claimed is not None
    # A retry keeps its own time.
    await store.settle(claimed, "pending", not_before=hours[1])
    await store.follow(Following(ROOM), hours[2])
    assert await store.claim(["discord"], hours[1]) is not None


async def test_a_pause_says_why_and_since_when_and_is_told_of_once(store: Store, owe: Owe) -> None:
    await owe(ROOM, days=(FRIDAY, MONDAY))
    notice = Delivery(BEN, "notice", str(ROOM), FRIDAY, ())
    claimed = await store.claim(["discord"], NOW)
    assert claimed is not None
    assert await store.paused(ROOM) is None
    await store.settle(claimed, "pending", code="is_archived", pause=NOW, owe=notice)
    assert await store.paused(ROOM) == Pause("is_archived", NOW)
    later = replace(notice, day=MONDAY)
    await store.settle(claimed, "pending", code="other", pause=NOW + timedelta(days=1), owe=later)
    assert await store.paused(ROOM) == Pause("is_archived", NOW)
    told = await store.claim(["slack"], NOW)
    assert told is not None
    assert (told.to, told.kind, told.topic, told.day) == (BEN, "notice", str(ROOM), FRIDAY)
    assert await store.claim(["slack"], NOW) is None
    await store.follow(Following(ROOM))
    assert await store.paused(ROOM) is None


async def test_what_is_done_to_one_is_done_to_nobody_else_of_the_name(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    everywhere = ["slack", "discord"]
    later = NOW + timedelta(hours=1)
    for each in PLACES:
        await store.follow(Following(each, owner=each))
    days = [[Delivery(each, "highlights", "cs.CV", day, ()) for each in PLACES] for day in (FRIDAY, MONDAY)]
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), planned(*days[0]), NOW)
    first = await store.claim(everywhere, NOW)
    assert first is not None
    assert first.to == PLACES[0]
    await store.settle(first, "pending", code="gone", pause=NOW)
    await store.take_in(digest(MONDAY, "cs.CV", paper("2011.00002", "Lidar")), planned(*days[1]), NOW)
    await store.follow(Following(PLACES[1]), later)
    await store.unfollow(PLACES[2])
    await store.ledger(PLACES[3].platform).close(PLACES[3].workspace, "token_revoked", NOW)
    tenant = [each for each in PLACES if each.workspace == PLACES[3].workspace and each.platform == "slack"]

    assert [each for each in PLACES if await store.paused(each)] == [PLACES[0], *tenant]
    assert [each for each in PLACES if not await store.following(each)] == [PLACES[2]]
    claimed = []
    while taken := await store.claim(everywhere, NOW):
        claimed.append(taken.to)
    assert claimed == [each for each in PLACES if each not in (PLACES[0], PLACES[1], *tenant)]
    # To resume one gives up what it missed, and nobody else's.
    assert await store.follow(Following(PLACES[3])) == ()
    assert await store.follow(Following(PLACES[0])) == (FRIDAY,)
    resumed = await store.claim(everywhere, NOW)
    assert resumed is not None
    assert (resumed.to, resumed.day) == (PLACES[0], MONDAY)


async def test_to_claim_looks_at_nothing_that_is_not_due(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    for each in (ROOM, BEN):
        await store.follow(Following(each))
    later = NOW + timedelta(hours=1)
    owed = [Delivery(ROOM, "highlights", f"cs.{n}", FRIDAY, (), due=later) for n in range(3000)]
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), lambda _: owed, NOW)
    await store.take_in(digest(FRIDAY, "cs.LG", paper("2011.00002", "Lidar")), alerting(BEN), NOW)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    async with aiosqlite.connect(path(address), isolation_level=None) as db:
        await db.set_progress_handler(step, 1)
        claimed = await claims.claim(db, ["discord", "slack"], NOW, [])
    assert claimed is not None
    assert claimed.to == BEN
    assert 0 < steps < 3000


async def test_nothing_is_claimed_for_a_closed_workspace(store: Store, owe: Owe) -> None:
    elsewhere = replace(ANN, workspace="T2")
    await owe(ANN, elsewhere)
    await store.ledger("slack").close("T1", "app_uninstalled", NOW)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    assert claimed.to == elsewhere
    assert await store.claim(["slack"], NOW) is None
    assert await store.paused(ANN) == Pause("app_uninstalled", NOW)
    assert await store.paused(elsewhere) is None


# Cancelled, crowded, locked, full


async def cancelled(work: Awaitable[object], turns: int, seconds: float) -> None:
    """Begin a piece of work and cancel who waits for it, after some turns of the loop and some time."""
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)
    await asyncio.sleep(seconds)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


MOMENTS = [(turns, 0.0) for turns in range(6)] + [(0, milliseconds / 1000) for milliseconds in range(12)]


async def test_cancelling_leaves_no_transaction_open_and_nothing_half_stored(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    assert isinstance(store, SqliteStore)
    await store.subscribe(ANN, parse("lidar"), NOW)
    whole = 0
    for number, (turns, seconds) in enumerate(MOMENTS):
        day = FRIDAY + timedelta(days=number)
        papers = [paper(f"{number:04}.{n:05}", "Lidar") for n in range(30)]
        await cancelled(store.take_in(digest(day, "cs.CV", *papers), alerting(ANN), NOW), turns, seconds)
        await cancelled(store.subscribe(BEN, parse(f"word{number}"), NOW), turns, seconds)
        await cancelled(store.claim(["slack"], NOW), turns, seconds)
        await cancelled(store.search(parse("lidar")), turns, seconds)
        await cancelled(store.begin_delivery(), turns, seconds)
        # The next write waits for those before it; then nothing is open, here or for anybody else.
        await store.unsubscribe(ANN, 99)
        assert not store._writer.in_transaction
        with contextlib.closing(sqlite3.connect(path(address), timeout=0, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            counts = [
                db.execute(f"SELECT count(*) FROM {table} WHERE {where}", (value,)).fetchone()[0]
                for table, where, value in (
                    *((each, "day = ?", day.isoformat()) for each in ("digest", "listing", "outbox")),
                    ("paper", "arxiv_id LIKE ?", f"{number:04}.%"),
                )
            ]
            db.execute("ROLLBACK")
        assert counts in ([0, 0, 0, 0], [1, 30, 1, 30])
        whole += counts[0]
        held = await store.subscriptions(BEN)
        assert [each.number for each in held] == list(range(1, len(held) + 1))
    assert whole
    assert (await store.search(parse("lidar"), limit=1)).total == 30 * whole
    assert await asyncio.gather(*(store.search(parse("lidar")) for _ in range(10)))


@pytest.mark.parametrize("seconds", [0, 0.002, 0.005])
async def test_closing_waits_for_what_was_begun(
    address: str, digest: MakeDigest, paper: MakePaper, seconds: float
) -> None:
    papers = [paper(f"2011.{n:05}", "Lidar") for n in range(200)]
    async with connect(address) as store:
        await cancelled(store.take_in(digest(FRIDAY, "cs.CV", *papers), nothing, NOW), 1, seconds)
    async with connect(address) as store:
        assert await store.size() in (0, 200)
        await store.take_in(digest(FRIDAY, "cs.CV", *papers), nothing, NOW)
        assert await store.size() == 200


async def test_many_write_at_once_and_nothing_is_lost(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    same = paper("2011.99999", "Shared")

    async def work(number: int) -> None:
        day = FRIDAY + timedelta(days=number % 4)
        await store.take_in(
            digest(day, f"cs.{number:02}", paper(f"2011.{number:05}", "Lidar"), same), alerting(ANN), NOW
        )
        await store.subscribe(ANN, parse(f"word{number % 10}"), NOW)
        await store.search(parse("lidar"))
        await store.follow(Following(ROOM, (), number))

    await store.subscribe(ANN, parse("lidar"), NOW)
    await asyncio.gather(*(work(number) for number in range(40)))
    held, census = await store.holdings(), await store.census()
    assert (held.papers, held.digests, census.subscriptions, census.owed) == (41, 40, 11, 4)
    assert [each.number for each in await store.subscriptions(ANN)] == list(range(1, 12))
    assert len((await store.papers(["2011.99999"]))[0].listings) == 40


async def test_two_programs_write_at_once_and_nothing_is_lost(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    same = paper("2011.99999", "Shared")

    async def work(which: Store, category: str) -> None:
        for number in range(15):
            await which.take_in(digest(FRIDAY + timedelta(days=number), category, same), nothing, NOW)

    async with connect(address) as other:
        await asyncio.gather(work(store, "cs.CV"), work(other, "cs.LG"))
    assert len((await store.papers(["2011.99999"]))[0].listings) == 30


async def test_another_programs_short_lock_is_waited_for(store: Store, address: str) -> None:
    with contextlib.closing(sqlite3.connect(path(address), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        write = asyncio.ensure_future(store.subscribe(ANN, parse("lidar"), NOW))
        assert await store.subscriptions(ANN) == ()  # readers do not wait
        await asyncio.sleep(0.3)
        assert not write.done()
        other.execute("COMMIT")
        assert (await write)[1]


async def test_another_programs_long_lock_is_said_in_words(store: Store, address: str) -> None:
    assert isinstance(store, SqliteStore)
    await store._writer.execute("PRAGMA busy_timeout = 50")
    with contextlib.closing(sqlite3.connect(path(address), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="busy with another program's work"):
            await store.subscribe(ANN, parse("lidar"), NOW)
        other.execute("COMMIT")
    assert (await store.subscribe(ANN, parse("lidar"), NOW))[1]


async def test_who_queues_while_another_program_has_the_lock_does_not_wait_in_turn(store: Store, address: str) -> None:
    with contextlib.closing(sqlite3.connect(path(address), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(15):  # one waits five seconds
            asked = [store.subscribe(ANN, parse(f"word{number}"), NOW) for number in range(4)]
            for each in await asyncio.gather(*asked, return_exceptions=True):
                assert isinstance(each, StoreError)
        other.execute("COMMIT")
    assert (await store.subscribe(ANN, parse("lidar"), NOW))[0].number == 1


async def test_a_full_database_is_a_disk_error_and_works_again_with_room(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    assert isinstance(store, SqliteStore)
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), nothing, NOW)
    before = dump(address)
    ((pages,),) = await store._writer.execute_fetchall("PRAGMA page_count")
    await store._writer.execute_fetchall(f"PRAGMA max_page_count = {pages + 2}")
    large = digest(MONDAY, "cs.CV", *(paper(f"2011.1{n:04}", "Lidar", "word " * 500) for n in range(20)))
    for _ in range(2):
        with pytest.raises(DiskError, match="full"):
            await store.take_in(large, nothing, NOW)
        assert await found(store, "lidar") == ["2011.00001"]
    assert dump(address) == before
    await store._writer.execute_fetchall("PRAGMA max_page_count = 100000")
    assert await store.take_in(large, nothing, NOW) == Intake(20, 0, 0, 0)


FULL_DISK = """
import asyncio, resource, sys
from datetime import UTC, date, datetime
from bot.model import Digest, Paper
from bot.ports import DiskError
from bot.search.grammar import parse
from storage import connect

async def main():
    now = datetime(2020, 11, 20, tzinfo=UTC)
    def digest(day, count):
        return Digest("t", "cs.CV", date(2020, 11, day), tuple(
            Paper(f"20{day}.{n:05}", "Lidar", f"scan{n} " * 300) for n in range(count)))
    async with connect(sys.argv[1]) as store:
        await store.take_in(digest(20, 1), lambda _: (), now)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        for _ in range(2):
            try:
                await store.take_in(digest(21, 300), lambda _: (), now)
            except DiskError as error:
                print("disk error", (await store.search(parse("lidar"))).total)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(await store.take_in(digest(21, 300), lambda _: (), now))
        print((await store.search(parse("lidar"))).total)

asyncio.run(main())
"""


def python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60, check=True
    )


def test_a_disk_that_takes_no_more_is_a_disk_error_and_works_again_with_room(address: str) -> None:
    assert python(FULL_DISK, address).stdout.splitlines() == [
        "disk error 1",
        "disk error 1",
        "Intake(new=300, known=0, corrected=0, owed=0)",
        "301",
    ]
    assert inspect(path(address)).trouble == ()


# The file


async def test_a_fresh_file_says_whose_it_is_and_of_which_schema(store: Store, address: str) -> None:
    assert isinstance(store, SqliteStore)
    with contextlib.closing(sqlite3.connect(path(address))) as db:
        pragmas = [
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version", "journal_mode")
        ]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert pragmas == [APPLICATION_ID, len(MIGRATIONS), "wal"]
    # A message that was marked sent stays so after a power cut.
    ((synchronous,),) = await store._writer.execute_fetchall("PRAGMA synchronous")
    assert synchronous == 2
    assert inspect(path(address)).schema == inspect(path(address)).newest_schema == len(MIGRATIONS)
    assert inspect(path(address)).mode == 0o600


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
async def test_every_file_is_its_owners_alone(
    tmp_path: Path, digest: MakeDigest, paper: MakePaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite:///{tmp_path}/new/papers.db"
    for _ in range(2):
        async with connect(address) as store:
            await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), nothing, NOW)
            with own(address):
                modes = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "new").iterdir()}
                assert modes.pop("papers.db-wal") == modes.pop("papers.db-shm") == 0o600
                assert set(modes.values()) == {0o600}
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
        # The second time round: a file that somebody opened to others is closed again, and backed up closed.
        path(address).chmod(0o644)
        monkeypatch.setattr("storage.opening.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE more (a);"))
    assert set(modes) == {"papers.db", "papers.db.lock", f"papers.db.v{len(MIGRATIONS)}-before-v{len(MIGRATIONS) + 1}"}


@pytest.mark.parametrize("kind", ["another program's", "newer", "no database", "short", "damaged"])
async def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path, address: str, kind: str) -> None:
    file = path(address)
    if kind == "newer":
        async with connect(address):
            pass
    if kind in ("another program's", "newer"):
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.execute("CREATE TABLE theirs (a)" if kind != "newer" else "PRAGMA user_version = 99")
    else:
        file.write_bytes(
            {"short": b"a", "no database": b"# A digest\n" * 500, "damaged": b"SQLite format 3\0" + bytes(9999)}[kind]
        )
    file.chmod(0o600 if kind == "newer" else 0o644)
    before = digested(file), file.stat().st_mode, file.stat().st_size
    with pytest.raises(SchemaError, match="Nothing was changed") as caught:
        async with connect(address):
            pass
    assert (digested(file), file.stat().st_mode, file.stat().st_size) == before
    assert names(tmp_path) == [file.name]
    assert str(file) in str(caught.value)
    if kind == "newer":
        assert f"has schema 99; this program knows up to {len(MIGRATIONS)}" in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "papers.db", "postgres://user:secret@host/db", "sqlite://papers.db", "sqlite:///", "sqlite:///:memory:"],
)
async def test_an_address_of_no_file_is_refused_without_repeating_its_secrets(address: str) -> None:
    with pytest.raises(SchemaError, match=r"sqlite:///paperwire\.db") as caught:
        async with connect(address):
            pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["a b.db", "a%20b?c#d.db", "ü[1].db"])
async def test_a_file_may_have_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"sqlite:///{tmp_path}/{name}"
    async with connect(address) as store:
        await store.subscribe(ANN, parse("lidar"), NOW)
    assert inspect(tmp_path / name).trouble == ()
    for extra in range(1, 6):
        scripts = [f"CREATE TABLE more{number} (a);" for number in range(extra)]
        monkeypatch.setattr("storage.opening.MIGRATIONS", (*MIGRATIONS, *scripts))
        async with connect(address) as store:
            assert len(await store.subscriptions(ANN)) == 1
    # Of the backups, the last three are kept.
    first = len(MIGRATIONS)
    assert names(tmp_path) == sorted(
        [name, *(f"{name}.v{version}-before-v{version + 1}" for version in range(first + 2, first + 5))]
    )


async def test_a_path_that_cannot_be_written_is_a_disk_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("", "/file/papers.db"):
        with pytest.raises(DiskError, match="cannot be"):
            async with connect(f"sqlite:///{tmp_path}{name}"):
                pass
        with pytest.raises(DiskError, match="cannot be"), own(f"sqlite:///{tmp_path}/file/papers.db"):
            pass


@pytest.mark.parametrize("attempt", range(4))
async def test_many_that_open_a_new_file_at_once_all_succeed(address: str, attempt: int) -> None:
    async def use(number: int) -> None:
        async with connect(address) as store:
            await store.subscribe(ANN, parse(f"word{number}"), NOW)

    await asyncio.gather(*(use(number) for number in range(6)))
    async with connect(address) as store:
        assert [each.number for each in await store.subscriptions(ANN)] == list(range(1, 7))


OPEN = """
import asyncio, sys, time
from storage import connect
async def main():
    time.sleep(max(0, float(sys.argv[2]) - time.time()))
    async with connect(sys.argv[1]) as store:
        print(await store.census())
asyncio.run(main())
"""


def test_two_processes_that_open_a_new_file_at_once_both_succeed(address: str) -> None:
    start = str(datetime.now(UTC).timestamp() + 1.5)
    both = [
        subprocess.Popen([sys.executable, "-c", OPEN, address, start], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for each in both:
        _, errors = each.communicate(timeout=60)
        assert (each.returncode, errors) == (0, b"")


@pytest.fixture
async def older(address: str, digest: MakeDigest, paper: MakePaper) -> str:
    """Return the address of a database of today's schema, which to a later program is an older one."""
    async with connect(address) as store:
        await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), nothing, NOW)
    return address


async def test_a_migration_keeps_a_backup_of_what_was_before(
    older: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = len(MIGRATIONS)
    monkeypatch.setattr(
        "storage.opening.MIGRATIONS",
        (*MIGRATIONS, "CREATE TABLE more (a);\nINSERT INTO more VALUES (1);", "UPDATE more\nSET a = 2;"),
    )
    async with connect(older) as store:
        assert await found(store, "lidar") == ["2011.00001"]
    with contextlib.closing(sqlite3.connect(path(older))) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version + 2,)
        assert db.execute("SELECT a FROM more").fetchall() == [(2,)]
    backup = tmp_path / f"paperwire.db.v{version}-before-v{version + 2}"
    monkeypatch.setattr("storage.opening.MIGRATIONS", MIGRATIONS)
    async with connect(f"sqlite:///{backup}") as store:
        assert await found(store, "lidar") == ["2011.00001"]
    assert inspect(backup).schema == version


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("CREATE TABLE more (a);\nINSERT INTO nowhere VALUES (1);", sqlite3.OperationalError),
        ("CREATE TABLE more (a);\nCREATE TABLE unfinished (a)", AssertionError),
    ],
)
async def test_a_migration_that_fails_leaves_the_version_before(
    older: str, monkeypatch: pytest.MonkeyPatch, script: str, error: type[Exception]
) -> None:
    before = dump(older)
    with monkeypatch.context() as patch:
        patch.setattr("storage.opening.MIGRATIONS", (*MIGRATIONS, script))
        with pytest.raises(error, match=r"nowhere|unfinished"):
            async with connect(older):
                pass
    assert dump(older) == before
    async with connect(older) as store:
        assert await found(store, "lidar") == ["2011.00001"]


async def test_many_that_migrate_at_once_keep_the_good_backup(
    older: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = len(MIGRATIONS)
    monkeypatch.setattr("storage.opening.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE more (a);"))

    async def use() -> None:
        async with connect(older) as store:
            assert await found(store, "lidar") == ["2011.00001"]

    await asyncio.gather(*(use() for _ in range(5)))
    backup = tmp_path / f"paperwire.db.v{version}-before-v{version + 1}"
    assert names(tmp_path) == ["paperwire.db", backup.name]
    assert (inspect(backup).schema, inspect(path(older)).schema) == (version, version + 1)


async def test_a_broken_file_is_seen(older: str, tmp_path: Path) -> None:
    file = path(older)
    assert storage.inspect(f"sqlite:///{tmp_path}/none.db") is None
    assert storage.inspect(older) == Inspection(
        str(file), f"SQLite {sqlite3.sqlite_version}", file.stat().st_size, len(MIGRATIONS), len(MIGRATIONS), 0o600, ()
    )
    content = bytearray(file.read_bytes())
    content[8192:12288] = bytes(4096)
    file.write_bytes(content)
    try:
        trouble = inspect(file).trouble
    except DiskError:
        return
    assert trouble


# One process delivers


def test_a_second_that_would_deliver_is_told_who_does(address: str) -> None:
    with own(address):
        with (
            pytest.raises(AlreadyRunning, match=rf"already running on .*paperwire\.db \(process {os.getpid()}\)"),
            own(address),
        ):
            pass
        with pytest.raises(AlreadyRunning), own(address):
            pass
    with own(address):
        pass


HOLD = """
import sys, time
from storage import own
with own(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_process_that_was_killed_holds_nothing(address: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, address], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"), own(address):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=10)
        with own(address):
            pass
    finally:
        holder.kill()
        holder.communicate()


async def test_a_text_taken_in_before_does_not_undo_its_correction(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    wrong, right = (digest(FRIDAY, "cs.CV", paper("2011.00001", title)) for title in ("Ladir", "Lidar"))
    for each, corrected in ((wrong, 0), (right, 1), (wrong, 0), (right, 0)):
        assert (await store.take_in(each, nothing, NOW)).corrected == corrected
    assert [each.title for each in await store.papers(["2011.00001"])] == ["Lidar"]


async def test_what_one_file_had_to_refuse_is_not_forgotten_for_another(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    refusal = Refusal(8, "the title is empty", "### 3.")
    first = digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar"), refused=(refusal,), source="a.md")
    await store.take_in(first, nothing, NOW)
    await store.take_in(digest(FRIDAY, "cs.CV", paper("2011.00002", "Radar"), source="b.md"), nothing, NOW)
    assert [(each.stored, each.declared) for each in await store.digests(FRIDAY)] == [(2, 3)]
    mended = digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar"), paper("2011.00003", "Sonar"), source="a.md")
    await store.take_in(mended, nothing, NOW)
    assert [(each.stored, each.declared) for each in await store.digests(FRIDAY)] == [(3, 3)]


async def test_a_mended_file_is_mended_by_whatever_name(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    refusal = Refusal(8, "the title is empty", "### 3.")
    wrong = digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar"), refused=(refusal,), source="a.md")
    await store.take_in(wrong, nothing, NOW)
    for source in ("/here/a.md", "a.md"):
        mended = digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar"), paper("2011.00002", "Radar"), source=source)
        await store.take_in(mended, nothing, NOW)
    assert [(each.stored, each.declared) for each in await store.digests(FRIDAY)] == [(2, 2)]


async def test_what_may_have_arrived_was_told(
    store: Store, owe: Owe, digest: MakeDigest, paper: MakePaper, address: str
) -> None:
    await owe(ANN)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    await store.settle(replace(claimed, uncertain=True), "dead")
    told = []

    def plan(morning: Morning) -> Iterable[Delivery]:
        told.append(dict(morning.told))
        return ()

    await store.take_in(digest(MONDAY, "cs.LG", paper("2011.11200", "Lidar")), plan, NOW)
    assert told == [{ANN: frozenset({"2011.11200"})}]


async def test_what_was_given_up_was_not_told(store: Store, owe: Owe, digest: MakeDigest, paper: MakePaper) -> None:
    await owe(ANN)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    await store.settle(claimed, "dead")
    told = []

    def plan(morning: Morning) -> Iterable[Delivery]:
        told.append(morning.told)
        return ()

    await store.take_in(digest(MONDAY, "cs.LG", paper("2011.11200", "Lidar")), plan, NOW)
    assert told == [{}]


def test_one_database_has_one_lock_by_whatever_name(address: str, tmp_path: Path) -> None:
    path(address).touch()
    link = tmp_path / "link.db"
    link.symlink_to(path(address))
    with own(address), pytest.raises(AlreadyRunning), own(f"sqlite:///{link}"):
        pass


async def test_who_stops_waiting_for_what_is_read_holds_up_nobody(store: Store) -> None:
    assert isinstance(store, SqliteStore)
    slow = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 300000000) SELECT count(*) FROM n"
    reading = [asyncio.ensure_future(store.read(slow)) for _ in range(3)]
    await asyncio.sleep(0.1)
    for each in reading:
        each.cancel()
    await asyncio.wait(reading)

    for _ in reading:
        assert await asyncio.wait_for(store.newest(), 5) is None
