"""A query as FTS5 expressions over the tokens of `storage.index`.

What the tokens cannot say, a phrase of rare words or of more than two, is left to the text: then an expression finds
every paper that matches, and may find others. Words reach SQL only as a parameter, and within an expression only as
quoted strings of letters, digits and marks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.search.query import And, Announced, Category, HasCode, Id, Node, Not, Or, Term, category_word
from storage import index


@dataclass(frozen=True, slots=True)
class Match:
    """An expression that finds every paper that a query matches; if it is `exact`, no other."""

    expression: str
    exact: bool = True


def matching(node: Node) -> Match:
    """Return the expression for a query, or for a part of one."""
    match node:
        case Term(phrases):
            return _joined("OR", [_phrase(each, node.field) for each in phrases])
        case Category(code):
            return _token(index.CATEGORY + category_word(code))
        case Id(arxiv_id):
            return _token(index.ID + index.id_word(arxiv_id))
        case HasCode():
            return _token(index.HAS_CODE)
        case Announced(first, last):
            tokens, exact = index.days(first, last)
            return replace(_joined("OR", map(_token, tokens)), exact=exact)
        case Or(nodes):
            return _joined("OR", map(matching, nodes))
        case And(nodes):
            return _all(nodes)
        case Not():
            return _all((node,))


def tiers(root: Node) -> list[Match]:
    """Return the expressions for ever more of what a query matches, best first; the last one is for all of it.

    Best have the words in the title as they were typed, one beside the other; then come all that have them in the
    title. What says nothing about the place of words has one tier.
    """
    found = [matching(root)]
    titled = _in_title(root)
    if titled != root:
        found.insert(0, matching(titled))
        if (beside := _beside(root)) is not None:
            found.insert(0, matching(beside))
    return found


def in_title(terms: Iterable[Term]) -> str:
    """Return the expression for titles that have all of some words or phrases; empty for none."""
    return _joined("AND", [matching(replace(each, field="title")) for each in terms]).expression


def having(folded: str) -> str:
    """Return the expression for texts that have a folded word."""
    return _token(index.word(folded)).expression


def _all(nodes: Iterable[Node]) -> Match:
    """Return the expression for what all nodes match. What is left out must be left out for certain."""
    wanted = [matching(each) for each in nodes if not isinstance(each, Not)]
    found = _joined("AND", wanted or [_token(index.EVERY)])
    for each in nodes:
        if isinstance(each, Not):
            unwanted = matching(each.node)
            found = (
                Match(f"({found.expression} NOT {unwanted.expression})", found.exact)
                if unwanted.exact
                else replace(found, exact=False)
            )
    return found


def _phrase(phrase: tuple[str, ...], field: str | None) -> Match:
    """Return the expression for a word, or for neighbours as far as the index knows them."""
    *_, last = phrase
    if len(phrase) == 1:
        return _word(last, field)
    if field in (None, "title") and index.has_token(phrase, titled=field == "title"):
        return _neighbours(phrase, field)
    if field == "title":
        return replace(_joined("AND", [_neighbours(both, field) for both in pairwise(phrase)]), exact=False)
    known = [both for both in pairwise(phrase) if field is None and index.has_token(both, titled=False)]
    alone = dict.fromkeys(word for word in phrase if not any(word in both for both in known))
    parts = [_neighbours(both, field) for both in known] + [_word(word, field) for word in alone]
    return replace(_joined("AND", parts), exact=False)


def _neighbours(phrase: tuple[str, ...], field: str | None) -> Match:
    return _token((index.TITLE if field == "title" else "") + index.phrase(phrase))


def _word(word: str, field: str | None) -> Match:
    if word.endswith("*"):
        mark = {"title": index.TITLE, "author": index.AUTHOR}.get(field or "", "")
        begun = word[:-1]
        ways = [_token(f"{mark}{word}")]
        if field != "author":
            ways += [_token(mark + each) for each in index.common_words(begun)]
        return replace(_joined("OR", ways), exact=field != "abstract")
    match field:
        case "title":
            return _token(index.TITLE + index.word(word))
        case "author":
            return _token(index.AUTHOR + word)
        case "abstract":
            only = _token(index.TITLE_ONLY + word).expression
            return Match(f"({_token(index.word(word)).expression} NOT {only})")
        case _:
            return _token(index.word(word))


def _token(token: str) -> Match:
    # A beginning, `clas*`, keeps its star outside the quotes.
    return Match(f'"{token[:-1]}" *' if token.endswith("*") else f'"{token}"')


def _joined(operator: str, parts: Iterable[Match]) -> Match:
    each = list(parts)
    if len(each) == 1:
        return each[0]
    expression = f" {operator} ".join(part.expression for part in each)
    return Match(f"({expression})" if each else "", all(part.exact for part in each))


def _in_title(node: Node) -> Node:
    """Return a query with the words that may stand anywhere looked for in the title; exclusions stay as they are."""
    match node:
        case Term(field=None):
            return replace(node, field="title")
        case And(nodes):
            return And(tuple(map(_in_title, nodes)))
        case Or(nodes):
            return Or(tuple(map(_in_title, nodes)))
        case _:
            return node


def _beside(root: Node) -> Node | None:
    """Return a query with its words as one phrase in the title, in the order typed; None where they make none."""
    nodes = root.nodes if isinstance(root, And) else ()
    free = [each for each in nodes if isinstance(each, Term) and each.field is None]
    if len(free) < 2 or any(each.prefix for each in free):
        return None
    phrase = tuple(word for each in free for word in each.phrases[0])
    return And((Term((phrase,), "", "title"), *(each for each in nodes if each not in free)))
