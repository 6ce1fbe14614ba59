"""What commands accept: the parameters that several of them share, and those that take some reading."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Literal

from bot import grammar, zones
from bot.calendar import meant, weekdays
from bot.commands import suggestions
from bot.dispatch import COMMANDS, Parameter, quoted
from bot.model import Call, UserError

MOST_HIGHLIGHTS = 20
MOST_ALERTED = 50  # papers a day
_LARGEST = 999_999
_LONGEST_TEXT = 4000  # characters: an abstract has 2,000
_SWITCH = {"on": True, "off": False}
_WHOM = {"me": False, "me now": True}
PACES = ("instant", "daily", "weekly")


def _read_day(text: str, call: Call) -> date | None:
    try:
        return meant(text, call.at.date())
    except ValueError:
        said = f"{quoted(text)} is no date. Type year-month-day, for example: {call.name} 2020-11-20"
        raise UserError(said) from None


def _read_category(word: str, _: Call) -> str | None:
    # Tables name topics, such as 3d-reconstruction; a number alone is more likely half of a date.
    return word if re.fullmatch(r"\w[\w.-]*", word) and re.search(r"[^\W\d_]", word) else None


def _whole_number(shown: str, about: str, most: int) -> Parameter:
    """Return a parameter for a number from 1 to `most`, written `name:number`."""

    def read(word: str, _: Call) -> int | None:
        return int(word) if re.fullmatch(r"[1-9][0-9]{0,8}", word) and int(word) <= most else None

    return Parameter(shown, about, read, named=True, most=most)


def _read_switch(word: str, _: Call) -> bool | None:
    return _SWITCH.get(word.lower())


def _read_whom(words: str, _: Call) -> bool | None:
    return _WHOM.get(" ".join(words.lower().split()))


def _read_pace(word: str, _: Call) -> str | None:
    return word.lower() if word.lower() in PACES else None


def _read_time(word: str, _: Call) -> time | None:
    match = re.fullmatch(r"([01]?\d|2[0-3])[:.h]([0-5]\d)", word.lower())
    return time(int(match[1]), int(match[2])) if match else None


def _read_span(word: str, call: Call) -> tuple[time, time] | None:
    """Read two times with a dash between them; "off" is a span of no length."""
    if word.lower() == "off":
        return time(), time()
    start, dash, end = grammar.plain(word).partition("-")
    first, last = _read_time(start, call), _read_time(end, call)
    return (first, last) if dash and first is not None and last is not None else None


def _read_zone(word: str, _: Call) -> str:
    if zone := zones.named(word):
        return zone
    likely = zones.likely(word)
    hint = f"Did you mean tz:{likely[0]}?" if likely else "Type one like tz:Europe/Berlin"
    raise UserError(f"{word[:80]} is no time zone. {hint}")


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
Page = Annotated[int, _whole_number("page:N", "which page of the results, for example page:2", _LARGEST)]
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
# The commands are registered after this: their names are those of then.
Verb = Annotated[
    str | None,
    Parameter("COMMAND", "the command to explain", lambda word, _: word.lower(), choices=COMMANDS.keys()),
]
Switch = Annotated[
    bool | None,
    Parameter("on|off", "post the daily highlights here, or no longer", _read_switch, choices=tuple(_SWITCH)),
]
Categories = Annotated[
    str,
    Parameter(
        "CATEGORY...",
        "of which categories; none named: of all",
        rest=True,
        length=grammar.MAX_LENGTH,
        suggest=suggestions.categories,
    ),
]
Count = Annotated[
    int | None,
    _whole_number("count:N", f"how many papers a day, 1 to {MOST_HIGHLIGHTS}, for example count:3", MOST_HIGHLIGHTS),
]
Start = Annotated[
    time | None,
    Parameter(
        "at:TIME", "not before this time of the day: at:09:00", _read_time, named=True, suggest=suggestions.times
    ),
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
Pace = Annotated[
    Literal["instant", "daily", "weekly"] | None,
    Parameter("|".join(PACES), "at once, or in one message a day or a week", _read_pace, choices=PACES),
]
Quiet = Annotated[
    tuple[time, time] | None,
    Parameter(
        "quiet:TIMES",
        "nothing between these times: quiet:22:00-07:00, or quiet:off",
        _read_span,
        named=True,
        suggest=suggestions.spans,
    ),
]
Whom = Annotated[
    bool,
    Parameter("me [now]", "me: say what would be erased; me now: erase it", _read_whom, words=2, choices=tuple(_WHOM)),
]
Most = Annotated[
    int | None,
    _whole_number("most:N", f"how many papers a day are shown, 1 to {MOST_ALERTED}, for example most:5", MOST_ALERTED),
]
Instead = Annotated[
    int | None,
    _whole_number("instead:N", "in place of the subscription of this number, for example instead:2", _LARGEST),
]
