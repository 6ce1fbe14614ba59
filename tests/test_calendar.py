"""arXiv's announcement days."""

from datetime import date, timedelta

import pytest

from bot.calendar import expected_after, meant, quiet, spoken


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
        ("2025-01-01", None),
        ("2020-01-21", "Martin Luther King Day"),
        ("2023-01-17", "Martin Luther King Day"),
        ("2020-09-08", "Labor Day"),
        ("2025-09-02", "Labor Day"),
        ("2025-09-09", None),
        ("2025-06-20", "Juneteenth"),
        ("2024-07-05", "Independence Day"),
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
        ("2024-12-25", "2024-12-27"),
        ("2020-12-31", "2021-01-01"),
        ("2021-01-01", "2021-01-04"),
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
        assert 252 <= len(expected) <= 261
        assert max(expected_after(day) - day for day in days) <= timedelta(days=5)


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
