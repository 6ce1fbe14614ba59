"""What a subscription would have caught, said before it is made, and how to hear less where that is much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.calendar import spoken
from bot.cards import found
from bot.commands.pages import papers
from bot.model import Button, Paper, Reply, Text
from bot.ports import MOST, Found, Store
from bot.search import advice, relevance, spelling, tightening
from bot.search.query import Query
from bot.search.tightening import Tightening

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
    asked_new = replace(asked, sort="new")
    in_month = await store.search(asked_new, limit=tightening.LOOKED_AT, since=month, until=newest)
    of_week, of_month = await store.count(week, newest), await store.count(month, newest)
    # Newest first: behind a paper that is older than a week there is none of the week.
    recent = tuple(each for each in in_month.papers if any(week <= on.day <= newest for on in each.listings))
    in_week = Found(recent, len(recent))
    if len(recent) == tightening.LOOKED_AT:
        in_week = await store.search(asked_new, limit=tightening.LOOKED_AT, since=week, until=newest)
    line = (
        f"Dry run: it would have caught {_count(in_week)} of {papers(of_week)} in the 7 days to {spoken(newest)}, "
        f"{_count(in_month)} of {of_month:,} in 30 days."
    )
    quieter = None
    if advice.past(asked.root, today):
        line += "\nIt asks only for days that are past, so nothing new will match. Leave the dates out of it."
    elif not in_month.total:
        older = await store.search(asked, limit=1)
        line += f"\nOnly older papers match: {_count(older)}." if older.total else "\nIt never matches."
        if likely := await spelling.suggestion(asked, store):
            line += f" Did you mean {likely.text}?"
        elif not older.total:
            line += f" {await advice.why_nothing(asked, store)}"
    elif in_month.total / 30 > _LOUD or (of_week >= 4 * _LOUD and in_week.total > of_week / 4):
        quieter = await tightening.suggestion(asked, in_month.papers, store)
        if quieter:
            less = await store.search(
                replace(quieter.query, sort="new"), limit=tightening.LOOKED_AT, since=month, until=newest
            )
            line += f"\nThat is loud. With {quieter.term} it would have been {_count(less)} in 30 days."
        else:
            hint = "" if asked.categories else ", for example cat:cs.CV"
            line += f"\nThat is loud. Add a word or a phrase{' or a category' * bool(hint)} to make it say less{hint}"
    return Trial(line, _best(asked, in_month.papers), quieter)


def _best(asked: Query, newest: Sequence[Paper]) -> tuple[Paper, ...]:
    # Numbered as rows are: a newer paper has a greater number.
    numbered = {-place: paper for place, paper in enumerate(newest)}
    texts = [(number, paper.title, paper.abstract) for number, paper in numbered.items()]
    return tuple(numbered[number] for number in relevance.ordered(asked, texts)[:_EXAMPLES])


def _count(found: Found) -> str:
    """Say how many papers are found; of many, and of what is told only by their texts, at least how many."""
    if not found.more:
        return f"{found.total:,}"
    return f"more than {found.total:,}" if found.total >= MOST else f"{found.total:,} or more"


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
