"""What people make of papers: more like one, or fewer."""

from __future__ import annotations

from typing import Literal

from bot.commands.papers import named
from bot.commands.parameters import PaperId
from bot.commands.taste import effect
from bot.dispatch import command
from bot.model import Button, Call, Destination, Paper, Reply, Text
from bot.ports import Store


@command
async def like(call: Call, store: Store, paper_id: PaperId) -> Reply:
    """Have more papers like one first, in the daily highlights of this room and in your own alerts.

    like 2011.10043

    What such papers have in common goes up, for half a year. What counts here is how many people of the room like a
    paper, and of each person the last 20 papers: nobody is named, and nobody speaks for all. What you like, wherever
    you say so, puts papers like it first in your own alerts, matches and highlights, too.

    To see what was taught, type: taste
    """
    return await _reacted(call, store, paper_id, 1)


@command
async def dislike(call: Call, store: Store, paper_id: PaperId) -> Reply:
    """Have fewer papers like one first, in the daily highlights of this room and in your own alerts.

    dislike 2011.10043

    It takes the place of a like of yours. It counts less than one, and only once something is liked here: a paper can
    be wrong in more ways than it can be right.
    """
    return await _reacted(call, store, paper_id, -1)


@command
async def unlike(call: Call, store: Store, paper_id: PaperId) -> Reply:
    """Take back what you said of a paper, whether like or dislike.

    unlike 2011.10043

    In a room what you said there; in a direct message what you said anywhere.
    """
    return await _reacted(call, store, paper_id, 0)


async def _reacted(call: Call, store: Store, paper_id: str, value: Literal[-1, 0, 1]) -> Reply:
    paper = await named(paper_id, call, store)
    if not value:
        return await _taken_back(call, store, paper)
    people = await store.react(call.room, call.caller, paper.id, value, call.at)
    counts, mine = await store.learns(call.room), await store.learns(call.caller)
    said = _up_or_down(paper.title, call.room, value, people) if counts else _kept(paper.title, value)
    takes = [*["with the next digest"] * counts, *["in your alerts at once"] * mine]
    said += f" It takes effect {', and '.join(takes)}." if takes else ""
    said += f"\n{await effect(call, store)}"
    if await store.following(call.room) is None:
        said += "\nNo daily highlights are posted here. To have them, type: settings on"
    return Reply(Text(said), buttons=(Button("Undo", "unlike", paper.id),), private=True)


async def _taken_back(call: Call, store: Store, paper: Paper) -> Reply:
    alone = call.room.is_person
    said = await store.voices(call.caller, None if alone else call.room)
    await store.react(call.room, call.caller, paper.id, 0, call.at)
    if all(each.paper != paper.id for each in said):
        return Reply(Text(f"You had said nothing of {paper.title}{'' if alone else ' here'}."), private=True)
    where = "any more, here or in any room" if alone else "here any more"
    return Reply(Text(f"What you said of {paper.title} does not count {where}."), private=True)


def _up_or_down(title: str, room: Destination, value: int, people: int) -> str:
    way = "up" if value > 0 else "down"
    if room.is_person:
        return f"Papers like {title} go {way} in your highlights."
    one = people == 1
    does = ("likes it" if one else "like it") if value > 0 else f"{'does' if one else 'do'} not like it"
    count = "1 person" if one else f"{people:,} people"
    return f"Papers like {title} go {way} in this room's highlights: {count} here {does}."


def _kept(title: str, value: int) -> str:
    return f"It is kept that you {'like' if value > 0 else 'do not like'} {title}."
