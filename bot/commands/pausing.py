"""A holiday from alerts: nothing until a day, and then what came meanwhile in one message."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from bot.alerts.alerting import absence, local_day, resting, settled, when
from bot.calendar import moment
from bot.commands import suggestions
from bot.commands.pages import papers
from bot.commands.parameters import UNTIL, last_day
from bot.dispatch import Parameter, command
from bot.model import Alerting, Button, Call, Reply, Text
from bot.ports import Store

_OFFERED = {"Until Monday": "until monday", "A week": "1 week", "Two weeks": "2 weeks"}


Pause = Annotated[str, Parameter("until DATE|off", UNTIL, rest=True, suggest=suggestions.returns_or_off)]


@command
async def pause(call: Call, store: Store, until: Pause = "") -> Reply:
    """Rest from alerts until a day; then one message has the best of what came meanwhile.

    pause until 1 Dec          until the morning of that day: the time of your alerts
    pause until monday
    pause 2 weeks
    pause off                  end it now, and have what came meanwhile
    pause                      how it stands

    Nothing is lost: what matches meanwhile is kept. It comes the best first, and what is left of it in a line that
    says where it is. What you ask for yourself is answered all the time, and highlights go on.
    """
    was = await store.alerting(call.caller)
    rests = absence(was, call.at)
    if not until:
        said = "Alerts to you do not rest. To have a holiday from them, type: pause until monday"
        return _said(await _resting(was, call, store) if rests else said, was, call)
    if until.lower() == "off":
        if not rests:
            return _said(f"Alerts to you do not rest. {settled(was)}", was, call)
        wanted = replace(was, away_until=call.at)
        kept = await store.kept(call.caller)
        # Who is back wants to see it now, whatever the schedule says; quiet hours hold all the same.
        due = when(replace(wanted, pace="instant"), call.at)
        await store.alert(call.caller, wanted, due)
        time = f"comes {moment(due)}" if due else "comes now"
        came = f"What came meanwhile {time}: {papers(kept)}." if kept else "Nothing came meanwhile."
        return _said(f"You are back. {came} {settled(wanted)}", wanted, call)
    wanted = resting(was, last_day(until, local_day(was, call.at), "pause"))
    await store.alert(call.caller, wanted, when(wanted, call.at))
    return _said(await _resting(wanted, call, store), wanted, call)


async def _resting(alerting: Alerting, call: Call, store: Store) -> str:
    """Say until when alerts rest, when the next can come, if later, and how many papers it has so far."""
    due = when(alerting, call.at)
    next_ = f" The next can come {moment(due)}." if due and due != alerting.away_until else ""
    kept = await store.kept(call.caller)
    return f"{absence(alerting, call.at)}{next_}{f' So far: {papers(kept)}.' if kept else ''}"


def _said(head: str, now: Alerting, call: Call) -> Reply:
    offered = {"End it now": "off"} if absence(now, call.at) else _OFFERED
    steps = tuple(Button(label, "pause", text, "instead") for label, text in offered.items())
    return Reply(Text(head), buttons=steps, private=True)
