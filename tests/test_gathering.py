"""Rounds over real stores: what is taken in, what is owed for it, and what the admin hears of a source."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters._sources.files import Files
from bot import digest as digestion
from bot.calendar import quiet
from bot.daily import take_in
from bot.delivery import deliver
from bot.gathering import gather, keep_gathering
from bot.gathering.reading import Reading
from bot.model import Destination, Digest, Following, Report
from bot.ports import DiskError, Document, Intake, Plan, Store, Unreachable
from bot.search.grammar import parse
from storage import connect
from tests.fakes.recorder import Clock, Recorder
from tests.fakes.waiting import until

ADMIN = Destination.parse("slack:T1/C9")
ROOM = Destination.parse("slack:T1/C1")
ANN = Destination.parse("slack:T1/@ANN")
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, MONDAY = (date(2020, 11, day) for day in (17, 18, 19, 20, 23))
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Shelf:
    """A source that holds what it is given until that was read, as every source does."""

    every = timedelta(hours=1)
    delay = timedelta(hours=3)

    def __init__(self, *documents: Document, address: str = "arxiv:cs.CV") -> None:
        self.address = address
        self.waiting = list(documents)
        self.again: list[Document] = []  # what cannot be read is given each time
        self.bug: Exception | None = None
        self.hangs = False
        self.asked = self.closed = 0

    def __len__(self) -> int:
        return len(self.waiting)

    def put(self, *documents: Document) -> Shelf:
        self.waiting += documents
        return self

    async def documents(self) -> AsyncIterator[Document]:
        self.asked += 1
        try:
            if self.hangs:
                await asyncio.Event().wait()
            while self.waiting:
                yield self.waiting[0]
                del self.waiting[0]
            for each in self.again:
                yield each
            if self.bug:
                raise self.bug
        finally:
            self.closed += 1


def digest(day: date, *numbers: int, category: str = "cs.CV", broken: int = 0, name: str = "") -> Document:
    lines = [f"# ArXiv {category} --{day:%a}, {day.day} {day:%b} {day.year}"]
    lines += [
        f"### {n}.Lidar number {n} [ :arrow_down: ](https://arxiv.org/pdf/{day:%y%m}.{day.day:02}{n:03}.pdf)\n>  Scans."
        for n in numbers or (1, 2)
    ]
    lines += ["### 9.No address\n>  Nothing."] * broken
    return Document(name or f"{day}-{category}.md", "\n".join(lines))


def feed(day: date) -> Document:
    return Document(
        "arxiv:cs.CV",
        f"<rss><channel><title>cs.CV updates on arXiv.org</title><pubDate>{day:%a}, {day:%d %b %Y} 00:00:00 -0500"
        "</pubDate></channel></rss>",
    )


def events(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    return [vars(each) for each in caplog.records if each.name.startswith("bot.") and each.message == name]


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")


async def said(store: Store, now: datetime = NOW) -> list[str]:
    """Deliver what is owed to the admin; return how the messages begin, without the source."""
    slack = Recorder()
    await deliver(store, {"slack": slack}, lambda: now)
    return [reply.text.plain.removeprefix("arxiv:cs.CV is ").partition(" since ")[0] for reply in slack.to(ADMIN)]


async def test_a_round_takes_in_what_is_there_and_says_so_once(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(digest(FRIDAY, category="cs.LG"), digest(FRIDAY, 1, 2, 3))
    report = await gather(shelf, store, NOW)

    assert [(each.category, each.stored) for each in await store.digests(FRIDAY)] == [("cs.CV", 3), ("cs.LG", 2)]
    assert report == Report("arxiv:cs.CV", "fresh", "the newest digest is of Fri 20 Nov 2020", NOW, NOW, FRIDAY)
    assert await store.reports() == (report,)
    (event,) = events(caplog, "gathered")
    assert [event[name] for name in ("source", "digests", "new", "known", "corrected", "owed")] == [
        *("arxiv:cs.CV", 2, 3, 2, 0, 0)
    ]
    await gather(shelf, store, NOW + HOUR)
    assert len(events(caplog, "gathered")) == 1


async def test_a_source_that_is_read_for_the_first_time_owes_its_newest_day_alone(store: Store) -> None:
    await store.follow(Following(ROOM))
    await store.subscribe(ANN, parse("lidar"), NOW)
    shelf = Shelf(
        *(digest(day, category=category) for category in ("cs.CV", "cs.LG") for day in (WEDNESDAY, THURSDAY)),
        digest(FRIDAY),
        # Two of the newest day are both of it, and an older one may come after a newer one.
        digest(FRIDAY, 3, 4, name="2020-11-20-part-2.md"),
        digest(TUESDAY),
    )
    await gather(shelf, store, NOW)
    slack = Recorder()
    await deliver(store, {"slack": slack}, lambda: NOW)

    assert len(await store.days()) == 4
    assert {reply.text.plain.partition(":")[0] for reply in slack.to(ROOM)} == {
        "cs.CV, Fri 20 Nov 2020",
        "cs.LG, Thu 19 Nov 2020",
    }
    # Who came late hears of what comes from now on, be it several days.
    await gather(shelf.put(digest(MONDAY), digest(date(2020, 11, 24))), store, NOW + timedelta(days=4))
    await deliver(store, {"slack": slack}, lambda: NOW + timedelta(days=4))
    shown = [card.paper for reply in slack.to(ROOM) for card in reply.cards]
    assert {paper[5:7] for paper in shown} == {"19", "20", "23", "24"}
    alerts = [card.paper for reply in slack.to(ANN) for card in reply.cards]
    assert {paper[5:7] for paper in alerts} == {"19", "20", "23", "24"}


async def test_a_folder_that_was_empty_at_first_is_still_read_for_the_first_time(store: Store) -> None:
    await store.follow(Following(ROOM))
    shelf = Shelf()
    assert (await gather(shelf, store, NOW)).state == "quiet"
    await gather(shelf.put(digest(THURSDAY), digest(FRIDAY)), store, NOW + HOUR)

    claimed = await store.claim(["slack"], NOW + HOUR)
    assert claimed is not None
    assert (claimed.day, claimed.since) == (FRIDAY, None)
    assert await store.claim(["slack"], NOW + HOUR) is None


async def test_what_is_owed_waits_for_the_end_of_the_round_and_no_longer(store: Store) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await gather(Shelf(digest(THURSDAY)), store, NOW)
    slack = Recorder()
    await deliver(store, {"slack": slack}, lambda: NOW)
    seen = []

    class Slow(Shelf):
        async def documents(self) -> AsyncIterator[Document]:
            async for each in super().documents():
                yield each
                seen.append(await store.claim(["slack"], NOW + timedelta(minutes=9)))

    await gather(Slow(digest(FRIDAY), digest(FRIDAY, 7, category="cs.LG")), store, NOW)

    assert seen == [None, None]
    # At once: it was not held, and of both digests.
    await deliver(store, {"slack": slack}, lambda: NOW)
    assert [len(reply.cards) for reply in slack.to(ANN)] == [2, 3]


async def test_what_a_source_has_of_a_single_document_is_stored_before_it_is_remembered(store: Store) -> None:
    seen = []

    class Single(Shelf):
        async def documents(self) -> AsyncIterator[Document]:
            yield digest(FRIDAY)
            seen.append(await store.days())

        def __len__(self) -> int:
            return 1

    await gather(Single(), store, NOW)

    assert seen == [(FRIDAY,)]


async def test_a_round_that_is_cut_short_holds_nothing_back(store: Store) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await gather(Shelf(digest(THURSDAY)), store, NOW)
    await deliver(store, {"slack": Recorder()}, lambda: NOW)
    is_read = asyncio.Event()

    class Hanging(Shelf):
        async def documents(self) -> AsyncIterator[Document]:
            yield digest(FRIDAY)
            is_read.set()
            await asyncio.Event().wait()

    cut = asyncio.ensure_future(gather(Hanging(), store, NOW))
    await is_read.wait()
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut

    assert await store.claim(["slack"], NOW) is not None


async def test_what_a_store_that_fails_did_not_take_in_comes_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.follow(Following(ROOM))
    take_in = store.take_in
    left = [1]

    async def full(digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        if not left:
            raise DiskError("no space")
        left.pop()
        return await take_in(digest, plan, at, hold_until=hold_until)

    monkeypatch.setattr(store, "take_in", full)
    shelf = Shelf(*(digest(day) for day in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)))
    reading = Reading(shelf, store)
    for _ in range(3):
        with pytest.raises(DiskError):
            await gather(shelf, store, NOW, reading=reading)
    assert shelf.closed == 3
    assert await store.reports() == ()
    monkeypatch.setattr(store, "take_in", take_in)
    await gather(shelf, store, NOW, reading=reading)

    assert await store.days() == (FRIDAY, THURSDAY, WEDNESDAY, TUESDAY)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    assert (claimed.day, claimed.since) == (FRIDAY, None)


async def test_an_archive_that_is_read_in_two_parts_still_owes_its_newest_day_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.follow(Following(ROOM))
    take_in = store.take_in
    errors = [DiskError("busy")]

    async def failing(digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        if digest.day == WEDNESDAY and errors:
            raise errors.pop()
        return await take_in(digest, plan, at, hold_until=hold_until)

    monkeypatch.setattr(store, "take_in", failing)
    shelf = Shelf(*(digest(day) for day in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)))
    reading = Reading(shelf, store)
    with pytest.raises(DiskError):
        await gather(shelf, store, NOW, reading=reading)
    assert await store.claim(["slack"], NOW) is None
    await gather(shelf, store, NOW, reading=reading)

    assert await store.days() == (FRIDAY, THURSDAY, WEDNESDAY, TUESDAY)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    assert (claimed.day, claimed.since) == (FRIDAY, None)


async def test_an_archive_whose_reading_is_stopped_owes_nothing_yet(store: Store) -> None:
    await store.follow(Following(ROOM))
    is_read = asyncio.Event()

    class Long(Shelf):
        async def documents(self) -> AsyncIterator[Document]:
            async for each in super().documents():
                yield each
            is_read.set()
            await asyncio.Event().wait()

        def __len__(self) -> int:
            return 9

    cut = asyncio.ensure_future(gather(Long(digest(WEDNESDAY), digest(THURSDAY)), store, NOW))
    await is_read.wait()
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    await gather(Shelf(digest(WEDNESDAY), digest(THURSDAY), digest(FRIDAY)), store, NOW + HOUR)

    claimed = await store.claim(["slack"], NOW + HOUR)
    assert claimed is not None
    assert (claimed.day, claimed.since) == (FRIDAY, None)


async def test_what_was_read_is_known_where_the_store_fails_to_save_the_report(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gather(Shelf(digest(THURSDAY)), store, NOW - DAY)
    report = store.report

    async def full(*_: object) -> None:
        raise DiskError("no space")

    monkeypatch.setattr(store, "report", full)
    shelf = Shelf(digest(FRIDAY), Document("a.md", "Hello."))
    shelf.again = [Document("arxiv:cs.CV", error="HTTP 503")]
    reading = Reading(shelf, store)
    with pytest.raises(DiskError):
        await gather(shelf, store, NOW, reading=reading)
    monkeypatch.setattr(store, "report", report)
    shelf.again = []
    found = await gather(shelf, store, NOW + HOUR, reading=reading)

    assert (found.day, found.state, found.failing) == (FRIDAY, "broken", None)
    assert found.detail.startswith("a.md: line 1: this is no digest")


async def test_a_document_that_cannot_be_read_does_not_stop_the_others(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(digest(THURSDAY), Document("a.md", "Hello."), digest(FRIDAY, *range(1, 8), broken=1, name="b.md"))
    report = await gather(shelf, store, NOW, admin=ADMIN)

    assert (report.state, report.day) == ("broken", FRIDAY)
    assert report.detail.startswith("a.md: line 1: this is no digest")
    assert len(await store.days()) == 2
    (event,) = events(caplog, "unreadable")
    assert event["document"] == "a.md"
    (event,) = events(caplog, "refused")
    assert (event["document"], event["line"]) == ("b.md", 16)
    assert await said(store) == ["broken"]


async def test_a_bug_in_one_digest_does_not_stop_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take_in = store.take_in

    async def buggy(digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        if digest.day == THURSDAY:
            raise ZeroDivisionError
        return await take_in(digest, plan, at, hold_until=hold_until)

    monkeypatch.setattr(store, "take_in", buggy)
    report = await gather(Shelf(digest(THURSDAY), digest(FRIDAY)), store, NOW)

    (event,) = events(caplog, "bug")
    assert event["document"] == "2020-11-19-cs.CV.md"
    assert f"this is a bug, in the log as {event['id']}" in report.detail
    assert await store.days() == (FRIDAY,)


async def test_a_bug_in_a_source_is_told_as_what_it_is(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(digest(FRIDAY))
    shelf.bug = ZeroDivisionError()
    await gather(shelf, store, NOW)
    report = await gather(shelf, store, NOW + HOUR)

    assert await store.days() == (FRIDAY,)
    assert (report.state, len(events(caplog, "bug"))) == ("unreachable", 2)


async def test_a_source_that_hangs_is_not_waited_for_for_ever(store: Store) -> None:
    shelf = Shelf()
    shelf.hangs = True
    await gather(shelf, store, NOW, patience=timedelta(milliseconds=20))
    report = await gather(shelf, store, NOW + HOUR, patience=timedelta(milliseconds=20))

    assert (report.state, shelf.closed) == ("unreachable", 2)
    assert report.detail.startswith("no answer within 0.02 s. ")


async def test_a_digest_from_the_future_is_not_taken_in(store: Store) -> None:
    report = await gather(Shelf(digest(date(2021, 11, 20), name="a.md"), digest(THURSDAY)), store, NOW)

    assert await store.days() == (THURSDAY,)
    assert (report.state, report.day) == ("broken", THURSDAY)
    assert report.detail.startswith("a.md: a digest of Sat 20 Nov 2021, which is yet to come. ")


async def test_a_digest_that_parses_to_far_less_than_it_declares_is_broken(store: Store) -> None:
    report = await gather(Shelf(digest(FRIDAY, 1, 2, 3, broken=1)), store, NOW)

    assert (report.state, report.day) == ("broken", FRIDAY)
    assert "only 3 of the 4 entries in cs.CV of Fri 20 Nov 2020 could be read" in report.detail


async def test_an_empty_feed_is_late_on_a_day_with_a_digest_and_quiet_on_another(store: Store) -> None:
    shelf = Shelf(digest(THURSDAY))
    await gather(shelf, store, NOW - HOUR)
    late = await gather(shelf.put(feed(FRIDAY)), store, NOW)
    there = await gather(shelf.put(digest(FRIDAY)), store, NOW + HOUR)
    weekend = await gather(shelf.put(feed(date(2020, 11, 21))), store, NOW + timedelta(days=1))

    assert late.detail.startswith("arXiv's feed is empty though the digest of Fri 20 Nov 2020 was expected")
    assert [each.state for each in (late, there, weekend)] == ["late", "fresh", "quiet"]
    # It is no digest: nobody sees an empty day.
    assert await store.days() == (FRIDAY, THURSDAY)


async def test_the_admin_hears_of_each_change_once_in_order_and_across_restarts(address: str) -> None:
    shelf = Shelf(digest(THURSDAY))
    rounds = [
        (timedelta(), []),
        (timedelta(minutes=90), [feed(FRIDAY)]),
        (timedelta(hours=2), []),
        (timedelta(days=3, hours=1), []),
        (timedelta(days=3, hours=2), [digest(FRIDAY)]),
        (timedelta(days=3, hours=3), [Document("arxiv:cs.CV", "<rss>")]),
        (timedelta(days=3, hours=4), []),
        (timedelta(days=3, hours=5), [digest(MONDAY)]),
        (timedelta(days=3, hours=6), []),
    ]
    heard = []
    for after, documents in rounds:
        async with connect(address) as store:
            await store.watch([shelf.address], NOW)
            await gather(shelf.put(*documents), store, NOW - 2 * HOUR + after, admin=ADMIN)
            heard.append(await said(store, NOW + after))

    assert heard == [[], ["late"], [], ["stale"], ["late"], ["broken"], [], ["well again"], []]


async def test_what_was_told_of_a_document_is_not_told_again_until_it_could_be_read(
    tmp_path: Path, store: Store
) -> None:
    """The files of a folder are all read again after a restart."""

    def write(day: date) -> None:
        (tmp_path / f"{day}.md").write_text(digest(day).text)

    async def restarted(now: datetime) -> list[str]:
        source = Files(tmp_path)
        for _ in range(2):
            await gather(source, store, now, admin=ADMIN)
        return [each.rpartition(" is ")[2] for each in await said(store, now)]

    write(WEDNESDAY)
    write(THURSDAY)
    (tmp_path / "readme.md").write_text("Hello.")
    (tmp_path / "link.md").symlink_to("readme.md")
    assert await restarted(NOW) == ["broken"]
    assert await restarted(NOW + HOUR) == []
    write(FRIDAY)
    assert await restarted(NOW + 2 * HOUR) == ["well again"]
    assert await restarted(NOW + 3 * HOUR) == []
    # Another reason is news, and so is the same one after it was gone.
    (tmp_path / "readme.md").write_bytes(b"\xff\xfe\xfd")
    assert await restarted(NOW + 4 * HOUR) == []
    assert await restarted(NOW + 5 * HOUR) == ["broken"]
    (tmp_path / "readme.md").write_text(digest(WEDNESDAY, 7).text)
    assert await restarted(NOW + 6 * HOUR) == ["well again"]
    (tmp_path / "readme.md").write_text("Hello.")
    assert await restarted(NOW + 7 * HOUR) == ["broken"]
    (tmp_path / "readme.md").write_text(digest(WEDNESDAY, 8).text)
    assert await restarted(NOW + 8 * HOUR) == ["well again"]
    (tmp_path / "readme.md").write_text("Hello.")
    assert await restarted(NOW + 9 * HOUR) == ["broken"]


async def test_what_a_source_says_of_its_own_document_stays_news_while_it_says_so(store: Store) -> None:
    """As where arXiv cuts a listing off: it is there, and it is not all of it."""
    shelf = Shelf()
    shelf.again = [digest(FRIDAY, name="arxiv:cs.CV"), Document("arxiv:cs.CV", error="cut off at 2,000 items")]
    states = [(await gather(shelf, store, NOW + n * HOUR / 2, admin=ADMIN)).state for n in range(6)]
    assert states == ["fresh", "fresh", "broken", "broken", "broken", "broken"]
    shelf.again[0] = digest(MONDAY, name="arxiv:cs.CV")
    assert (await gather(shelf, store, NOW + 3 * DAY, admin=ADMIN)).state == "broken"
    shelf.again.pop()

    assert (await gather(shelf, store, NOW + 3 * DAY, admin=ADMIN)).state == "fresh"


async def test_a_failed_poll_is_no_news_before_an_hour_has_passed(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(digest(FRIDAY))
    await gather(shelf, store, NOW, admin=ADMIN)
    shelf.again = [Document("arxiv:cs.CV", error="HTTP 503")]
    heard = []
    for minutes in (1, 30, 60, 61, 120):
        await gather(shelf, store, NOW + timedelta(minutes=minutes), admin=ADMIN)
        heard.append(await said(store))
    shelf.again = []
    await gather(shelf, store, NOW + 3 * HOUR, admin=ADMIN)

    assert heard == [[], [], [], ["unreachable"], []]
    assert await said(store) == ["well again"]
    (event,) = events(caplog, "unread")
    assert (event["document"], event["reason"]) == ("arxiv:cs.CV", "HTTP 503")


async def test_a_source_that_is_asked_every_few_seconds_does_not_write_each_time(store: Store, tmp_path: Path) -> None:
    source = Files(tmp_path)
    (tmp_path / "a.md").write_text(digest(FRIDAY).text)
    await gather(source, store, NOW)
    for seconds in (10, 59, 60, 70):
        await gather(source, store, NOW + timedelta(seconds=seconds))
    (report,) = await store.reports()

    assert report.checked_at == NOW + timedelta(seconds=60)


async def test_when_a_source_was_last_asked_is_said_by_the_clock_that_was_put_right(store: Store) -> None:
    shelf = Shelf(digest(FRIDAY))
    await gather(shelf, store, NOW + 3 * HOUR)
    await gather(shelf, store, NOW)

    (report,) = await store.reports()
    assert report.checked_at == NOW


async def test_no_password_reaches_the_log(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    address = "https://ann:secret@host/digest.md"
    shelf = Shelf(Document(address, "Hello."), digest(FRIDAY, broken=1, name=address), address=address)
    shelf.again = [Document(address + "?", error=f"{address} is gone")]
    await gather(shelf, store, NOW)
    shelf.bug = ZeroDivisionError()
    await gather(shelf, store, NOW)

    assert {each.message for each in caplog.records} >= {"unreadable", "refused", "gathered", "unread", "bug", "source"}
    assert not [each for each in caplog.records if "secret" in str(vars(each))]


class Archived(Shelf):
    """A source that still knows the days it has left behind, when it can be reached."""

    def __init__(self, *documents: Document) -> None:
        super().__init__(*documents)
        self.reached = True
        self.spans: list[tuple[date, date]] = []

    async def between(self, first: date, last: date) -> AsyncIterator[Digest]:
        self.spans.append((first, last))
        if not self.reached:
            raise Unreachable("HTTP 503")
        while first <= last:
            for each in digestion.parse(digest(first).text, self.address):
                yield each
            first += DAY


async def test_days_that_were_left_out_are_fetched_and_told_of(store: Store) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    source = Archived(digest(TUESDAY))
    await gather(source, store, NOW - 3 * DAY)
    slack = Recorder()
    await deliver(store, {"slack": slack}, lambda: NOW)
    report = await gather(source.put(digest(FRIDAY)), store, NOW, admin=ADMIN)
    await deliver(store, {"slack": slack}, lambda: NOW)

    assert (report.state, source.spans) == ("fresh", [(WEDNESDAY, THURSDAY)])
    assert await store.days() == (FRIDAY, THURSDAY, WEDNESDAY, TUESDAY)
    shown = [card.paper for reply in slack.to(ANN) for card in reply.cards]
    assert sorted(shown) == [f"2011.{day:02}00{n}" for day in (17, 18, 19, 20) for n in (1, 2)]
    assert slack.to(ADMIN) == []
    await gather(source.put(digest(FRIDAY, 3, name="b.md")), store, NOW + HOUR)
    assert len(source.spans) == 1


async def test_a_day_that_came_another_way_is_not_fetched_again(store: Store) -> None:
    source = Archived(digest(TUESDAY))
    await gather(source, store, NOW - 3 * DAY)
    (by_hand,) = digestion.parse(digest(THURSDAY, 7).text, "by hand")
    await take_in(by_hand, store, NOW)
    await gather(source.put(digest(MONDAY)), store, NOW + 3 * DAY)

    assert source.spans == [(WEDNESDAY, FRIDAY)]
    assert await store.counts([WEDNESDAY, THURSDAY, FRIDAY]) == {WEDNESDAY: 2, THURSDAY: 1, FRIDAY: 2}


async def test_days_that_were_left_out_are_asked_for_until_they_are_there_and_missed_after_an_hour(
    address: str,
) -> None:
    source = Archived(digest(WEDNESDAY))
    states = []
    for after in (-2 * DAY, timedelta(), HOUR / 2, HOUR, 2 * HOUR):
        async with connect(address) as store:
            source.put(*[digest(FRIDAY)] * (after == timedelta()))
            source.reached = after == 2 * HOUR
            states.append((await gather(source, store, NOW + after)).state)
            days = await store.days()

    assert source.spans == [(THURSDAY, THURSDAY)] * 4
    assert states == ["fresh", "fresh", "fresh", "broken", "fresh"]
    assert days == (FRIDAY, THURSDAY, WEDNESDAY)
    async with connect(address) as store:
        assert (await gather(source.put(digest(MONDAY)), store, NOW + 3 * DAY)).state == "fresh"
    assert len(source.spans) == 4


async def test_days_that_a_source_has_left_out_for_good_are_told_of_once(store: Store) -> None:
    shelf = Shelf(digest(TUESDAY))
    await gather(shelf, store, NOW - 3 * DAY, admin=ADMIN)
    report = await gather(shelf.put(digest(FRIDAY)), store, NOW, admin=ADMIN)

    assert report.state == "broken"
    assert report.detail.startswith("no digest of Wed 18 to Thu 19 Nov 2020 has come, though it was expected. ")
    assert await said(store) == ["broken"]
    await gather(shelf, store, NOW + HOUR, admin=ADMIN)
    await gather(shelf.put(digest(MONDAY)), store, NOW + 3 * DAY, admin=ADMIN)
    assert await said(store) == ["well again"]


async def test_what_was_late_and_never_came_is_not_told_of_twice(store: Store) -> None:
    shelf = Shelf(digest(WEDNESDAY))
    for after, documents in ((-DAY, []), (timedelta(), [digest(FRIDAY)])):
        await gather(shelf.put(*documents), store, NOW + after, admin=ADMIN)
    await gather(shelf, store, NOW + 3 * DAY, admin=ADMIN)
    report = await gather(shelf.put(digest(date(2020, 11, 24))), store, NOW + 4 * DAY, admin=ADMIN)

    assert report.state == "fresh"


async def test_days_that_came_another_way_are_not_missed(store: Store) -> None:
    shelf = Shelf(digest(WEDNESDAY))
    await gather(shelf, store, NOW - 2 * DAY)
    await gather(Shelf(digest(THURSDAY, category="cs.LG"), address="other"), store, NOW)
    (by_hand,) = digestion.parse(digest(THURSDAY).text, "by hand")
    await take_in(by_hand, store, NOW)

    assert (await gather(shelf.put(digest(FRIDAY)), store, NOW)).state == "fresh"


async def test_another_sources_digest_of_the_day_does_not_fill_a_gap(store: Store) -> None:
    shelf = Shelf(digest(WEDNESDAY))
    await gather(shelf, store, NOW - 2 * DAY)
    await gather(Shelf(digest(THURSDAY, category="cs.LG"), address="other"), store, NOW)

    assert (await gather(shelf.put(digest(FRIDAY)), store, NOW)).state == "broken"


@pytest.fixture
async def keeping(store: Store) -> AsyncIterator[Callable[..., asyncio.Event]]:
    """Yield what starts gathering from sources; in the end it is stopped, and must end."""
    stop = asyncio.Event()
    tasks = []

    def start(*sources: Shelf) -> asyncio.Event:
        tasks.append(asyncio.ensure_future(keep_gathering(sources, store, Clock(), stop, admin=ADMIN)))
        return stop

    yield start
    stop.set()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks)


async def test_one_source_that_hangs_keeps_no_other_waiting(
    keeping: Callable[..., asyncio.Event], store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    hanging, quick = Shelf(address="hanging"), Shelf(digest(FRIDAY))
    hanging.hangs = True
    quick.every = timedelta(milliseconds=1)
    await store.watch(["forgotten"], NOW)
    keeping(hanging, quick)
    await until(lambda: quick.asked > 3, 10, lambda: quick.asked)

    assert await store.days() == (FRIDAY,)
    assert hanging.asked == 1
    # What a round has read is not the next one's.
    assert len(events(caplog, "gathered")) == 1
    assert [(each.source, each.state) for each in await store.reports()] == [
        ("arxiv:cs.CV", "fresh"),
        ("hanging", "new"),
    ]


async def test_what_two_sources_have_at_the_same_time_is_one_alert(
    keeping: Callable[..., asyncio.Event], store: Store
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    goes_on = asyncio.Event()

    class Slow(Shelf):
        async def documents(self) -> AsyncIterator[Document]:
            yield digest(FRIDAY)
            await goes_on.wait()

        def __len__(self) -> int:
            return 1

    slow, quick = Slow(address="slow"), Shelf(address="quick")
    quick.every = timedelta(milliseconds=1)
    keeping(slow, quick)
    async with asyncio.timeout(10):
        while not await store.days():  # noqa: ASYNC110  # the store has no event for it
            await asyncio.sleep(0.005)
    quick.put(digest(FRIDAY, 7, category="cs.LG"))
    asked = quick.asked
    await until(lambda: quick.asked > asked + 3, 10, lambda: quick.asked)
    assert await store.claim(["slack"], NOW) is None
    goes_on.set()
    async with asyncio.timeout(10):
        while (claimed := await store.claim(["slack"], NOW)) is None:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.005)

    assert len(claimed.picks) == 3


async def test_a_round_that_fails_lets_go_what_the_next_one_did_not_wait_for(
    keeping: Callable[..., asyncio.Event], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await gather(Shelf(digest(WEDNESDAY)), store, NOW - DAY)
    await deliver(store, {"slack": Recorder()}, lambda: NOW)
    take_in = store.take_in

    async def failing(digest: Digest, plan: Plan, at: datetime, *, hold_until: datetime | None = None) -> Intake:
        if digest.day == FRIDAY:
            raise DiskError("no space")
        return await take_in(digest, plan, at, hold_until=hold_until)

    monkeypatch.setattr(store, "take_in", failing)
    shelf = Shelf(digest(THURSDAY), digest(FRIDAY))
    keeping(shelf)
    async with asyncio.timeout(10):
        while (claimed := await store.claim(["slack"], NOW)) is None:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.005)

    assert claimed.day == THURSDAY


async def test_gathering_goes_on_after_the_store_failed_and_after_a_bug(
    keeping: Callable[..., asyncio.Event],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reports = store.reports
    errors = [DiskError("no space"), ZeroDivisionError()]

    async def failing() -> tuple[Report, ...]:
        if errors:
            raise errors.pop(0)
        return await reports()

    monkeypatch.setattr(store, "reports", failing)
    shelf = Shelf(digest(FRIDAY))
    shelf.every = timedelta(milliseconds=1)
    keeping(shelf)
    await until(lambda: shelf.asked > 1, 10, lambda: shelf.asked)

    assert await store.days() == (FRIDAY,)
    (event,) = events(caplog, "gathering_waits")
    assert (event["source"], event["reason"]) == ("arxiv:cs.CV", "no space")
    assert len(events(caplog, "bug")) == 1


async def test_a_service_without_sources_forgets_those_it_had(
    keeping: Callable[..., asyncio.Event], store: Store
) -> None:
    await store.watch(["forgotten"], NOW)
    keeping()
    async with asyncio.timeout(10):
        while await store.reports():  # noqa: ASYNC110  # the store has no event for it
            await asyncio.sleep(0.005)


async def test_a_bug_before_the_first_round_ends_the_service_and_is_not_silence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def buggy(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(store, "watch", buggy)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10):
            await keep_gathering([Shelf()], store, Clock(), asyncio.Event(), admin=None)


DAYS = [date(2020, 11, day) for day in range(9, 31) if quiet(date(2020, 11, day)) is None]


@settings(max_examples=40, deadline=None)
@given(
    rounds=st.lists(
        st.tuples(
            st.sampled_from([10, 40, 600, 1500, 3000]),  # minutes since the round before
            st.sampled_from(["digest", "nothing", "old", "empty", "silent", "silent", "garbage", "link", "thin"]),
            st.booleans(),  # whether the admin can be reached
        ),
        min_size=1,
        max_size=14,
    )
)
async def test_the_admin_never_hears_the_same_twice_and_at_last_knows_how_things_are(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[int, str, bool]]
) -> None:
    now = datetime(2020, 11, 10, 9, tzinfo=UTC)
    shelf = Shelf(digest(date(2020, 11, 9)))
    heard: list[str] = []
    async with connect(f"sqlite:///{tmp_path_factory.mktemp('rounds')}/papers.db") as store:
        await store.watch([shelf.address], now)
        for minutes, what, reached in [*rounds, (10, "nothing", True), (10, "nothing", True)]:
            now += timedelta(minutes=minutes)
            today = max(day for day in DAYS if day <= now.date())
            shelf.again = [Document("arxiv:cs.CV", error="HTTP 503")] if what == "silent" else []
            shelf.again += [Document("link.md", error="a symbolic link")] if what == "link" else []
            documents = {
                "digest": [digest(today)],
                "old": [digest(date(2020, 11, 9))],
                "empty": [feed(today)],
                "garbage": [Document(f"{now}.md", "Hello.")],
                "thin": [digest(today, broken=5)],
            }
            report = await gather(shelf.put(*documents.get(what, [])), store, now, admin=ADMIN)
            if reached:
                heard += await said(store, now)
                state = "well again" if report.is_well else report.state
                # What was said last is how things are; of a source that was always well nothing is said.
                assert heard[-1:] == [state] or (not heard and report.is_well)

    assert all(one != other for one, other in pairwise(heard))
    assert heard[:1] != ["well again"]


async def test_an_archive_is_asked_for_what_its_source_does_not_show_and_not_at_every_round(store: Store) -> None:
    source = Archived(digest(TUESDAY))
    await gather(source, store, NOW - 3 * DAY)
    source.put()
    for after in (timedelta(), HOUR, 2 * HOUR):
        await gather(source, store, NOW + after)

    assert source.spans == [(WEDNESDAY, THURSDAY)]
    assert await store.days() == (THURSDAY, WEDNESDAY, TUESDAY)


class Guessing(Archived):
    """One that puts what was announced on Friday on the day before."""

    async def between(self, first: date, last: date) -> AsyncIterator[Digest]:
        self.spans.append((first, last))
        for each in digestion.parse(digest(FRIDAY).text, self.address):
            yield replace(each, day=first)


async def test_what_an_archive_puts_on_another_day_is_listed_once(store: Store) -> None:
    source = Guessing(digest(WEDNESDAY))
    await gather(source, store, NOW - 2 * DAY)
    await gather(source.put(digest(FRIDAY)), store, NOW)

    assert source.spans == [(THURSDAY, THURSDAY)]
    assert await store.days() == (FRIDAY, WEDNESDAY)
