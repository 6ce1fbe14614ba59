"""The reports on sources as the store keeps them, and who is told of which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.freshness import owed
from bot.model import Delivery, Destination, Report
from bot.ports import Store

ADMIN = Destination.parse("slack:T1/C9")
OTHER = Destination.parse("slack:T1/C8")
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
SOURCE = "arxiv:cs.CV"
NEW = Report(SOURCE, "new", "", NOW, NOW)
LATE = replace(NEW, state="late", detail="late it is", day=date(2020, 11, 19))
STALE = replace(LATE, state="stale")
FRESH = replace(LATE, state="fresh", day=date(2020, 11, 20))
QUIET = replace(FRESH, state="quiet")


async def tell(store: Store, *reports: Report, admin: Destination = ADMIN) -> None:
    for each in reports:
        await store.report(each, owed(each, admin))


async def sent(store: Store, *, uncertain: bool = False) -> list[str]:
    """Send what is owed; return what it was about, in order."""
    topics = []
    while claimed := await store.claim(["slack"], NOW):
        topics.append(claimed.topic)
        if uncertain:
            later = NOW + timedelta(hours=1)
            await store.settle(claimed, "pending", code="reset", not_before=later, uncertain=True)
        else:
            await store.settle(claimed, "sent")
    return topics


async def test_sources_are_watched_and_those_that_are_not_any_more_are_forgotten(store: Store) -> None:
    await store.watch(["b", SOURCE], NOW)
    assert await store.reports() == (NEW, Report("b", "new", "", NOW, NOW))
    await store.report(LATE)
    await store.watch([SOURCE, "c"], NOW + timedelta(days=1))

    later = NOW + timedelta(days=1)
    assert await store.reports() == (LATE, Report("c", "new", "", later, later))
    await store.watch([], NOW)
    assert await store.reports() == ()


async def test_a_report_is_kept_as_it_was_given(store: Store) -> None:
    report = replace(LATE, since=NOW - timedelta(hours=1), failing=NOW + timedelta(microseconds=1))
    await store.report(LATE)
    await store.report(report)

    assert await store.reports() == (report,)


async def test_the_admin_is_told_of_each_change_once(store: Store) -> None:
    await tell(store, FRESH, LATE, LATE)
    assert await sent(store) == ["late arxiv:cs.CV"]
    await tell(store, LATE, STALE)
    assert await sent(store) == ["stale arxiv:cs.CV"]
    await tell(store, FRESH, QUIET, FRESH)
    assert await sent(store) == ["well arxiv:cs.CV"]
    await tell(store, LATE)
    assert await sent(store) == ["late arxiv:cs.CV"]


async def test_that_all_is_well_is_no_news_before_any_trouble(store: Store) -> None:
    await tell(store, FRESH, QUIET)

    assert await sent(store) == []


async def test_trouble_that_ends_before_anybody_was_told_is_not_told(store: Store) -> None:
    await tell(store, LATE, STALE, FRESH)

    assert await sent(store) == []


async def test_what_comes_back_before_it_was_told_to_be_over_is_not_told_again(store: Store) -> None:
    await tell(store, LATE)
    assert await sent(store) == ["late arxiv:cs.CV"]
    await tell(store, FRESH, LATE)
    assert await sent(store) == []
    await tell(store, FRESH)

    assert await sent(store) == ["well arxiv:cs.CV"]


async def test_what_may_have_arrived_is_taken_back_by_another_message(store: Store) -> None:
    await tell(store, LATE)
    assert await sent(store, uncertain=True) == ["late arxiv:cs.CV"]
    await tell(store, FRESH)
    claimed = await store.claim(["slack"], NOW + timedelta(hours=2))

    # The first is looked up first; composing it finds that it is not wanted any more.
    assert claimed is not None
    assert (claimed.topic, claimed.uncertain) == ("late arxiv:cs.CV", True)
    await store.settle(claimed, "dead", code="unwanted", tried=False)
    assert await sent(store) == ["well arxiv:cs.CV"]


async def test_what_was_not_wanted_when_its_turn_came_was_not_told(store: Store) -> None:
    await tell(store, LATE)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    await store.report(FRESH)
    await store.settle(claimed, "dead", code="unwanted", tried=False)
    await tell(store, FRESH)
    assert await sent(store) == []
    await tell(store, LATE)

    assert await sent(store) == ["late arxiv:cs.CV"]


async def test_what_could_not_be_delivered_is_not_owed_for_ever_anew(store: Store) -> None:
    await tell(store, LATE)
    claimed = await store.claim(["slack"], NOW)
    assert claimed is not None
    await store.settle(claimed, "dead", code="invalid_blocks")
    await tell(store, LATE)

    assert await sent(store) == []


async def test_each_destination_and_each_source_is_for_itself(store: Store) -> None:
    await tell(store, LATE, replace(LATE, source="arxiv:cs"), replace(FRESH, source="v:cs.CV"))
    assert await sent(store) == ["late arxiv:cs.CV", "late arxiv:cs"]
    await tell(store, FRESH, admin=OTHER)
    assert await sent(store) == []
    # Who is named as the admin later hears of the trouble that there is.
    await tell(store, LATE, admin=OTHER)
    assert await sent(store) == ["late arxiv:cs.CV"]


async def test_a_report_without_anybody_to_tell_owes_nothing(store: Store) -> None:
    await store.report(LATE)

    assert await sent(store) == []


async def test_saving_and_owing_are_one_transaction(store: Store) -> None:
    broken = Delivery(ADMIN, "report", "late arxiv:cs.CV", date.max, None)  # type: ignore[arg-type]
    await store.watch([SOURCE], NOW)
    try:
        await store.report(LATE, broken)
    except TypeError:
        assert await store.reports() == (NEW,)
    else:
        raise AssertionError
