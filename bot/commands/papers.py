"""Finding papers and reading them."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.calendar import spoken
from bot.cards import card, found
from bot.commands import days
from bot.commands.pages import PAGE, check_page, counted, paged, papers, turn
from bot.commands.parameters import Category, Day, Like, Page, PaperId, QueryText
from bot.dispatch import command, quoted
from bot.model import Button, Call, Paper, Reply, Text, UserError
from bot.ports import LOOKED_INTO, Found, Store
from bot.search import advice, grammar, spelling
from bot.search.likeness import alike, telling
from bot.search.query import Query
from bot.team.circle import noted

AGAIN = "Share"
_ADDRESS = re.compile(r"https?://\S+")


@command
async def search(call: Call, store: Store, query_text: QueryText, page: Page = 1) -> Reply:
    """Find papers by words, phrases, authors, categories, dates.

    search point cloud             both words, anywhere in title or abstract
    search "point cloud" -medical  the phrase, without a word
    search lidar OR (radar fusion)
    search title:segmentation cat:cs.CV has:code after:2020-11-01

    Case, accents, hyphens and plurals do not matter: self supervised finds Self-Supervised. Words are whole words;
    end one with * for its beginning (segment*). Papers with the words in the title come first; sort:new puts the
    newest first. LLM finds "large language model" too, and the other way round; "LLM" is itself alone.
    """
    asked = grammar.parse(query_text)
    here = await _page(store, asked, page)
    likely = await spelling.suggestion(asked, store)
    if not here.total and likely:
        better = await _page(store, likely, page)
        if better.total:
            head = f"No paper matches {asked.text}. Did you mean {likely.text}? It matches {counted(better)}"
            return _results(head, better, likely, page)
    if not here.total and here.more:
        told = f"None of the newest {papers(LOOKED_INTO)} with the words of {asked.text} has them so."
        return Reply(Text(f"{told} Older ones were not looked at. Leave the quotation marks out."), private=True)
    if not here.total:
        why = await advice.why_nothing(asked, store)
        return Reply(Text(f"No paper matches {asked.text}. {why}"), private=True)
    return _results(f"{counted(here).capitalize()} for {asked.text}", here, asked, page, likely)


@command
async def today(call: Call, store: Store, day: Day = None, category: Category = None, page: Page = 1) -> Reply:
    """Show the papers of a day, in the order of its digest.

    today                 today's; where there are none yet, the newest there are, and why
    today 2020-11-20      a day's; also: 20 Nov 2020, yesterday, fri
    today cs.CV           one category's
    """
    if category is not None:
        category = await days.known_category(category, store)
    head, shown, taken = await days.day_shown(call, store, day, category)
    if shown is None:
        return Reply(Text(head), private=True)
    listed = await store.listed(shown, category, limit=PAGE, offset=(page - 1) * PAGE)
    check_page(page, listed.total)
    together = f"{papers(listed.total)} of {spoken(shown)}, each shown once" if len(taken) > 1 else ""
    lines = [*filter(None, [head, together]), *map(days.counted, taken)]
    line = " ".join(filter(None, [str(shown), category]))
    return Reply(
        Text("\n".join(lines)),
        tuple(card(paper) for paper in listed.papers),
        buttons=turn("today", line, page, listed.total),
        again=Button(AGAIN, "today", paged(line, page)),
    )


@command
async def show(call: Call, store: Store, paper_id: PaperId) -> Reply:
    """Show one paper whole: abstract, authors, links, and where it was listed.

    show 2011.10043
    show https://arxiv.org/abs/2011.10043v2
    """
    paper = await named(paper_id, call, store)
    lines = [f"{spoken(each.day)}, {each.category}" for each in paper.listings]
    notes = [f"Listed {'; '.join(lines)}."]
    if not paper.abstract:
        notes.append("The digest carries no abstract for it.")
    shown = card(paper, whole=True, why=await noted(paper, call, store))
    if await store.club(call.room):
        shown = replace(shown, buttons=(*shown.buttons, Button("Nominate", "club", f"nominate {paper.id}")))
    return Reply(
        Text(f"arXiv:{paper.id}"),
        (shown,),
        Text(" ".join(notes)),
        private=True,
        again=Button(AGAIN, "show", paper.id),
    )


@command
async def similar(call: Call, store: Store, like: Like, page: Page = 1) -> Reply:
    """Find papers like one paper, or like a text.

    similar 2011.10043
    similar We segment lidar scans of roads into point clouds.

    A text can be as long as an abstract, or a message with the address of one paper in it. What counts are its most
    telling words, those that it has and few papers have; each paper found says which of them it shares.
    """
    paper = await _meant(like, store)
    # The words of an address are rare and tell nothing.
    text = f"{paper.title}\n{paper.title}\n{paper.abstract}" if paper else _ADDRESS.sub(" ", like)
    asked = await telling(text, store)
    if asked and not paper:
        asked = await telling(asked.line, store)  # as the next page will know it
    of = paper.title if paper else "this text"
    if asked is None:
        return Reply(Text(f"No paper has a telling word of {of}."), private=True)
    line, without = (paper.id, paper.id) if paper else (asked.line, "")
    near = await alike(asked, store, without=without)
    check_page(page, len(near))
    return Reply(
        Text(f"The papers most like {of}:" if near else f"No other paper is like {of}."),
        tuple(found(each, asked.query, how="shares") for each in near[(page - 1) * PAGE : page * PAGE]),
        buttons=turn("similar", line, page, len(near)),
        private=True,
        again=Button(AGAIN, "similar", paged(line, page)),
    )


async def named(paper_id: str, call: Call, store: Store) -> Paper:
    """Return the paper that is typed as an id or address; raise `UserError` where it is none or not known here."""
    wanted = grammar.arxiv_id(paper_id)
    if wanted is None:
        raise UserError(f"{quoted(paper_id)} is no arXiv id. Type one like: {call.name} 2011.10043")
    return await _stored(wanted, store)


async def _stored(arxiv_id: str, store: Store) -> Paper:
    for paper in await store.papers([arxiv_id]):
        return paper
    raise UserError(f"No digest here lists {arxiv_id}. arXiv itself may know it: https://arxiv.org/abs/{arxiv_id}")


async def _meant(like: str, store: Store) -> Paper | None:
    """Return the paper that a text is the id of, or whose id alone of all that are stored stands in it."""
    if (arxiv_id := grammar.arxiv_id(like)) is not None:
        return await _stored(arxiv_id, store)
    known = await store.papers(grammar.arxiv_ids(like))
    return known[0] if len(known) == 1 else None


async def _page(store: Store, asked: Query, page: int) -> Found:
    return await store.search(asked, limit=PAGE, offset=(page - 1) * PAGE)


def _results(head: str, here: Found, asked: Query, page: int, meant: Query | None = None) -> Reply:
    check_page(page, here.total)
    offers = (Button(f"Did you mean {meant.text}?", "search", meant.text, "instead"),) if meant else ()
    keep = Button("Subscribe to this search", "subscribe", asked.text)
    return Reply(
        Text(head),
        tuple(found(paper, asked) for paper in here.papers),
        buttons=(*offers, *turn("search", asked.text, page, here.total, more=here.more), keep),
        private=True,
        again=Button(AGAIN, "search", paged(asked.text, page)),
    )
