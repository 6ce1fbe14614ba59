"""The query language: one, for search and for subscriptions.

    query  = any
    any    = all { "OR" all }
    all    = { ["AND"] ["-" | "NOT"] unit }
    unit   = "(" any ")" | [field ":"] (word | word "*" | '"' phrase '"')

`parse` reads a typed line into a `bot.search.query.Query`, or says what to type instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

from bot.model import UserError
from bot.search import abbreviations
from bot.search.query import And, Announced, Category, HasCode, Id, Node, Not, Or, Query, Term
from bot.search.words import beginnings, phrases

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
    "sort": "the order of what is found: sort:new for the newest first, sort:best as without it",
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


def parse(line: str) -> Query:
    """Read a line as a query. Raise `UserError`, saying what to type instead, where it cannot be one."""
    line = " ".join(plain(_DASH.sub(" ", line)).split())
    if not line:
        raise UserError('Type what to look for, for example: "point cloud" -medical')
    if len(line) > MAX_LENGTH:
        raise UserError(f"A query can have {MAX_LENGTH} characters; this one has {len(line)}. Leave some words out.")
    parser = _Parser(line)
    root = parser.root()
    if not _asks(root):
        raise UserError(
            f"{line} only says what to leave out, so nearly every paper would match. "
            f"Type a word to look for before it, for example: segmentation {line}"
        )
    return Query(line, root, parser.sort)


def plain(line: str) -> str:
    """Return a line with what keyboards and chat clients make of quotation marks and minus signs as one types them."""
    return _UNTYPED.sub(" ", line.translate(_TYPED))


def closed(line: str) -> str:
    """Return a line whose quotation marks and parentheses pair up: what is open closed, what opens nothing left out."""
    mended, opened, quoted = "", 0, False
    for c in line:
        quoted ^= c == '"'
        if c == ")" and not quoted:
            if not opened:
                continue
            opened -= 1
        opened += c == "(" and not quoted
        mended += c
    return " ".join(mended.split()) + '"' * quoted + ")" * opened


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


def arxiv_ids(text: str) -> tuple[str, ...]:
    """Return the arXiv ids that stand in a text, alone or in addresses, without versions, each once."""
    return tuple(dict.fromkeys(filter(None, map(_address_id, re.split(r"[\s<>()|,]+", text)))))


class _Parser:
    """A recursive descent over the line's tokens: one method for each rule of the grammar."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.terms = 0
        self.sort: Literal["best", "new"] = "best"
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
            if kind == "minus" and self.line[at - 1 : at] == '"':
                apart = self.line.replace('"-', '" -')
                raise UserError("Put a space before the minus." + (f" Type: {apart}" if _parses(apart) else ""))
            if kind != "space":
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
                nodes += node.nodes if isinstance(node, And) else (node,)
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
            raise UserError(f"No day fits all the dates in {self.line}. Leave one of them out.")
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

    def _field(self, field: str, value: str, start: int, end: int) -> Node | None:
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
        if field == "sort":
            match value.lower():
                case "best" | "new" as order:
                    self.sort = order
                case _:
                    raise UserError(f"sort:{value} is not known. Type sort:new for the newest first, or sort:best")
            return None
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
    text = text.strip(".,:;!?[]<>\"'")
    evident = _ARXIV_ADDRESS.match(text) or _ARXIV_ID.fullmatch(re.sub("^arxiv:", "", text, flags=re.IGNORECASE))
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
    if not prefix and field != "author":
        found += abbreviations.same(found, quoted=quoted)
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
    mended = closed(line)
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
