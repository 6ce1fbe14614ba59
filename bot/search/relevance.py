"""Which of the papers that match a query come first: those that have its words as typed, and most to do with them.

A paper is judged by where the words of the query stand in it. Each counts for being there as typed and not only in
another form (`models` for `model`), a little more in the title, and in the abstract a little for every mention. All of
them in the title count once more, the more the shorter the title is. Two typed one after the other count where they
first stand in that order, in the title twice as much. And a short paper counts more than a long one that has the same
words. How rare a word is does not count, for every paper here has all of them. Of papers about as good as each other,
the newer comes first.

The weights are fitted to known-item queries over real papers, some with the words in the order of the paper and some in
any order, and rounded. `benchmarks.relevance` measures them on papers that had no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

from bot.search.query import And, Node, Or, Query, Term

_AS_TYPED = 3.5
_IN_TITLE, _FIRST_IN_TITLE = 0.9, 0.7  # for each word there, and once
_MENTION, _MENTIONS = 0.2, 4  # for each mention in the abstract, and how many of them count
_IN_ORDER, _IN_ORDER_IN_TITLE = 0.6, 1.2
_ALL_IN_TITLE = 5.0
_TITLE_PHRASE = 2.0  # for all words in the title as typed, one right after the other
_SHORT_TITLE, _TITLE = 3.0, 85  # times the logarithm of how much shorter than usual it is, in bytes
_SHORT, _USUAL, _LEAST = 1.2, 1400, 500  # the same for the whole text, but one that is no whole abstract
_ALIKE = 0.25  # points between which two papers are as good as each other
_STEM = 4  # letters that all forms of a word have in common, if it has them

# ASCII letters in lower case, and a space for all that is neither letter nor digit: searching and counting bytes costs
# a fifth of splitting the text into words.
_PLAIN = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in bytes(range(256)).lower())

_Text = tuple[int, str, str]


class _Word(NamedTuple):
    """A word or phrase as it is looked for in a text: as typed, and how its other forms begin."""

    typed: bytes
    others: tuple[bytes, ...]


def ordered(query: Query, texts: Sequence[_Text]) -> list[int]:
    """Return the row numbers of papers that match a query, best first, and of those alike the highest number first.

    `texts` are the row number, title and abstract of each. Where a query looks for nothing in them (`cat:cs.CV`, an
    author), the highest number is first.
    """
    wanted = [words for words in _wanted(query.root) if words]
    if not wanted:
        return sorted((row for row, _, _ in texts), reverse=True)
    phrase = b""
    if len(wanted) > 1 and all(len(words) == 1 for words in wanted):
        phrase = b"".join(words[0].typed.removesuffix(b" ") for words in wanted) + b" "
    ranked = [(round(_points(wanted, phrase, title, abstract) / _ALIKE), row) for row, title, abstract in texts]
    return [row for _, row in sorted(ranked, reverse=True)]


def _wanted(node: Node) -> Iterator[list[_Word]]:
    """Yield what a text is to have, in the order typed: a word each, or those of which any will do."""
    match node:
        case And(nodes):
            for each in nodes:
                yield from _wanted(each)
        case Or(nodes):
            yield [word for each in nodes for words in _wanted(each) for word in words]
        case Term(field=field) if field != "author":
            yield [_word(node)]


def _word(term: Term) -> _Word:
    typed = b" " + b" ".join(_plain(term.shown).split())
    forms = [" ".join(phrase) for phrase in term.phrases]
    if term.prefix:
        return _Word(typed, tuple(f" {form.removesuffix('*')}".encode() for form in forms))
    # Without the last letter, which a plural or British spelling changes: query, queries.
    return _Word(typed + b" ", tuple(f" {form[: max(_STEM, len(form) - 1)]}".encode() for form in forms))


def _points(wanted: list[list[_Word]], phrase: bytes, title: str, abstract: str) -> float:
    text = _plain(f" {title}  {abstract} ")  # each between spaces of its own
    head = len(title if title.isascii() else title.encode()) + 2
    points, in_title, before = 0.0, 0, -1
    for words in wanted:
        first = -1
        for typed, others in words:
            at = text.find(typed)
            if at < 0:
                at = min((found for found in map(text.find, others) if found >= 0), default=-1)
            else:
                points += _AS_TYPED
                if at >= head:
                    points += _MENTION * min(text.count(typed, at), _MENTIONS)
            if 0 <= at < first or first < 0:
                first = at
        if 0 <= first < head:
            in_title += 1
        if 0 <= before < first:
            points += _IN_ORDER_IN_TITLE if first < head else _IN_ORDER
        before = first
    if in_title:
        points += _FIRST_IN_TITLE + _IN_TITLE * in_title
    if in_title == len(wanted):
        points += _ALL_IN_TITLE - _SHORT_TITLE * log(head / _TITLE)
        if phrase and text.find(phrase, 0, head) >= 0:
            points += _TITLE_PHRASE
    return points - _SHORT * log(max(len(text), _LEAST) / _USUAL)


def _plain(text: str) -> bytes:
    return text.encode().translate(_PLAIN)
