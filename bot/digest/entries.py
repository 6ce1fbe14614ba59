"""What a digest format cuts a text into, before it is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from bot.digest import text as paper_text
from bot.model import Link, Refusal

MAX_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 5_000
HEADER = "# ArXiv cs.CV --Fri, 20 Nov 2020"
ENTRY = "### 1.Title  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)"

# `math.CA/0611800` is `math/0611800`: https://info.arxiv.org/help/arxiv_identifier.html
ADDRESS = re.compile(
    r"(?:arxiv\.org/(?:pdf|abs|html|format)/|oai:arxiv\.org:)"
    r"(?:(?P<new>[0-9]{4}\.[0-9]{4,6})|(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2})?/(?P<old>[0-9]{7}))"
    r"(?:v(?P<version>[0-9]{1,4}))?(?![0-9a-z])",
    re.IGNORECASE,
)


CATEGORY = re.compile(r"[A-Za-z]+(-[A-Za-z]+)*(\.[A-Za-z]+(-[A-Za-z]+)*)?")


class DigestError(Exception):
    """A whole input that cannot be read: the text says what was expected, `line` (from 1) says where."""

    def __init__(self, line: int, expected: str) -> None:
        super().__init__(f"line {line}: {expected}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Entry:
    """What a format cut out for one paper, unjudged. `address` is any text that holds an arXiv id."""

    line: int
    address: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """What a format found under one category and day; `strays` is text that belongs to no entry."""

    line: int
    category: str
    day: date
    entries: list[Entry] = field(default_factory=list)
    strays: list[Refusal] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if len(self.entries) > MAX_ENTRIES:
            raise DigestError(entry.line, f"a digest has at most {MAX_ENTRIES} entries; split this one")


def refuse(strays: list[Refusal], refusal: Refusal) -> None:
    """Add what belongs to no entry; a text that is mostly that is no digest."""
    strays.append(refusal)
    if len(strays) > MAX_ENTRIES:
        raise DigestError(refusal.line, f"more than {MAX_ENTRIES} pieces of text are no entries; is this a digest?")


def canonical(category: str) -> str:
    """Spell a category as arXiv does: `CS.cv` is `cs.CV`, `Physics.Optics` is `physics.optics`."""
    archive, dot, subject = category.partition(".")
    return archive.lower() + dot + (subject.upper() if len(subject) == 2 else subject.lower())


def names(authors: str) -> tuple[str, ...]:
    """Cut a line of authors: an affiliation in parentheses is no name, and its commas part none."""
    depth = 0
    kept = []
    for character in authors:
        depth = max(0, depth + (character == "(") - (character == ")"))
        if not depth and character != ")":
            kept.append(character)
    cut = re.split(r",|\sand\s", paper_text.read("".join(kept)).plain)
    return tuple(name.strip() for name in cut if name.strip())


def day_of_arxiv(day: date) -> date:
    """Return a day on which arXiv can announce; any other raises ValueError, before arithmetic on it overflows."""
    if not 1991 <= day.year <= 2099:
        raise ValueError("arXiv began in 1991")
    return day


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def excerpt(text: str) -> str:
    """Return how a text begins, fit for a message to a person."""
    shown = paper_text.read(text[:400]).plain
    return shown if len(shown) <= 80 else f"{shown[:79]}…"
