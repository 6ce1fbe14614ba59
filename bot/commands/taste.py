"""What has been taught here by liking papers: to see it, to erase it, and to have it count or not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from bot.calendar import spoken
from bot.commands.pages import PAGE, check_page, number, papers, turn
from bot.commands.parameters import Page
from bot.dispatch import Parameter, command
from bot.highlights.taste import LASTS
from bot.highlights.taught import Taught, taught
from bot.model import Button, Call, Item, Reply, Text, UserError
from bot.ports import Store, Voice

_WORDS = 8  # each way, in the list
_FEW = 4  # in the answer to a reaction
_NOT_YOURS = "Only who manages this room's server or workspace can change what counts for all. Ask one of them."

_TEACHINGS = ("on", "off", "reset", "reset now", "reset room", "reset room now")


def _read_teaching(words: str, _: Call) -> str | None:
    said = " ".join(words.lower().split())
    return said if said in _TEACHINGS else None


Teaching = Annotated[
    str,
    Parameter(
        "on|off|reset [room] [now]",
        "on, off: whether it counts; reset: say what would be erased; reset now: erase it",
        _read_teaching,
        words=3,
        choices=_TEACHINGS,
    ),
]


@partial(command, manages=True)
async def taste(call: Call, store: Store, learning: Teaching = "", page: Page = 1) -> Reply:
    """See what was taught here by like and dislike, erase it, or let it count no longer.

    taste                what is liked here, in counts and words, and what you said
    taste off            what is liked here changes nothing for now; in a direct message, what you liked
    taste on
    taste reset          erase what you said here; in a direct message, what you said anywhere
    taste reset room     erase what anybody said here

    What people of a room like orders its highlights. What you like, in whatever room, orders your own alerts, matches
    and highlights. It never hides a paper, and one of the highlights is always something new.
    """
    if learning in ("on", "off"):
        return await _switch(call, store, learns=learning == "on")
    if learning:
        return await _reset(call, store, learning)
    return await _list(call, store, page)


async def effect(call: Call, store: Store) -> str:
    """Say in a line what counts now where a call was made."""
    if not await store.learns(call.room):
        return f"{_silent(call)} To let it, type: taste on"
    known = await _known(call, store, _FEW)
    if not known.liked:
        return "Nothing counts yet: what is not liked counts once something is."
    who = "you" if call.room.is_person else "this room"
    return f"Counts now: {papers(known.liked)} that {who} liked{_words(known)}."


async def _list(call: Call, store: Store, page: int) -> Reply:
    alone = call.room.is_person
    said = await store.voices(call.caller, None if alone else call.room)
    mine = list({each.paper: each for each in reversed(said)}.values())[::-1]
    check_page(page, len(mine))
    shown = mine[(page - 1) * PAGE : page * PAGE]
    titles = {paper.id: paper.title for paper in await store.papers(each.paper for each in shown)}
    learns = await store.learns(call.room)
    lines = [await _summary(call, store) if learns else f"{_silent(call)} To let it, type: taste on"]
    if mine:
        lines.append(f"You said something of {papers(len(mine))}{'' if alone else ' here'}:")
    may_change = alone or call.may_manage
    switch = Button("Let it count", "taste", "on") if not learns else Button("Let nothing count", "taste", "off")
    return Reply(
        Text("\n".join(lines)),
        items=tuple(_item(each, titles[each.paper], call) for each in shown),
        buttons=(
            *turn("taste", "", page, len(mine)),
            *((Button("Erase what you said", "taste", "reset"),) if mine else ()),
            *((switch,) if may_change else ()),
        ),
        private=True,
    )


async def _summary(call: Call, store: Store) -> str:
    known = await _known(call, store, _WORDS)
    if not known.liked + known.disliked:
        where = "You liked nothing" if call.room.is_person else "Nothing was liked here"
        return f"{where} in the last half year. To teach what to show first, type: like 2011.10043"
    if call.room.is_person:
        disliked = f" and disliked {known.disliked:,}" * bool(known.disliked)
        return f"In the last half year you liked {papers(known.liked)}{disliked}, here or in any room{_words(known)}."
    heard = await store.heard(call.room, call.at - LASTS)
    people = "1 person" if heard.people == 1 else f"{heard.people:,} people"
    return f"In the last half year {people} here liked or disliked {papers(heard.papers)}{_words(known)}."


async def _switch(call: Call, store: Store, *, learns: bool) -> Reply:
    if not (call.room.is_person or call.may_manage):
        raise UserError(_NOT_YOURS)
    await store.learn(call.room, learns=learns)
    if not learns:
        undo = Button("Let it count", "taste", "on")
        return Reply(
            Text(f"{_silent(call)} Nothing is erased. To let it, type: taste on"), buttons=(undo,), private=True
        )
    whose = "your alerts, matches and highlights" if call.room.is_person else "the highlights here"
    what = "you like" if call.room.is_person else "is liked here"
    return Reply(Text(f"What {what} puts papers like it first, in {whose}.\n{await effect(call, store)}"), private=True)


async def _reset(call: Call, store: Store, wanted: str) -> Reply:
    words = wanted.split()
    everyone = "room" in words and not call.room.is_person
    if everyone and not call.may_manage:
        raise UserError(f"{_NOT_YOURS} To erase what you said yourself, type: taste reset")
    what = _erased(call, everyone=everyone)
    if "now" in words:
        gone = await store.unlearn(call.room, None if everyone else call.caller)
        if not gone:
            return Reply(Text(f"There is nothing to erase of {what}."), private=True)
        return Reply(Text(f"Erased: {what}, {number(gone, 'reaction')}. It takes effect at once."), private=True)
    if everyone:
        count = (await store.heard(call.room)).voices
    else:
        count = len(await store.voices(call.caller, None if call.room.is_person else call.room))
    if not count:
        return Reply(Text(f"There is nothing to erase of {what}."), private=True)
    line = "reset room now" if everyone else "reset now"
    return Reply(
        Text(
            f"This would be erased, at once and for good: {what}, {number(count, 'reaction')}.\n"
            f"To have it erased, type: taste {line}"
        ),
        buttons=(Button("Erase it", "taste", line, "instead"),),
        private=True,
    )


def _erased(call: Call, *, everyone: bool) -> str:
    if everyone:
        return "what anybody said of papers here"
    return "what you said of papers, here and in any room" if call.room.is_person else "what you said of papers here"


async def _known(call: Call, store: Store, words: int) -> Taught:
    """Return what counts where a call was made: what the room said, or alone what the person said anywhere."""
    since = call.at - LASTS
    if call.room.is_person:
        voices = await store.opinions(since, [call.room])
    else:
        voices = await store.reactions(since, call.room)
    return await taught(voices.get(call.room, {}), store, words)


def _item(each: Voice, title: str, call: Call) -> Item:
    said = "more like it" if each.value > 0 else "fewer like it"
    when = spoken(each.at.astimezone(call.at.tzinfo).date())
    return Item(Text(f"{title} ({said}, {when})"), (Button("Take back", "unlike", each.paper),))


def _words(known: Taught) -> str:
    ways: Sequence[tuple[str, Sequence[str]]] = (("up go", known.up), ("down go", known.down))
    return "".join(f"; {way} {', '.join(words)}" for way, words in ways if words)


def _silent(call: Call) -> str:
    what, where = ("you like", "for you") if call.room.is_person else ("is liked here", "here")
    return f"What {what} does not change what comes first {where}."
