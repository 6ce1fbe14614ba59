"""Authors for papers that came without them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters._sources.lookup import ArxivLookup
from adapters._sources.pace import Pace
from bot import daily
from bot.config import Settings
from bot.gathering.enrichment import enrich, keep_enriching
from bot.model import Delivery, Destination, Following, Link, Listing, Paper
from bot.ports import Store, Unreachable
from bot.search.grammar import parse
from tests.conftest import MakeDigest, MakePaper
from tests.fakes.arxiv import Clock, FakeArxiv
from tests.fakes.waiting import until

DAY = date(2025, 6, 3)
NOW = datetime(2025, 6, 3, 9, tzinfo=UTC)
ANN = Destination.parse("slack:T1/@ANN")
BOB = Destination.parse("slack:T1/@BOB")
ROOM = Destination.parse("slack:T1/C1")


class Known:
    """A look-up that knows some papers, and what it was asked for."""

    def __init__(self, *papers: Paper) -> None:
        self._papers = {each.id: each for each in papers}
        self.asked: list[tuple[str, ...]] = []
        self.answers = True

    async def papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
        self.asked.append(tuple(ids))
        if not self.answers:
            raise Unreachable("nobody there")
        return {id_: self._papers[id_] for id_ in ids if id_ in self._papers}


async def owed(store: Store) -> list[Delivery]:
    """Claim all that is due."""
    found = []
    while delivery := await store.claim(["slack"], NOW):
        await store.settle(delivery, "sent")
        found.append(delivery)
    return found


async def read(store: Store, id_: str) -> Paper:
    (paper,) = await store.papers([id_])
    return paper


async def test_papers_get_the_authors_and_categories_that_are_known(
    store: Store, paper: MakePaper, digest: MakeDigest
) -> None:
    link = Link("https://github.com/a/b", "code")
    first = paper("2506.00001", "Lidar", "Of roads.", links=(link,), version=2, raw_title="L\\'idar")
    await daily.take_in(digest(DAY, "cs.CV", paper("2506.00002", "Radar"), first), store, NOW)
    lookup = Known(Paper("2506.00001", "Other", "Other.", authors=("Ada",), categories=("cs.CV", "cs.RO"), version=9))

    assert await enrich(store, lookup, NOW, since=DAY) == 1
    found = await read(store, "2506.00001")
    assert (found.authors, found.categories) == (("Ada",), ("cs.CV", "cs.RO"))
    assert (found.title, found.abstract, found.raw_title) == ("Lidar", "Of roads.", "L\\'idar")
    assert (found.links, found.version) == ((link,), 2)
    assert found.listings == (Listing(DAY, "cs.CV"),)
    assert lookup.asked == [("2506.00002", "2506.00001")]
    assert [each.id for each in (await store.listed(DAY, "cs.CV")).papers] == ["2506.00002", "2506.00001"]
    assert [each.id for each in (await store.search(parse("author:ada"))).papers] == ["2506.00001"]


async def test_who_follows_an_author_hears_of_it_and_nothing_else_is_sent_again(
    store: Store, paper: MakePaper, digest: MakeDigest
) -> None:
    await store.subscribe(ANN, parse("author:lovelace"), NOW)
    await store.subscribe(BOB, parse("lidar"), NOW)
    await store.follow(Following(ROOM))
    await daily.take_in(digest(DAY, "cs.CV", paper("2506.00001", "Lidar"), paper("2506.00002", "Radar")), store, NOW)
    assert {each.to for each in await owed(store)} == {BOB, ROOM}

    lookup = Known(*(Paper(f"2506.0000{n}", "", authors=("Ada Lovelace",)) for n in (1, 2)))
    assert await enrich(store, lookup, NOW, since=DAY) == 2
    (alert,) = await owed(store)
    assert (alert.to, alert.day, [pick.paper for pick in alert.picks]) == (ANN, DAY, ["2506.00001", "2506.00002"])
    assert await enrich(store, lookup, NOW, since=DAY) == 0
    assert not await owed(store)
    assert len(lookup.asked) == 1


async def test_categories_that_become_known_are_news_too(store: Store, paper: MakePaper, digest: MakeDigest) -> None:
    await store.subscribe(ANN, parse("cat:cs.RO"), NOW)
    await daily.take_in(digest(DAY, "cs.CV", paper("2506.00001", "Lidar")), store, NOW)
    assert not await owed(store)
    await enrich(store, Known(Paper("2506.00001", "", authors=("A",), categories=("cs.RO",))), NOW, since=DAY)
    assert [each.to for each in await owed(store)] == [ANN]


async def test_an_alert_is_of_all_that_a_round_finds(store: Store, paper: MakePaper, digest: MakeDigest) -> None:
    await store.subscribe(ANN, parse("author:lovelace"), NOW)
    for n, category in enumerate(("cs.CV", "cs.CL", "cs.RO")):
        await daily.take_in(digest(DAY, category, paper(f"2506.0000{n}", "T")), store, NOW)
    sent: list[Delivery] = []

    class Delivering(Known):
        async def papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
            sent.extend(await owed(store))
            return await super().papers(ids)

    await enrich(
        store, Delivering(*(Paper(f"2506.0000{n}", "", authors=("Ada Lovelace",)) for n in range(3))), NOW, since=DAY
    )
    sent += await owed(store)
    assert [len(each.picks) for each in sent] == [3]


async def test_what_a_digest_says_is_never_overwritten(store: Store, paper: MakePaper, digest: MakeDigest) -> None:
    said = paper("2506.00001", "Lidar", authors=("Ada",))
    half = paper("2506.00002", "Radar", categories=("cs.CV",))
    await daily.take_in(digest(DAY, "cs.CV", said, half), store, NOW)
    known = (Paper(f"2506.0000{n}", "", authors=("Eve",), categories=("cs.RO",)) for n in (1, 2))

    assert await enrich(store, Known(*known), NOW, since=DAY) == 1
    assert (await read(store, "2506.00001")).authors == ("Ada",)
    assert (await read(store, "2506.00002")).categories == ("cs.CV",)


async def test_a_correction_after_it_still_counts(store: Store, paper: MakePaper, digest: MakeDigest) -> None:
    ids = ("2506.00001", "2506.00002")
    later = DAY + timedelta(days=1)
    await daily.take_in(digest(DAY, "cs.CV", *(paper(id_, "Old", "Old.") for id_ in ids)), store, NOW)
    await daily.take_in(digest(later, "cs.CL", *(Paper(id_, "") for id_ in ids)), store, NOW)
    await enrich(store, Known(Paper(ids[0], "X", "X.", authors=("Ada",))), NOW, since=DAY)
    await daily.take_in(digest(DAY, "cs.CV", *(paper(id_, "Mended", "Mended.") for id_ in ids)), store, NOW)

    found = await store.papers(ids)
    assert [(each.title, each.abstract) for each in found] == [("Mended", "Mended.")] * 2
    assert found[0].authors == ("Ada",)


async def test_categories_that_a_later_reading_names_are_news(
    store: Store, paper: MakePaper, digest: MakeDigest
) -> None:
    await store.subscribe(ANN, parse("cat:cs.RO"), NOW)
    for categories in ((), ("cs.CV", "cs.RO")):
        read_now = paper("2506.00001", "Lidar", authors=("Ada",), categories=categories)
        await daily.take_in(digest(DAY, "cs.CV", read_now), store, NOW)
    assert [each.to for each in await owed(store)] == [ANN]


async def test_the_newest_days_come_first_and_those_before_are_left(
    store: Store, paper: MakePaper, digest: MakeDigest
) -> None:
    for n in range(4):
        await daily.take_in(digest(DAY - timedelta(days=n), "cs.CV", paper(f"2506.0000{n}", "T")), store, NOW)
    lookup = Known()
    assert await enrich(store, lookup, NOW, since=DAY - timedelta(days=2)) == 0
    assert lookup.asked == [("2506.00000",), ("2506.00001",), ("2506.00002",)]


@pytest.mark.parametrize(("days", "told"), [(7, True), (8, False)])
async def test_of_days_that_are_old_nobody_is_told(
    days: int, told: bool, store: Store, paper: MakePaper, digest: MakeDigest
) -> None:
    day = NOW.date() - timedelta(days=days)
    await store.subscribe(ANN, parse("author:ada"), NOW)
    await daily.take_in(digest(day, "cs.CV", paper("2506.00001", "T")), store, NOW)
    await enrich(store, Known(Paper("2506.00001", "", authors=("Ada",))), NOW, since=day)

    assert (await read(store, "2506.00001")).authors == ("Ada",)
    assert bool(await owed(store)) is told


async def test_what_was_learned_before_nobody_answered_stays_and_is_told(
    store: Store, paper: MakePaper, digest: MakeDigest
) -> None:
    await store.subscribe(ANN, parse("author:ada"), NOW)
    for n in range(2):
        await daily.take_in(digest(DAY - timedelta(days=n), "cs.CV", paper(f"2506.0000{n}", "T")), store, NOW)

    class Tiring(Known):
        async def papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
            found = await super().papers(ids)
            self.answers = False
            return found

    with pytest.raises(Unreachable):
        await enrich(store, Tiring(Paper("2506.00000", "", authors=("Ada",))), NOW, since=DAY - timedelta(days=1))
    assert [each.day for each in await owed(store)] == [DAY]


async def test_the_service_goes_on_looking_and_ends_when_told(
    store: Store, paper: MakePaper, digest: MakeDigest, caplog: pytest.LogCaptureFixture
) -> None:
    await daily.take_in(digest(DAY, "cs.CV", paper("2506.00001", "T")), store, NOW)
    stop = asyncio.Event()
    lookup = Known()
    lookup.answers = False
    running = asyncio.ensure_future(keep_enriching(store, lookup, lambda: NOW, stop))
    await until(lambda: [each.message for each in caplog.records if each.message == "enriching_waits"], 10, lambda: "")
    stop.set()
    await running
    assert lookup.asked == [("2506.00001",)]


async def test_a_bug_in_one_round_does_not_end_the_service(
    store: Store, paper: MakePaper, digest: MakeDigest, caplog: pytest.LogCaptureFixture
) -> None:
    await daily.take_in(digest(DAY, "cs.CV", paper("2506.00001", "T")), store, NOW)
    stop = asyncio.Event()

    class Mistaken(Known):
        async def papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
            raise OSError("no locks available")

    running = asyncio.ensure_future(keep_enriching(store, Mistaken(), lambda: NOW, stop))
    await until(lambda: [each.message for each in caplog.records if each.message == "bug"], 10, lambda: "")
    assert not running.done()
    stop.set()
    await running


async def test_arxiv_itself_knows_the_authors(
    store: Store, paper: MakePaper, digest: MakeDigest, tmp_path: Path
) -> None:
    clock = Clock(NOW)
    papers = [paper(f"2506.{n:05}", "T") for n in range(120)]
    await daily.take_in(digest(DAY, "cs.CV", *papers), store, NOW)
    async with FakeArxiv(clock) as arxiv:
        for n, each in enumerate(papers[1:], 1):
            arxiv.announce(DAY, "cs.CV", Paper(each.id, "T", authors=(f"Author {n}",)))
        lookup = ArxivLookup(Settings(arxiv_api=arxiv.api), Pace(tmp_path, clock=clock.seconds, sleep=clock.sleep))
        assert await enrich(store, lookup, NOW, since=DAY) == 119
        assert await enrich(store, lookup, NOW, since=DAY) == 0
        assert len(arxiv.requests) == 2
    assert (await read(store, papers[7].id)).authors == ("Author 7",)
