"""The journal club of a room: what it is to talk about, who presents, when it meets."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, time
from functools import partial
from typing import Annotated

from bot.calendar import SHORT_WEEKDAYS, moment, named_days, spoken, weekdays
from bot.club import about, is_met, is_unposted, last_meeting, next_meeting, ranked, settled, when
from bot.commands import suggestions
from bot.commands.nominations import STEPS, step
from bot.commands.pages import PAGE, check_page, paged, turn
from bot.commands.papers import AGAIN, named
from bot.commands.parameters import Count, Page, Start, Zone, whole_number
from bot.dispatch import Parameter, command, quoted
from bot.model import Button, Call, Item, Reply, Schedule, Text, UserError
from bot.ports import Club, Nomination, Store

_log = logging.getLogger(__name__)

_BEGIN = "club on mon at:14:00 tz:Europe/Berlin"
_NONE = f"No journal club meets here. Who manages this room can begin one, for example: {_BEGIN}"

_LONGEST_NOTICE = 6 * 24 * 60  # minutes: a day less than from one meeting to the next
_CLUB_ACTIONS = (
    *("nominate", "vote", "unvote", "present", "unpresent", "withdraw"),
    *("archive", "carry", "on", "skip", "unskip", "off"),
)
_INSTEAD = {
    None: "Type one like: club nominate 2011.10043",
    "on": f"A journal club meets on one weekday. Type one like: {_BEGIN}",
}


def _read_weekday(word: str, _: Call) -> int | None:
    named = weekdays(word) if word.isalpha() else None
    return named[0] if named and len(named) == 1 else None


def _read_action(word: str, _: Call) -> str | None:
    return word.lower() if word.lower() in _CLUB_ACTIONS else None


ClubAction = Annotated[
    str | None,
    Parameter("ACTION", f"what to do: {', '.join(_CLUB_ACTIONS)}", _read_action, choices=_CLUB_ACTIONS),
]
Nominated = Annotated[
    str,
    Parameter("ID", "an arXiv id or address, for example 2011.10043", rest=True, suggest=suggestions.nominated),
]
Weekday = Annotated[
    int | None,
    Parameter("WEEKDAY", "on which day the journal club meets: mon", _read_weekday, choices=SHORT_WEEKDAYS),
]
Notice = Annotated[
    int | None,
    whole_number(
        "notice:N",
        f"how many minutes before it the agenda is posted, 1 to {_LONGEST_NOTICE:,}: notice:60",
        _LONGEST_NOTICE,
    ),
]


@partial(command, manages=True)
async def club(
    call: Call,
    store: Store,
    action: ClubAction = None,
    weekday: Weekday = None,
    paper_id: Nominated = "",
    at: Start = None,
    tz: Zone = None,
    count: Count = None,
    notice: Notice = None,
    page: Page = 1,
) -> Reply:
    """Run this room's journal club: nominate papers, vote, present, and get an agenda before each meeting.

    club                       when it meets, and what is nominated
    club nominate 2011.10043   your nomination is a vote, too; to take it back: club withdraw 2011.10043
    club vote 2011.10043       to take it back: club unvote 2011.10043
    club present 2011.10043    you present it; to take it back: club unpresent 2011.10043
    club archive               what it met over, and who presented
    club carry 2011.10043      the meeting did not reach it; until a day after
    club on mon at:14:00 tz:Europe/Berlin count:2 notice:60
    club skip                  the next meeting does not take place; to have it after all: club unskip
    club off

    The last three are for who manages the room. What has most votes comes first; what is not reached is carried over.
    """
    if paper_id and action not in STEPS:
        raise UserError(f"{quoted(paper_id)} does not fit here. {_INSTEAD.get(action, f'Type instead: club {action}')}")
    times = (weekday, at, tz, count, notice)
    if action != "on" and any(each is not None for each in times):
        raise UserError(f"To say when the journal club meets, type: {_BEGIN}")
    if action == "on":
        return await _begin(call, store, weekday, at, tz, count, notice)
    mine = await store.club(call.room)
    if action == "off":
        _check_manages(call)
        await store.end_club(call.room)
        _log.info("room_changed", extra=_changed(call, "off"))
        return Reply(Text(f"No journal club meets here any more. To have it again, type: {_again(mine)}"))
    if action == "archive":
        return await _archive(call, store, page)
    if mine is None:
        if action is None:
            return Reply(Text(_NONE), private=True)
        raise UserError(_NONE)
    if action is None:
        return await _standing(call, store, mine, page)
    if action in ("skip", "unskip"):
        return await _skip(call, store, mine, skipped=action == "skip")
    if not paper_id:
        raise UserError(f"Which paper? Type one like: club {action} 2011.10043")
    paper = await named(paper_id, replace(call, name=f"club {action}"), store)
    return await step(action, call, store, paper)


async def _begin(
    call: Call,
    store: Store,
    weekday: int | None,
    at: time | None,
    tz: str | None,
    count: int | None,
    notice: int | None,
) -> Reply:
    if call.room.is_person:
        raise UserError("A journal club meets in a room with others. Type it there.")
    _check_manages(call)
    if call.obstacle:
        raise UserError(call.obstacle)
    now = await store.club(call.room)
    if now is None and (weekday is None or at is None):
        raise UserError(f"On which day does it meet, and when? Type one like: {_BEGIN}")
    was = now.schedule if now else Schedule()
    days = was.days if weekday is None else (weekday,)
    kept = now or Club(call.room, was, call.at)
    wanted = Club(
        call.room,
        Schedule(was.start if at is None else at, tz or was.zone, days),
        call.at,
        count or kept.count,
        notice or kept.notice,
        call.caller,
    )
    await store.begin_club(wanted)
    _log.info("room_changed", extra=_changed(call, settled(wanted)))
    said = [settled(wanted), f"The next meeting is {when(wanted, next_meeting(wanted.schedule, call.at))}."]
    said.append("To nominate a paper, type one like: club nominate 2011.10043")
    if at is not None and tz is None and wanted.schedule.zone == Schedule().zone:
        said.append(f"That is the time of {wanted.schedule.zone}. For another zone, type: club on tz:Europe/Berlin")
    return Reply(Text("\n".join(said)))


async def _standing(call: Call, store: Store, mine: Club, page: int) -> Reply:
    every = await store.nominations(call.room, call.at)
    coming = next_meeting(mine.schedule, call.at)
    known = await store.meeting(call.room, coming.day)
    lines = [settled(mine), f"The next meeting is {when(mine, coming)}."]
    if known and known.skipped:
        after = next_meeting(mine.schedule, coming.starts)
        lines[1] = f"The meeting of {spoken(coming.day)} does not take place. The next is {when(mine, after)}."
    last = last_meeting(mine.schedule, call.at)
    if is_unposted(mine, last, await store.meeting(call.room, last.day), every):
        lines.append(f"The agenda of {spoken(last.day)} was not posted in time. What was nominated is carried over.")
    if pause := await store.paused(call.room):
        since = f"Nothing could be posted here since {moment(pause.since)}: {pause.code}."
        lines.append(f"{since} To try again, type: club on")
    waiting = ranked(each for each in every if not is_met(each, call.at))
    check_page(page, len(waiting))
    shown = waiting[(page - 1) * PAGE : page * PAGE]
    papers = {paper.id: paper for paper in await store.papers(each.paper for each in shown)}
    if not waiting:
        lines.append("Nothing is nominated so far. To nominate a paper, type one like: club nominate 2011.10043")
    archive = (Button("Archive", "club", "archive"),) if len(waiting) < len(every) else ()
    return Reply(
        Text("\n".join(lines)),
        items=tuple(
            Item(
                Text(f"{papers[each.paper].title} ({each.paper}): {_told(each)}"),
                (Button("Vote", "club", f"vote {each.paper}"), Button("Present", "club", f"present {each.paper}")),
            )
            for each in shown
        ),
        buttons=(*turn("club", "", page, len(waiting)), *archive),
        private=True,
        again=Button(AGAIN, "club", paged("", page)),
    )


async def _archive(call: Call, store: Store, page: int) -> Reply:
    met = [each for each in ranked(await store.nominations(call.room, call.at)) if is_met(each, call.at)]
    met.sort(key=_day, reverse=True)
    check_page(page, len(met))
    shown = met[(page - 1) * PAGE : page * PAGE]
    papers = {paper.id: paper for paper in await store.papers(each.paper for each in shown)}
    head = "What this journal club met over, the newest first" if met else "This journal club met over nothing so far."
    return Reply(
        Text(head),
        items=tuple(
            Item(
                Text(f"{spoken(_day(each))}: {papers[each.paper].title} ({each.paper}){_presented(each)}"),
                (Button("Abstract", "show", each.paper, "aside"),),
            )
            for each in shown
        ),
        buttons=turn("club", "archive", page, len(met)),
        private=True,
        again=Button(AGAIN, "club", paged("archive", page)),
    )


async def _skip(call: Call, store: Store, mine: Club, *, skipped: bool) -> Reply:
    _check_manages(call)
    coming = next_meeting(mine.schedule, call.at)
    if not skipped:
        known = await store.meeting(call.room, coming.day)
        if known and known.skipped:
            await store.unskip(call.room, coming.day)
        return Reply(Text(f"The next meeting is {when(mine, coming)}."))
    await store.skip(call.room, replace(coming, skipped=True), call.at)
    after = next_meeting(mine.schedule, coming.starts)
    return Reply(
        Text(
            f"The meeting of {spoken(coming.day)} does not take place. "
            f"What is nominated is carried over to {when(mine, after)}."
        ),
        buttons=(Button("Undo", "club", "unskip"),),
    )


def _check_manages(call: Call) -> None:
    if not call.may_manage:
        raise UserError(
            "Only who manages this room's server or workspace can change when its journal club meets. Ask one of them."
        )


def _changed(call: Call, club: str) -> dict[str, str]:
    return {"platform": call.room.platform, "room": str(call.room), "by": str(call.caller), "club": club}


def _again(was: Club | None) -> str:
    if was is None:
        return _BEGIN
    schedule = was.schedule
    day = named_days(schedule.days).removeprefix("on ").lower()
    return f"club on {day} at:{schedule.start:%H:%M} tz:{schedule.zone} count:{was.count} notice:{was.notice}"


def _told(nomination: Nomination) -> str:
    agenda = f"; on the agenda of {spoken(nomination.meeting.day)}" if nomination.meeting else ""
    return f"{about(nomination)}{agenda}"


def _day(nomination: Nomination) -> date:
    assert nomination.meeting
    return nomination.meeting.day


def _presented(nomination: Nomination) -> str:
    return f", presented by {nomination.presenter_name or 'a member of this room'}" if nomination.presenter else ""
