"""What commands accept: the parameters that several of them share, and those that take some reading."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated

from bot.calendar import meant, weekdays
from bot.dispatch import Parameter
from bot.model import Call, UserError

MOST_HIGHLIGHTS = 20


def _read_day(text: str, call: Call) -> date | None:
    try:
        return meant(text, call.at.date())
    except ValueError:
        raise UserError(f"{text} is no date. Type year-month-day, for example: {call.name} 2020-11-20") from None


def _read_category(word: str, _: Call) -> str | None:
    # Tables name topics, such as 3d-reconstruction; a number alone is more likely half of a date.
    return word if re.fullmatch(r"\w[\w.-]*", word) and re.search(r"[^\W\d_]", word) else None


def _read_number(word: str, _: Call) -> int | None:
    return int(word) if re.fullmatch(r"[1-9]\d{0,5}", word) else None


def _read_switch(word: str, _: Call) -> bool | None:
    return {"on": True, "off": False}.get(word.lower())


def _read_time(word: str, _: Call) -> time | None:
    match = re.fullmatch(r"([01]?\d|2[0-3])[:.h]([0-5]\d)", word.lower())
    return time(int(match[1]), int(match[2])) if match else None


def _read_zone(word: str, _: Call) -> str:
    from zoneinfo import available_timezones  # noqa: PLC0415  # the one in Python 3.11 takes a while

    # Some systems list these two, which say something else or nothing on another machine.
    zones = {zone.lower(): zone for zone in available_timezones() - {"localtime", "Factory"}}
    if word.lower() in zones:
        return zones[word.lower()]
    from rapidfuzz import fuzz, process  # noqa: PLC0415  # only a mistake needs it

    # Etc/GMT+1 is an hour behind GMT: nobody who types GMT+1 means it.
    places = [zone for zone in sorted(zones, reverse=True) if "/" in zone and not zone.startswith("etc/")]
    cities = {zone.rpartition("/")[2]: zone for zone in places}
    names = dict.fromkeys(zones) if "/" in word else cities
    near = process.extractOne(word.lower(), names.keys(), scorer=fuzz.ratio, score_cutoff=80)
    zone = zones[names[near[0]] or near[0]] if near else ""
    hint = f"Did you mean tz:{zone}?" if zone else "Type one like tz:Europe/Berlin"
    raise UserError(f"{word[:80]} is no time zone. {hint}")


def _read_weekdays(word: str, _: Call) -> tuple[int, ...] | None:
    return weekdays(word)


_QUERY = 'words, "a phrase", -not, OR, title:, author:, cat:cs.CV, has:code, after:2020-11-01'
QueryText = Annotated[str, Parameter("QUERY", _QUERY, rest=True)]
Day = Annotated[date | None, Parameter("DATE", "2020-11-20, 20 Nov 2020, yesterday, friday", _read_day, words=4)]
Category = Annotated[str | None, Parameter("CATEGORY", "an arXiv category, for example cs.CV", _read_category)]
Page = Annotated[int, Parameter("page:N", "which page of the results, for example page:2", _read_number, named=True)]
PaperId = Annotated[str, Parameter("ID", "an arXiv id or address, for example 2011.10043", rest=True)]
Like = Annotated[str, Parameter("ID|TEXT", "an arXiv id or address, or a text such as an abstract", rest=True)]
Mine = Annotated[str, Parameter("NUMBER", "the number of a subscription of yours, or its query", rest=True)]
Verb = Annotated[str | None, Parameter("COMMAND", "the command to explain", lambda word, _: word.lower())]
Switch = Annotated[bool | None, Parameter("on|off", "post the daily highlights here, or no longer", _read_switch)]
Categories = Annotated[str, Parameter("CATEGORY...", "of which categories; none named: of all", rest=True)]
Count = Annotated[
    int | None, Parameter("count:N", f"how many papers a day, 1 to {MOST_HIGHLIGHTS}", _read_number, named=True)
]
Start = Annotated[
    time | None, Parameter("at:TIME", "not before this time of the day: at:09:00", _read_time, named=True)
]
Zone = Annotated[str | None, Parameter("tz:ZONE", "in this time zone: tz:Europe/Berlin", _read_zone, named=True)]
Weekdays = Annotated[
    tuple[int, ...] | None,
    Parameter("days:DAYS", "on these days: days:mon-fri, days:mon,wed or days:daily", _read_weekdays, named=True),
]
