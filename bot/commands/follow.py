"""Following authors, and papers as far as anybody here can tell who names them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

from bot.commands import suggestions
from bot.commands.pages import counted
from bot.commands.papers import named
from bot.commands.subscriptions import preview, same, subscribe
from bot.dispatch import Parameter, command, quoted
from bot.model import Button, Call, Paper, Reply, Text, UserError
from bot.ports import Store
from bot.search import grammar, namesakes
from bot.search.words import phrases

_LONGEST_NAME = 4  # words
_LONGEST_TITLE = 400  # characters, in a query that may have 500
_LOOKED_AT = 200  # papers
_NARROWER = 2  # buttons
# PointNet, GPT-4, ViT: what other abstracts call a paper by.
_SHORT_NAME = re.compile(r"([^\s:\"]\S*[A-Z0-9][^\s:\"]*):\s")
_CITATIONS = "No source here says which papers one cites, so citations cannot be followed. Papers that name it can:"


Followed = Annotated[
    str,
    Parameter(
        "AUTHOR|TITLE|ID",
        "an author's name, or a paper's title or arXiv id",
        rest=True,
        length=grammar.MAX_LENGTH,
        suggest=suggestions.papers,
    ),
]


@command
async def follow(call: Call, store: Store, author: Followed) -> Reply:
    """Be told of an author's new papers, or of papers that name one.

    follow Jane Doe             papers by an author; more than four words are a title
    follow author:"Jane Doe"
    follow 2011.10043           papers that have its title, or its short name, in their own title or abstract
    follow title:"Mask R-CNN"

    An author is subscribed to at once, as: subscribe author:"Jane Doe"
    """
    if grammar.arxiv_id(author):
        paper = await named(author, call, store)
        return await _naming(paper.title, paper, call, store)
    field, colon, text = author.partition(":")
    field = field.lower() if colon and field.lower() in ("author", "title") else ""
    text = " ".join(grammar.plain(text if field else author).replace('"', " ").split())
    if not phrases(text):
        raise UserError(f"{quoted(author)} names nobody. Type one like: follow Jane Doe")
    # No name has a colon.
    if field == "title" or (not field and (colon or len(text.split()) > _LONGEST_NAME)):
        return await _naming(text, await _titled(text, store), call, store)
    return await _author(text, call, store)


async def _author(typed: str, call: Call, store: Store) -> Reply:
    last, comma, first = typed.partition(", ")
    name = f"{first} {last}" if comma else typed
    asked = grammar.parse(f'author:"{name}"')
    found = await store.search(replace(asked, sort="new"), limit=_LOOKED_AT)
    told = await subscribe(call, store, asked.text)
    (mine,) = same(asked, await store.subscriptions(call.caller))
    lines, steps = [], list(told.buttons)
    if found.papers:
        lines.append(namesakes.described(name, found.papers, counted(found).capitalize()))
        among = namesakes.categories(found.papers)
        narrower = [f"{asked.text} cat:{each} instead:{mine.number}" for each, _ in among.most_common(_NARROWER)]
        if len(among) > 1:
            lines.append(f"If they are more than one person, keep to a category; type: subscribe {narrower[0]}")
            steps += [
                Button(f"Only {each}", "subscribe", line)
                for (each, _), line in zip(among.most_common(_NARROWER), narrower, strict=True)
            ]
    elif await _titled(name, store):
        lines.append(f'A paper is called so. To follow that, type: follow title:"{name}"')
    lines.append(await namesakes.coverage(store))
    return replace(told, note=Text("\n".join(filter(None, lines))), buttons=tuple(steps))


async def _naming(title: str, paper: Paper | None, call: Call, store: Store) -> Reply:
    """Offer a subscription to what has a paper's title, or the short name before its colon, as a phrase."""
    phrase = Text(title.replace('"', " ")).clip(_LONGEST_TITLE).plain.rstrip("…")
    short = _SHORT_NAME.match(title)
    tried = await preview(call, store, f'"{phrase}" OR "{short[1]}"' if short else f'"{phrase}"')
    steps = (Button("Similar", "similar", paper.id),) if paper else ()
    return replace(tried, text=Text(f"{_CITATIONS}\n{tried.text}"), buttons=(*tried.buttons, *steps))


async def _titled(title: str, store: Store) -> Paper | None:
    found = await store.search(grammar.parse(f'title:"{Text(title).clip(_LONGEST_TITLE).plain}"'), limit=1)
    return next(iter(found.papers), None)
