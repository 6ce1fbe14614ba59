"""arXiv's announcement days: which days have a digest, and why a day has none.

A digest of day D lists what arXiv announced on the evening before, 20:00 US Eastern, Sunday to Thursday
(https://info.arxiv.org/help/availability.html). So there is one from Monday to Friday, but on the day after a
holiday evening. arXiv publishes its holidays a year at a time: some recur each year, some are of that year alone.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.model import Schedule

EASTERN = "America/New_York"

_FIRST = date(1991, 8, 14)  # arXiv's: before it there are neither announcements nor holidays of theirs
_JUNETEENTH = 2021  # a holiday since
_ANNOUNCED = time(20)
_CUT_OFF = time(14)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# As they are typed and offered.
SHORT_WEEKDAYS = tuple(each[:3] for each in _WEEKDAYS)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SPOKEN = re.compile(r"(?:([a-z]{3,}),? )?(\d{1,2}) ([a-z]{3,}),? (\d{4})")
# What the page lists for a year besides the holidays that recur: month and day of the evening. None of those of 2023 to
# 2026 has Memorial Day, Columbus Day, Veterans Day or Christmas Eve.
_OWN_HOLIDAYS = {
    2023: {(6, 14), (8, 17), (12, 27)},
    2024: {(5, 22), (10, 8), (12, 26), (12, 31)},
    2025: {(12, 30)},
    2026: {(12, 29), (12, 31)},
}
_LIKE_A_DATE = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}")
_OF_ANY_YEAR = re.compile(r"(\d{1,2}) ([a-z]{3,})")
_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_MONTH_FIRST = re.compile(r"([a-z]{3,}) (\d{1,2})(?:,? (\d{4}))?")
_FOR_SO_LONG = re.compile(r"(an?|\d{1,3}) (day|week|month)s?")


def quiet(day: date) -> str | None:
    """Return why arXiv announces nothing in the digest of a day, as a clause; None where one is expected."""
    if day.weekday() >= _SATURDAY:
        return "arXiv announces no papers at weekends"
    if day <= _FIRST:
        return None
    evening = day - timedelta(days=1)
    if holiday := _holiday(evening):
        return f"arXiv usually announces nothing on the evening of {holiday}"
    # What is submitted on a Friday is announced on Sunday. Independence Day of 2025 was a Friday, and the page of that
    # year lists the Sunday; that of 2026 lists Fridays, one of them for the Independence Day that is a Saturday.
    days_off = (evening - timedelta(days=2), evening - timedelta(days=1))
    if evening.weekday() == _SUNDAY and (holiday := next(filter(None, map(_holiday, days_off)), None)):
        return f"arXiv usually announces nothing on the Sunday after {holiday}"
    if (evening.month, evening.day) in _OWN_HOLIDAYS.get(evening.year, ()):
        return f"arXiv announces nothing on the evening of {spoken(evening)}, a holiday of its own"
    return None


def announced_at(day: date) -> datetime:
    """Return when arXiv announces what the digest of a day lists: 20:00 US Eastern of the evening before, in UTC."""
    return datetime.combine(day - timedelta(days=1), _ANNOUNCED, ZoneInfo(EASTERN)).astimezone(UTC)


def today_at_arxiv(now: datetime) -> date:
    """Return the day that it is in US Eastern: the one whose digest the feeds have, or are to have."""
    return now.astimezone(ZoneInfo(EASTERN)).date()


def expected(now: datetime, delay: timedelta) -> date:
    """Return the newest day whose digest should be there: no quiet one, and its midnight US Eastern is `delay` ago.

    A digest without papers is no sign of it: arXiv's feeds are empty until the announcement is in.
    """
    day = today_at_arxiv(now.astimezone(UTC) - delay)
    return expected_before(day) if quiet(day) else day


def digest_day(submitted: datetime) -> date:
    """Return the day of the digest that lists a paper, by the time at which its first version was submitted.

    What comes before 14:00 US Eastern of a working day is announced that evening, and on a Friday on Sunday's. So it is
    since 2017 (16:00 before), and for papers that moderation did not hold: those came later.
    """
    local = submitted.astimezone(ZoneInfo(EASTERN))
    cut_off = local.date() + timedelta(days=local.time() >= _CUT_OFF)
    while cut_off.weekday() >= _SATURDAY:
        cut_off += timedelta(days=1)
    return expected_after(cut_off)


def expected_after(day: date) -> date:
    """Return the first day after `day` on which a digest is expected."""
    day += timedelta(days=1)
    while quiet(day):
        day += timedelta(days=1)
    return day


def expected_before(day: date) -> date:
    """Return the last day before `day` on which a digest is expected."""
    day -= timedelta(days=1)
    while quiet(day):
        day -= timedelta(days=1)
    return day


def spoken(day: date) -> str:
    """Return a day as people write it, in English whatever the locale: Fri 20 Nov 2020."""
    weekday, month = _WEEKDAYS[day.weekday()], _MONTHS[day.month - 1]
    return f"{weekday[:3].title()} {day.day} {month[:3].title()} {day.year}"


def span(first: date, last: date) -> str:
    """Return the days from one to a later one as people write them: Mon 16 to Fri 20 Nov 2020."""
    shared = (first.year == last.year) + ((first.year, first.month) == (last.year, last.month))
    return f"{' '.join(spoken(first).split()[: 4 - shared])} to {spoken(last)}"


def moment(at: datetime) -> str:
    """Return an instant as people write it: Fri 20 Nov 2020, 09:00 UTC."""
    at = at.astimezone(UTC)
    return f"{spoken(at.date())}, {at:%H:%M} UTC"


def due(schedule: Schedule, now: datetime) -> datetime:
    """Return the earliest instant from `now` on that is on one of the schedule's days, once its start has come there.

    Where the clocks skip the start, it comes when they do; where they show it twice, the first time. A day that a zone
    leaves out is none of them.
    """
    zone = ZoneInfo(schedule.zone)
    today = now.astimezone(zone).date()
    ahead = 0
    while True:
        day = today + timedelta(days=ahead)
        start = max(now.astimezone(UTC), instant(datetime.combine(day, schedule.start), zone))
        if day.weekday() in schedule.days and start.astimezone(zone).date() == day:
            return start
        ahead += 1


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which a zone's clocks show this time or a later one of the day."""
    early, late = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if late.astimezone(zone).replace(tzinfo=None) == local:
        return early
    # The clocks skip it, somewhere between the two: they show less before, more after.
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        early, late = (middle, late) if middle.astimezone(zone).replace(tzinfo=None) < local else (early, middle)
    return late.replace(microsecond=0)


