"""Digests: `parse` finds the format that a text is in, and judges what the format cut out.

What an entry must have to be a paper is decided here, once for all formats. Nothing is lost silently: every entry is a
paper, or a refusal with its line. A format is one function in a module of its own, named in `FORMATS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from bot.digest import text as paper_text
from bot.digest.entries import ADDRESS, ENTRY, HEADER, MAX_BYTES, DigestError, Entry, Section, excerpt, lines
from bot.digest.feed import feed
from bot.digest.listing import listing
from bot.digest.tables import tables
from bot.model import Digest, Paper, Refusal

__all__ = ["FORMATS", "DigestError", "judge", "paper", "parse"]

# In the order in which they are tried, the most lenient one last. Each returns None where a text is not its own.
FORMATS: tuple[Callable[[str], list[Section] | None], ...] = (feed, tables, listing)

MAX_TITLE = 300
MAX_ABSTRACT = 20_000

_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(text: str, source: str) -> tuple[Digest, ...]:
    """Read every digest of a text, in order; parts of one category and day are one digest.

    `source` names where the text came from. Raises DigestError, and nothing else, when the text as a whole
    cannot be read; an entry that cannot is a Refusal in its digest.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise DigestError(1, f"a digest is at most {MAX_BYTES // 1024**2} MiB long; split this one by day")
    if "\0" in text:
        line = len(lines(text[: text.index("\0")]))
        raise DigestError(line, "expected text, but here is a NUL byte: a binary or compressed file?")
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.removeprefix("\ufeff"))
    for read in FORMATS:
        sections = read(text)
        if sections is not None:
            return tuple(judge(section, source) for section in _merged(sections))
    raise DigestError(
        1,
        f"this is no digest. Expected a header like `{HEADER}` with entries like `{ENTRY}` under it,"
        " the RSS or Atom feed of rss.arxiv.org, or a table like `|Publish Date|Title|Authors|PDF|Code|`",
    )


def _merged(sections: Iterable[Section]) -> list[Section]:
    merged: dict[tuple[str, date], Section] = {}
    for section in sections:
        first = merged.setdefault((section.category, section.day), section)
        if first is not section:
            first.strays.extend(section.strays)
            for entry in section.entries:
                first.add(entry)
    return list(merged.values())


def judge(section: Section, source: str) -> Digest:
    """Make a digest of a section: each entry becomes a paper or a refusal."""
    papers: dict[str, Paper] = {}
    lines: dict[str, int] = {}
    refused = list(section.strays)
    for entry in section.entries:
        found = paper(entry)
        if isinstance(found, Refusal):
            refused.append(found)
        elif found.id in papers:
            if found.abstract and not papers[found.id].abstract:
                papers[found.id] = _with_abstract(papers[found.id], found)
            refused.append(Refusal(entry.line, f"repeats {found.id} of line {lines[found.id]}", excerpt(entry.title)))
        else:
            papers[found.id], lines[found.id] = found, entry.line
    refused.sort(key=lambda refusal: refusal.line)
    return Digest(source, section.category, section.day, tuple(papers.values()), tuple(refused))


def paper(entry: Entry) -> Paper | Refusal:
    """Make a paper of an entry, or say why it is none."""
    match = ADDRESS.search(entry.address)
    title = paper_text.read(entry.title)
    reason = ""
    if match is None:
        reason = "expected an arXiv address like (https://arxiv.org/pdf/2011.10043.pdf)"
    elif not title.plain:
        reason = "the title is empty"
    elif len(entry.title) > MAX_TITLE:
        reason = f"the title has {len(entry.title)} characters, of at most {MAX_TITLE}"
    elif len(entry.abstract) > MAX_ABSTRACT:
        reason = f"the abstract has {len(entry.abstract)} characters, of at most {MAX_ABSTRACT}"
    if match is None or reason:
        return Refusal(entry.line, reason, excerpt(entry.title))
    abstract = paper_text.read(entry.abstract)
    links = {link.url: link for link in (*title.links, *abstract.links, *entry.links)}
    return Paper(
        id=match["new"] or f"{match['archive'].lower()}/{match['old']}",
        title=title.plain,
        abstract=abstract.plain,
        raw_title=entry.title,
        raw_abstract=entry.abstract,
        authors=entry.authors,
        categories=entry.categories,
        links=tuple(links.values()),
        version=int(match["version"]) if match["version"] else None,
    )


def _with_abstract(first: Paper, later: Paper) -> Paper:
    links = {link.url: link for link in (*first.links, *later.links)}
    return replace(first, abstract=later.abstract, raw_abstract=later.raw_abstract, links=tuple(links.values()))
