"""One person on several platforms: one set of subscriptions, and one alert, where they were last."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from bot import codes
from bot.calendar import moment
from bot.dispatch import Parameter, command
from bot.model import Button, Call, Destination, Reply, Text, UserError
from bot.ports import OnItsWay, Store, TooMany

_ANEW = "type: link"
_LASTS = timedelta(minutes=10)
_PLACES = {"slack": "on Slack", "discord": "on Discord", "console": "in the terminal"}
_ONE = (
    "One set of subscriptions, one list of what you keep and like, and each alert once: it comes to where you last "
    "typed or pressed something."
)

_ARRIVING = "A message to you may be arriving just now. Try again in some minutes."
_OFF = ("", False)


def _read_code(words: str, __: Call) -> tuple[str, bool] | None:
    """Read a code that joins addresses, and whether it is to do so now; `_OFF` is none."""
    if words.lower() == "off":
        return _OFF
    typed, _, now = words.partition(" ")
    code = codes.read(typed)
    return (code, bool(now)) if code and now.lower() in ("", "now") else None


LinkCode = Annotated[
    tuple[str, bool] | None,
    Parameter(
        "CODE [now]|off", "the code that you got elsewhere, to join: K7QF-2M9T now; off: part", _read_code, words=2
    ),
]


@command
async def link(call: Call, store: Store, code: LinkCode = None) -> Reply:
    """Be one person on Slack, on Discord and elsewhere: the same subscriptions, and each alert once.

    link               a code, to type elsewhere within ten minutes; and what is joined already
    link K7QF-2M9T     what would be joined by a code; type it with now behind to do it
    link off           part again: what is yours stays with you where you type it

    Alerts come to where you last typed or pressed something. Never type a code that somebody else has sent you: they
    would be you, see what is yours and change it.
    """
    if code is None:
        return await _offered(call, store)
    if code == _OFF:
        return await _parted(call, store)
    given, now = code
    other = await store.offered_link(given, call.at)
    if other is None:
        raise UserError(f"This code is none, or older than ten minutes. Where you want to be joined with, {_ANEW}")
    if other == call.caller:
        raise UserError("This code is from here. Type it where you are somebody else so far.")
    if not now:
        return Reply(
            Text(
                f"This makes you one person with who got the code {_where(other)}. {_ONE}\n"
                "Was it you who got it? Whoever did would see what is yours, and change it.\n"
                f"If it was, type: link {codes.spelled(given)} now"
            ),
            buttons=(Button("Join", "link", f"{codes.spelled(given)} now", "instead"),),
            private=True,
        )
    try:
        joined = await store.link(call.caller, given, call.at)
    except OnItsWay:
        raise UserError(_ARRIVING) from None
    except TooMany as full:
        raise UserError(
            f"One person can be at {full.count} places at most, and these would be more. To part yours, type: link off"
        ) from None
    if joined is None:
        raise UserError(f"This code was used, or is older than ten minutes. Where you want to be joined with, {_ANEW}")
    count = len(await store.subscriptions(call.caller))
    return Reply(
        Text(f"You are one person here and {_where(joined)}. {_ONE}\nSubscriptions: {count}. To part, type: link off"),
        buttons=(Button("Subscriptions", "subscriptions"),),
        private=True,
    )


async def _offered(call: Call, store: Store) -> Reply:
    code = codes.make()
    until = call.at + _LASTS
    await store.offer_link(call.caller, code, until)
    others = await store.linked(call.caller)
    # The one where this is typed need not be the first: what is theirs may be elsewhere still.
    places = sorted(map(_where, (call.caller, *others)))
    known = f"You are one person {', '.join(places[:-1])} and {places[-1]}. To part, type: link off" if others else ""
    lines = [
        known,
        f"Where you want to be the same person, type there: link {codes.spelled(code)}",
        f"The code is good until {moment(until)}. {_ONE}",
        "Give the code to nobody, and type none that somebody has sent you.",
    ]
    return Reply(Text("\n".join(filter(None, lines))), private=True)


async def _parted(call: Call, store: Store) -> Reply:
    try:
        others = await store.unlink(call.caller)
    except OnItsWay:
        raise UserError(_ARRIVING) from None
    if not others:
        return Reply(Text("You are joined with nobody elsewhere. To be, type: link"), private=True)
    there = ", ".join(map(_where, others))
    return Reply(Text(f"Parted. What is yours stays here; {there} you begin anew."), private=True)


def _where(address: Destination) -> str:
    return _PLACES[address.platform]
