"""Keeping papers, under tags of one's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated

from bot.calendar import spoken
from bot.commands import suggestions
from bot.commands.pages import PAGE, check_page, papers, turn
from bot.commands.papers import named
from bot.commands.parameters import Page, PaperId
from bot.dispatch import Parameter, command, quoted
from bot.model import Button, Call, Item, Reply, Text, UserError
from bot.ports import Saved, Store, TooMany

MAX_SAVED = 5_000
MAX_TAGS = 20  # of a paper
_TITLE = 160  # characters, of at most 300
_FILTERS = 5  # tags to look through the list by, in buttons

NONE = "You keep no papers. To keep one, type: save ID"

_LONGEST_TAG = 30


def _read_tag(word: str, _: Call) -> str | None:
    tag = unicodedata.normalize("NFC", word.removeprefix("#").casefold())
    return tag if re.fullmatch(r"[^\W_](?:[^\W_]|-)*", tag) and len(tag) <= _LONGEST_TAG else None


def _read_tags(text: str, call: Call) -> tuple[str, ...]:
    words = re.split(r"[\s,]+", text.strip(" ,"))
    tags = [_read_tag(word, call) for word in words]
    if wrong := next((word for word, tag in zip(words, tags, strict=True) if tag is None), None):
        said = f"{quoted(wrong)} is no tag: it has 1 to {_LONGEST_TAG} letters, digits and hyphens"
        raise UserError(f"{said}. Type one like: {call.name} 2011.10043 tags:to-read")
    return tuple(dict.fromkeys(filter(None, tags)))


Kept = Annotated[
    str,
    Parameter("ID", "an arXiv id or address, for example 2011.10043", rest=True, suggest=suggestions.kept),
]
Tag = Annotated[str, Parameter("TAG", "one of your tags, for example to-read", _read_tag, suggest=suggestions.tag)]
Tags = Annotated[
    tuple[str, ...],
    Parameter(
        "tags:TAGS", "tags of your own, for example tags:ml,to-read", _read_tags, named=True, suggest=suggestions.tags
    ),
]


@command
async def save(call: Call, store: Store, paper_id: PaperId, tags: Tags = ()) -> Reply:
    """Keep a paper, under tags of your own if you like.

    save 2011.10043
    save 2011.10043 tags:ml,to-read

    Only you see what you keep, and how. Said again with other tags, they are added.
    """
    paper = await named(paper_id, call, store)
    try:
        new = await store.save(call.caller, paper.id, call.at, most=MAX_SAVED)
    except TooMany as full:
        hint = "the most there can be. Remove one: unsave ID"
        raise UserError(f"You keep {papers(full.count)}, {hint}") from None
    try:
        added = await store.tag(call.caller, paper.id, *tags, most=MAX_TAGS)
    except TooMany as full:
        hint = "the most there can be. Remove one: unsave ID tags:TAG"
        raise UserError(f"You keep {paper.title} under {full.count} tags and could not add these, {hint}") from None
    head = "You keep" if new else "You already keep"
    said = f"{head} {paper.title}{_under(tags)}. To see all that you keep, type: saved"
    undo = Button("Undo", "unsave", paper.id if new else _tagged(paper.id, sorted(added)), "instead")
    return Reply(
        Text(said), buttons=(*((undo,) if new or added else ()), Button("What you keep", "saved")), private=True
    )


@command
async def unsave(call: Call, store: Store, paper_id: Kept, tags: Tags = ()) -> Reply:
    """Keep a paper no longer, or only take it from under a tag.

    unsave 2011.10043
    unsave 2011.10043 tags:to-read
    """
    paper = await named(paper_id, call, store)
    place = await store.saved_before(call.caller, paper.id)
    if place is None:
        raise UserError(f"You do not keep {paper.title}. To see what you keep, type: saved")
    if tags:
        before = sorted(await store.untag(call.caller, paper.id, *tags))
        if not before:
            raise UserError(f"You do not keep {paper.title}{_under(tags)}. To see what you keep, type: saved")
        head = f"{paper.title} is no longer{_under(before)}."
    else:
        gone = await store.unsave(call.caller, paper.id)
        head, before = f"You no longer keep {paper.title}.", list(gone.tags if gone else ())
        place = max(0, min(place, await store.saved_count(call.caller) - 1))
    page = place // PAGE + 1
    undo = Button("Undo", "save", _tagged(paper.id, before), "instead")
    return await _list(call, store, head, page=page, buttons=(undo,))


@command
async def saved(call: Call, store: Store, tag: Tag = "", page: Page = 1) -> Reply:
    """List the papers that you keep, the last one first.

    saved
    saved ml     those under a tag
    """
    return await _list(call, store, tag=tag, page=page)


async def _list(
    call: Call, store: Store, head: str = "", *, tag: str = "", page: int = 1, buttons: tuple[Button, ...] = ()
) -> Reply:
    total = await store.saved_count(call.caller, tag)
    tags = await store.tags(call.caller)
    if tag and not total:
        listed = f"Your tags are {', '.join(tags)}." if tags else "You have no tags."
        raise UserError(f"You keep nothing under {quoted(tag)}. {listed}")
    check_page(page, total)
    shown = await store.saved(call.caller, tag, limit=PAGE, offset=(page - 1) * PAGE)
    count = f"You keep {papers(total)}{_under((tag,) if tag else ())}." if total else NONE
    export = (Button("Export", "export", f"saved {tag}".strip()),) if total else ()
    return Reply(
        Text("\n".join(filter(None, [head, count]))),
        items=tuple(_item(each, call) for each in shown),
        buttons=(*buttons, *turn("saved", tag, page, total), *_filters(tags, tag), *export),
        private=True,
    )


def _item(each: Saved, call: Call) -> Item:
    since = spoken(each.at.astimezone(call.at.tzinfo).date())
    title = Text(each.paper.title).clip(_TITLE)
    said = f"{title} ({each.paper.id}), saved {since}{_under(each.tags)}"
    abstract = Button("Abstract", "show", each.paper.id, "aside")
    return Item(Text(said), (abstract, Button("Remove", "unsave", each.paper.id, "instead")))


def _filters(tags: Mapping[str, int], chosen: str) -> tuple[Button, ...]:
    others = [each for each in tags if each != chosen][:_FILTERS]
    offered = tuple(Button(f"{each} ({tags[each]:,})", "saved", each, "instead") for each in others)
    return (Button("All", "saved", "", "instead"), *offered) if chosen else offered


def _under(tags: Sequence[str]) -> str:
    return f" under {', '.join(tags)}" if tags else ""


def _tagged(paper: str, tags: Sequence[str]) -> str:
    return f"{paper} tags:{','.join(tags)}" if tags else paper
