"""What a room wants: its daily highlights."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Annotated

from bot.calendar import SHORT_WEEKDAYS, due, moment, named_days
from bot.commands import suggestions
from bot.commands.pages import number
from bot.commands.parameters import Count, Start, Weekdays, Zone
from bot.dispatch import Parameter, command, quoted
from bot.model import ARCHIVES, Call, Following, Reply, Schedule, Text, UserError
from bot.ports import Store, TooMany
from bot.search import grammar

_log = logging.getLogger(__name__)

MAX_ROOMS = 50  # of a workspace
# Archives without subjects, and those whose subjects are words; all others have two letters.
_WHOLE = ("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph")
_WORDED = ("cond-mat", "physics")

_SWITCH = {"on": True, "off": False}
_WEEKLY = {"on": (4,), "off": (), **{day: (number,) for number, day in enumerate(SHORT_WEEKDAYS)}}


def _read_switch(word: str, _: Call) -> bool | None:
    return _SWITCH.get(word.lower())


def _read_weekly(word: str, _: Call) -> tuple[int, ...] | None:
    """Read one weekday; "on" is Friday, and "off" is none."""
    return _WEEKLY.get(word.lower())


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
Weekly = Annotated[
    tuple[int, ...] | None,
    Parameter(
        "weekly:DAY",
        "on that weekday, what was discussed here and what rises: weekly:fri, or weekly:off",
        _read_weekly,
        named=True,
        choices=tuple(_WEEKLY),
    ),
]


@partial(command, manages=True, elsewhere=True)
async def settings(
    call: Call,
    store: Store,
    switch: Switch = None,
    categories: Categories = "",
    count: Count = None,
    at: Start = None,
    tz: Zone = None,
    days: Weekdays = None,
    weekly: Weekly = None,
) -> Reply:
    """Choose the daily highlights of this room: on or off, which categories, how many papers, when.

    settings                    what is set here
    settings on                 the highlights of every digest, from the next one on
    settings on cs.CV count:3   three papers a day, of one category; cs alone is every category of that archive
    settings count:3            of the same categories as before
    settings at:09:00 tz:Europe/Berlin days:mon-fri
    settings weekly:fri         and on Fridays what was discussed here and what rises; weekly:off
    settings off

    A digest that comes before the time is posted then, one that comes later at once.
    """
    now = await store.following(call.room)
    words = categories.replace(",", " ").split()
    chosen = bool(words) or any(each is not None for each in (count, at, tz, days, weekly))
    if switch is None and not chosen:
        return Reply(Text("\n".join([_settled(now), *await _trouble(now, store)])), private=True)
    if not call.may_manage:
        raise UserError("Only who manages this room's server or workspace can change its settings. Ask one of them.")
    if switch is False:
        if chosen:
            raise UserError("settings off stops all highlights here. To choose, name what to keep: settings on cs.CV")
        await store.unfollow(call.room)
        _log_change(call, None)
        return Reply(Text("No daily highlights are posted here any more. To have them again, type: settings on"))
    if call.obstacle:
        raise UserError(call.obstacle)
    named = await _followable(words, store)
    kept = now or Following(call.room)
    same = switch is None and not named
    was = kept.schedule
    wanted = Following(
        call.room,
        kept.categories if same else named,
        count or kept.count,
        Schedule(was.start if at is None else at, tz or was.zone, days or was.days),
        call.caller,
        kept.weekly if weekly is None else next(iter(weekly), None),
    )
    try:
        missed = await store.follow(wanted, due(wanted.schedule, call.at), most=MAX_ROOMS)
    except TooMany as full:
        raise UserError(
            f"{full.count} rooms here have daily highlights, the most there can be. "
            "In one that can do without them, type: settings off"
        ) from None
    _log_change(call, wanted)
    said = [_settled(wanted)]
    if missed:
        earlier = number(len(missed), "earlier day")
        said.append(f"What was missed of {earlier} is not posted any more. To see the last, type: today {missed[-1]}")
    if at is not None and tz is None and wanted.schedule.zone == Schedule().zone:
        said.append(f"That is the time of {wanted.schedule.zone}. For another zone, type: settings tz:Europe/Berlin")
    return Reply(Text("\n".join(said)))


async def _followable(words: list[str], store: Store) -> tuple[str, ...]:
    """Return the categories that words name, each once, as the store or arXiv writes them."""
    known = {code.lower(): code for code in (*ARCHIVES, *await store.categories())}
    return tuple(dict.fromkeys(known.get(word.lower()) or _arxiv_category(word, known.values()) for word in words))


def _arxiv_category(word: str, known: Iterable[str]) -> str:
    """Return a category as arXiv writes it; raise `UserError`, with what may be meant, where it is none."""
    if ":" in word:
        hint = "Write each setting once and without spaces: at:09:00 tz:Europe/Berlin days:mon,wed count:3"
        raise UserError(f"{quoted(word)} does not fit here. {hint}")
    archive, _, subject = word.lower().partition(".")
    shape = "[a-z]+(-[a-z]+)?" if archive in _WORDED else "[a-z]{2}"
    if archive in ARCHIVES and archive not in _WHOLE and re.fullmatch(shape, subject):
        return f"{archive}.{subject.upper() if len(subject) == 2 else subject}"
    if archive == "all":
        raise UserError("Without a category it is all of them. Type: settings on")
    from rapidfuzz import process  # noqa: PLC0415  # only a mistake needs it

    offers = {"on": "settings on", "off": "settings off"} | {code.lower(): f"settings on {code}" for code in known}
    near = process.extractOne(archive if not subject else word.lower(), list(offers), score_cutoff=60)
    hint = f"Did you mean: {offers[near[0]]}" if near else "Type one like: settings on cs.CV"
    raise UserError(f"{quoted(word)} is no arXiv category. {hint}")


def _settled(now: Following | None) -> str:
    if now is None:
        return "No daily highlights are posted here. To have them, type: settings on"
    of = f"of {', '.join(now.categories)}" if now.categories else "of every category"
    week = "" if now.weekly is None else f" And {named_days((now.weekly,))} what was discussed here and what rises."
    papers = number(now.count, "paper")
    return f"The daily highlights {of} are posted here, {papers} a digest{_when(now.schedule)}.{week}"


def _log_change(call: Call, now: Following | None) -> None:
    """Log what a room wants from now on, and who said so: they may be asked for it."""
    about = {"platform": call.room.platform, "room": str(call.room), "by": str(call.caller)}
    if now is None:
        _log.info("room_changed", extra=about | {"highlights": "off"})
        return
    days, start, zone = named_days(now.schedule.days), now.schedule.start, now.schedule.zone
    chosen = {"categories": ",".join(now.categories) or "all", "count": now.count, "weekly": now.weekly}
    _log.info("room_changed", extra=about | chosen | {"highlights": "on", "schedule": f"{days} {start:%H:%M} {zone}"})


def _when(schedule: Schedule) -> str:
    if schedule == replace(Schedule(), zone=schedule.zone):
        return ""
    start = f" from {schedule.start:%H:%M}" if schedule.start != Schedule().start else ""
    return f", {named_days(schedule.days)}{start}, {schedule.zone}"


async def _trouble(now: Following | None, store: Store) -> list[str]:
    pause = await store.paused(now.room) if now else None
    if now is None or pause is None:
        return []
    again = " ".join(["settings on", *now.categories])
    return [f"Nothing could be posted here since {moment(pause.since)}: {pause.code}. To try again, type: {again}"]
