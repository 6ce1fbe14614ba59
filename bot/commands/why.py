"""Why a paper came here or to you, and why not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from bot.alerts import alerting, readable
from bot.calendar import spoken
from bot.cards import card
from bot.commands import suggestions
from bot.commands.pages import number
from bot.commands.papers import named
from bot.commands.parameters import PaperId, QueryText
from bot.commands.subscriptions import NONE
from bot.dispatch import Parameter, command, quoted
from bot.explaining import joined
from bot.explaining.order import by_taste
from bot.explaining.parts import failing, has, lacks, where
from bot.explaining.place import lines, place
from bot.explaining.told import Told, carrying
from bot.model import Button, Call, Paper, Reply, Subscription, Text
from bot.ports import Store
from bot.search import grammar
from bot.search.query import Folded, Query, Term

_MOST = 5  # subscriptions, or parts of one query
_WANTED = ("pending", "sending", "sent", "held")

Mine = Sequence[tuple[Subscription, Query]]


OnePaper = Annotated[
    str,
    Parameter("ID", "an arXiv id or address, for example 2011.10043", suggest=suggestions.papers),
]


@command
async def why(call: Call, store: Store, paper_id: PaperId) -> Reply:
    """Say why a paper came: what of your subscriptions it matches, its alert, its place among the highlights.

    why 2011.10043

    The highlights are those of this room, or in a direct message your own. The place is by what is known now.
    """
    paper = await named(paper_id, call, store)
    folded = Folded(paper)
    held = await _held(call, store)
    hits = [(each, query) for each, query in held if query.matches(folded)]
    facts = await _told(call, store, paper, [query for _, query in hits])
    said: list[Text | str] = [joined([_line(each, call), _met(query, paper, folded)]) for each, query in hits[:_MOST]]
    if len(hits) > _MOST:
        said.append(f"{len(hits) - _MOST:,} more of your subscriptions match it.")
    if not hits:
        none = (
            "Your subscription does not match it."
            if len(held) == 1
            else f"None of your {len(held)} subscriptions match it."
        )
        said.append(none if held else NONE)
    said += facts.lines
    if hits and not facts.owed:
        said.append(f"You were not told of it: {facts.silence(hits[0][0])}.")
    said += [line async for line in _here(call, store, paper)]
    return _reply("why", paper, said, [query for _, query in hits], (Button("Why not?", "why-not", paper.id),))


@command
async def why_not(call: Call, store: Store, paper_id: OnePaper, query_text: QueryText = "") -> Reply:
    """Say why a paper did not come: what it lacks for a query, or what kept it back.

    why-not 2011.10043                    your subscriptions, and the highlights of this room
    why-not 2011.10043 lidar -medical     this query

    Of your subscriptions those come first that lack least.
    """
    paper = await named(paper_id, call, store)
    if query_text:
        return await _of_query(call, store, paper, grammar.parse(query_text))
    folded = Folded(paper)
    held = sorted(await _held(call, store), key=lambda each: _distance(each[1], folded))
    hits = [query for _, query in held if query.matches(folded)]
    facts = await _told(call, store, paper, hits)
    said: list[Text | str] = [*facts.lines]
    for each, query in held[:_MOST]:
        fails = failing(query, folded)
        more = f"; and {number(len(fails) - 1, 'part')} more" if len(fails) > 1 else ""
        kept = [lacks(fails[0], paper, folded), more] if fails else [facts.silence(each)]
        said.append(joined([_line(each, call), *kept]))
    if len(held) > _MOST:
        said.append(f"{len(held) - _MOST:,} more of your subscriptions lack as much, or more.")
    said += [] if held else [NONE]
    said += [line async for line in _here(call, store, paper)]
    muted = next((each for each, query in held if each.is_silent(call.at) and query in hits), None)
    steps = (Button(f"Unmute {muted.query}", "unmute", str(muted.number)),) if muted else ()
    return _reply("why not", paper, said, hits, (*steps, Button("Why?", "why", paper.id)))


async def _of_query(call: Call, store: Store, paper: Paper, asked: Query) -> Reply:
    """Say what a paper lacks for a query; where it lacks nothing, what kept the alert back."""
    folded = Folded(paper)
    fails = failing(asked, folded)
    if fails:
        head = f"It does not match {asked.text}: {number(len(fails), 'part')} of it {'are' * (len(fails) > 1)}"
        said: list[Text | str] = [f"{head.removesuffix(' ')}{' is' * (len(fails) == 1)} against it."]
        said += [joined(["- ", lacks(each, paper, folded)]) for each in fails[:_MOST]]
        if len(fails) > _MOST:
            said.append(f"- and {len(fails) - _MOST:,} more")
        if asked.met(folded):
            said.append(joined(["It has: ", _met(asked, paper, folded)]))
        return _reply("why not", paper, said, [asked], ())
    facts = await _told(call, store, paper, [asked])
    same = next((each for each, query in await _held(call, store) if query.key == asked.key), None)
    said = [joined([f"It matches {asked.text}: ", _met(asked, paper, folded)]), *facts.lines]
    if same:
        said.append(joined([_line(same, call), facts.silence(same)]))
        return _reply("why not", paper, said, [asked], ())
    said.append(f"You are not subscribed to that. To be told of the next, type: subscribe {asked.text}")
    return _reply("why not", paper, said, [asked], (Button("Subscribe", "subscribe", asked.text),))


async def _held(call: Call, store: Store) -> Mine:
    mine = await store.subscriptions(call.caller)
    return [(each, query) for each in mine if (query := readable(each.query))]


def _distance(query: Query, folded: Folded) -> tuple[int, int]:
    return len(failing(query, folded)), -len(query.met(folded))


async def _told(call: Call, store: Store, paper: Paper, hits: Sequence[Query]) -> Told:
    """Return what is known of telling the caller of a paper that some queries match."""
    owed = carrying(await store.receipts(call.caller, "alert", [paper.id]))
    wishes = await store.alerting(call.caller)
    came = max((await store.arrivals(paper.id)).values())
    chosen = {
        each.delivery.id: found
        for each in owed
        if hits and each.state in _WANTED and (found := await alerting.choose(each.delivery, wishes, store))
    }
    folded = frozenset(
        each.delivery.id
        for each in owed
        if each.state == "sent" and (found := chosen.get(each.delivery.id)) and paper.id in found.folded
    )
    order = next((line for each in chosen.values() for line in by_taste(paper, each)), "")
    return Told(call.at, came, wishes, owed, folded, order, await store.paused(call.caller))


async def _here(call: Call, store: Store, paper: Paper) -> AsyncIterator[str]:
    """Yield what is to be said of a paper among the highlights of the room."""
    following = await store.following(call.room)
    if following is None:
        yield "No daily highlights are posted here. To have them, type: settings on"
        return
    here = await place(paper, following, store, call.at)
    if here is None:
        wanted, has_ = ", ".join(following.categories), ", ".join(sorted({each.category for each in paper.listings}))
        yield f"The highlights here are of {wanted}; it was listed in {has_}."
        return
    for line in lines(here):
        yield line


def _line(each: Subscription, call: Call) -> str:
    return f"{each.number}. {quoted(each.query)}{' (muted)' * each.is_silent(call.at)}: "


def _met(query: Query, paper: Paper, folded: Folded) -> Text:
    parts = tuple(dict.fromkeys(query.met(folded)))
    match parts:
        case [Term() as term] if term.shown == query.text:  # which was said
            return where(term, paper, folded)
    more = [f"and {len(parts) - _MOST:,} more"] if len(parts) > _MOST else []
    return joined([*(has(part, paper, folded) for part in parts[:_MOST]), *more], "; ")


def _reply(
    asked: str, paper: Paper, said: Sequence[Text | str], queries: Sequence[Query], buttons: tuple[Button, ...]
) -> Reply:
    head = f"{asked.capitalize()} arXiv:{paper.id}, {spoken(min(paper.listings).day)}:"
    return Reply(joined([head, *said], "\n"), (card(paper, queries),), buttons=buttons, private=True)
