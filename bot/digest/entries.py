"""What a digest format cuts a text into, before it is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from bot import text as paper_text
from bot.model import Link, Refusal

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


def lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def excerpt(text: str) -> str:
    """Return how a text begins, fit for a message to a person."""
    shown = paper_text.read(text[:400]).plain
    return shown if len(shown) <= 80 else f"{shown[:79]}…"
