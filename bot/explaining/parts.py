"""Which parts of a query a paper has, which it fails, and what it has that is near."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from rapidfuzz.distance import OSA

from bot.calendar import spoken
from bot.explaining import joined
from bot.model import Paper, Text
from bot.search.query import (
    And,
    Announced,
    Category,
    Folded,
    HasCode,
    Id,
    Leaf,
    Node,
    Not,
    Or,
    Query,
    Term,
    holds,
    mark,
    named,
)
from bot.search.spelling import lowered
from bot.search.words import spans

_AROUND, _LEAD = 44, 14  # characters of a text, with the words that are looked for in it
_NAMES = 3  # authors, and words that are near
_ALIKE = 0.55  # of the longer of two words is the beginning that they share
_LEAST_ALIKE = 4  # letters
_ONE_EDIT, _TWO_EDITS = 5, 9  # letters, from which on so many edits leave a word near
_FIELDS: tuple[Literal["title", "abstract", "author"], ...] = ("title", "abstract", "author")


@dataclass(frozen=True, slots=True)
class Failing:
    """A part of a query that a paper fails: it lacks what is looked for, or has what is left out.

    `instead` is what OR offers in its place and the paper lacks as well: of each side the first part.
    """

    part: Leaf
    excluded: bool = False
    instead: tuple[Leaf, ...] = ()


def failing(query: Query, paper: Folded) -> tuple[Failing, ...]:
    """Return the parts, in the order typed, that would all have to be otherwise for a paper to match.

    Of what OR joins it is the side that lacks least. Empty where the paper matches.
    """
    return _against(query.root, paper, wanted=True)


def has(part: Leaf, paper: Paper, folded: Folded) -> Text:
    """Say where a paper has a part of a query that it has, with the words around it."""
    match part:
        case Term():
            return joined([f"{named(part)}: ", where(part, paper, folded)])
        case Announced(first, last):
            days = sorted({each.day for each in paper.listings if first <= each.day <= last})
            return Text(f"{named(part)}: listed {', '.join(map(spoken, days))}")
        case HasCode():
            return Text(f"has code: {paper.code[0].url}")
        case _:
            return Text(named(part))


def where(term: Term, paper: Paper, folded: Folded) -> Text:
    """Say where a paper has a term that it has, with the words around it."""
    places = [joined([f"{field} (", _around(text), ")"]) for field, text in _places(term, paper, folded)]
    return joined(["in ", joined(places, ", ")])


def lacks(fails: Failing, paper: Paper, folded: Folded) -> Text:
    """Say how a paper fails a part of a query, and what it has that is near."""
    if fails.excluded:
        return joined(["it has what is left out: ", has(fails.part, paper, folded)])
    others = f", nor {' nor '.join(map(named, fails.instead))} in its place" if fails.instead else ""
    return joined([f"{_lacking(fails.part)}{others}", _near(fails.part, paper, folded)])


def _lacking(part: Leaf) -> str:
    match part:
        case Announced():
            return f"was not {named(part)}"
        case Id(arxiv_id):
            return f"is not {arxiv_id}"
        case HasCode():
            return "has no code address"
        case _:
            return f"lacks {named(part)}"


def _against(node: Node, paper: Folded, *, wanted: bool) -> tuple[Failing, ...]:
    """Return what stands against a node being as wanted: that it holds, or does not."""
    match node:
        case Not(inner):
            return _against(inner, paper, wanted=not wanted)
        case And(nodes) | Or(nodes):
            sides = [_against(each, paper, wanted=wanted) for each in nodes]
            if isinstance(node, And) == wanted:
                return tuple(each for side in sides for each in side)
            nearest = min(sides, key=len)
            if not (wanted and nearest):
                return nearest
            rest = tuple(side[0].part for side in sides if side is not nearest and not side[0].excluded)
            return (replace(nearest[0], instead=(*nearest[0].instead, *rest)), *nearest[1:])
        case _:
            return () if holds(node, paper) == wanted else (Failing(node, excluded=not wanted),)


def _places(term: Term, paper: Paper, folded: Folded) -> Iterator[tuple[str, Text]]:
    """Yield each field that has a term, and its text with the term marked; of authors those who have it."""
    for field in _FIELDS if term.field is None else (term.field,):
        here = replace(term, field=field)
        if (field == "author") > (term.field == "author") or not holds(here, folded):
            continue
        texts = {"title": (paper.title,), "abstract": (paper.abstract,), "author": paper.authors}[field]
        yield from ((field, each) for text in texts if (each := mark(text, field, [Query("", here)])).marks)


def _around(text: Text) -> Text:
    """Return the words around the first mark of a text."""
    start = max(0, text.marks[0][0] - _LEAD)
    start = text.plain.find(" ", start, text.marks[0][0]) + 1 or start if start else 0
    return text.clip(_AROUND, start=start)


def _near(part: Leaf, paper: Paper, folded: Folded) -> Text:
    """Say what a paper has in the place of a part that it lacks, after a colon; empty where there is nothing."""
    match part:
        case Term(field="author") if not paper.authors:
            return Text(": its digest carries no authors")
        case Term():
            return _near_term(part, paper, folded)
        case Category():
            return Text(f": it is listed in {', '.join(paper.every_category)}")
        case Id():
            return Text(f": it is {paper.id}")
        case HasCode():
            return Text()
        case Announced():
            days = sorted({each.day for each in paper.listings})
            return Text(f": it was listed {', '.join(map(spoken, days))}")


def _near_term(term: Term, paper: Paper, folded: Folded) -> Text:
    if term.field != "author" and (elsewhere := list(_places(replace(term, field=None), paper, folded))):
        return joined([f": it is in the {elsewhere[0][0]} (", _around(elsewhere[0][1]), ")"])
    words = [Term(((word,),), word, term.field) for word in term.phrases[0]]
    there = [each for each in words if holds(each, folded)]
    missing = [each for each in words if each not in there]
    if not missing:
        return Text(": it has the words, but not together")
    written = list(_written(missing[0].shown.removesuffix("*"), term.field, paper))
    hints = [f"has {', '.join(each.shown for each in there)}"] if there else []
    hints += [f"has {', '.join(written)}, not {missing[0].shown}"] if written else []
    hints += [f"not {missing[0].shown}"] if there and not written else []
    if not hints and term.field == "author":
        return Text(f": its authors are {_listed(paper.authors)}")
    return Text(f": {', '.join(hints)}" if hints else "")


def _written(word: str, field: str | None, paper: Paper) -> Iterator[str]:
    """Yield the words of a paper that are spelt nearly as a folded one, as they are written, the nearest first."""
    texts = {"title": [paper.title], "abstract": [paper.abstract], "author": paper.authors}
    found: dict[str, str] = {}
    for text in texts[field] if field else (paper.title, paper.abstract):
        for parts, _, start, end in spans(text):
            if _alike(word, "".join(parts)):
                found.setdefault("".join(parts), lowered(text[start:end]) if field != "author" else text[start:end])
    nearest = sorted(found, key=lambda each: (OSA.distance(word, each), each))
    yield from (found[each] for each in nearest[:_NAMES])


def _alike(word: str, other: str) -> bool:
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False)))
    if shared >= max(_LEAST_ALIKE, _ALIKE * max(len(word), len(other))):
        return True
    edits = (len(word) >= _ONE_EDIT) + (len(word) >= _TWO_EDITS)
    return OSA.distance(word, other, score_cutoff=edits) <= edits


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
