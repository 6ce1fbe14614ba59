"""What the people of a room read together: what comes up in the papers, and what of them was taken up here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from bot.calendar import spoken
from bot.commands import suggestions
from bot.commands.pages import papers
from bot.commands.papers import AGAIN, named
from bot.commands.parameters import PaperId, whole_number
from bot.dispatch import Parameter, command, quoted
from bot.model import Button, Call, Reply, Text, UserError
from bot.ports import Act, Circle, Store
from bot.search import advice, grammar, spelling
from bot.search.grammar import parse
from bot.search.query import Query
from bot.team import circle
from bot.team.circle import said
from bot.team.trending import Curve, Rising, curves, item, legend, rising

SHOWN = 10
_COMPARED = 4
_DAYS = 7
_LONGEST_NAME = 40  # characters
# No brackets, no at sign and no slash: it names nobody whom a platform would call, and is no address.
_NAME = re.compile(r"[^<>@/]*[^\W\d_][^<>@/]*")
_TERM = re.compile(r'(?:[^,"]|"[^"]*"?)+')
_DID: dict[Act, str] = {
    "like": "liked it",
    "share": "shared it",
    "nominate": "nominated it for the journal club",
    "vote": "voted for it",
}
_NOBODY_ELSE = "Nobody else is here. In a channel, type: {}"

_NAMINGS = ("named", "unnamed")


def _read_naming(word: str, _: Call) -> str | None:
    return word.lower() if word.lower() in _NAMINGS else None


Terms = Annotated[
    str,
    Parameter(
        "TERM",
        "words or a query; several with a comma between are compared",
        rest=True,
        length=grammar.MAX_LENGTH,
        suggest=suggestions.queries,
    ),
]
Period = Annotated[
    int, replace(whole_number("PERIOD", "how many days back, 1 to 365, for example 30", 365), named=False)
]
Naming = Annotated[
    Literal["named", "unnamed"] | None,
    Parameter(
        "named|unnamed",
        "named: others here see the name that stands for the id; unnamed: no longer",
        _read_naming,
        choices=_NAMINGS,
    ),
]


@command
async def trending(call: Call, store: Store, terms: Terms = "") -> Reply:
    """See how often something is in the papers week by week, or what rises this week.

    trending                     what is in far more titles this week than in the month before
    trending diffusion           its share of the papers of each of the last 26 weeks, as bars
    trending diffusion, gan      up to four, compared on one scale
    trending "point cloud" cat:cs.CV

    A week is the seven days to the newest digest. A paper counts once, on the day that first listed it.
    """
    until = await store.newest(until=call.at.date())
    if until is None:
        return Reply(Text("Nothing is stored yet, so nothing is known of what comes up."), private=True)
    typed = (parse(each) for each in _TERM.findall(terms) if each.strip())
    asked = list({each.key: each for each in typed}.values())
    if len(asked) > _COMPARED:
        raise UserError(f"At most {_COMPARED} can be compared. Type one like: trending diffusion, gan")
    if not asked:
        found = await rising(store, until, most=SHOWN)
        return Reply(
            Text(_risen(found)), items=tuple(map(item, found.rises)), private=True, again=Button(AGAIN, "trending")
        )
    drawn = await curves(asked, until, store)
    if not any(each.highest or each.first for each in drawn):
        return await _not_found(asked, store)
    return Reply(
        Text("\n".join(_lines(drawn))),
        note=Text("\n".join([legend(drawn), *_loose(drawn)])),
        buttons=tuple(step for each in asked for step in _steps(each, alone=len(asked) == 1)),
        private=True,
        again=Button(AGAIN, "trending", ", ".join(each.text for each in asked)),
    )


@command
async def who(call: Call, store: Store, paper_id: PaperId = "", naming: Naming = None) -> Reply:
    """See how many people here follow, liked, shared or kept a paper; in numbers, or names by their own choice.

    who 2011.10043
    who named Anna     others here may see by this name what you like, share and nominate
    who unnamed        no longer

    What one follows and keeps is each one's own: it is told of two others at least, and never with names. A name holds
    for this server or workspace alone.
    """
    if naming is not None:
        return await _named(call, store, paper_id if naming == "named" else None)
    if not paper_id:
        raise UserError("who needs a paper. Type one like: who 2011.10043")
    paper = await named(paper_id, call, store)
    if call.room.is_person:
        raise UserError(_NOBODY_ELSE.format(f"who {paper.id}"))
    received = await store.reception(paper.id, call.room, call.caller)
    lines = [f"{said(received[act])} {did}." for act, did in _DID.items() if act in received]
    own = {"follow": await circle.followers(paper, call, store), "keep": received.get("save", Circle())}
    lines += [f"{circle.told(each)} {do} it." for do, each in own.items() if circle.told(each)]
    return Reply(
        Text("\n".join([paper.title, *(lines or ["Nobody here has taken it up yet, as far as may be told."])])),
        note=Text("What one follows or keeps is not told of fewer than two others."),
        buttons=(Button("Like", "like", paper.id), Button("Abstract", "show", paper.id, "aside")),
        private=True,
    )


@command
async def discussed(call: Call, store: Store, period: Period = _DAYS) -> Reply:
    """Show the papers that most people here liked, shared, nominated or voted for lately.

    discussed         in the last 7 days
    discussed 30      in the last 30

    Each person counts once for a paper, however often. What people write to each other is not read, what they keep is
    theirs, and nobody is named.
    """
    if call.room.is_person:
        raise UserError(_NOBODY_ELSE.format("discussed"))
    cards = await circle.taken_up(call.room, call.at - timedelta(days=period), store, most=SHOWN)
    span = "in the last day" if period == 1 else f"in the last {period} days"
    if not cards:
        hint = "Like a paper, share one to the channel or nominate one, and it counts."
        return Reply(Text(f"No paper was taken up here {span}. {hint}"), private=True)
    return Reply(
        Text(f"Most discussed here {span}:"),
        cards,
        private=True,
        again=Button(AGAIN, "discussed", str(period)),
    )


async def _not_found(asked: Sequence[Query], store: Store) -> Reply:
    likely = [each for query in asked if (each := await spelling.suggestion(query, store))]
    names = ", ".join(each.text for each in asked)
    why = await advice.why_nothing(asked[0], store) if len(asked) == 1 else "Look for each alone to see why."
    return Reply(
        Text(f"No paper matches {names}. {why}"),
        buttons=tuple(Button(f"Did you mean {each.text}?", "trending", each.text, "instead") for each in likely),
        private=True,
    )


def _lines(drawn: Sequence[Curve]) -> Iterator[str]:
    highest = max(each.highest for each in drawn)
    for each in drawn:
        first = f" First seen here on {spoken(each.first)}." if each.first else ""
        yield f"{each.bars(highest)}  {each.query.text}"
        yield f"{each.compared()}.{first}"


def _loose(drawn: Sequence[Curve]) -> Iterator[str]:
    """Say of which queries more is counted than matches."""
    if loose := ", ".join(each.query.text for each in drawn if not each.exact):
        yield f"Of {loose} all papers with these words are counted, whether side by side or not: they are too many."


def _steps(asked: Query, *, alone: bool) -> Iterator[Button]:
    of = "" if alone else f" {asked.text}"
    yield Button(f"Search{of}", "search", asked.text)
    if alone:
        yield Button("Subscribe", "subscribe", asked.text)


def _risen(found: Rising) -> str:
    week = f"the week to {spoken(found.until)}"
    if found.rises:
        return f"Rising in titles in {week}, against the 30 days before:"
    if not found.before:
        return f"Nothing is known to rise in {week}: no papers of the month before are stored."
    return f"Nothing rises in {week}: {papers(found.papers)}, and {found.before:,} in the 30 days before."


async def _named(call: Call, store: Store, name: str | None) -> Reply:
    if call.room.is_person:
        raise UserError(_NOBODY_ELSE.format("who named Anna"))
    if name is None:
        await store.name_person(call.caller, call.room.tenant, None)
        return Reply(Text("You are not named here any more. You count as one of many."), private=True)
    name = " ".join(name.split())
    if not (_NAME.fullmatch(name) and name.isprintable() and len(name) <= _LONGEST_NAME):
        told = f"A name is up to {_LONGEST_NAME} characters of text, and no mention. Type one like: who named Anna"
        raise UserError(f"{quoted(name)} cannot be your name. {told}" if name else told)
    await store.name_person(call.caller, call.room.tenant, name)
    return Reply(
        Text(f"Others here may see as {name} what you like, share and nominate. What you follow and keep stays yours."),
        buttons=(Button("Undo", "who", "unnamed", "instead"),),
        private=True,
    )
