"""How a source is doing, by what one round gave and what the calendar says of the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.freshness import Round, doubt, is_from_the_future, judge, message, owed, redacted, sentence
from bot.model import Delivery, Destination, Paper, Refusal, Report, State
from bot.ports import Store
from tests.conftest import MakeDigest

ADMIN = Destination.parse("slack:T1/C9")
SOURCE = "arxiv:cs.CV"
DELAY = timedelta(hours=3)
WEDNESDAY, THURSDAY, FRIDAY, MONDAY = (date(2020, 11, day) for day in (18, 19, 20, 23))
THANKSGIVING, DAY_AFTER = date(2020, 11, 26), date(2020, 11, 27)
SINCE = datetime(2020, 3, 1, tzinfo=UTC)
NOTHING = Round()


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2020, month, day, hour, minute, tzinfo=UTC)


def known(day: date | None, state: State = "fresh", detail: str = "as before") -> Report:
    return replace(Report(SOURCE, "new", detail, SINCE, SINCE, day), state=state)


@pytest.mark.parametrize(
    ("newest", "now", "found", "state", "says"),
    [
        # Midnight in the east of the US is 05:00 UTC in winter; three hours later the digest should be there.
        (THURSDAY, at(20, 7, 59), NOTHING, "fresh", "the newest digest is of Thu 19 Nov 2020"),
        (THURSDAY, at(20, 8), NOTHING, "late", "the digest of Fri 20 Nov 2020 was expected and has not come"),
        (THURSDAY, at(20, 8), Round(days=(FRIDAY,)), "fresh", "the newest digest is of Fri 20 Nov 2020"),
        (THURSDAY, at(20, 5), Round(days=(FRIDAY,)), "fresh", "the newest digest is of Fri 20 Nov 2020"),
        (
            THURSDAY,
            at(20, 8),
            Round(empty=(FRIDAY,)),
            "late",
            "arXiv's feed is empty though the digest of Fri 20 Nov 2020 was expected",
        ),
        (THURSDAY, at(20, 7), Round(empty=(FRIDAY,)), "fresh", "Thu 19 Nov 2020"),
        (THURSDAY, at(20, 9), Round(days=(THURSDAY,)), "late", "the newest digest is of Thu 19 Nov 2020"),
        (WEDNESDAY, at(20, 9), Round(days=(WEDNESDAY,)), "stale", "others up to Fri 20 Nov 2020 were expected"),
        (date(2019, 11, 20), at(20, 9), NOTHING, "stale", "the newest digest is of Wed 20 Nov 2019"),
        # A weekend, and Monday morning until the digest should be there.
        (FRIDAY, at(21, 12), NOTHING, "quiet", "none is expected today, for arXiv announces no papers at weekends"),
        (FRIDAY, at(22, 12), Round(empty=(date(2020, 11, 22),)), "quiet", "the newest digest is of Fri 20 Nov 2020"),
        (THURSDAY, at(21, 12), Round(empty=(date(2020, 11, 21),)), "late", "the digest of Fri 20 Nov 2020"),
        (FRIDAY, at(23, 7, 59), Round(empty=(MONDAY,)), "fresh", "Fri 20 Nov 2020"),
        (FRIDAY, at(23, 8), Round(empty=(MONDAY,)), "late", "the digest of Mon 23 Nov 2020"),
        (THURSDAY, at(23, 8), NOTHING, "stale", "others up to Mon 23 Nov 2020 were expected"),
        # Thanksgiving has a digest, of the evening before; the Friday after has none.
        (THANKSGIVING, at(26, 12), NOTHING, "fresh", "Thu 26 Nov 2020"),
        (date(2020, 11, 25), at(26, 12), NOTHING, "late", "the digest of Thu 26 Nov 2020"),
        (THANKSGIVING, at(27, 12), Round(empty=(DAY_AFTER,)), "quiet", "on the evening of Thanksgiving"),
        (date(2020, 11, 25), at(27, 12), NOTHING, "late", "the digest of Thu 26 Nov 2020"),
        (THANKSGIVING, at(30, 8), NOTHING, "late", "the digest of Mon 30 Nov 2020"),
        # The weeks in which the clocks change: midnight is 04:00 UTC after the one, 05:00 after the other.
        (date(2020, 3, 6), at(9, 6, 59, month=3), NOTHING, "fresh", "Fri 6 Mar 2020"),
        (date(2020, 3, 6), at(9, 7, month=3), NOTHING, "late", "the digest of Mon 9 Mar 2020"),
        (date(2020, 10, 30), at(2, 7, 59), NOTHING, "fresh", "Fri 30 Oct 2020"),
        (date(2020, 10, 30), at(2, 8), NOTHING, "late", "the digest of Mon 2 Nov 2020"),
    ],
)
def test_the_calendar_says_what_nothing_new_means(
    newest: date, now: datetime, found: Round, state: State, says: str
) -> None:
    report = judge(known(newest), found, now, DELAY)

    assert (report.state, report.checked_at) == (state, now)
    assert report.since == (SINCE if state == "fresh" else now)
    assert says in report.detail


@pytest.mark.parametrize(
    ("watched", "now", "found", "state"),
    [
        (at(20, 7), at(20, 7), NOTHING, "quiet"),
        (at(20, 9), at(20, 9), NOTHING, "quiet"),
        # On a Saturday nobody can tell whether there was something on Friday.
        (at(21, 9), at(21, 9), Round(empty=(date(2020, 11, 21),)), "quiet"),
        (at(23, 7), at(23, 7), Round(empty=(date(2020, 11, 22),)), "quiet"),
        (at(20, 9), at(20, 9), Round(empty=(FRIDAY,)), "late"),
        (at(20, 9), at(23, 7), NOTHING, "quiet"),
        (at(20, 9), at(23, 8), NOTHING, "late"),
        (at(20, 9), at(24, 8), NOTHING, "stale"),
    ],
)
def test_a_source_that_never_had_a_digest_is_blamed_for_what_was_due_since_it_is_watched(
    watched: datetime, now: datetime, found: Round, state: State
) -> None:
    assert judge(Report(SOURCE, "new", "", watched, watched), found, now, DELAY).state == state


def test_a_source_that_never_had_a_digest_goes_from_late_to_stale_and_stays_so() -> None:
    report = judge(Report(SOURCE, "new", "", at(20, 9), at(20, 9)), Round(empty=(FRIDAY,)), at(20, 9), DELAY)
    seen = []
    for now in (at(20, 10), at(22, 9), at(23, 7), at(23, 8), at(24, 8), at(27, 9)):
        report = judge(report, NOTHING, now, DELAY)
        seen.append((report.state, report.since))

    assert seen == [("late", at(20, 9))] * 3 + [("stale", at(23, 8))] * 3
    assert "none has come so far" in report.detail


def test_late_is_over_once_the_digest_is_there() -> None:
    late = judge(known(THURSDAY), Round(empty=(FRIDAY,)), at(20, 8), DELAY)
    later = judge(late, NOTHING, at(20, 10), DELAY)
    there = judge(later, Round(days=(FRIDAY,)), at(20, 11), DELAY)

    # Nothing new is no other reason: the feed is as empty as it was.
    assert (later.state, later.since, later.detail) == ("late", at(20, 8), late.detail)
    assert (there.state, there.since, there.day) == ("fresh", at(20, 11), FRIDAY)


def test_one_digest_of_several_that_are_missing_makes_a_stale_source_late() -> None:
    stale = judge(known(WEDNESDAY), NOTHING, at(20, 8), DELAY)

    assert judge(stale, Round(days=(THURSDAY,)), at(20, 9), DELAY).state == "late"


def test_an_older_digest_is_no_newer_one() -> None:
    assert judge(known(FRIDAY), Round(days=(WEDNESDAY,)), at(20, 9), DELAY).day == FRIDAY


SILENT = Round(silence="HTTP 503")


def test_a_poll_that_failed_is_no_news_for_an_hour() -> None:
    seen = []
    report = known(THURSDAY)
    for minutes in (0, 30, 59, 60, 120):
        report = judge(report, SILENT, at(20, 7) + timedelta(minutes=minutes), DELAY)
        seen.append(report.state)

    # Nor is what is missing meanwhile: nobody knows.
    assert seen == ["fresh", "fresh", "fresh", "unreachable", "unreachable"]
    assert (report.since, report.failing, report.day) == (at(20, 7), at(20, 7), THURSDAY)
    assert report.detail.startswith("HTTP 503. What readers miss meanwhile")


def test_an_answer_in_between_begins_the_hour_anew() -> None:
    report = judge(known(THURSDAY), SILENT, at(19, 12), DELAY)
    report = judge(report, NOTHING, at(19, 12, 50), DELAY)
    assert report.failing is None
    report = judge(report, SILENT, at(19, 13), DELAY)

    assert (report.state, report.failing) == ("fresh", at(19, 13))


def test_a_source_that_answers_again_is_judged_by_what_it_has() -> None:
    gone = known(THURSDAY, "unreachable")

    assert judge(gone, NOTHING, at(20, 7), DELAY).state == "fresh"
    assert judge(gone, NOTHING, at(20, 9), DELAY).state == "late"
    assert judge(gone, Round(days=(FRIDAY,)), at(20, 9), DELAY).state == "fresh"


def test_what_cannot_be_read_is_news_at_once_and_until_something_can() -> None:
    wrong = Round(wrong=("a.md: line 1: this is no digest", "b.md: empty", "c.md: empty"))
    broken = judge(known(THURSDAY), wrong, at(20, 7), DELAY)

    assert broken.state == "broken"
    assert broken.detail.startswith("a.md: line 1: this is no digest (and 2 more, in the log). What could be read")
    # Nothing new, or the old ones again after a restart, do not mend it.
    for found in (NOTHING, Round(days=(THURSDAY,)), SILENT):
        assert judge(broken, found, at(20, 12), DELAY).state == "broken"
    assert judge(broken, Round(days=(FRIDAY,)), at(20, 12), DELAY).state == "fresh"
    assert judge(broken, Round(empty=(FRIDAY,), mended=True), at(20, 12), DELAY).state == "late"


def test_a_broken_source_that_falls_silent_is_unreachable_after_an_hour() -> None:
    broken = judge(known(THURSDAY), Round(wrong=("a.md: empty",)), at(20, 7), DELAY)
    silent = judge(broken, SILENT, at(20, 8), DELAY)

    assert judge(silent, SILENT, at(20, 9), DELAY).state == "unreachable"


def test_a_document_that_cannot_be_fetched_is_news_after_an_hour_and_hides_no_other() -> None:
    found = Round(days=(FRIDAY,), unread=("b.md: Permission denied",))
    report = judge(known(THURSDAY, "late"), found, at(20, 9), DELAY)
    assert (report.state, report.failing) == ("fresh", at(20, 9))
    report = judge(report, replace(found, days=()), at(20, 10), DELAY)

    assert (report.state, report.detail[:24]) == ("broken", "b.md: Permission denied.")


PAPER = Paper("2011.00001", "Lidar")
REFUSED = Refusal(9, "the title is empty")


@pytest.mark.parametrize(("papers", "refused", "why"), [(4, 1, None), (3, 1, "only 3 of the 4 entries"), (0, 0, None)])
def test_a_digest_of_which_a_fifth_is_lost_is_doubted(
    papers: int, refused: int, why: str | None, digest: MakeDigest
) -> None:
    found = doubt(digest(FRIDAY, "cs.CV", *[PAPER] * papers, refused=(REFUSED,) * refused), at(20, 9))

    assert found == (why and f"{why} in cs.CV of Fri 20 Nov 2020 could be read")


def test_a_digest_of_a_day_to_come_is_doubted_whatever_the_time_zone(digest: MakeDigest) -> None:
    # It is still Thursday in the east of the US.
    assert not is_from_the_future(digest("2020-11-21", "cs.CV", PAPER), at(20, 4))
    assert is_from_the_future(digest("2020-11-22", "cs.CV", PAPER), at(20, 4))
    assert doubt(digest("2020-11-22", "cs.CV", PAPER), at(20, 4)) == (
        "a digest of Sun 22 Nov 2020, which is yet to come"
    )


def test_a_source_is_spoken_of_in_a_sentence() -> None:
    late = judge(known(THURSDAY), NOTHING, at(20, 8), DELAY)

    assert sentence(late).startswith("arxiv:cs.CV is late since Fri 20 Nov 2020, 08:00 UTC: the digest of Fri 20 Nov")
    assert sentence(known(FRIDAY)) == "arxiv:cs.CV: as before."
    assert (
        sentence(known(FRIDAY), again=True) == "arxiv:cs.CV is well again since Sun 1 Mar 2020, 00:00 UTC: as before."
    )
    assert sentence(known(None, "new", "")) == "arxiv:cs.CV: nothing has been read so far."


def test_no_sentence_has_a_password() -> None:
    report = Report("https://ann:pa%40ss@host/x@y.md", "broken", "git://me@host: no, a@b", SINCE, SINCE)

    assert sentence(report) == ("https://host/x@y.md is broken since Sun 1 Mar 2020, 00:00 UTC: git://host: no, a@b.")
    assert redacted("see https://host/?q=a@b") == "see https://host/?q=a@b"


async def test_a_message_says_how_things_are_when_it_is_sent(store: Store) -> None:
    late = judge(known(THURSDAY), NOTHING, at(20, 8), DELAY)
    told = owed(late, ADMIN)
    assert told == Delivery(ADMIN, "report", "late arxiv:cs.CV", FRIDAY, ())
    assert await message(told, store) is None
    await store.report(replace(late, detail="it is late"))

    found = await message(told, store)
    assert found is not None
    assert found.text.plain == "arxiv:cs.CV is late since Fri 20 Nov 2020, 08:00 UTC: it is late."
    well = judge(late, Round(days=(FRIDAY,)), at(20, 9), DELAY)
    await store.report(well)
    assert await message(told, store) is None
    again = await message(owed(well, ADMIN), store)
    assert again is not None
    assert again.text.plain.startswith("arxiv:cs.CV is well again since Fri 20 Nov 2020, 09:00 UTC: ")


def test_a_clock_that_was_ahead_puts_off_nothing() -> None:
    ahead = datetime(2030, 1, 1, tzinfo=UTC)
    before = Report(SOURCE, "new", "", ahead, ahead, failing=ahead)
    silent = Round(silence="HTTP 503")
    first = judge(before, silent, at(20, 8), DELAY)
    assert (first.state, judge(first, silent, at(20, 9), DELAY).state) == ("new", "unreachable")
    # It never gave a digest, and is blamed for those from now on.
    watched = judge(replace(before, state="quiet", failing=None), NOTHING, at(20, 8), DELAY)
    assert (watched.state, judge(watched, NOTHING, at(23, 8), DELAY).state) == ("quiet", "late")
