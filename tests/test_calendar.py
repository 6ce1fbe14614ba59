"""arXiv's announcement days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import (
    announced_at,
    digest_day,
    due,
    expected,
    expected_after,
    meant,
    named_days,
    quiet,
    spoken,
    weekdays,
)
from bot.model import Schedule


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2020-11-20", None),  # Fri
        ("2020-11-21", "weekends"),
        ("2020-11-22", "weekends"),
        ("2020-11-23", None),
        ("2020-11-26", None),  # Thanksgiving itself lists what was announced the evening before
        ("2020-11-27", "Thanksgiving"),
        ("2020-12-25", None),
        ("2020-12-26", "weekends"),  # the day after Christmas
        ("2024-12-26", "Christmas Day"),
        ("2025-01-02", "New Year's Day"),
        ("2025-01-01", "Tue 31 Dec 2024"),
        ("2026-01-01", None),
        ("2020-01-21", "Martin Luther King Day"),
        ("2023-01-17", "Martin Luther King Day"),
        ("2025-05-27", None),  # Memorial Day is none of arXiv's
        ("2020-06-22", None),  # nor was Juneteenth, a Friday, then
        ("2020-09-08", "Labor Day"),
        ("2025-09-02", "Labor Day"),
        ("2025-09-09", None),
        ("2025-06-20", "Juneteenth"),
        ("2024-07-05", "Independence Day"),
        ("2025-07-04", None),  # announced on Thursday evening
        ("2025-07-07", "Sunday after Independence Day"),
        ("2026-07-06", "Sunday after Independence Day"),  # a Saturday
        ("2026-06-22", "Sunday after Juneteenth"),
        ("2026-12-28", "Sunday after Christmas Day"),
        ("2026-12-30", "Tue 29 Dec 2026"),
        ("2024-12-27", "Thu 26 Dec 2024"),
        ("2020-02-29", "weekends"),
        ("2024-02-29", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
    ],
)
def test_a_day_has_no_digest_for_this_reason(day: str, why: str | None) -> None:
    said = quiet(date.fromisoformat(day))
    assert said is None if why is None else said is not None and why in said


@pytest.mark.parametrize(
    ("day", "following"),
    [
        ("2020-11-19", "2020-11-20"),
        ("2020-11-20", "2020-11-23"),  # over the weekend
        ("2020-11-22", "2020-11-23"),
        ("2020-11-26", "2020-11-30"),  # over Thanksgiving and the weekend
        ("2024-12-25", "2024-12-30"),
        ("2020-12-31", "2021-01-01"),
        ("2021-01-01", "2021-01-05"),  # New Year's Day is a Friday, and the Sunday free
        ("2024-02-28", "2024-02-29"),
    ],
)
def test_the_next_digest_is_expected_on(day: str, following: str) -> None:
    assert expected_after(date.fromisoformat(day)) == date.fromisoformat(following)


def test_in_every_year_most_working_days_have_a_digest_and_none_is_waited_for_long() -> None:
    for year in range(1995, 2045):
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
        expected = [day for day in days if quiet(day) is None]
        assert all(day.weekday() < 5 for day in expected)
        assert 249 <= len(expected) <= 261
        assert max(expected_after(day) - day for day in days) <= timedelta(days=5)


# arXiv's own lists, as its page had them: the evenings on which nothing was announced. Those of 2023 and 2024 were
# written after New Year's Day.
PUBLISHED = {
    2023: ("01-01", "01-16", "06-14", "06-19", "07-04", "08-17", "09-04", "11-23", "12-25", "12-27"),
    2024: ("01-01", "01-15", "05-22", "06-19", "07-04", "09-02", "10-08", "11-28", "12-25", "12-26", "12-31"),
    2025: ("01-01", "01-20", "06-19", "07-06", "09-01", "11-27", "12-25", "12-30"),
    # Of 2026 the page lists the Fridays before three Sundays: 06-19, 07-03, 12-25.
    2026: ("01-01", "01-19", "06-21", "07-05", "09-07", "11-26", "12-27", "12-29", "12-31"),
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_holidays_are_those_that_arxiv_published(year: int) -> None:
    evenings = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    announcing = [each for each in evenings if each.weekday() not in (4, 5) and each.year == year]
    free = [f"{each:%m-%d}" for each in announcing if quiet(each + timedelta(days=1))]
    assert tuple(free) == PUBLISHED[year]


@pytest.mark.parametrize(
    ("day", "text"),
    [("2020-11-20", "Fri 20 Nov 2020"), ("2025-06-01", "Sun 1 Jun 2025"), ("0999-12-31", "Tue 31 Dec 999")],
)
def test_a_day_is_spoken_in_english(day: str, text: str) -> None:
    assert spoken(date.fromisoformat(day)) == text


@pytest.mark.parametrize("day", ["2020-11-20", "2024-02-29", "2025-05-01", "9999-12-31"])
def test_a_day_as_it_is_spoken_is_understood(day: str) -> None:
    assert meant(spoken(date.fromisoformat(day)), date(2020, 11, 20)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2020-11-20"),
        ("Tomorrow", "2020-11-21"),
        ("yesterday", "2020-11-19"),
        ("fri", "2020-11-20"),
        ("SAT", "2020-11-14"),
        ("thurs", "2020-11-19"),
        ("2020-11-18", "2020-11-18"),
        ("18 Nov 2020", "2020-11-18"),
        ("18 nov, 2020", "2020-11-18"),
        ("Wed, 18 November 2020", "2020-11-18"),
    ],
)
def test_a_day_is_understood_as_people_write_it(text: str, day: str) -> None:
    assert meant(text, date(2020, 11, 20)) == date.fromisoformat(day)


@pytest.mark.parametrize("text", ["", "fr", "friend", "cs.CV", "2020", "20 Nov", "20 Foo 2020", "stat 20 Nov 2020"])
def test_what_names_no_day_is_none(text: str) -> None:
    assert meant(text, date(2020, 11, 20)) is None


@pytest.mark.parametrize("text", ["2020-13-45", "31 Nov 2020", "2020/11/20", "20.11.2020", "0 Jan 2020"])
def test_what_is_written_like_a_date_and_is_none_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        meant(text, date(2020, 11, 20))


WEEKDAYS = tuple(range(5))


@pytest.mark.parametrize(
    ("start", "zone", "days", "now", "expected"),
    [
        # Fri 20 Nov 2020; Berlin is an hour ahead of UTC.
        ("09:00", "Europe/Berlin", WEEKDAYS, "2020-11-20T07:59", "2020-11-20T08:00"),
        ("09:00", "Europe/Berlin", WEEKDAYS, "2020-11-20T08:00", "2020-11-20T08:00"),
        ("09:00", "Europe/Berlin", WEEKDAYS, "2020-11-20T22:59", "2020-11-20T22:59"),  # late is at once
        ("09:00", "Europe/Berlin", WEEKDAYS, "2020-11-20T23:00", "2020-11-23T08:00"),  # there it is Saturday
        ("09:00", "America/Los_Angeles", (5,), "2020-11-22T07:59", "2020-11-22T07:59"),  # there it still is
        ("09:00", "America/Los_Angeles", (5,), "2020-11-22T08:00", "2020-11-28T17:00"),
        ("00:00", "UTC", tuple(range(7)), "2020-11-21T12:34", "2020-11-21T12:34"),
        # The clocks skip 02:00 to 03:00: what starts within starts at three.
        ("02:30", "Europe/Berlin", (6,), "2024-03-31T00:00", "2024-03-31T01:00"),
        ("03:00", "Europe/Berlin", (6,), "2024-03-31T00:00", "2024-03-31T01:00"),
        ("02:30", "America/New_York", (6,), "2024-03-10T00:00", "2024-03-10T07:00"),
        ("02:15", "Australia/Lord_Howe", (6,), "2024-10-05T00:00", "2024-10-05T15:30"),  # by half an hour
        ("00:00", "America/Havana", (6,), "2024-03-09T12:00", "2024-03-10T05:00"),  # at midnight itself
        # They show 02:00 to 03:00 twice: the first time counts, and the second is late.
        ("02:30", "Europe/Berlin", (6,), "2024-10-27T00:00", "2024-10-27T00:30"),
        ("02:30", "Europe/Berlin", (6,), "2024-10-27T01:15", "2024-10-27T01:15"),
        ("01:30", "America/New_York", (6,), "2024-11-03T04:00", "2024-11-03T05:30"),
        ("09:00", "Europe/Berlin", (6,), "2024-10-27T00:00", "2024-10-27T08:00"),
        # Samoa had no 30 December 2011, which would have been a Friday.
        ("09:00", "Pacific/Apia", (4,), "2011-12-30T09:59", "2012-01-05T19:00"),
        ("09:00", "Pacific/Apia", tuple(range(7)), "2011-12-30T09:59", "2011-12-30T09:59"),
        ("09:00", "Pacific/Apia", tuple(range(7)), "2011-12-30T10:00", "2011-12-30T19:00"),
    ],
)
def test_what_is_due_waits_for_its_day_and_its_local_time(
    start: str, zone: str, days: tuple[int, ...], now: str, expected: str
) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = due(Schedule(time.fromisoformat(start), zone, days), at)

    assert found.astimezone(UTC) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


CHANGES = {  # a zone, and instants at which its clocks change
    "Europe/Berlin": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/New_York": ("2024-03-10T07:00", "2024-11-03T06:00"),
    "Australia/Lord_Howe": ("2024-10-05T15:30", "2024-04-06T15:00"),
    "America/Havana": ("2024-03-10T05:00", "2024-11-03T05:00"),
    "Africa/Casablanca": ("2024-03-10T02:00", "2024-04-14T02:00"),
    "America/Nuuk": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "Asia/Kathmandu": ("2024-01-01T00:00", "2024-06-01T00:00"),
}


@given(
    st.sampled_from([(zone, change) for zone, changes in CHANGES.items() for change in changes]),
    st.integers(-3 * 24 * 60, 24 * 60),
    st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    st.sets(st.integers(0, 6), min_size=1),
)
def test_what_is_due_is_never_early_and_never_later_than_it_must_be(
    change: tuple[str, str], minutes: int, start: time, days: set[int]
) -> None:
    zone = ZoneInfo(change[0])
    now = datetime.fromisoformat(change[1]).replace(tzinfo=UTC) + timedelta(minutes=minutes)

    def fits(at: datetime) -> bool:
        local = at.astimezone(zone)
        return local.weekday() in days and local.time() >= start

    found = due(Schedule(start, change[0], tuple(sorted(days))), now)
    assert found >= now
    # The second time that the clocks show an hour, its start may have come before.
    assert fits(found) or (found.astimezone(zone).fold and found.astimezone(zone).weekday() in days)
    before = found - timedelta(seconds=1)
    while before >= now:
        assert not fits(before), before
        before -= timedelta(minutes=13)


@pytest.mark.parametrize(
    ("typed", "days", "named"),
    [
        ("mon-fri", WEEKDAYS, "on weekdays"),
        ("Weekdays", WEEKDAYS, "on weekdays"),
        ("daily", tuple(range(7)), "daily"),
        ("mon,wed", (0, 2), "on Mon and Wed"),
        ("Mon, Wed", (0, 2), "on Mon and Wed"),
        ("Friday", (4,), "on Fri"),
        ("sat-mon,wednesday", (0, 2, 5, 6), "on Mon, Wed, Sat and Sun"),
    ],
)
def test_weekdays_are_read_as_people_write_them(typed: str, days: tuple[int, ...], named: str) -> None:
    assert weekdays(typed) == days
    assert named_days(days) == named


@pytest.mark.parametrize("typed", ["", "mo", "mon-", "-", "mon,,wed", "never", "mon-fri-sun", "1"])
def test_what_names_no_weekdays_is_refused(typed: str) -> None:
    assert weekdays(typed) is None


@pytest.mark.parametrize(
    ("day", "at"),
    [
        ("2025-06-03", "2025-06-03T00:00"),  # summer time there
        ("2025-01-15", "2025-01-15T01:00"),
        ("2025-03-10", "2025-03-10T00:00"),  # Sunday evening, after the clocks went forward
        ("2025-03-07", "2025-03-07T01:00"),
        ("2025-11-03", "2025-11-03T01:00"),  # Sunday evening, after they went back
        ("2025-10-31", "2025-10-31T00:00"),
    ],
)
def test_an_announcement_is_at_eight_in_the_evening_in_new_york(day: str, at: str) -> None:
    assert announced_at(date.fromisoformat(day)) == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "hours", "day"),
    [
        ("2025-06-03T06:59", 3, "2025-06-02"),  # 02:59 there, after midnight and before the delay
        ("2025-06-03T07:00", 3, "2025-06-03"),
        ("2025-06-03T04:00", 0, "2025-06-03"),
        ("2025-06-03T03:59", 0, "2025-06-02"),
        ("2025-06-07T12:00", 3, "2025-06-06"),  # at a weekend, Friday's
        ("2025-06-09T06:59", 3, "2025-06-06"),
        ("2025-06-09T07:00", 3, "2025-06-09"),
        ("2025-06-20T12:00", 3, "2025-06-19"),  # the day after Juneteenth
        ("2025-07-07T12:00", 3, "2025-07-04"),
        # Three hours after midnight it is 04:00 where the clocks went forward, and 02:00 where they went back.
        ("2025-03-10T06:59", 3, "2025-03-07"),
        ("2025-03-10T07:00", 3, "2025-03-10"),
        ("2025-11-03T07:59", 3, "2025-10-31"),
        ("2025-11-03T08:00", 3, "2025-11-03"),
        ("2025-03-28T03:30", 24, "2025-03-26"),  # in between, the clocks went forward in Jerusalem
        ("2025-06-03T03:59", 24, "2025-05-30"),
        ("2025-06-03T04:00", 24, "2025-06-02"),
    ],
)
def test_a_digest_is_expected_once_its_delay_has_passed(now: str, hours: int, day: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    for zone in ("UTC", "Asia/Jerusalem", "America/Los_Angeles"):
        assert expected(at.astimezone(ZoneInfo(zone)), timedelta(hours=hours)) == date.fromisoformat(day)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.integers(0, 48))  # noqa: DTZ001  # made aware
def test_what_is_expected_was_announced_and_is_never_a_quiet_day(now: datetime, hours: int) -> None:
    delay = timedelta(hours=hours)
    day = expected(now, delay)
    assert quiet(day) is None
    assert announced_at(day) + timedelta(hours=4) + delay <= now
    assert announced_at(expected_after(day)) + timedelta(hours=4) + delay > now


@pytest.mark.parametrize(
    ("submitted", "day"),
    [
        ("2025-06-02T17:59", "2025-06-03"),  # Monday 13:59 there
        ("2025-06-02T18:00", "2025-06-04"),
        ("2025-06-05T17:59", "2025-06-06"),
        ("2025-06-05T18:00", "2025-06-09"),  # from Thursday afternoon on, Sunday evening
        ("2025-06-06T17:59", "2025-06-09"),
        ("2025-06-06T18:00", "2025-06-10"),  # from Friday afternoon on, Monday evening
        ("2025-06-08T12:00", "2025-06-10"),
        ("2025-06-09T17:59", "2025-06-10"),
        ("2025-06-09T18:00", "2025-06-11"),
        ("2025-01-15T18:59", "2025-01-16"),  # winter time
        ("2025-01-15T19:00", "2025-01-17"),
        ("2025-06-19T12:00", "2025-06-23"),  # Juneteenth
        ("2025-07-04T12:00", "2025-07-08"),  # Independence Day, a Friday: the Sunday is free too
        ("2025-03-09T17:30", "2025-03-11"),
    ],
)
def test_a_paper_is_announced_by_when_it_was_submitted(submitted: str, day: str) -> None:
    assert digest_day(datetime.fromisoformat(submitted).replace(tzinfo=UTC)) == date.fromisoformat(day)
