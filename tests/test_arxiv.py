"""arXiv as a source: its listings, the days that are past, its papers by id, and its terms."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters._sources.arxiv import Arxiv
from adapters._sources.fetch import FetchError
from adapters._sources.lookup import ArxivLookup
from adapters._sources.oai import backfill
from adapters._sources.pace import Pace
from bot.config import Settings
from bot.digest import DigestError, parse
from bot.digest.oai import page
from bot.model import Digest, UserError
from bot.ports import Document, Unreachable
from tests.conftest import MakePaper
from tests.fakes.arxiv import Clock, FakeArxiv

TUESDAY = date(2025, 6, 3)
MORNING = datetime(2025, 6, 3, 9, tzinfo=UTC)  # 05:00 Eastern


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING)


@pytest.fixture
async def arxiv(clock: Clock) -> AsyncIterator[FakeArxiv]:
    async with FakeArxiv(clock) as fake:
        yield fake


@pytest.fixture
def settings(arxiv: FakeArxiv) -> Settings:
    return Settings(arxiv_feeds=arxiv.feeds, arxiv_oai=arxiv.oai, arxiv_api=arxiv.api)


@pytest.fixture
def pace(clock: Clock, tmp_path: Path) -> Pace:
    return Pace(tmp_path, clock=clock.seconds, sleep=clock.sleep)


async def documents(source: Arxiv) -> list[Document]:
    return [each async for each in source.documents()]


async def digests(source: Arxiv) -> dict[str, list[str]]:
    """Return what a source lists, by category; none of it may be unreadable."""
    found = await documents(source)
    assert not [each.error for each in found if each.error]
    read = [digest for each in found for digest in parse(each.text, each.source)]
    return {each.category: [paper.id for paper in each.papers] for each in read}


# Listings


async def test_one_request_reads_the_listings_of_all_categories(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "Lidar", authors=("Ada Lovelace",)))
    arxiv.announce(TUESDAY, "cs.CL", paper("2506.01001", "Parsing", categories=("cs.CL", "cs.CV")))
    source = Arxiv.at("arxiv:cs.CV+cs.CL", settings, pace)

    assert await digests(source) == {"cs.CV": ["2506.01000", "2506.01001"], "cs.CL": ["2506.01001"]}
    assert arxiv.requests == ["/rss/cs.CV+cs.CL"]
    assert (source.address, len(source)) == ("arxiv:cs.CV+cs.CL", 1)


async def test_a_cross_list_of_an_old_paper_is_listed_where_it_is_new(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY - timedelta(days=1), "cs.CV", paper("2506.00500", "Old"))
    arxiv.announce(TUESDAY, "cs.CL", paper("2506.00500", "Old"), kind="cross")
    arxiv.announce(TUESDAY, "cs.LG", paper("2506.01001", "New", categories=("cs.LG", "cs.CV", "cs.CL")))
    source = Arxiv.at("arxiv:cs.CV+cs.CL", settings, pace)

    assert await digests(source) == {"cs.CV": ["2506.01001"], "cs.CL": ["2506.00500", "2506.01001"]}


async def test_replacements_are_counted_in_the_log_and_listed_nowhere(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    arxiv.announce(date(2025, 5, 20), "cs.CV", paper("2505.00500", "Old"))
    arxiv.announce(TUESDAY, "cs.CV", paper("2505.00500", "Old"), kind="replace")
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "New"))

    assert await digests(Arxiv.at("arxiv:cs.CV", settings, pace)) == {"cs.CV": ["2506.01000"]}
    (record,) = [each for each in caplog.records if each.message == "feed"]
    assert record.__dict__["announced"] == {"new": 1, "replace": 1}


async def test_a_listing_is_read_again_only_where_it_changed(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "Lidar"))
    source = Arxiv.at("arxiv:cs.CV", settings, pace)

    assert len(await documents(source)) == 1
    assert await documents(source) == []
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01002", "More"))
    assert await digests(source) == {"cs.CV": ["2506.01000", "2506.01002"]}
    clock.now += timedelta(days=1)
    assert await digests(source) == {"cs.CV": []}


async def test_a_listing_that_was_not_taken_in_is_read_again(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "Lidar"))
    source = Arxiv.at("arxiv:cs.CV", settings, pace)

    failing = source.documents()
    await anext(failing)
    await failing.aclose()  # type: ignore[attr-defined]  # a generator
    assert len(await documents(source)) == 1


@pytest.mark.parametrize(("mode", "day"), [("late", TUESDAY), ("stale", TUESDAY - timedelta(days=1))])
async def test_a_late_listing_is_empty_and_a_stale_one_of_another_day(
    mode: str, day: date, arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY - timedelta(days=1), "cs.CV", paper("2506.00500", "Old"))
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "New"))
    arxiv.mode = mode  # type: ignore[assignment]
    (document,) = await documents(Arxiv.at("arxiv:cs.CV", settings, pace))

    (digest,) = parse(document.text, document.source)
    assert (digest.day, len(digest.papers)) == (day, int(mode == "stale"))


async def test_a_weekend_has_an_empty_listing(arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock) -> None:
    clock.now = datetime(2025, 6, 8, 2, tzinfo=UTC)  # Saturday evening there
    (document,) = await documents(Arxiv.at("arxiv:cs.CV", settings, pace))
    assert [(each.day, each.papers) for each in parse(document.text, "x")] == [(date(2025, 6, 7), ())]


def test_an_empty_atom_listing_is_of_the_day_that_arxiv_has() -> None:
    made = "2025-06-08T02:00:00.123456+00:00"  # Saturday evening there
    text = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>cs.CV updates on arXiv.org</title>"
        f"<updated>{made}</updated></feed>"
    )
    assert [each.day for each in parse(text, "x")] == [date(2025, 6, 7)]


async def test_too_long_a_listing_is_read_category_by_category(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    vision = [paper(f"2506.{n:05}", "T") for n in range(1500)]
    language = [paper(f"2506.{n:05}", "T") for n in range(2000, 2600)]
    arxiv.announce(TUESDAY, "cs.CV", *vision)
    arxiv.announce(TUESDAY, "cs.CL", *language)
    source = Arxiv.at("arxiv:cs.CV+cs.CL", settings, pace)

    found = await digests(source)
    assert {category: len(ids) for category, ids in found.items()} == {"cs.CV": 1500, "cs.CL": 600}
    assert arxiv.requests == ["/rss/cs.CV+cs.CL", "/rss/cs.CV", "/rss/cs.CL"]
    assert await documents(source) == []


@pytest.mark.parametrize(("address", "hint"), [("arxiv:cs.CV", "items"), ("arxiv:cs", "one by one")])
async def test_what_arxiv_cuts_off_is_said_and_read_again(
    address: str, hint: str, arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", *(paper(f"2506.{n:05}", "T") for n in range(2001)))
    source = Arxiv.at(address, settings, pace)

    for _ in range(2):
        text, said = await documents(source)
        assert len(parse(text.text, "x")[0].papers) == 2000
        assert said.error
        assert "2,000" in said.error
        assert said.error.endswith(hint)


@pytest.mark.parametrize(("mode", "reason"), [("busy", "503"), ("down", "500"), ("truncated", "")])
async def test_a_listing_that_cannot_be_had_is_an_error_with_its_reason(
    mode: str, reason: str, arxiv: FakeArxiv, settings: Settings, pace: Pace
) -> None:
    arxiv.mode = mode  # type: ignore[assignment]
    (document,) = await documents(Arxiv.at("arxiv:cs.CV", settings, pace))
    assert document.source == "arxiv:cs.CV"
    assert document.error
    assert reason in document.error


async def test_half_a_listing_is_no_digest(arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper) -> None:
    arxiv.announce(TUESDAY, "cs.CV", *(paper(f"2506.{n:05}", "T") for n in range(10)))
    arxiv.mode = "broken"
    (document,) = await documents(Arxiv.at("arxiv:cs.CV", settings, pace))
    with pytest.raises(DigestError, match="well-formed"):
        parse(document.text, "x")


async def test_a_category_that_arxiv_does_not_know_is_said(arxiv: FakeArxiv, settings: Settings, pace: Pace) -> None:
    (document,) = await documents(Arxiv.at("arxiv:cs.ZZ", settings, pace))
    assert document.error
    assert "category_taxonomy" in document.error


def test_categories_are_spelt_as_arxiv_does() -> None:
    source = Arxiv.at("arxiv:CS.cv+hep-TH+Physics.Optics+cs.CV", Settings())
    assert source.address == "arxiv:cs.CV+hep-th+physics.optics"


@pytest.mark.parametrize("address", ["arxiv:", "arxiv:cs.CV+", "arxiv:video", "arxiv:cs.CV/../x", "arxiv:cs.CV,cs.CL"])
def test_what_is_no_category_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(UserError, match=r"cs\.CV\+cs\.CL"):
        Arxiv.at(address, Settings())


# Terms


async def test_requests_are_three_seconds_apart_whoever_makes_them(
    arxiv: FakeArxiv, settings: Settings, clock: Clock, tmp_path: Path, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "T"))
    paces = [Pace(tmp_path, clock=clock.seconds, sleep=clock.sleep) for _ in range(2)]

    await asyncio.gather(
        documents(Arxiv.at("arxiv:cs.CV", settings, paces[0])),
        documents(Arxiv.at("arxiv:cs.CL", settings, paces[1])),
        ArxivLookup(settings, paces[0]).papers(["2506.01000"]),
        days(backfill(["cs.CV"], TUESDAY, TUESDAY, settings, pace=paces[1])),
    )
    assert len(arxiv.requests) == 4
    assert clock.now - MORNING >= timedelta(seconds=9)


async def test_the_fake_sees_who_breaks_the_terms(
    arxiv: FakeArxiv, settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    async def impatient(seconds: float) -> None:
        await clock.sleep(seconds / 2)

    (tmp_path / "other").mkdir()
    paces = [Pace(folder, clock=clock.seconds, sleep=impatient) for folder in (tmp_path, tmp_path / "other")]
    arxiv.expect("of at least 3 s")
    arxiv.expect("two requests at once")

    await paces[0].read(f"{arxiv.feeds}/rss/cs.CV")
    await paces[0].read(f"{arxiv.feeds}/rss/cs.CV")
    await asyncio.gather(*(each.read(f"{arxiv.feeds}/rss/cs.CV") for each in paces))


async def test_another_process_waits_for_its_turn(tmp_path: Path, arxiv: FakeArxiv, clock: Clock) -> None:
    held = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
    piped = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", held, str(tmp_path / "arxiv.pace"), stdin=piped, stdout=piped
    )
    assert other.stdin
    assert other.stdout
    assert await other.stdout.readline() == b"held\n"
    reading = asyncio.ensure_future(
        Pace(tmp_path, clock=clock.seconds, sleep=clock.sleep).read(f"{arxiv.feeds}/rss/cs.CV")
    )
    await asyncio.sleep(0.2)
    assert not arxiv.requests
    other.stdin.close()
    await other.wait()
    await reading
    assert len(arxiv.requests) == 1


async def test_without_a_place_to_keep_the_pace_nobody_is_asked(
    arxiv: FakeArxiv, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (document,) = await documents(Arxiv.at("arxiv:cs.CV", settings, Pace(tmp_path / "file")))
    assert document.error
    assert f"{tmp_path}/file" in document.error
    assert not arxiv.requests


@pytest.mark.parametrize("said", ["99999999999", "-5", "nan", "inf", "", "what", "\0"])
async def test_a_clock_that_jumped_holds_nobody_up(said: str, tmp_path: Path, arxiv: FakeArxiv, clock: Clock) -> None:
    (tmp_path / "arxiv.pace").write_text(said)
    before = clock.now
    await Pace(tmp_path, clock=clock.seconds, sleep=clock.sleep).read(f"{arxiv.feeds}/rss/cs.CV")
    assert clock.now - before <= timedelta(seconds=3)


async def test_where_arxiv_is_busy_its_time_is_waited_for(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock
) -> None:
    arxiv.fail("busy", "busy")
    arxiv.retry_after = 90
    assert await digests(Arxiv.at("arxiv:cs.CV", settings, pace)) == {"cs.CV": []}
    assert clock.now - MORNING >= timedelta(seconds=180)


async def test_a_time_too_long_to_wait_for_is_kept_all_the_same(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock
) -> None:
    arxiv.fail("busy")
    arxiv.retry_after = 3600
    for _ in range(3):
        with pytest.raises(FetchError, match="503"):
            await pace.read(f"{arxiv.feeds}/rss/cs.CV")
    assert len(arxiv.requests) == 1
    clock.now += timedelta(hours=1)
    assert await digests(Arxiv.at("arxiv:cs.CV", settings, pace)) == {"cs.CV": []}


# Days that are past


async def days(found: AsyncIterator[Digest]) -> list[tuple[str, str, list[str]]]:
    return [(f"{each.day}", each.category, [paper.id for paper in each.papers]) async for each in found]


async def test_past_days_come_back_as_they_were_announced(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock, paper: MakePaper
) -> None:
    # Over the weekend of Memorial Day, which is none of arXiv's holidays, and Juneteenth, which is one.
    clock.now = datetime(2025, 6, 25, 9, tzinfo=UTC)
    arxiv.announce(date(2025, 6, 18), "cs.CV", paper("2506.10000", "Before"))
    arxiv.announce(date(2025, 6, 19), "cs.CV", paper("2506.10001", "T", categories=("cs.CV", "cs.CL")))
    late = datetime(2025, 6, 19, 12, tzinfo=UTC)  # on Juneteenth, announced on Sunday
    arxiv.announce(date(2025, 6, 23), "cs.CV", paper("2506.10003", "T"), submitted=late)
    arxiv.announce(date(2025, 6, 23), "cs.CL", paper("2506.10002", "T"))
    arxiv.announce(date(2025, 6, 24), "cs.CV", paper("2506.10004", "After"))

    found = backfill(["cs.CV", "cs.CL"], date(2025, 6, 19), date(2025, 6, 23), settings, pace=pace)
    assert await days(found) == [
        ("2025-06-19", "cs.CL", ["2506.10001"]),
        ("2025-06-19", "cs.CV", ["2506.10001"]),
        ("2025-06-23", "cs.CL", ["2506.10002"]),
        ("2025-06-23", "cs.CV", ["2506.10003"]),
    ]


async def test_a_past_paper_is_as_it_is_now_with_authors_and_version(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock, paper: MakePaper
) -> None:
    about = paper("hep-th/9901001", "On $x^2$", "Of a < b.", authors=("Ada Lovelace", "Paul Erd\\H{o}s"))
    arxiv.announce(date(2025, 5, 20), "hep-th", about)
    arxiv.announce(TUESDAY, "hep-th", about, kind="replace")

    found = backfill(["HEP-TH"], date(2025, 5, 20), date(2025, 5, 20), settings, pace=pace)
    ((digest,),) = [[each async for each in found]]
    (read,) = digest.papers
    assert (digest.day, digest.category) == (date(2025, 5, 20), "hep-th")
    assert (read.id, read.version, read.title, read.abstract) == ("hep-th/9901001", 2, "On x²", "Of a < b.")
    assert read.authors == ("Ada Lovelace", "Paul Erdős")
    assert read.categories == ("hep-th",)


async def test_an_archive_comes_back_as_its_categories(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "T", categories=("cs.CV", "stat.ML", "cs.LG")))
    found = backfill(["cs"], TUESDAY, TUESDAY, settings, pace=pace)
    assert [(category, ids) for _, category, ids in await days(found)] == [
        ("cs.CV", ["2506.01000"]),
        ("cs.LG", ["2506.01000"]),
    ]
    assert "set=cs:cs&" in arxiv.requests[0].replace("%3A", ":")


@pytest.mark.parametrize("faults", [(), ("busy", "down", "broken"), ("truncated", "", "broken")])
async def test_pages_follow_each_other_through_trouble(
    faults: tuple[str, ...], arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    ids = [f"2506.{n:05}" for n in range(7)]
    arxiv.announce(TUESDAY, "cs.CV", *(paper(id_, "T") for id_ in ids))
    arxiv.page = 2
    arxiv.fail(*faults)  # type: ignore[arg-type]
    told: list[tuple[date, int]] = []

    def progress(changed: date, records: int) -> None:
        told.append((changed, records))

    found = backfill(["cs.CV"], TUESDAY, TUESDAY, settings, progress=progress, pace=pace)
    assert await days(found) == [("2025-06-03", "cs.CV", ids)]
    assert told == [(TUESDAY, 2), (TUESDAY, 4), (TUESDAY, 6), (TUESDAY, 7)]


async def test_an_expired_token_goes_on_where_it_was(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock, paper: MakePaper
) -> None:
    week = [date(2025, 6, day) for day in (3, 4, 5, 6)]
    clock.now = datetime(2025, 6, 7, 9, tzinfo=UTC)
    for n, day in enumerate(week):
        arxiv.announce(day, "cs.CV", paper(f"2506.{n:05}", "T"))
    arxiv.page = 2

    def progress(_: date, records: int) -> None:
        if records == 2:
            arxiv.expire()

    found = backfill(["cs.CV"], week[0], week[-1], settings, progress=progress, pace=pace)
    assert await days(found) == [(f"{day}", "cs.CV", [f"2506.{n:05}"]) for n, day in enumerate(week)]
    assert "from=2025-06-04" in arxiv.requests[2]


async def test_tokens_that_always_expire_end_the_reading(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", *(paper(f"2506.{n:05}", "T") for n in range(3)))
    arxiv.page = 1
    found = backfill(["cs.CV"], TUESDAY, TUESDAY, settings, progress=lambda *_: arxiv.expire(), pace=pace)
    with pytest.raises(Unreachable, match="badResumptionToken, after what changed up to 2025-06-03"):
        await days(found)


async def test_a_paper_that_changes_meanwhile_is_there_once_and_a_deleted_one_is_not(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock, paper: MakePaper
) -> None:
    arxiv.announce(TUESDAY, "cs.CV", *(paper(f"2506.{n:05}", "T") for n in range(4)))
    arxiv.delete("2506.00003")
    arxiv.page = 1

    def progress(_: date, records: int) -> None:
        if records == 1:
            arxiv.touch("2506.00000", clock.now)

    found = await days(backfill(["cs.CV"], TUESDAY, TUESDAY, settings, progress=progress, pace=pace))
    ((_, _, ids),) = found
    assert ids[0] == "2506.00000"
    assert "2506.00003" not in ids
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("submitted", ["Fri, 31 Dec 9999 23:59:59 -1200", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", ""])
def test_a_record_that_was_never_submitted_is_left_out_and_takes_no_other_with_it(submitted: str) -> None:
    def record(id_: str, at: str) -> str:
        inside = f"<id>{id_}</id><version version='v1'><date>{at}</date></version>"
        return f"<record><metadata><arXivRaw xmlns='http://arxiv.org/OAI/arXivRaw/'>{inside}</arXivRaw></metadata></record>"

    records = record("2506.00001", submitted) + record("2506.00002", "Mon, 2 Jun 2025 12:00:00 GMT")
    found = page(
        f"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><ListRecords>{records}</ListRecords></OAI-PMH>"
    )
    assert [each.id for each in found.records] == ["2506.00002"]


async def test_no_papers_are_no_days(arxiv: FakeArxiv, settings: Settings, pace: Pace) -> None:
    assert await days(backfill(["cs.CV"], date(1999, 1, 4), TUESDAY, settings, pace=pace)) == []
    assert len(arxiv.requests) == 1


async def test_a_past_day_of_no_category_is_refused(arxiv: FakeArxiv, settings: Settings, pace: Pace) -> None:
    for category in ("cs.ZZ", "video"):
        with pytest.raises(UserError, match=category):
            await days(backfill([category], TUESDAY, TUESDAY, settings, pace=pace))
    assert len(arxiv.requests) == 1


async def test_where_nobody_answers_the_past_is_unreachable(arxiv: FakeArxiv, settings: Settings, pace: Pace) -> None:
    arxiv.mode = "down"
    with pytest.raises(Unreachable, match="500"):
        await days(backfill(["cs.CV"], TUESDAY, TUESDAY, settings, pace=pace))


# Papers by their ids


async def test_papers_are_known_by_their_ids(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    mixed = ("stat.ML", "cs.LG", "cs.CV")
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "T", "A.", authors=("Paul Erd\\H{o}s", "Li, Wei")))
    arxiv.announce(TUESDAY, "stat.ML", paper("2506.01001", "T", authors=("Grace Hopper",), categories=mixed))
    arxiv.announce(TUESDAY, "hep-th", paper("hep-th/9901001", "T", authors=("Ada Lovelace",)))
    lookup = ArxivLookup(settings, pace)

    found = await lookup.papers(["hep-th/9901001", "2506.09999", "2506.01001", "2506.01000", "2506.01000"])
    assert list(found) == ["hep-th/9901001", "2506.01001", "2506.01000"]
    assert found["2506.01000"].authors == ("Paul Erdős", "Li, Wei")
    assert found["2506.01001"].categories == ("stat.ML", "cs.CV", "cs.LG")
    assert found["2506.01000"].categories == ("cs.CV",)
    assert len(arxiv.requests) == 1


async def test_papers_are_asked_for_a_hundred_at_once(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    ids = [f"2506.{n:05}" for n in range(250)]
    arxiv.announce(TUESDAY, "cs.CV", *(paper(id_, "T", authors=("A",)) for id_ in ids))
    assert list(await ArxivLookup(settings, pace).papers(ids)) == ids
    assert len(arxiv.requests) == 3


async def test_what_arxiv_does_not_know_is_asked_for_again_only_after_hours(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, clock: Clock, paper: MakePaper
) -> None:
    lookup = ArxivLookup(settings, pace, clock=clock.seconds)
    for _ in range(3):
        assert not await lookup.papers(["2506.01000", "x", "1234.56789", "2506.123456"])
    assert len(arxiv.requests) == 1
    arxiv.announce(TUESDAY, "cs.CV", paper("2506.01000", "T", authors=("A",)))
    clock.now += timedelta(hours=6)
    assert list(await lookup.papers(["2506.01000"])) == ["2506.01000"]


async def test_an_id_that_arxiv_refuses_takes_no_other_with_it(
    arxiv: FakeArxiv, settings: Settings, pace: Pace, paper: MakePaper
) -> None:
    ids = [f"2506.{n:05}" for n in range(5)]
    arxiv.announce(TUESDAY, "cs.CV", *(paper(id_, "T", authors=("A",)) for id_ in ids))
    arxiv.refused.add("2506.00003")
    assert list(await ArxivLookup(settings, pace).papers(ids)) == [*ids[:3], ids[4]]


@pytest.mark.parametrize("mode", ["busy", "down", "truncated", "broken"])
async def test_where_nobody_answers_papers_are_unreachable(
    mode: str, arxiv: FakeArxiv, settings: Settings, pace: Pace
) -> None:
    arxiv.mode = mode  # type: ignore[assignment]
    with pytest.raises(Unreachable, match="API"):
        await ArxivLookup(settings, pace).papers(["2506.01000"])
