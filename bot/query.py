"""One query language, for search and for subscriptions.

    query  = any
    any    = all { "OR" all }
    all    = { ["AND"] ["-" | "NOT"] unit }
    unit   = "(" any ")" | [field ":"] (word | word "*" | '"' phrase '"')

`parse` reads a line into a `Query`; `Query.reasons` says whether a paper matches, and why; `mark` finds what matched
in a text. Words are those of `bot.words`, here and in the store's index: what a search finds is what an
alert fires on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeVar

from bot.model import Paper, Text, UserError
from bot.words import BARRIER, beginnings, padded, phrases, spans

MAX_LENGTH = 500
MAX_TERMS = 32
MAX_DEPTH = 16
MIN_PREFIX = 2

FIELDS = {
    "title": 'in the title: title:segmentation, title:"point cloud"',
    "abstract": "in the abstract: abstract:lidar",
    "author": 'by an author: author:"Kaiming He"',
    "cat": "listed in an arXiv category: cat:cs.CV, or an archive: cat:cs",
    "id": "one paper by its arXiv id: id:2011.10043",
    "has": "has:code, papers that name a code address",
    "after": "announced on that day or later: after:2020-11-01",
    "before": "announced before that day: before:2020-12-01",
    "on": "announced on that day: on:2020-11-20",
}

_TOKEN = re.compile(r'(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<minus>-)|(?P<rest>[^\s()"]*"|[^\s()"]+)')
_ARXIV_ID = re.compile(r"(\d{4}\.\d{4,6}|[a-z][a-z.-]*(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)
_ARXIV_ADDRESS = re.compile(
    r"(?:https?://)?(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|(?:(?:dx\.)?doi\.org/)?10\.48550/arxiv\.)",
    re.IGNORECASE,
)
# arXiv's own, and the topics under which other lists file their papers: 3d-reconstruction.
_CATEGORY = re.compile(r"[^\W_]+(?:-[^\W_]+)*(?:\.[^\W_]+(?:-[^\W_]+)*)?")
# What phones and chat clients put in the place of typed characters.
_TYPED = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "＂": '"', "–": "-", "—": "-", "−": "-"})
# A dash between spaces parts the words of a sentence, and leaves none of them out.
_DASH = re.compile(r"(?<!\S)[–—]+(?!\S)")
# Control characters and halves of surrogate pairs: no text to look for, and no database or chat client takes them all.
_UNTYPED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


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


Node = Term | Category | Id | HasCode | Announced | Not | And | Or
_Kind = TypeVar("_Kind", Term, Category)


class Folded:
    """A paper as queries see it: its words folded once, so that many queries can be held against it."""

    __slots__ = ("abstract", "author", "categories", "days", "has_code", "id", "title")

    def __init__(self, paper: Paper) -> None:
        self.id = paper.id
        self.title = padded(paper.title)
        self.abstract = padded(paper.abstract)
        self.author = f" {BARRIER} ".join(padded(name) for name in paper.authors)
        self.categories = category_words(paper.every_category)
        self.days = tuple(listing.day for listing in paper.listings)
        self.has_code = bool(paper.code)


@dataclass(frozen=True, slots=True)
class Query:
    """A query as typed (`text`), and what it means (`root`)."""

    text: str
    root: Node

    @property
    def key(self) -> str:
        """The meaning as a line: equal for two queries that differ only in case, spacing, plural or quotes."""
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
        return _holds(self.root, paper)

    def reasons(self, paper: Folded) -> tuple[str, ...]:
        """Return what of the query a paper matches, as typed, in order; empty where it does not match."""
        return tuple(dict.fromkeys(_reasons(self.root, paper))) if self.matches(paper) else ()


def parse(line: str) -> Query:
    """Read a line as a query. Raise `UserError`, saying what to type instead, where it cannot be one."""
    line = " ".join(_UNTYPED.sub(" ", _DASH.sub(" ", line).translate(_TYPED)).split())
    if not line:
        raise UserError('Type what to look for, for example: "point cloud" -medical')
    if len(line) > MAX_LENGTH:
        raise UserError(f"A query can have {MAX_LENGTH} characters; this one has {len(line)}. Leave some words out.")
    root = _Parser(line).root()
    if not _asks(root):
        raise UserError(
            f"{line} only says what to leave out, so nearly every paper would match. "
            f"Type a word to look for before it, for example: segmentation {line}"
        )
    return Query(line, root)


def mark(text: str, field: str, queries: Iterable[Query]) -> Text:
    """Return a paper's title or abstract with every word and phrase marked that the queries look for in it."""
    runs = list(spans(text))
    sequence = [part for parts, _, _, _ in runs for part in parts]
    owner = [number for number, (parts, _, _, _) in enumerate(runs) for _ in parts]
    hits: set[int] = set()
    for term in (term for query in queries for term in query.terms if term.field in (None, field)):
        for phrase in term.phrases:
            hits.update(_found(phrase, sequence, owner))
            if len(phrase) == 1:
                hits.update(n for n, run in enumerate(runs) if run[1] and _same(phrase[0], run[1]))
    return Text(text, _merged(text, [(runs[n][2], runs[n][3]) for n in sorted(hits)]))


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id that a typed id or arXiv address names, without its version; None where it is neither."""
    text = _ARXIV_ADDRESS.sub("", text.strip(" <>\"'`").partition("?")[0].partition("#")[0].rstrip("/"))
    text = re.sub(r"^arxiv:\s*", "", text, flags=re.IGNORECASE).removesuffix(".pdf")
    match = _ARXIV_ID.fullmatch(text)
    if match is None:
        return None
    archive, slash, number = match[1].partition("/")
    # math.CA/0611800 and math/0611800 are one paper: https://info.arxiv.org/help/arxiv_identifier.html
    return f"{archive.partition('.')[0].lower()}/{number}" if slash else archive


def category_words(codes: tuple[str, ...]) -> frozenset[str]:
    """Return the words by which categories are found: each code's, and its archive's."""
    return frozenset(word for code in codes for word in (category_word(code), category_word(code.partition(".")[0])))


def category_word(code: str) -> str:
    """Return a category code as one word: `cs.CV` is `cscv`."""
    return "".join(c for c in code.lower() if c.isalnum())


class _Parser:
    """A recursive descent over the line's tokens: one method for each rule of the grammar."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.terms = 0
        self.tokens = list(self._tokens())
        self.next = 0

    def _tokens(self) -> Iterator[tuple[str, str, int, int]]:
        at = 0
        while at < len(self.line):
            match = _TOKEN.match(self.line, at)
            assert match is not None  # every character begins one of them
            kind, text, end = str(match.lastgroup), match.group(), match.end()
            if text.endswith('"'):
                close = self.line.find('"', end)
                if close < 0:
                    raise UserError(f"A quotation mark is not closed. {_instead(self.line)}")
                text, end = self.line[at : close + 1], close + 1
            # Within a word, as in "self"-supervised, a minus leaves nothing out.
            if kind != "space" and not (kind == "minus" and self.line[at - 1 : at].strip(" (-")):
                yield kind, text, at, end
            at = end

    def root(self) -> Node:
        node = self.any(0)
        if self.next < len(self.tokens):
            raise UserError(f'A ")" has no "(" before it. {_instead(self.line)}')
        return node

    def any(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise UserError(f"Parentheses go {MAX_DEPTH} deep at most. Write the query flatter.")
        nodes = [self.all(depth)]
        while self._word("OR", "|"):
            nodes.append(self.all(depth))
        if len(nodes) > 1 and not all(_asks(node) for node in nodes):
            raise UserError(
                f"One side of OR in {self.line} only says what to leave out. "
                "Put a word to look for on each side: lidar OR (radar -weather)"
            )
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def all(self, depth: int) -> Node:
        nodes: list[Node] = []
        while self.next < len(self.tokens):
            kind, text, _, _ = self.tokens[self.next]
            if kind == "close" or (nodes and kind == "rest" and text in ("OR", "|")):
                break
            if nodes and self._word("AND", "&"):
                continue
            node = self.unit(depth)
            if node is not None:
                nodes.append(node)
        if not nodes:
            raise UserError(f"Something is missing in {self.line} {self._hint()}")
        nodes = self._dated(nodes)
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _dated(self, nodes: list[Node]) -> list[Node]:
        """Make one of the days that are asked for: `after:A before:B` is one listing between the two."""
        asked = [node for node in nodes if isinstance(node, Announced)]
        if len(asked) < 2:
            return nodes
        first, last = max(each.first for each in asked), min(each.last for each in asked)
        if first > last:
            raise UserError(f"No day fits all the dates in {self.line}. Type the earlier one after after:")
        return [Announced(first, last), *(node for node in nodes if not isinstance(node, Announced))]

    def _hint(self) -> str:
        before = self.tokens[self.next - 1][1] if self.next else ""
        if before == "(":
            return 'after "(". Put words between the parentheses: (lidar OR radar)'
        if before in ("OR", "|", "AND", "&", "NOT"):
            return f"after {before}. Type a word on each side: lidar OR radar"
        return ': there is no word in it to look for. Type one, for example: "point cloud"'

    def unit(self, depth: int) -> Node | None:
        if self._take("minus") or self._word("NOT"):
            self._check_minus()
            if self.next == len(self.tokens) or self.tokens[self.next][0] == "close":
                raise UserError(f"Something is missing in {self.line} {self._hint()}")
            node = self.unit(depth + 1)
            if node is None:
                return None
            return node.node if isinstance(node, Not) else Not(node)
        if self._take("open"):
            node = self.any(depth + 1)
            if not self._take("close"):
                raise UserError(f'A "(" is not closed. {_instead(self.line)}')
            return node
        _, text, start, end = self.tokens[self.next]
        self.next += 1
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise UserError(f"A query can have {MAX_TERMS} words. Leave some out, or put phrases in quotes.")
        return self._leaf(text, start, end)

    def _check_minus(self) -> None:
        """Refuse a minus that stands alone: it would exclude to one reader and mean nothing to another."""
        kind, _, _, end = self.tokens[self.next - 1]
        if kind == "minus" and self.line[end : end + 1] in (" ", ")", ""):
            plain = " ".join(re.sub(r"-+(?=[\s)]|$)", " ", self.line).split())
            raise UserError(
                "A minus stands right before the word that it leaves out: -medical. "
                + (f"To leave out nothing, type: {plain}" if _parses(plain) else "")
            )

    def _leaf(self, text: str, start: int, end: int) -> Node | None:
        if (paper := _address_id(text)) is not None:
            return Id(paper)
        field, colon, value = text.partition(":")
        if colon and value and '"' not in field and not value.startswith("//"):
            field = field.lower()
            if field in FIELDS:
                return self._field(field, value, start + len(field) + 1, end)
            if field.isalpha() and value[0] not in "/:":
                raise UserError(_unknown_field(text[: len(field)], value))
        if colon and not value and field.lower() in FIELDS:
            raise UserError(f"{text} needs a value right after it, {FIELDS[field.lower()]}")
        return _term(text, None, (start, end))

    def _field(self, field: str, value: str, start: int, end: int) -> Node:
        if field in ("title", "abstract", "author"):
            term = _term(value, field, (start, end))
            if term is None:
                raise UserError(f"{field}:{value} has no word in it. Say what is {FIELDS[field]}")
            return term
        value = value.strip('"').strip()
        if field == "cat":
            if not _CATEGORY.fullmatch(value):
                raise UserError(f"{value} is no arXiv category. Type one like cat:cs.CV, or an archive like cat:cs")
            return Category(value)
        if field == "id":
            if (paper := arxiv_id(value)) is None:
                raise UserError(f"{value} is no arXiv id. Type one like id:2011.10043 or id:hep-th/9901001")
            return Id(paper)
        if field == "has":
            if value.lower() != "code":
                raise UserError(f"has:{value} is not known. Type has:code for papers that name a code address.")
            return HasCode()
        try:
            day = date.fromisoformat(value)
            return Announced(
                day if field != "before" else date.min,
                {"after": date.max, "on": day}.get(field) or day - timedelta(days=1),
            )
        except (ValueError, OverflowError):
            raise UserError(f"{value} is no date. Type year-month-day, for example {field}:2020-11-20") from None

    def _take(self, kind: str) -> bool:
        if self.next < len(self.tokens) and self.tokens[self.next][0] == kind:
            self.next += 1
            return True
        return False

    def _word(self, *names: str) -> bool:
        if self.next < len(self.tokens) and self.tokens[self.next][1] in names:
            self.next += 1
            return True
        return False


def _address_id(text: str) -> str | None:
    evident = _ARXIV_ADDRESS.match(text) or re.fullmatch(r"(?:arxiv:)?\d{4}\.\d{4,6}(?:v\d+)?", text, re.IGNORECASE)
    return arxiv_id(text) if evident else None


def _term(text: str, field: Literal["title", "abstract", "author"] | str | None, at: tuple[int, int]) -> Term | None:
    quoted = text.startswith('"')
    shown = text.strip('"').strip()
    prefix = not quoted and shown.endswith("*")
    found = beginnings(shown) if prefix else phrases(shown)
    if not found:
        return None
    if prefix and len("".join(found[0])) <= MIN_PREFIX:
        raise UserError(f"{shown} would match nearly everything. Type {MIN_PREFIX} letters or more before the *.")
    return Term(found, shown, field, at)  # type: ignore[arg-type]  # a key of FIELDS


def _unknown_field(field: str, value: str) -> str:
    from rapidfuzz import process  # noqa: PLC0415  # only a mistake needs it

    # At 60 still come words that only share a letter or two: ViT for title, BERT for before.
    near = process.extractOne(field.lower(), list(FIELDS), score_cutoff=65)
    if near is not None and _parses(f"{near[0]}:{value}"):
        return f"{field}: is no field. Did you mean {near[0]}:{value}?"
    words = " ".join(f"{field} {value}".replace('"', " ").split())
    return f'{field}: is no field; there are {", ".join(FIELDS)}. To look for the words, type "{words}"'


def _instead(line: str) -> str:
    """Say what to type for a line whose quotation marks or parentheses do not pair up."""
    mended, opened, quoted = "", 0, False
    for c in line:
        quoted ^= c == '"'
        if c == ")" and not quoted:
            if not opened:
                continue
            opened -= 1
        opened += c == "(" and not quoted
        mended += c
    mended = " ".join(mended.split()) + '"' * quoted + ")" * opened
    return f"Type: {mended}" if _parses(mended) else 'For example: "point cloud" OR (lidar -medical)'


def _parses(line: str) -> bool:
    try:
        parse(line)
    except UserError:
        return False
    return True


def _asks(node: Node) -> bool:
    """Say whether a node looks for something, and does not only leave something out."""
    if isinstance(node, And):
        return any(map(_asks, node.nodes))
    return not isinstance(node, Not)


def _holds(node: Node, paper: Folded) -> bool:
    match node:
        case Term(found, field=field):
            texts = (paper.title, paper.abstract) if field is None else (getattr(paper, field),)
            # A beginning may go on where a whole word must end.
            wanted = [f" {' '.join(phrase)} ".removesuffix("* ") for phrase in found]
            return any(each in text for each in wanted for text in texts)
        case Category(code):
            return category_word(code) in paper.categories
        case Id(arxiv_id):
            return arxiv_id == paper.id
        case HasCode():
            return paper.has_code
        case Announced(first, last):
            return any(first <= day <= last for day in paper.days)
        case Not(inner):
            return not _holds(inner, paper)
        case And(nodes):
            return all(_holds(each, paper) for each in nodes)
        case Or(nodes):
            return any(_holds(each, paper) for each in nodes)


def _reasons(node: Node, paper: Folded) -> Iterator[str]:
    match node:
        case Not():
            return
        case And(nodes) | Or(nodes):
            for each in nodes:
                if _holds(each, paper):
                    yield from _reasons(each, paper)
        case Term(shown=shown, field=field):
            yield f"{field}: {shown}" if field else shown
        case Category(code):
            yield f"category {code}"
        case Id(arxiv_id):
            yield f"id {arxiv_id}"
        case HasCode():
            yield "has code"
        case Announced(first, last):
            yield _spoken(first, last)


def _spoken(first: date, last: date) -> str:
    if first == last:
        return f"announced {first}"
    since = "" if first == date.min else f" since {first}"
    return f"announced{since}" + ("" if last == date.max else f" until {last}")


def _key(node: Node) -> str:
    match node:
        case Term(found, field=field):
            return f"{field or ''}:{'|'.join(' '.join(phrase) for phrase in found)}"
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


def _found(phrase: tuple[str, ...], sequence: list[str], owner: list[int]) -> Iterator[int]:
    """Yield the runs that a phrase covers, wherever it stands in the sequence."""
    last = len(phrase) - 1
    for at in range(len(sequence) - last):
        if tuple(sequence[at : at + last]) == phrase[:last] and _same(phrase[last], sequence[at + last]):
            yield from owner[at : at + last + 1]


def _merged(text: str, marks: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return sorted marks with neighbours joined where only space or a hyphen stands between them."""
    merged: list[tuple[int, int]] = []
    for start, end in marks:
        if merged and text[merged[-1][1] : start] in ("", " ", "-", "‐", "‑"):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)
