"""How a person is alerted: at once, daily or weekly, and when not."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from bot.alerts.alerting import absence, resting, settled, when
from bot.calendar import moment
from bot.commands import suggestions
from bot.commands.parameters import Start, Weekdays, Zone, read_time, whole_number
from bot.commands.subscriptions import NONE, silence
from bot.dispatch import Parameter, command
from bot.model import Alerting, Button, Call, Reply, Schedule, Text, UserError
from bot.ports import Store
from bot.search import grammar

_MONDAY = (0,)
_EVERY_DAY = tuple(range(7))

_MOST_ALERTED = 50  # papers a day
_PACES = ("instant", "daily", "weekly")


def _read_pace(word: str, _: Call) -> str | None:
    return word.lower() if word.lower() in _PACES else None


def _read_span(word: str, call: Call) -> tuple[time, time] | None:
    """Read two times with a dash between them; "off" is a span of no length."""
    if word.lower() == "off":
        return time(), time()
    start, dash, end = grammar.plain(word).partition("-")
    first, last = read_time(start, call), read_time(end, call)
    return (first, last) if dash and first is not None and last is not None else None


Pace = Annotated[
    Literal["instant", "daily", "weekly"] | None,
    Parameter("|".join(_PACES), "at once, or in one message a day or a week", _read_pace, choices=_PACES),
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
Most = Annotated[
    int | None,
    whole_number("most:N", f"how many papers a day are shown, 1 to {_MOST_ALERTED}, for example most:5", _MOST_ALERTED),
]


@command
async def alerts(
    call: Call,
    store: Store,
    pace: Pace = None,
    days: Weekdays = None,
    at: Start = None,
    tz: Zone = None,
    quiet: Quiet = None,
    most: Most = None,
) -> Reply:
    """Choose how alerts come to you: at once, daily or weekly, and when not.

    alerts                     how they come, and when the next one can
    alerts instant             as soon as there is something
    alerts daily at:09:00 tz:Europe/Berlin
    alerts daily days:mon-fri
    alerts weekly days:mon at:09:00
    alerts quiet:22:00-07:00   nothing between these times
    alerts quiet:off
    alerts most:5              five papers a day, and how many more there are

    What is not named stays as it is.
    """
    was = await store.alerting(call.caller)
    if all(each is None for each in (pace, days, at, tz, quiet, most)):
        pause = await store.paused(call.caller)
        mine = await store.subscriptions(call.caller)
        return _said(was, call.at, "" if mine else NONE, silence(pause) if pause else "")
    if pace == "instant" and not (days is None and at is None):
        raise UserError("Instant alerts have no time of their own. For one a day, type: alerts daily at:09:00")
    wanted = _changed(was, pace, days, at, tz, quiet, most)
    if was.away_until and absence(was, call.at):  # until the same day, whose morning may be another's now
        wanted = resting(wanted, was.away_until.astimezone(ZoneInfo(was.schedule.zone)).date())
    await store.alert(call.caller, wanted, when(wanted, call.at))
    where = ""
    is_timed = at is not None or (quiet is not None and wanted.quiet is not None)
    if tz is None and is_timed and wanted.schedule.zone == Schedule().zone:
        where = f"That is the time of {wanted.schedule.zone}. For another zone, type: alerts tz:Europe/Berlin"
    return _said(wanted, call.at, where)


def _changed(
    was: Alerting,
    pace: Literal["instant", "daily", "weekly"] | None,
    days: tuple[int, ...] | None,
    at: time | None,
    tz: str | None,
    quiet: tuple[time, time] | None,
    most: int | None,
) -> Alerting:
    """Return how a person is alerted who was alerted so far as `was` says, and has named this."""
    kept = was.schedule
    # Who names a time or days wants a schedule, and how many days it is on says which.
    scheduled = not (days is None and at is None)
    pace = pace or ("daily" if scheduled and was.pace == "instant" else was.pace)
    if days is not None:
        pace = "weekly" if len(days) == 1 else "daily"
    elif pace == "weekly":
        days = kept.days if len(kept.days) == 1 else _MONDAY
    elif pace == "daily":
        days = kept.days if len(kept.days) > 1 else _EVERY_DAY
    schedule = Schedule(kept.start if at is None else at, tz or kept.zone, days or kept.days)
    if quiet is None:
        quiet = was.quiet
    elif quiet[0] == quiet[1]:
        quiet = None
    return Alerting(pace, schedule, quiet, most or was.most, was.away_until)


def _said(now: Alerting, at: datetime, *more: str) -> Reply:
    due = when(now, at)
    lines = [f"{settled(now)} The next can come {moment(due) if due else 'at any time'}.", absence(now, at), *more]
    return Reply(
        Text("\n".join(filter(None, lines))),
        buttons=tuple(Button(each.title(), "alerts", each, "instead") for each in _PACES if each != now.pace),
        private=True,
    )
