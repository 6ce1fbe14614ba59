"""What is wrong with a query that finds nothing, or never will again: said so that one knows what to type instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from bot.calendar import spoken
from bot.ports import Store
from bot.search.query import And, Announced, Category, HasCode, Id, Node, Not, Or, Query, Term

_BEGINNING = re.compile(r"[^\W_]{3,6}")
_OTHER_FIELD = {"title": "abstract", "abstract": "title"}


async def why_nothing(asked: Query, store: Store) -> str:
    """Say which part of a query finds nothing, or that only all of it together does."""
    held = await store.holdings()
    if not held.papers:
        return "Nothing is stored yet. Who runs the bot can change that, in a shell: paperwire ingest PATH"
    parts = list(_parts(asked.root))
    if not held.with_authors and any(isinstance(part, Term) and part.field == "author" for part in parts):
        return "The digests here carry no authors, so author: finds nothing. Search for words instead."
    for part in parts:
        if await _total(part, store):
            continue
        match part:
            case Term():
                return await _without(part, asked.text[slice(*part.at)], store)
            case Category(code):
                return f"No digest of {code} is stored; there are {', '.join(await store.categories())}."
            case Id(arxiv_id):
                return f"No digest here lists {arxiv_id}."
            case HasCode():
                return "No paper here names a code address."
            case Announced() if held.oldest and held.newest:
                return f"The digests here are from {spoken(held.oldest)} to {spoken(held.newest)}."
    nodes = asked.root.nodes if isinstance(asked.root, And) else (asked.root,)
    kept = tuple(node for node in nodes if not isinstance(node, Not))
    if len(kept) < len(nodes) and await _total(And(kept), store):
        return "There are papers with it, but what is left out takes them all. Leave less out."
    return "Each part of it is found, but no paper has all of them. Leave one out, or put OR between them."


def past(node: Node, today: date) -> bool:
    """Say whether a query asks only for days before today, so that nothing to come can match."""
    match node:
        case Announced(last=last):
            return last < today
        case And(nodes):
            return any(past(each, today) for each in nodes)
        case Or(nodes):
            return all(past(each, today) for each in nodes)
    return False


def _parts(node: Node) -> Iterator[Node]:
    """Yield what a query looks for, piece by piece, excluded pieces left out, in the order typed."""
    match node:
        case And(nodes) | Or(nodes):
            for each in nodes:
                yield from _parts(each)
        case Not():
            return
        case _:
            yield node


async def _total(node: Node, store: Store) -> int:
    return (await store.search(Query("", node), limit=1)).total


async def _without(term: Term, typed: str, store: Store) -> str:
    """Say that no paper has a word or phrase, and where it does stand or what else to try."""
    if term.field == "author":
        return f"No author's name has {term.shown}. Try the family name alone."
    if term.field and (elsewhere := await _total(replace(term, field=None), store)):
        other = _OTHER_FIELD[term.field]
        has = f"1 {other} has" if elsewhere == 1 else f"{elsewhere:,} {other}s have"
        return f"No {term.field} has {term.shown}, but {has}. Type: {other}:{typed}"
    lack = f"No {term.field or 'paper'} has {term.shown}."
    if " " in term.shown:
        return f"{lack} Try its words without quotation marks."
    beginning = None if term.prefix else _BEGINNING.match(term.shown)
    return f"{lack} Try another word{f', or its beginning: {beginning[0]}*' if beginning else '.'}"
