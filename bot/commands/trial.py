"""What a subscription would have caught, said before it is made, and how to hear less where that is much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from bot import advice, spelling, tightening
from bot.calendar import spoken
from bot.cards import found
from bot.commands.pages import papers
from bot.model import Button, Paper, Reply, Text
from bot.ports import Store
from bot.query import Query
from bot.tightening import Tightening

_EXAMPLES = 3
_LOUD = 10  # papers a day


@dataclass(frozen=True, slots=True)
class Trial:
    """What a query would have caught, in a sentence or two, the best of it, and how it would catch less."""

    said: str
    examples: tuple[Paper, ...] = ()
    quieter: Tightening | None = None


async def dry_run(asked: Query, store: Store, today: date) -> Trial:
    """Try a query on the newest 7 and 30 days; say what is wrong with it where it is no good."""
    newest = await store.newest(until=today)
    if newest is None:
        return Trial("No digest is stored yet, so there is nothing to try it on.")
    week, month = (newest - timedelta(days=days - 1) for days in (7, 30))
    of_week, of_month = await store.count(week, newest), await store.count(month, newest)
    in_week = (await store.search(asked, limit=1, since=week, until=newest)).total
    in_month = await store.search(asked, limit=tightening.LOOKED_AT, since=month, until=newest)
    line = (
        f"Dry run: it would have caught {in_week} of {papers(of_week)} in the 7 days to {spoken(newest)}, "
        f"{in_month.total} of {of_month:,} in 30 days."
    )
    quieter = None
    if advice.past(asked.root, today):
        line += "\nIt asks only for days that are past, so nothing new will match. Leave the dates out of it."
    elif not in_month.total:
        older = await store.search(asked, limit=1)
        line += f"\nOnly older papers match: {older.total:,}." if older.total else "\nIt never matches."
        if likely := await spelling.suggestion(asked, store):
            line += f" Did you mean {likely.text}?"
        elif not older.total:
            line += f" {await advice.why_nothing(asked, store)}"
    elif in_month.total / 30 > _LOUD or (of_week >= 4 * _LOUD and in_week > of_week / 4):
        quieter = await tightening.suggestion(asked, in_month.papers, store)
        if quieter:
            less = await store.search(quieter.query, limit=1, since=month, until=newest)
            line += f"\nThat is loud. With {quieter.term} it would have been {less.total} in 30 days."
        else:
            hint = "" if asked.categories else ", for example cat:cs.CV"
            line += f"\nThat is loud. Add a word or a phrase{' or a category' * bool(hint)} to make it say less{hint}"
    return Trial(line, in_month.papers[:_EXAMPLES], quieter)


def trial(head: str, asked: Query, tried: Trial, buttons: tuple[Button, ...], instead: str = "") -> Reply:
    """Return the answer about a query: what was done with it, what it would have caught, and the next steps.

    A quieter one is offered as a subscription, `instead` of what was made.
    """
    lines = [head, tried.said]
    if tried.quieter:
        typed = f"{tried.quieter.query.text}{instead}"
        lines.append(f"To hear less, type: subscribe {typed}")
        buttons = (*buttons, Button(f"Tighten with {tried.quieter.term}", "subscribe", typed))
    cards = tuple(found(paper, asked) for paper in tried.examples)
    return Reply(Text("\n".join([*lines, *["For example:"] * bool(cards)])), cards, buttons=buttons, private=True)
