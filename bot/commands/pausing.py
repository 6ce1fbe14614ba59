"""A holiday from alerts: nothing until a day, and then what came meanwhile in one message."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from bot.alerting import absence, resting, settled, when
from bot.calendar import moment
from bot.commands import suggestions
from bot.commands.pages import papers
from bot.commands.parameters import _UNTIL, read_until
from bot.dispatch import Parameter, command
from bot.model import Alerting, Button, Call, Reply, Text
from bot.ports import Store

_OFFERED = {"Until Monday": "until monday", "A week": "1 week", "Two weeks": "2 weeks"}


def _read_pause(text: str, call: Call) -> date | Literal["off"] | None:
    return "off" if text.lower() == "off" else read_until(text, call)


Pause = Annotated[
    date | Literal["off"] | None,
    Parameter("until DATE|off", _UNTIL, _read_pause, words=6, suggest=suggestions.returns_or_off),
]


@command
async def pause(call: Call, store: Store, until: Pause = None) -> Reply:
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
    if until is None:
        said = rests or "Alerts to you do not rest. To have a holiday from them, type: pause until monday"
        return _said(f"{said}{await _kept(call, store) if rests else ''}", was, call)
    if until == "off":
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
    wanted = resting(was, until)
    due = when(wanted, call.at)
    await store.alert(call.caller, wanted, due)
    next_ = f" The next can come {moment(due)}." if due and due != wanted.away_until else ""
    return _said(f"{absence(wanted, call.at)}{next_}{await _kept(call, store)}", wanted, call)


async def _kept(call: Call, store: Store) -> str:
    kept = await store.kept(call.caller)
    return f" So far: {papers(kept)}." if kept else ""


def _said(head: str, now: Alerting, call: Call) -> Reply:
    offered = {"End it now": "off"} if absence(now, call.at) else _OFFERED
    steps = tuple(Button(label, "pause", text, "instead") for label, text in offered.items())
    return Reply(Text(head), buttons=steps, private=True)
