"""A room's journal club: when it meets, what comes onto its agenda, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.calendar import instant, named_days, spoken
from bot.model import Schedule
from bot.ports import Club, Meeting, Nomination

_LATELY = timedelta(days=1)
_TIMES = {1: "once", 2: "twice"}


def next_meeting(schedule: Schedule, now: datetime) -> Meeting:
    """Return the first meeting that begins after a moment.

    Where the clocks skip its time, it begins when they do; where they show it twice, the first time.
    """
    day = now.astimezone(ZoneInfo(schedule.zone)).date()
    while True:
        meeting = _meeting(schedule, day)
        if meeting and meeting.starts > now:
            return meeting
        day += timedelta(days=1)


def last_meeting(schedule: Schedule, now: datetime) -> Meeting:
    """Return the last meeting that has begun at a moment."""
    day = now.astimezone(ZoneInfo(schedule.zone)).date()
    while True:
        meeting = _meeting(schedule, day)
        if meeting and meeting.starts <= now:
            return meeting
        day -= timedelta(days=1)


def ranked(nominations: Iterable[Nomination]) -> list[Nomination]:
    """Return nominations by their votes, of as many the older first."""
    return sorted(nominations, key=lambda each: (-each.votes, each.at, each.paper))


def chosen(nominations: Iterable[Nomination], count: int) -> tuple[str, ...]:
    """Return the papers that a meeting is to be over, of those that no meeting has."""
    return tuple(each.paper for each in ranked(each for each in nominations if each.meeting is None)[:count])


def is_met(nomination: Nomination, now: datetime) -> bool:
    """Say whether a meeting over a paper has begun."""
    return nomination.meeting is not None and nomination.meeting.starts <= now


def can_carry(nomination: Nomination, now: datetime) -> bool:
    """Say whether it can still be said that a meeting did not reach a paper: until a day after it began."""
    return nomination.meeting is not None and now < nomination.meeting.starts + _LATELY


def is_unposted(club: Club, last: Meeting, known: Meeting | None, nominations: Iterable[Nomination]) -> bool:
    """Say whether the last meeting should have had an agenda and had none; `known` is what is stored of it."""
    if last.starts <= club.since:
        return False
    if known:
        return not (known.skipped or known.posted)
    return any(each.meeting is None and each.at < last.starts for each in nominations)


def when(club: Club, meeting: Meeting) -> str:
    """Return when a meeting begins: Mon 23 Nov 2020, 14:00, Europe/Berlin."""
    local = meeting.starts.astimezone(ZoneInfo(club.schedule.zone))
    return f"{spoken(meeting.day)}, {local:%H:%M}, {club.schedule.zone}"


def settled(club: Club) -> str:
    """Say when a club meets, in a sentence."""
    schedule = club.schedule
    times = f"{named_days(schedule.days)} at {schedule.start:%H:%M}, {schedule.zone}"
    papers = f"{club.count} paper{'s' * (club.count > 1)}"
    return f"The journal club meets here {times}, over {papers}; the agenda is posted {_long(club.notice)} before."


def voted(votes: int) -> str:
    return f"{votes:,} vote{'s' * (votes != 1)}"


def presenting(nomination: Nomination) -> str:
    """Say who presents a paper: by a name only where that person gave one."""
    if nomination.presenter:
        return f"{nomination.presenter_name or 'a member of this room'} presents it"
    if nomination.person:
        return f"{nomination.person_name or 'who nominated it'} is proposed to present it"
    return "nobody presents it so far"


def about(nomination: Nomination) -> str:
    """Say how a nomination stands: its votes, who presents it, how often it was not reached."""
    carried = nomination.carried
    times = f"carried over {_TIMES.get(carried, f'{carried:,} times')}" if carried else ""
    return "; ".join(filter(None, [voted(nomination.votes), presenting(nomination), times]))


def _meeting(schedule: Schedule, day: date) -> Meeting | None:
    """Return the meeting of a day; None where there is none, or the zone leaves the day out."""
    zone = ZoneInfo(schedule.zone)
    starts = instant(datetime.combine(day, schedule.start), zone)
    return Meeting(day, starts) if day.weekday() in schedule.days and starts.astimezone(zone).date() == day else None


def _long(minutes: int) -> str:
    for size, noun in ((24 * 60, "day"), (60, "hour")):
        if minutes % size == 0:
            return f"{minutes // size} {noun}{'s' * (minutes > size)}"
    return f"{minutes} minute{'s' * (minutes > 1)}"
