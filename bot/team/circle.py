"""Who here follows a paper or took it up, said so that nobody is given away.

What people do before the others, as liking or sharing, may be said of one other, without a name unless they want one.
What they do for themselves, as following or keeping, is said of two others at least: of one alone everybody else in a
small room would know who it is.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.cards import card
from bot.highlights.interest import TOLD_FROM
from bot.model import Call, Card, Destination, Paper
from bot.ports import Circle, Store

_FEWEST = 2  # others of whom is said what they do for themselves
_NAMED = 5


async def followers(paper: Paper, call: Call, store: Store) -> Circle:
    """Return how many people of the caller's room follow a paper by what they subscribed to there."""
    followed = await store.followed(call.room.tenant, call.at)

    def count() -> Circle:
        people = {person for person, mask in followed.true(followed.match([paper]).true) if mask}
        return Circle(str(call.caller) in people, len(people - {str(call.caller)}))

    return await asyncio.to_thread(count)


async def noted(paper: Paper, call: Call, store: Store) -> str:
    """Say on a card how many people follow a paper, if that may be told; before all, the caller is one of many."""
    if call.room.is_person:
        return ""
    circle = await followers(paper, call, store)
    if call.shared:
        people = circle.others + circle.me
        return f"{people} people here follow this" if people >= TOLD_FROM else ""
    return f"{said(circle)} here follow this" if circle.others >= _FEWEST else ""


async def taken_up(room: Destination, since: datetime, store: Store, *, most: int) -> tuple[Card, ...]:
    """Return the cards of the papers that most people of a room took up since then, each with how many."""
    found = await store.discussed(room, since, limit=most)
    known = {paper.id: paper for paper in await store.papers(each.paper for each in found)}
    people = (f"{each.people:,} people here" if each.people > 1 else "1 person here" for each in found)
    return tuple(card(known[each.paper], why=why) for each, why in zip(found, people, strict=True))


def told(circle: Circle) -> str:
    """Say who they are, as far as may be told of what people do for themselves."""
    return said(circle if circle.others >= _FEWEST else Circle(circle.me))


def said(circle: Circle) -> str:
    """Say who they are: You, Anna and 2 others; "" where nobody is."""
    named = circle.names[:_NAMED]
    rest = circle.others - len(named)
    parts = [*(["you"] if circle.me else []), *named]
    if rest == 1:
        parts.append("someone else" if parts else "someone")
    elif rest:
        parts.append(f"{rest:,} {'others' if parts else 'people'}")
    *before, last = parts or [""]
    whole = f"{', '.join(before)} and {last}" if before else last
    return whole[:1].upper() + whole[1:]
