"""A query: what it looks for, whether a paper matches and why, and what matched in a text.

`bot.search.grammar` reads one from a line. Words are those of `bot.search.words`, here and in the store's index: what a
search finds is what an alert fires on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal, TypeVar

from bot.model import Paper, Text
from bot.search.words import BARRIER, Runs, padded, words


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase. `phrases` are the word sequences it may stand as; `at` is where it was typed.

    A last word that ends in `*` is the beginning of one.
    """

    phrases: tuple[tuple[str, ...], ...]
    shown: str
    field: Literal["title", "abstract", "author"] | None = None
    at: tuple[int, int] = (0, 0)

    @property
    def prefix(self) -> bool:
        return any(phrase[-1].endswith("*") for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class Category:
    """Listed in a category (`cs.CV`), or in any of an archive (`cs`); compared without regard to case."""

    code: str


@dataclass(frozen=True, slots=True)
class Id:
    arxiv_id: str


@dataclass(frozen=True, slots=True)
class HasCode:
    pass


@dataclass(frozen=True, slots=True)
class Announced:
    """Listed on a day from `first` to `last`, both included."""

    first: date = date.min
    last: date = date.max


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class And:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    nodes: tuple[Node, ...]


Leaf = Term | Category | Id | HasCode | Announced
Node = Leaf | Not | And | Or
_Kind = TypeVar("_Kind", Term, Category)


class Folded:
    """A paper as queries see it: its words folded once, and only where one looks, so that many can be held against it.

    A text has a space around each word, so that a phrase is found by plain `in`.
    """

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self.id = paper.id
        self.has_code = bool(paper.code)

    @cached_property
    def title_words(self) -> list[str]:
        return words(self._paper.title)

    @cached_property
    def abstract_words(self) -> list[str]:
        return words(self._paper.abstract)

    @cached_property
    def title(self) -> str:
        return f" {' '.join(self.title_words)} "

    @cached_property
    def abstract(self) -> str:
        return f" {' '.join(self.abstract_words)} "

    @cached_property
    def author(self) -> str:
        return f" {BARRIER} ".join(padded(name) for name in self._paper.authors)

    @cached_property
    def categories(self) -> frozenset[str]:
        return category_words(self._paper.every_category)

    @cached_property
    def days(self) -> tuple[date, ...]:
        return tuple(listing.day for listing in self._paper.listings)


@dataclass(frozen=True, slots=True)
class Query:
    """A query as typed (`text`), what it means (`root`), and in what order what it finds is wanted."""

    text: str
    root: Node
    sort: Literal["best", "new"] = "best"

    @property
    def key(self) -> str:
        """The meaning as a line: equal where only case, spacing, plural, spelling or abbreviation differ."""
        return _key(self.root)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The words and phrases that are looked for, excluded ones left out, in the order typed."""
        return tuple(_wanted(self.root, Term))

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that are asked for, as typed."""
        return tuple(node.code for node in _wanted(self.root, Category))

    def matches(self, paper: Folded) -> bool:
        return holds(self.root, paper)

    def reasons(self, paper: Folded) -> tuple[str, ...]:
        """Return what of the query a paper matches, as typed, in order; empty where it does not match."""
        return tuple(dict.fromkeys(map(named, self.met(paper)))) if self.matches(paper) else ()

    def met(self, paper: Folded) -> tuple[Leaf, ...]:
        """Return what a paper has of what is looked for, in order, also where it does not match as a whole."""
        return tuple(_met(self.root if isinstance(self.root, And) else And((self.root,)), paper))


def mark(text: str, field: str, queries: Iterable[Query]) -> Text:
    """Return a paper's title or abstract with every word and phrase marked that the queries look for in it."""
    terms = (term for query in queries for term in query.terms if term.field in (None, field))
    phrases = [phrase for term in terms for phrase in term.phrases]
    if not phrases:
        return Text(text)
    runs = Runs(text)
    hits: set[int] = set()
    for phrase in phrases:
        hits.update(_found(phrase, runs.parts))
        if len(phrase) == 1:
            hits.update(number for number, whole in runs.joined.items() if _same(phrase[0], whole))
    return Text(text, _merged(text, runs.located(hits)))


def category_words(codes: tuple[str, ...]) -> frozenset[str]:
    """Return the words by which categories are found: each code's, and its archive's."""
    return frozenset(word for code in codes for word in (category_word(code), category_word(code.partition(".")[0])))


def category_word(code: str) -> str:
    """Return a category code as one word: `cs.CV` is `cscv`."""
    return "".join(c for c in code.lower() if c.isalnum())


def holds(node: Node, paper: Folded) -> bool:
    """Say whether a paper is what a part of a query asks for."""
    match node:
        case Term(found, field=field):
            # A beginning may go on where a whole word must end.
            wanted = [f" {' '.join(phrase)} ".removesuffix("* ") for phrase in found]
            texts = (getattr(paper, name) for name in (("title", "abstract") if field is None else (field,)))
            return any(each in text for text in texts for each in wanted)
        case Category(code):
            return category_word(code) in paper.categories
        case Id(arxiv_id):
            return arxiv_id == paper.id
        case HasCode():
            return paper.has_code
        case Announced(first, last):
            return any(first <= day <= last for day in paper.days)
        case Not(inner):
            return not holds(inner, paper)
        case And(nodes):
            return all(holds(each, paper) for each in nodes)
        case Or(nodes):
            return any(holds(each, paper) for each in nodes)


def named(part: Leaf) -> str:
    """Return what is looked for, or left out, as a reason names it."""
    match part:
        case Term(shown=shown, field=field):
            return f"{field}: {shown}" if field else shown
        case Category(code):
            return f"category {code}"
        case Id(arxiv_id):
            return f"id {arxiv_id}"
        case HasCode():
            return "has code"
        case Announced(first, last):
            return _spoken(first, last)


def _met(node: Node, paper: Folded) -> Iterator[Leaf]:
    match node:
        case Not():
            return
        case And(nodes) | Or(nodes):
            for each in nodes:
                if holds(each, paper):
                    yield from _met(each, paper)
        case _:
            yield node


def _spoken(first: date, last: date) -> str:
    if first == last:
        return f"announced {first}"
    since = "" if first == date.min else f" since {first}"
    return f"announced{since}" + ("" if last == date.max else f" until {last}")


def _key(node: Node) -> str:
    match node:
        case Term(found, field=field):
            return f"{field or ''}:{'|'.join(sorted(' '.join(phrase) for phrase in found))}"
        case Category(code):
            return f"cat:{category_word(code)}"
        case Id(arxiv_id):
            return f"id:{arxiv_id}"
        case HasCode():
            return "has:code"
        case Announced(first, last):
            return f"on:{first}..{last}"
        case Not(inner):
            return f"-({_key(inner)})"
        case And(nodes):
            return f"({' & '.join(sorted(map(_key, nodes)))})"
        case Or(nodes):
            return f"({' OR '.join(sorted(map(_key, nodes)))})"


def _wanted(node: Node, kind: type[_Kind]) -> Iterator[_Kind]:
    if isinstance(node, And | Or):
        for each in node.nodes:
            yield from _wanted(each, kind)
    elif isinstance(node, kind):
        yield node


def _same(wanted: str, word: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def _found(phrase: tuple[str, ...], words: Sequence[str]) -> Iterator[int]:
    """Yield the places among the words that a phrase covers, wherever it stands."""
    *before, last = phrase
    length = len(phrase)
    if not before and last.endswith("*"):
        yield from (at for at, word in enumerate(words) if _same(last, word))
        return
    first, at = phrase[0], -1
    for _ in range(words.count(first)):
        at = words.index(first, at + 1)
        here = words[at : at + length]
        if len(here) == length and here[:-1] == before and _same(last, here[-1]):
            yield from range(at, at + length)


def _merged(text: str, marks: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return sorted marks with neighbours joined where only space or a hyphen stands between them."""
    merged: list[tuple[int, int]] = []
    for start, end in marks:
        if merged and text[merged[-1][1] : start] in ("", " ", "-", "‐", "‑"):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)
