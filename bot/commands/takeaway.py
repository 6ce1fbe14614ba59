"""Files to take away: papers for programs for literature, and all that is stored about who asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot import privacy
from bot.commands import days, suggestions
from bot.commands.pages import papers as counted
from bot.commands.papers import named
from bot.commands.shelf import NONE
from bot.dispatch import COMMANDS, Parameter, arguments, command, quoted
from bot.model import Call, File, Paper, Reply, Text, UserError
from bot.ports import Saved, Store
from bot.search import grammar
from bot.takeaway import FORMATS, packed, references

MOST_EXPORTED = 1_000  # papers in a file
_LONGEST_NAME = 60


def _read_form(word: str, _: Call) -> str | None:
    asked = word.lower()
    return next((name for name, form in FORMATS.items() if asked in (name, form.ending)), None)


What = Annotated[
    str,
    Parameter(
        "saved|search|today|ID|me",
        "saved [TAG], search QUERY, today [DATE] [CATEGORY], an arXiv id, or me",
        rest=True,
        length=grammar.MAX_LENGTH,
        suggest=suggestions.takeaway,
    ),
]
Form = Annotated[
    str | None,
    Parameter(
        "as:FORMAT", f"as {', '.join(FORMATS)}, for example as:ris", _read_form, named=True, choices=tuple(FORMATS)
    ),
]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Papers to take away: what to call their file, how many there are in all, and whether there may be more.

    `nothing` says what to do where there are none.
    """

    name: str
    papers: Sequence[Paper | Saved]
    total: int
    more: bool = False
    head: str = ""
    nothing: str = "There are no papers, so there is no file. To see what there is, type: today"


@command
async def export(call: Call, store: Store, what: What, as_: Form = None) -> Reply:
    """Get papers as a file for Zotero, LaTeX, a spreadsheet; or all that is stored about you.

    export saved              what you keep, as BibTeX; saved ml: what is under a tag
    export search lidar       what a search finds
    export today cs.CV        a day's papers, as today shows them
    export 2011.10043         one paper
    export saved as:ris       also as:csv, as:markdown, as:json (CSL)
    export me                 all that is stored about you, as JSON

    A file has at most 1,000 papers.
    """
    verb, _, rest = what.strip().partition(" ")
    if verb.lower() == "me" and not rest:
        if as_ not in (None, "json"):
            raise UserError("What is stored about you comes as JSON. Type: export me")
        return await _about_caller(call, store)
    chosen = await _chosen(verb.lower(), rest.strip(), what, call, store)
    if not chosen.papers:
        raise UserError("\n".join(filter(None, [chosen.head, chosen.nothing])))
    form = FORMATS[as_ or "bibtex"]
    # A thousand papers take a tenth of a second, in which others ask, too.
    cited = await asyncio.to_thread(references, chosen.papers)
    file = await asyncio.to_thread(packed, cited, chosen.name, form)
    said = [chosen.head, f"{counted(len(cited)).capitalize()} as {form.label}: {file.name}."]
    left = chosen.total - len(cited)
    if left or (chosen.more and len(cited) == MOST_EXPORTED):
        rest = f"{left:,} {'is' if left == 1 else 'are'}" if left else "others are"
        said.append(f"That is the most a file has: {rest} left out.")
    elif chosen.more:
        said.append("There may be more.")
    if nameless := sum(not each.names for each in cited):
        whose = f"{nameless:,} of them" if len(cited) > 1 else "it"
        said.append(f"The source names no authors of {whose}, and so neither does the file.")
    return Reply(Text("\n".join(filter(None, said))), file=file, private=True)


async def _chosen(verb: str, rest: str, what: str, call: Call, store: Store) -> _Chosen:
    """Return the papers that are asked for as the command of that name would find them."""
    if verb in ("saved", "search", "today"):
        given = arguments(COMMANDS[verb], replace(call, name=verb, text=rest, options={}))
    match verb:
        case "saved":
            tag = given.get("tag", "")
            kept = await store.saved(call.caller, tag, limit=MOST_EXPORTED)
            nothing = f"You keep nothing under {quoted(tag)}. To see what you keep, type: saved" if tag else NONE
            return _Chosen(_file(f"saved {tag}"), kept, await store.saved_count(call.caller, tag), nothing=nothing)
        case "search":
            asked = grammar.parse(given["query_text"])
            found = await store.search(asked, limit=MOST_EXPORTED)
            nothing = f"Nothing is found, so there is no file. For what may be, type: search {asked.text}"
            return _Chosen(_file(f"search {asked.text}"), found.papers, found.total, found.more, nothing=nothing)
        case "today":
            category = given.get("category")
            if category is not None:
                category = await days.known_category(category, store)
            head, day, _ = await days.day_shown(call, store, given.get("day"), category)
            if day is None:
                raise UserError(head)
            found = await store.listed(day, category, limit=MOST_EXPORTED)
            return _Chosen(_file(f"{day} {category or ''}"), found.papers, found.total, head=head)
        case _:
            if grammar.arxiv_id(what) is None:
                raise UserError(f"{quoted(what)} is nothing to export. Type one like: export saved\n{_ABOUT}")
            paper = await named(what, call, store)
            return _Chosen(_file(paper.id), [paper], 1)


_ABOUT = "Also: export search QUERY, export today [DATE] [CATEGORY], export ID, export me"


async def _about_caller(call: Call, store: Store) -> Reply:
    known = await store.known(call.caller)
    if not any(known.values()):
        return Reply(Text("Nothing is stored about you."), private=True)
    count = privacy.counted({name: len(records) for name, records in known.items()})
    written = privacy.written(call.caller, known).encode("utf-8", "replace")
    return Reply(
        Text(f"Stored about you: {count}." if count else "Stored about you: that you were here."),
        file=File("stored-about-me.json", "application/json", written),
        private=True,
    )


def _file(text: str) -> str:
    """Return what a file is called, without its ending: of a long text the beginning."""
    return re.sub(r"[^\w.]+", "-", text)[:_LONGEST_NAME].strip("-.")
