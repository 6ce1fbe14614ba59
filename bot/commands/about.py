"""About the program itself."""

from __future__ import annotations

from bot.calendar import expected_after, spoken
from bot.commands.pages import number, papers
from bot.commands.parameters import Verb
from bot.commands.subscriptions import silence
from bot.dispatch import COMMANDS, command, expected, named
from bot.model import Call, Reply, Text
from bot.ports import Store

_COLUMN = 40  # what is longer stands on a line of its own


@command
async def help(call: Call, store: Store, about: Verb = None) -> Reply:  # noqa: A001  # its name is the command's
    """Explain the commands, or one of them.

    help search
    """
    if about is None:
        width = max(len(each.usage) for each in COMMANDS.values() if len(each.usage) <= _COLUMN)
        apart = "\n" + " " * width
        lines = [
            f"{each.usage:<{width}}{apart * (len(each.usage) > width)}  {each.summary}" for each in COMMANDS.values()
        ]
        return Reply(Text("\n".join(lines)), note=Text("For one of them in full, type: help search"), private=True)
    found = named(Call(about, "", call.room, call.caller, call.at))
    return Reply(Text(f"{found.usage}\n\n{found.help}\n\n{expected(found)}".rstrip()), private=True)


@command
async def status(call: Call, store: Store) -> Reply:
    """Say what is stored, how fresh it is, and what is still to be delivered."""
    census = await store.census()
    if census.newest is None or census.oldest is None:
        return Reply(
            Text("No digest has been taken in yet. Who runs the bot does that, in a shell: paperwire ingest PATH"),
            private=True,
        )
    mine = await store.subscriptions(call.caller)
    today = call.at.date()
    late = expected_after(census.newest)
    span = f"{spoken(census.oldest)} to {spoken(census.newest)} ({', '.join(await store.categories())})"
    lines = [
        f"{papers(census.papers)} from {number(census.digests, 'digest')}, {span}.",
        f"The next digest is expected {spoken(late)}."
        if late >= today
        else f"A digest was expected {spoken(late)} and has not come: take it in, or look at its source.",
        f"You have {number(len(mine), 'subscription')}.",
        f"Deliveries: {census.owed} owed, {census.sent} sent, {census.dead} given up.",
    ]
    if pause := await store.paused(call.caller):
        lines.append(silence(pause))
    if not census.with_authors:
        lines.append("The digests here carry no authors, so author: finds nothing.")
    return Reply(Text("\n".join(lines)), private=True)
