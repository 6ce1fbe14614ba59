"""arXiv's announcement days: which days have a digest, and why a day has none.

A digest of day D lists what arXiv announced on the evening before, 20:00 US Eastern, Sunday to Thursday
(https://info.arxiv.org/help/availability.html). So there is one from Monday to Friday, but on the day after a
holiday evening. arXiv publishes its holidays a year at a time; those named here recur each year.
"""

from __future__ import annotations

from datetime import date, timedelta

_MONDAY, _THURSDAY, _SATURDAY = 0, 3, 5


def quiet(day: date) -> str | None:
    """Return why arXiv announces nothing in the digest of a day, as a clause; None where one is expected."""
    if day.weekday() >= _SATURDAY:
        return "arXiv announces no papers at weekends"
    holiday = _holiday(day - timedelta(days=1)) if day > date.min else None
    return f"arXiv usually announces nothing on the evening of {holiday}" if holiday else None


def expected_after(day: date) -> date:
    """Return the first day after `day` on which a digest is expected."""
    day += timedelta(days=1)
    while quiet(day):
        day += timedelta(days=1)
    return day


def spoken(day: date) -> str:
    """Return a day as people write it, in English whatever the locale: Fri 20 Nov 2020."""
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[day.month - 1]
    return f"{weekday} {day.day} {month} {day.year}"


def _holiday(day: date) -> str | None:
    fixed = {(1, 1): "New Year's Day", (6, 19): "Juneteenth", (7, 4): "Independence Day", (12, 25): "Christmas Day"}
    moving = {
        _nth(day.year, 1, _MONDAY, 3): "Martin Luther King Day",
        _nth(day.year, 9, _MONDAY, 1): "Labor Day",
        _nth(day.year, 11, _THURSDAY, 4): "Thanksgiving",
    }
    return fixed.get((day.month, day.day)) or moving.get(day)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
