"""What is owed to a workspace and what was lost, for those who manage it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bot.calendar import moment
from bot.commands.pages import number
from bot.dispatch import command
from bot.model import Call, Reply, Text, UserError
from bot.ports import Standing, Store

_LATELY = timedelta(days=7)
_MOST_ROOMS = 10
# What nobody wanted any more when its turn came was not lost.
_NO_LOSS = "unwanted"


@partial(command, manages=True)
async def deliveries(call: Call, store: Store) -> Reply:
    """Say what is owed to this workspace, what did not arrive, and which rooms are paused.

    For those who manage it. Of people it says only how many.
    """
    if call.room.is_person:
        raise UserError("Deliveries are shown in a room of the server or workspace that they are of. Type it there.")
    if not call.may_manage:
        raise UserError("Only who manages this room's server or workspace can see its deliveries. Ask one of them.")
    standing = await store.standing(call.room.tenant, call.at - _LATELY)
    last = moment(standing.sent_at) if standing.sent_at else "none yet"
    lines = [
        f"Owed here: {number(standing.rooms, 'message')} to rooms, {standing.people:,} to people.",
        f"The last that arrived was sent: {last}.",
        _lost(standing),
        *_paused(standing),
    ]
    paused = tuple(standing.paused_rooms)
    # A platform knows what people call a room.
    return Reply(Text("\n".join(lines)), private=True, about=paused[0] if len(paused) == 1 else None)


def _lost(standing: Standing) -> str:
    words = {"expired": "expired", "dead": "given up"}
    lost = [
        f"{count:,} {words[state]} ({code or 'no code'})"
        for (state, code), count in standing.lost.items()
        if code != _NO_LOSS
    ]
    return f"Not delivered in the last 7 days: {', '.join(lost) or 'none'}."


def _paused(standing: Standing) -> list[str]:
    rooms = [
        f"- {room.name}, since {moment(pause.since)}: {pause.code}"
        for room, pause in list(standing.paused_rooms.items())[:_MOST_ROOMS]
    ]
    if others := len(standing.paused_rooms) - len(rooms):
        rooms.append(f"- and {others:,} more")
    lines = []
    if rooms:
        lines += ["Paused rooms:", *rooms, "Once the bot can post there again, in each of them type: settings on"]
    if standing.paused_people:
        people = number(standing.paused_people, "person").replace("persons", "people")
        lines.append(f"Alerts to {people} are paused: their own subscriptions say why, and how to go on.")
    return lines
