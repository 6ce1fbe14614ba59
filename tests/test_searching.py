"""What comes first, how much of it is counted, and what becomes of it page by page."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import answer, call
from bot.commands.pages import turn
from bot.model import Destination, Listing, Paper, Reply
from bot.ports import LOOKED_INTO, MOST, Intake, Store
from bot.search.grammar import parse
from storage import index, path
from tests.conftest import MakeDigest, MakePaper

NOW = datetime(2020, 11, 24, 9, tzinfo=UTC)
FRIDAY, MONDAY = date(2020, 11, 20), date(2020, 11, 23)
HERE = Destination("console", "local", "@me")


async def taken(store: Store, *digests: object) -> None:
    for each in digests:
        await store.take_in(each, lambda _: (), NOW)  # type: ignore[arg-type]


async def ids(store: Store, line: str, *, limit: int = 10, offset: int = 0) -> list[str]:
    return [each.id for each in (await store.search(parse(line), limit=limit, offset=offset)).papers]


async def asked(store: Store, line: str) -> Reply:
    return await answer(call(line, room=HERE, caller=HERE, at=NOW), store)


def many(paper: MakePaper, count: int, title: str, abstract: str = "", first: int = 0) -> list[Paper]:
    return [paper(f"2011.{first + number:05}", f"{title} {number}", abstract) for number in range(count)]


async def test_the_newest_come_first_where_that_is_asked_for(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    await taken(
        store,
        digest(FRIDAY, "cs.CV", paper("2011.00001", "Point clouds"), paper("2011.00002", "Clouds at a point")),
        digest(MONDAY, "cs.CV", paper("2011.00003", "Roads", "A point in a cloud.")),
    )
    assert await ids(store, "point cloud") == ["2011.00001", "2011.00002", "2011.00003"]
    assert await ids(store, "point cloud sort:best") == ["2011.00001", "2011.00002", "2011.00003"]
    assert await ids(store, "point cloud sort:new") == ["2011.00003", "2011.00001", "2011.00002"]


async def test_of_a_day_the_first_of_its_digest_is_first(store: Store, digest: MakeDigest, paper: MakePaper) -> None:
    await taken(
        store,
        digest(FRIDAY, "cs.CV", paper("2011.00002", "Lidar"), paper("2011.00001", "Lidar")),
        digest(FRIDAY, "cs.RO", paper("2011.00003", "Lidar"), paper("2011.00002", "Lidar")),
    )
    assert await ids(store, "lidar sort:new") == ["2011.00002", "2011.00001", "2011.00003"]


async def test_a_thousand_are_counted_and_each_is_on_one_page(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    titled, others = many(paper, 600, "Lidar and radar"), many(paper, 600, "Roads", "By lidar and radar.", 600)
    await taken(store, digest(FRIDAY, "cs.CV", *titled), digest(MONDAY, "cs.CV", *others))
    for line in ("lidar", "lidar radar", "lidar sort:new"):
        found = await store.search(parse(line))
        assert (found.total, found.more) == (MOST, True), line
        pages = [each for offset in range(0, MOST, 50) for each in await ids(store, line, limit=50, offset=offset)]
        assert len(set(pages)) == len(pages) == MOST, line
        assert await ids(store, line, offset=MOST) == []
    assert not (await store.search(parse("lidar after:2020-11-22"))).more

    reply = await asked(store, "search lidar page:100")
    assert reply.text.plain == "More than 1,000 papers for lidar"
    assert [each.label for each in reply.buttons] == ["Previous", "Page 100", "Subscribe to this search"]
    assert (await asked(store, "search lidar page:101")).error == "There is no page 101: the last is page:100"


async def test_a_phrase_without_a_token_is_looked_up_in_the_texts(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    apart = many(paper, 30, "Roads", "A crossing of a zebra.")
    crossing = many(paper, 25, "Roads", "A zebra crossing of the road.", 100)
    await taken(store, digest(FRIDAY, "cs.CV", *crossing), digest(MONDAY, "cs.CV", *apart))
    found = await store.search(parse('"zebra crossing"'), limit=10)
    assert ({each.id for each in found.papers} <= {each.id for each in crossing}, found.more) == (True, True)
    assert 10 < found.total <= 25

    everything = [each for offset in (0, 10, 20) for each in await ids(store, '"zebra crossing"', offset=offset)]
    assert sorted(everything) == sorted(each.id for each in crossing)
    last = await store.search(parse('"zebra crossing"'), limit=10, offset=20)
    assert (last.total, last.more) == (25, False)
    assert "papers or more for" in (await asked(store, 'search "zebra crossing"')).text.plain


async def test_a_phrase_is_not_looked_for_without_end_and_that_is_said(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    apart = many(paper, LOOKED_INTO + 20, "Roads", "A crossing of a zebra.")
    await taken(
        store,
        digest(FRIDAY, "cs.CV", paper("2010.00001", "Roads", "A zebra crossing.")),
        digest(MONDAY, "cs.CV", *apart),
    )
    found = await store.search(parse('"zebra crossing"'))
    assert (found.papers, found.total, found.more) == ((), 0, True)
    assert (await asked(store, 'search "zebra crossing"')).text.plain == (
        'None of the newest 500 papers with the words of "zebra crossing" has them so. '
        "Older ones were not looked at. Leave the quotation marks out."
    )


async def test_a_paper_that_is_older_than_was_known_takes_its_place_among_the_old(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    room = Destination("slack", "T1", "C1")
    old, other, new = paper("2011.00001", "Lidar"), paper("2011.00002", "Lidar"), paper("2011.00003", "Lidar")
    await taken(store, digest(MONDAY, "cs.CV", old), digest(date(2020, 11, 21), "cs.CV", other))
    await store.react(room, HERE, "2011.00001", 1, NOW)
    await taken(store, digest(FRIDAY, "cs.RO", old), digest(MONDAY, "cs.RO", new))
    assert await ids(store, "lidar sort:new") == ["2011.00003", "2011.00002", "2011.00001"]
    (read,) = await store.papers(["2011.00001"])
    assert read.listings == (Listing(FRIDAY, "cs.RO"), Listing(MONDAY, "cs.CV"))
    assert await ids(store, "on:2020-11-23 cat:cs.CV") == ["2011.00001"]
    assert await store.reactions(NOW - timedelta(days=1)) == {room: {"2011.00001": 1}}
    assert await store.take_in(digest(FRIDAY, "cs.RO", old), lambda _: (), NOW) == Intake(0, 1, 0, 0)


async def test_a_day_with_more_papers_than_numbers_loses_none(
    store: Store, digest: MakeDigest, paper: MakePaper
) -> None:
    first, last = index.row_numbers(FRIDAY)
    count = last - first + 4
    await taken(
        store,
        digest(MONDAY - timedelta(days=4), "cs.CV", paper("2010.00001", "Radar")),
        digest(FRIDAY, "cs.CV", *many(paper, count, "Radar")),
        digest(MONDAY - timedelta(days=4), "cs.RO", paper("2010.00002", "Radar")),
    )
    assert await store.size() == count + 2
    assert await store.count(FRIDAY, FRIDAY) == count
    assert (await store.search(parse(f"radar on:{FRIDAY} id:2011.0{count - 1:04}"))).total == 1
    assert set(await ids(store, f"radar before:{FRIDAY}")) == {"2010.00001", "2010.00002"}


async def test_an_index_in_many_parts_becomes_one_and_finds_the_same(
    store: Store, address: str, digest: MakeDigest, paper: MakePaper
) -> None:
    for day in range(12):
        await taken(store, digest(FRIDAY - timedelta(days=day), "cs.CV", *many(paper, 20, "Lidar", "Radar", 20 * day)))
    before = [await ids(store, line, limit=MOST) for line in ("lidar", "lid* sort:new", "abstract:radar -roads")]

    await store.compact()

    with closing(sqlite3.connect(path(address))) as db:
        assert db.execute("SELECT count(DISTINCT segid) FROM paper_words_idx").fetchall() == [(1,)]
    assert before == [
        await ids(store, line, limit=MOST) for line in ("lidar", "lid* sort:new", "abstract:radar -roads")
    ]
    assert len(before[0]) == 240
    await taken(store, digest(MONDAY, "cs.CV", paper("2012.00001", "Lidar")))
    await store.compact()
    assert (await ids(store, "lidar sort:new"))[0] == "2012.00001"


days = st.dates(date(1799, 12, 1), date(2200, 2, 1))


@given(day=days, ends=st.tuples(days, days))
def test_a_span_of_days_is_found_by_the_tokens_of_its_days(day: date, ends: tuple[date, date]) -> None:
    first, last = sorted(ends)
    listed = Paper("2011.00001", "Lidar", listings=(Listing(day, "cs.CV"),))
    tokens, exact = index.days(first, last)
    found = not set(tokens).isdisjoint(index.entry(listed).tokens.split())
    assert found or not first <= day <= last
    if exact and date(1800, 1, 1) <= day <= date(2199, 12, 31):
        assert found == (first <= day <= last)
    # At both ends what is left of a month, a year, a decade and a century; and centuries between.
    assert len(tokens) <= 2 * (30 + 11 + 9 + 9) + 4


@pytest.mark.parametrize(
    ("page", "total", "more", "labels"),
    [
        (1, 10, False, []),
        (1, 11, False, ["Page 1 of 2", "Next"]),
        (1, 11, True, ["Page 1", "Next"]),
        (2, 21, True, ["Previous", "Page 2", "Next"]),
        (100, 1_000, True, ["Previous", "Page 100"]),
    ],
)
def test_the_number_of_pages_is_said_where_it_is_known(
    page: int, total: int, more: bool, labels: Sequence[str]
) -> None:
    assert [each.label for each in turn("search", "lidar", page, total, more=more)] == list(labels)