def meant(text: str, today: date) -> date | None:
    """Return the day that a person names: yesterday, fri (the last one), 2020-11-20, Fri 20 Nov 2020; else None.

    Raise ValueError where it is written like a date and is none: 2020-13-45, 31 Nov 2020.
    """
    text = text.lower()
    near = {"yesterday": -1, "today": 0, "tomorrow": 1}
    if text in near:
        return today + timedelta(days=near[text])
    if (weekday := _named(text, _WEEKDAYS)) is not None:
        return today - timedelta(days=(today.weekday() - weekday) % 7)
    match = _SPOKEN.fullmatch(text)
    if match and (month := _named(match[3], _MONTHS)) is not None:
        if match[1] is None or _named(match[1], _WEEKDAYS) is not None:
            return date(int(match[4]), month + 1, int(match[2]))
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        if _LIKE_A_DATE.fullmatch(text):
            raise
        return None


def ahead(text: str, today: date) -> date | None:
    """Return the day that a person looks ahead to: monday, 1 Dec (the next ones), 2 weeks, or as `meant`; else None.

    Of a date the month can be first, and the day an ordinal. A month is as long as 30 days. Raise
    ValueError as `meant` does.
    """
    text = _ORDINAL.sub(r"\1", " ".join(text.lower().split()))
    if month_first := _MONTH_FIRST.fullmatch(text):
        text = " ".join(filter(None, month_first.group(2, 1, 3)))
    if (weekday := _named(text, _WEEKDAYS)) is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if match := _FOR_SO_LONG.fullmatch(text):
        count = 1 if match[1].startswith("a") else int(match[1])
        return today + timedelta(days=count * {"day": 1, "week": 7, "month": 30}[match[2]])
    if (match := _OF_ANY_YEAR.fullmatch(text)) and (month := _named(match[2], _MONTHS)) is not None:
        of_leap_year = date(2000, month + 1, int(match[1]))
        years = (_of_year(of_leap_year, year) for year in range(today.year, today.year + 9))
        return next(day for day in years if day and day > today)
    return meant(text, today)


def weekdays(text: str) -> tuple[int, ...] | None:
    """Return the weekdays (Monday is 0) that a person names: mon-fri, "mon, wed", weekdays, daily; else None."""
    days: set[int] = set()
    for piece in {"daily": "mon-sun", "weekdays": "mon-fri"}.get(text.lower(), text.lower()).split(","):
        first, dash, last = piece.strip().partition("-")
        start, end = _named(first, _WEEKDAYS), _named(last if dash else first, _WEEKDAYS)
        if start is None or end is None:
            return None
        days |= {(start + n) % 7 for n in range((end - start) % 7 + 1)}
    return tuple(sorted(days))


def named_days(days: tuple[int, ...]) -> str:
    """Return weekdays as people say them: daily, on weekdays, on Mon and Wed."""
    if days in (tuple(range(7)), tuple(range(5))):
        return "daily" if len(days) == 7 else "on weekdays"
    *others, last = (_WEEKDAYS[day][:3].title() for day in days)
    return f"on {', '.join(others)} and {last}" if others else f"on {last}"


def _named(word: str, names: tuple[str, ...]) -> int | None:
    """Return which name a word is or begins, with three letters or more."""
    return next((n for n, name in enumerate(names) if len(word) >= 3 and name.startswith(word)), None)


def _of_year(day: date, year: int) -> date | None:
    """Return the same day of another year; None for 29 Feb where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _holiday(day: date) -> str | None:
    fixed = {(1, 1): "New Year's Day", (7, 4): "Independence Day", (12, 25): "Christmas Day"}
    if day.year >= _JUNETEENTH:
        fixed[6, 19] = "Juneteenth"
    moving = {
        _nth(day.year, 1, _MONDAY, 3): "Martin Luther King Day",
        _nth(day.year, 9, _MONDAY, 1): "Labor Day",
        _nth(day.year, 11, _THURSDAY, 4): "Thanksgiving",
    }
    return fixed.get((day.month, day.day)) or moving.get(day)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
