"""What citations say of a paper, whichever format they are written in."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.model import Paper
from bot.ports import Saved
from bot.search.likeness import TELL_NOTHING
from bot.search.words import words
from bot.takeaway.names import Name, names

# YYMM begins both kinds: https://info.arxiv.org/help/arxiv_identifier.html
_MONTH = re.compile(r"(?:.*/)?(\d\d)(\d\d)")
_FIRST_YEAR = 91
_LONGEST_WORD = 40  # of a key


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper to cite: under which `key`, by whom, of which year and, where that is known, month.

    The month is the id's, in which arXiv had it first: what is listed here can be a cross-list, later. `tags` are those
    of who keeps it.
    """

    key: str
    paper: Paper
    names: tuple[Name, ...]
    year: int
    month: int | None
    tags: tuple[str, ...] = ()

    @property
    def date(self) -> str:
        return f"{self.year}-{self.month:02}" if self.month else f"{self.year}"


def references(papers: Iterable[Paper | Saved]) -> list[Reference]:
    """Return papers as references, in order, each under a key of its own.

    A key is the same in every file; only where two papers of a file would share one, their ids follow.
    """
    made = [_reference(each) for each in papers]
    taken = Counter(each.key for each in made)
    return [
        replace(each, key=f"{each.key}-{each.paper.id.replace('/', '-')}") if taken[each.key] > 1 else each
        for each in made
    ]


def _reference(kept: Paper | Saved) -> Reference:
    paper, tags = (kept.paper, kept.tags) if isinstance(kept, Saved) else (kept, ())
    year, month = _issued(paper)
    authors = names(paper.authors)
    return Reference(_key(paper, authors, year), paper, authors, year, month, tags)


def _issued(paper: Paper) -> tuple[int, int | None]:
    match = _MONTH.match(paper.id)
    if match is None:
        raise ValueError(f"{paper.id!r} is no arXiv id")
    year, month = int(match[1]), int(match[2])
    return year + (1900 if year >= _FIRST_YEAR else 2000), month if 1 <= month <= 12 else None


def _key(paper: Paper, authors: Sequence[Name], year: int) -> str:
    """Return `maaten2008visualizing`: who, when, and the title's first word that tells something, in ASCII.

    Where nobody is named, two words of the title stand before the year.
    """
    who = _ascii(authors[0].family.split()[-1]) if authors else ""
    telling = [word for each in words(paper.title) if each not in TELL_NOTHING and (word := _ascii(each))]
    return f"{who}{year}{''.join(telling[:1])}" if who else f"{''.join(telling[:2]) or 'arxiv'}{year}"


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).lower()
    return "".join(each for each in folded if each.isascii() and each.isalnum())[:_LONGEST_WORD]
