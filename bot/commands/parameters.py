"""What commands accept: the parameters that several of them share, and those that take some reading."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Annotated

from bot import zones
from bot.alerts.alerting import LONGEST_REST
from bot.calendar import ahead, meant, spoken, weekdays
from bot.commands import suggestions
from bot.dispatch import Parameter, quoted
from bot.model import Call, UserError
from bot.search import grammar

_MOST_HIGHLIGHTS = 20
_LARGEST = 999_999
_LONGEST_TEXT = 4000  # characters: an abstract has 2,000
_WEEK = timedelta(days=7)


def _read_day(text: str, call: Call) -> date | None:
    try:
        return meant(text, call.at.date())
    except ValueError:
        said = f"{quoted(text)} is no date. Type year-month-day, for example: {call.name} 2020-11-20"
        raise UserError(said) from None


def _read_category(word: str, _: Call) -> str | None:
    # Tables name topics, such as 3d-reconstruction; a number alone is more likely half of a date.
    return word if re.fullmatch(r"\w[\w.-]*", word) and re.search(r"[^\W\d_]", word) else None


def whole_number(shown: str, about: str, most: int) -> Parameter:
    """Return a parameter for a number from 1 to `most`, written `name:number`."""

    def read(word: str, _: Call) -> int | None:
        return int(word) if re.fullmatch(r"[1-9][0-9]{0,8}", word) and int(word) <= most else None

    return Parameter(shown, about, read, named=True, most=most)


def read_time(word: str, _: Call) -> time | None:
    match = re.fullmatch(r"([01]?\d|2[0-3])[:.h]([0-5]\d)", word.lower())
    return time(int(match[1]), int(match[2])) if match else None


def _read_zone(word: str, _: Call) -> str:
    if zone := zones.named(word):
        return zone
    likely = zones.likely(word)
    hint = f"Did you mean tz:{likely[0]}?" if likely else "Type one like tz:Europe/Berlin"
    raise UserError(f"{word[:80]} is no time zone. {hint}")


def day_ahead(text: str, today: date, line: str) -> date | None:
    """Read until when something is to rest, `until monday`, `for 2 weeks`, `1 Dec`; None where that names no day.

    Raise `UserError` where that day is past, or more than a year away. `line` is what to type before it.
    """
    lead, _, rest = text.strip().partition(" ")
    named = rest if lead.lower() in ("until", "for") else text
    try:
        day = ahead(named, today)
    except ValueError:
        said = f"{quoted(named)} is no date. Type year-month-day, for example: {line} until {today + _WEEK}"
        raise UserError(said) from None
    if day is not None and not today < day <= today + LONGEST_REST:
        said = "is not after today" if day <= today else "is more than a year away"
        raise UserError(f"{spoken(day)} {said}. Type one like: {line} until {today + _WEEK}")
    return day


def last_day(text: str, today: date, line: str) -> date:
    """Return what `day_ahead` does; raise `UserError` also where that names no day."""
    day = day_ahead(text, today, line)
    if day is None:
        raise UserError(f"{quoted(text)} names no day. Type one like: {line} until monday")
    return day


def _read_weekdays(word: str, _: Call) -> tuple[int, ...] | None:
    return weekdays(word)


_QUERY = 'words, "a phrase", -not, OR, title:, author:, cat:cs.CV, has:code, after:2020-11-01'
QueryText = Annotated[
    str, Parameter("QUERY", _QUERY, rest=True, length=grammar.MAX_LENGTH, suggest=suggestions.queries)
]
Day = Annotated[
    date | None,
    Parameter("DATE", "2020-11-20, 20 Nov 2020, yesterday, friday", _read_day, words=4, suggest=suggestions.days),
]
Category = Annotated[
    str | None,
    Parameter("CATEGORY", "an arXiv category, for example cs.CV", _read_category, suggest=suggestions.category),
]
Page = Annotated[int, whole_number("page:N", "which page of the results, for example page:2", _LARGEST)]
PaperId = Annotated[
    str,
    Parameter("ID", "an arXiv id or address, for example 2011.10043", rest=True, suggest=suggestions.papers),
]
Like = Annotated[
    str,
    Parameter(
        "ID|TEXT",
        "an arXiv id or address, or a text such as an abstract",
        rest=True,
        length=_LONGEST_TEXT,
        suggest=suggestions.papers,
    ),
]
Mine = Annotated[
    str,
    Parameter(
        "NUMBER",
        "the number of a subscription of yours, or its query",
        rest=True,
        length=grammar.MAX_LENGTH,
        suggest=suggestions.numbers,
    ),
]
# Which day that is depends on where who asks is: their command reads it.
UNTIL = "until 1 Dec, until monday, for 2 weeks"
Until = Annotated[str, Parameter("until DATE", UNTIL, named=True, suggest=suggestions.returns)]
Count = Annotated[
    int | None,
    whole_number("count:N", f"how many papers, 1 to {_MOST_HIGHLIGHTS}, for example count:3", _MOST_HIGHLIGHTS),
]
Start = Annotated[
    time | None,
    Parameter("at:TIME", "from this time of the day on: at:09:00", read_time, named=True, suggest=suggestions.times),
]
Zone = Annotated[
    str | None,
    Parameter("tz:ZONE", "in this time zone: tz:Europe/Berlin", _read_zone, named=True, suggest=suggestions.timezones),
]
Weekdays = Annotated[
    tuple[int, ...] | None,
    Parameter(
        "days:DAYS",
        "on these days: days:mon-fri, days:mon,wed or days:daily",
        _read_weekdays,
        named=True,
        suggest=suggestions.weekly,
    ),
]
Instead = Annotated[
    int | None,
    whole_number("instead:N", "in place of the subscription of this number, for example instead:2", _LARGEST),
]
