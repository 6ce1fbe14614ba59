"""About the program itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from bot.calendar import expected_after, moment, spoken
from bot.commands.pages import number, papers
from bot.commands.subscriptions import silence
from bot.dispatch import COMMANDS, Parameter, command, expected, named
from bot.freshness import sentence
from bot.model import Call, Reply, Report, Text
from bot.ports import Store

# Each heads the commands from this one on.
_HEADINGS = {
    "search": "Find and read",
    "subscribe": "Be told of new papers",
    "settings": "The highlights of a room, and what you like",
    "save": "Keep and take away",
    "trending": "With others",
    "link": "You, and how Paperwire is doing",
}


# The commands are registered after this: their names are those of then.
Verb = Annotated[
    str | None,
    Parameter("COMMAND", "the command to explain", lambda word, _: word.lower(), choices=COMMANDS.keys()),
]


@command
async def help(call: Call, store: Store, about: Verb = None) -> Reply:  # noqa: A001  # its name is the command's
    """Explain the commands, or one of them.

    help search
    """
    if about is None:
        note = Text("For one of them in full, type: help search")
        return Reply(Text("\n".join(_overview()).strip()), note=note, private=True)
    found = named(Call(about, "", call.room, call.caller, call.at))
    return Reply(Text(f"{found.usage}\n\n{found.help}\n\n{expected(found)}".rstrip()), private=True)


@command
async def status(call: Call, store: Store) -> Reply:
    """Say what is stored, how fresh it is, and what is still to be delivered."""
    held = await store.holdings()
    reports = sorted(await store.reports(), key=lambda each: each.is_well)
    lines = [_source(each) for each in reports]
    if held.newest is None or held.oldest is None:
        lines.append("No digest has been taken in yet.")
        if not reports:
            lines = [f"{lines[0]} Who runs the bot does that, in a shell: paperwire ingest PATH"]
        return Reply(Text("\n".join(lines)), private=True)
    mine, census = await store.subscriptions(call.caller), await store.census(call.room, call.caller)
    span = f"{spoken(held.oldest)} to {spoken(held.newest)} ({', '.join(await store.categories())})"
    lines.append(f"{papers(held.papers)} from {number(held.digests, 'digest')}, {span}.")
    late = expected_after(max((each.day for each in reports if each.day), default=held.newest))
    if late >= call.at.date():
        lines.append(f"The next digest is expected {spoken(late)}.")
    elif all(each.is_well for each in reports):
        lines.append(f"A digest was expected {spoken(late)} and has not come: take it in, or look at its source.")
    lines += [
        f"You have {number(len(mine), 'subscription')}.",
        f"Deliveries here and to you: {census.owed} owed, {census.sent} sent, {census.dead} given up.",
    ]
    if pause := await store.paused(call.caller):
        lines.append(silence(pause))
    if not held.with_authors:
        lines.append("The digests here carry no authors, so author: finds nothing.")
    return Reply(Text("\n".join(lines)), private=True)


def _overview() -> Iterator[str]:
    width = max(len(each.brief) for each in COMMANDS.values())
    for name, each in COMMANDS.items():
        if heading := _HEADINGS.get(name):
            yield f"\n{heading}"
        yield f"{each.brief:<{width}}  {each.summary}"


def _source(report: Report) -> str:
    failing = f" It cannot be read since {moment(report.failing)}." if report.is_well and report.failing else ""
    return f"{sentence(report)}{failing} Last asked {moment(report.checked_at)}."
