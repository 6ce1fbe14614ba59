"""A paper as a card: what a reply shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.calendar import spoken
from bot.model import Button, Card, Paper, Pick, Subscription, Text
from bot.search.grammar import parse
from bot.search.query import Folded, Query, mark

_SNIPPET = 280
_LEAD = 80


def card(paper: Paper, queries: Sequence[Query] = (), *, why: str = "", whole: bool = False) -> Card:
    """Return a paper's card: what the queries look for marked, the abstract whole or a snippet around a mark."""
    body = mark(paper.abstract, "abstract", queries)
    similar = Button("Similar", "similar", paper.id)
    thumbs = (
        Button("More like this", "like", paper.id, sign="👍"),
        Button("Less like this", "dislike", paper.id, sign="👎"),
    )
    steps = (
        (similar, Button("Save", "save", paper.id), Button("Why?", "why", paper.id), *thumbs)
        if whole
        else (Button("Abstract", "show", paper.id, "aside"), similar, *thumbs)
    )
    return Card(
        paper.id,
        mark(paper.title, "title", queries),
        paper.url,
        body if whole else _snippet(body),
        Text(why),
        tuple(_facts(paper)),
        paper.pdf,
        paper.code if not whole else paper.links,
        steps,
    )


def found(paper: Paper, asked: Query, *, how: str = "matches") -> Card:
    """Return the card of a paper that a query finds, with every reason."""
    return card(paper, [asked], why=f"{how}: {', '.join(asked.reasons(Folded(paper)))}")


def matched(paper: Paper, pick: Pick, mine: Mapping[int, Subscription], liked: str = "") -> Card:
    """Return the card of a paper that a person's subscriptions match, by their numbers, with every reason.

    `liked` says what of it they liked before.
    """
    queries = [parse(mine[number].query) for number in pick.subscriptions]
    return card(paper, queries, why="; ".join(filter(None, [f"matches: {', '.join(pick.reasons)}", liked])))


def _snippet(body: Text) -> Text:
    """Cut a text to about three lines, from its start or from a little before the first mark out of sight."""
    start = 0
    if body.marks and body.marks[0][1] > _SNIPPET:
        start = body.plain.find(" ", body.marks[0][0] - _LEAD) + 1
    return body.clip(_SNIPPET, start=start)


def _facts(paper: Paper) -> Sequence[str]:
    facts = []
    if paper.authors:
        facts.append(", ".join(paper.authors[:3]) + (" et al." if len(paper.authors) > 3 else ""))
    facts.append(", ".join(paper.every_category))
    if paper.listings:
        facts.append(spoken(min(paper.listings).day))
    return [fact for fact in facts if fact]
