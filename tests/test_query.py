"""The query language: what a typed line means, what a mistake is answered with, what matches and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Link, Listing, Paper, Text, UserError
from bot.search.grammar import FIELDS, MAX_DEPTH, MAX_LENGTH, MAX_TERMS, arxiv_id, parse
from bot.search.query import And, Announced, Category, Folded, HasCode, Id, Node, Not, Or, Query, Term, mark

DAY = date(2020, 11, 20)
PAPER = Paper(
    "2011.10043",
    "Self-Supervised Point Clouds with GPT-4",
    "We generate naïve lidar scans in C++ and 3D.",
    authors=("Kaiming He", "Łukasz Kaiser"),
    categories=("cs.CV", "math-ph"),
    links=(Link("https://github.com/a/b", "code"),),
    listings=(Listing(DAY, "cs.CV"), Listing(date(2020, 11, 23), "cs.RO")),
)


def refused(line: str) -> str:
    with pytest.raises(UserError) as caught:
        parse(line)
    return str(caught.value)


def reasons(line: str, paper: Paper = PAPER) -> tuple[str, ...]:
    return parse(line).reasons(Folded(paper))


def marked(text: str, *lines: str, field: str = "title") -> str:
    return mark(text, field, [parse(line) for line in lines]).render(str, "[", "]")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("lidar", ":lidar"),
        ("  LIDAR ", ":lidar"),
        ("Lidars", ":lidar"),
        ('"lidar"', ":lidar"),
        ("lidar radar", "(:lidar & :radar)"),
        ("radar lidar", "(:lidar & :radar)"),
        ("lidar AND radar", "(:lidar & :radar)"),
        ("lidar & radar", "(:lidar & :radar)"),
        ("lidar and radar", "(:and & :lidar & :radar)"),
        ("lidar OR radar", "(:lidar OR :radar)"),
        ("lidar | radar", "(:lidar OR :radar)"),
        ("lidar or radar", "(:lidar & :or & :radar)"),
        ("lidar radar OR sonar", "((:lidar & :radar) OR :sonar)"),
        ("lidar (radar OR sonar)", "((:radar OR :sonar) & :lidar)"),
        ("lidar(radar OR sonar)", "((:radar OR :sonar) & :lidar)"),
        ("((lidar))", ":lidar"),
        ('"point cloud"', ":point cloud"),
        ('"Point   clouds!"', ":point cloud"),
        ('lidar"point cloud"', ":lidar point cloud"),
        ('"point cloud"lidar', "(:lidar & :point cloud)"),
        ("point-cloud", ":point cloud|pointcloud"),
        ('"point-cloud"', ":point cloud|pointcloud"),
        ("GPT-4", ":gpt 4|gpt4"),
        ("C++", ":cplusplus"),
        ("C#", ":csharp"),
        ("3D", ":3d"),
        ("YOLOv5", ":yolov5"),
        ("segment*", ":segment*"),
        ("queri*", ":queri*|query"),
        ("matric*", ":matric*|matrix"),
        ("class*", ":class*"),
        ('"segment*"', ":segment"),
        ("GPT-4*", ":gpt 4*|gpt4*"),
        ("lidar -medical", "(-(:medical) & :lidar)"),
        ("lidar NOT medical", "(-(:medical) & :lidar)"),
        ("lidar not medical", "(:lidar & :medical & :not)"),
        ("-medical lidar", "(-(:medical) & :lidar)"),
        ("lidar --radar", "(:lidar & :radar)"),
        ("lidar -(medical OR ct)", "(-((:ct OR :medical)) & :lidar)"),
        ('lidar -"point cloud"', "(-(:point cloud) & :lidar)"),
        ("(lidar OR radar)-weather", "((:lidar OR :radar) & -(:weather))"),
        ("after:2020-11-01 (before:2020-12-01 lidar)", "(:lidar & on:2020-11-01..2020-11-30)"),
        ("arxiv:hep-th/9901001", "id:hep-th/9901001"),
        ("hep-th/9901001", "id:hep-th/9901001"),
        ("[2011.10043],", "id:2011.10043"),
        ("lidar !?", ":lidar"),
        ("lidar -!?", ":lidar"),
        ("lidar 2011.10043", "(:lidar & id:2011.10043)"),
        ("10.48550/arXiv.2011.10043", "id:2011.10043"),
        ("cat:3d-reconstruction", "cat:3dreconstruction"),
        ("after:2020-11-01 before:2020-12-01", "on:2020-11-01..2020-11-30"),
        ("after:2020-11-01 lidar on:2020-11-20", "(:lidar & on:2020-11-20..2020-11-20)"),
        ("after:2020-11-01 OR before:2020-10-01", "(on:0001-01-01..2020-09-30 OR on:2020-11-01..9999-12-31)"),
        ("title:lidar", "title:lidar"),
        ("TITLE:lidar", "title:lidar"),
        ('title:"point clouds"', "title:point cloud"),
        ('title:"point*"', "title:point"),
        ("title:point*", "title:point*"),
        ("abstract:GPT-4", "abstract:gpt 4|gpt4"),
        ("author:He", "author:he"),
        ('-author:"Kaiming He" lidar', "(-(author:kaiming he) & :lidar)"),
        ("cat:cs.CV", "cat:cscv"),
        ("cat:CS.cv", "cat:cscv"),
        ("cat:cs", "cat:cs"),
        ("cat:hep-th", "cat:hepth"),
        ("cat:astro-ph.GA", "cat:astrophga"),
        ("cat:cond-mat.mes-hall", "cat:condmatmeshall"),
        ("id:2011.10043", "id:2011.10043"),
        ("id:2011.10043v2", "id:2011.10043"),
        ("id:math.CA/0611800", "id:math/0611800"),
        ("has:code", "has:code"),
        ("HAS:Code", "has:code"),
        ("after:2020-11-01", "on:2020-11-01..9999-12-31"),
        ("before:2020-12-01", "on:0001-01-01..2020-11-30"),
        ("on:20201120", "on:2020-11-20..2020-11-20"),
        ("https://arxiv.org/abs/2011.10043v1", "id:2011.10043"),
        ("http://www.arxiv.org/pdf/2011.10043v3.pdf", "id:2011.10043"),
        ("arxiv.org/abs/hep-th/9901001", "id:hep-th/9901001"),
        ("arXiv:2011.10043", "id:2011.10043"),
        ("lidar https://github.com/a/b", ":lidar"),
        ("std::vector", ":std vector"),
        ("12:30", ":12 30"),
        ("NeRF: fields", "(:field & :nerf|neural radiance field)"),
        ('"NeRF:fields"', ":nerf field"),
        # What phones and chat clients put in the place of what is typed.
        ("“point cloud”", ":point cloud"),
        ("„point cloud“", ":point cloud"),
        ("«point cloud»", ":point cloud"),
        ("title:“point cloud”", "title:point cloud"),
        ("lidar –medical", "(-(:medical) & :lidar)"),
        ("lidar —medical", "(-(:medical) & :lidar)"),
        ("lidar −medical", "(-(:medical) & :lidar)"),
        ("lidar — radar", "(:lidar & :radar)"),
        ("lidar\u00a0radar\n\tsonar", "(:lidar & :radar & :sonar)"),
        ("lidar\x00radar\ud83d", "(:lidar & :radar)"),
    ],
)
def test_a_line_means(line: str, key: str) -> None:
    query = parse(line)
    assert query.key == key
    assert parse(query.text).key == key


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", 'Type what to look for, for example: "point cloud" -medical'),
        (" \n", 'Type what to look for, for example: "point cloud" -medical'),
        ("\x00\ud800", 'Type what to look for, for example: "point cloud" -medical'),
        ("?!", 'Something is missing in ?! : there is no word in it to look for. Type one, for example: "point cloud"'),
        ('""', 'Something is missing in "" : there is no word in it to look for. Type one, for example: "point cloud"'),
        ('"point cloud', 'A quotation mark is not closed. Type: "point cloud"'),
        ('lidar "', 'A quotation mark is not closed. Type: lidar ""'),
        ('(lidar OR "point cloud', 'A quotation mark is not closed. Type: (lidar OR "point cloud")'),
        ('"', 'A quotation mark is not closed. For example: "point cloud" OR (lidar -medical)'),
        ("(lidar", 'A "(" is not closed. Type: (lidar)'),
        ("a (b (c", 'A "(" is not closed. Type: a (b (c))'),
        ('(a "b)"', 'A "(" is not closed. Type: (a "b)")'),
        ("lidar)", 'A ")" has no "(" before it. Type: lidar'),
        ("a ) b )) c", 'A ")" has no "(" before it. Type: a b c'),
        ("lidar OR", "Something is missing in lidar OR after OR. Type a word on each side: lidar OR radar"),
        ("(lidar OR) x", "Something is missing in (lidar OR) x after OR. Type a word on each side: lidar OR radar"),
        ("lidar NOT", "Something is missing in lidar NOT after NOT. Type a word on each side: lidar OR radar"),
        (
            "lidar ()",
            'Something is missing in lidar () after "(". Put words between the parentheses: (lidar OR radar)',
        ),
        (
            "-medical",
            (
                "-medical only says what to leave out, so nearly every paper would match. "
                "Type a word to look for before it, for example: segmentation -medical"
            ),
        ),
        (
            "lidar OR -radar",
            (
                "One side of OR in lidar OR -radar only says what to leave out. "
                "Put a word to look for on each side: lidar OR (radar -weather)"
            ),
        ),
        ("titel:lidar", "titel: is no field. Did you mean title:lidar?"),
        ('auhtor:"K. He"', 'auhtor: is no field. Did you mean author:"K. He"?'),
        (
            "ViT:large",
            (
                "ViT: is no field; there are title, abstract, author, cat, id, has, after, before, on, sort. "
                'To look for the words, type "ViT large"'
            ),
        ),
        ("aftr:soon", None),
        ("title:", 'title: needs a value right after it, in the title: title:segmentation, title:"point cloud"'),
        ("title: lidar", 'title: needs a value right after it, in the title: title:segmentation, title:"point cloud"'),
        ("title:?", 'title:? has no word in it. Say what is in the title: title:segmentation, title:"point cloud"'),
        ("cat:cs_cv", "cs_cv is no arXiv category. Type one like cat:cs.CV, or an archive like cat:cs"),
        ("id:42", "42 is no arXiv id. Type one like id:2011.10043 or id:hep-th/9901001"),
        ("has:data", "has:data is not known. Type has:code for papers that name a code address."),
        ("after:november", "november is no date. Type year-month-day, for example after:2020-11-20"),
        ("on:2020-02-30", "2020-02-30 is no date. Type year-month-day, for example on:2020-11-20"),
        (
            "lidar - medical",
            (
                "A minus stands right before the word that it leaves out: -medical. "
                "To leave out nothing, type: lidar medical"
            ),
        ),
        ('"self"-supervised', 'Put a space before the minus. Type: "self" -supervised'),
        ("lidar -", None),
        ("(lidar -)", None),
        ("before:0001-01-01", "0001-01-01 is no date. Type year-month-day, for example before:2020-11-20"),
        ("after:2021-01-01 before:2020-01-01", None),
        ("s*", "s* would match nearly everything. Type 2 letters or more before the *."),
        ("title:s*", "s* would match nearly everything. Type 2 letters or more before the *."),
    ],
)
def test_a_mistake_is_answered_with_what_to_type_instead(line: str, answer: str | None) -> None:
    text = refused(line)
    assert answer is None or text == answer
    for proposed in proposals(text):
        assert parse(proposed)


def proposals(answer: str) -> list[str]:
    """Return the lines that an answer says to type."""
    named = r"Type: (.+)$|Did you mean (.+)\?$|, type \"(.+)\"$|for example: (.+)$|each side: (.+)$"
    return ["".join(groups) for groups in re.findall(named, answer)]


def test_every_example_in_the_help_of_the_fields_parses() -> None:
    for field, text in FIELDS.items():
        examples = re.findall(rf'{field}:(?:"[^"]+"|[^\s,]+)', text)
        assert examples
        assert all(parse(f"lidar {example}") for example in examples)


def test_a_query_has_limits() -> None:
    assert parse("a" * MAX_LENGTH)
    assert refused("a" * (MAX_LENGTH + 1)) == (
        "A query can have 500 characters; this one has 501. Leave some words out."
    )
    assert parse("a " * MAX_TERMS)
    assert refused("a " * (MAX_TERMS + 1)) == ("A query can have 32 words. Leave some out, or put phrases in quotes.")
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)
    deeper = MAX_DEPTH + 1
    assert refused("(" * deeper + "a" + ")" * deeper) == "Parentheses go 16 deep at most. Write the query flatter."
    assert parse("a " + "-" * (MAX_LENGTH - 4) + "b")
    assert refused("a" * (MAX_LENGTH - 1) + '"').endswith(('a""', "-medical)"))


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("2011.10043", "2011.10043"),
        (" 2011.10043v12 ", "2011.10043"),
        ("arXiv:0704.0001", "0704.0001"),
        ("<https://arxiv.org/abs/2011.10043>", "2011.10043"),
        ("https://export.arxiv.org/html/2011.10043v1", "2011.10043"),
        ("https://arxiv.org/pdf/2011.10043.pdf", "2011.10043"),
        ("hep-th/9901001v3", "hep-th/9901001"),
        ("math.CA/0611800", "math/0611800"),
        ("HEP-TH/9901001", "hep-th/9901001"),
        ("2011.1", None),
        ("11.10043", None),
        ("hep-th/99", None),
        ("https://example.org/abs/2011.10043", None),
        ("2011.10043 and more", None),
        ("", None),
    ],
)
def test_an_arxiv_id_is_read_from_what_people_paste(text: str, paper: str | None) -> None:
    assert arxiv_id(text) == paper


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("self supervised", ("self", "supervised")),
        ('"self supervised"', ("self supervised",)),
        ("Self-supervised", ("Self-supervised",)),
        ("selfsupervised", ("selfsupervised",)),
        ("NAIVE", ("NAIVE",)),
        ("GPT4", ("GPT4",)),
        ("C++ 3d", ("C++", "3d")),
        ("gener*", ("gener*",)),
        ("point OR radar", ("point",)),
        ("radar OR lidar OR scan", ("lidar", "scan")),
        ("lidar -radar", ("lidar",)),
        ("lidar lidar", ("lidar",)),
        ("title:cloud", ("title: cloud",)),
        ('author:"lukasz kaiser"', ("author: lukasz kaiser",)),
        ("cat:CS.RO cat:math-ph", ("category CS.RO", "category math-ph")),
        ("cat:cs", ("category cs",)),
        ("id:2011.10043v9", ("id 2011.10043",)),
        ("has:code", ("has code",)),
        ("on:2020-11-23", ("announced 2020-11-23",)),
        ("after:2020-11-23", ("announced since 2020-11-23",)),
        ("before:2020-11-21", ("announced until 2020-11-20",)),
        # and what does not match
        ("NER", ()),
        ("clou", ()),
        ('"supervised self"', ()),
        ("abstract:cloud", ()),
        ('"scans in gpt"', ()),
        ("author:kaim", ()),
        ('author:"he lukasz"', ()),
        ("kaiming", ()),
        ("cat:math", ()),
        ("cat:cs.LG", ()),
        ("on:2020-11-21", ()),
        ("after:2020-11-24", ()),
        ("before:2020-11-20", ()),
        ("lidar -has:code", ()),
        ("lidar -(point -radar)", ()),
    ],
)
def test_a_paper_matches_for_these_reasons(line: str, expected: tuple[str, ...]) -> None:
    assert reasons(line) == expected


def test_words_of_a_phrase_must_stand_in_one_text() -> None:
    paper = Paper("2011.00001", "A point", "Cloud cover")
    assert reasons('"point cloud"', paper) == ()
    assert reasons("point cloud", paper) == ("point", "cloud")


def test_a_query_knows_its_terms_and_categories() -> None:
    query = parse('lidar (cat:cs.CV OR title:"point cloud") -radar -cat:cs.LG')
    assert [term.shown for term in query.terms] == ["lidar", "point cloud"]
    assert query.categories == ("cs.CV",)
    assert [query.text[slice(*term.at)] for term in query.terms] == ["lidar", '"point cloud"']


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("Point Clouds and clouds", ["cloud"], "Point [Clouds] and [clouds]"),
        ("Point Clouds and clouds", ['"point cloud"'], "[Point Clouds] and clouds"),
        ("Self-supervised GPT-4", ["selfsupervised"], "[Self-supervised] GPT-4"),
        ("Self-supervised GPT-4", ['"self supervised gpt"'], "[Self-supervised GPT]-4"),
        ("Self-supervised GPT-4", ["gpt4"], "Self-supervised [GPT-4]"),
        ("Self-supervised GPT-4", ["selfs*"], "[Self-supervised] GPT-4"),
        ("Generative general NER", ["ner"], "Generative general [NER]"),
        ("Generative general NER", ["gener*"], "[Generative general] NER"),
        ("nai\u0308ve Naïve", ["naive"], "[nai\u0308ve Naïve]"),
        ("A <b> of C++", ["c++", "b"], "A <[b]> of [C++]"),
        ("lidar, radar", ["lidar", "radar -sonar"], "[lidar], [radar]"),
        ("lidar", ["title:lidar"], "[lidar]"),
        ("lidar", ["abstract:lidar"], "lidar"),
        ("lidar", ["author:lidar"], "lidar"),
        ("lidar sonar", ["lidar -sonar"], "[lidar] sonar"),
        ("see https://lidar.org/x", ["lidar"], "see https://lidar.org/x"),
        ("", ["lidar"], ""),
    ],
)
def test_what_matched_is_marked(text: str, lines: list[str], expected: str) -> None:
    assert marked(text, *lines) == expected


# Any line at all


PIECES = st.sampled_from(
    ['"', "(", ")", "-", " ", "OR", "AND", "NOT", "*", ":", "title:", "cat:", "id:", "on:", "has:", "code", "“", "—",
     "|", "arxiv.org/abs/", "2011.10043", "2020-11-20", "a", "lidar", "é", "\x00", "\ud800", "/", "//", ".", "xitle:"]
)  # fmt: skip
LINES = (
    st.text(st.characters()) | st.lists(PIECES, max_size=24).map("".join) | st.lists(PIECES, max_size=24).map(" ".join)
)


@given(LINES)
@settings(max_examples=1500, deadline=None)
def test_any_line_is_a_query_or_is_answered_with_what_to_type(line: str) -> None:
    try:
        query = parse(line)
    except UserError as error:
        for proposed in re.findall(r"Type: (.+)$|Did you mean (.+)\?$", str(error)):
            parse("".join(proposed))
        return
    again = parse(query.text)
    assert (again.text, again.key) == (query.text, query.key)
    assert query.text.isprintable() or not query.text.isascii()
    assert query.text.encode()
    assert query.matches(Folded(PAPER)) == bool(query.reasons(Folded(PAPER)))
    assert isinstance(mark(PAPER.title, "title", [query]), Text)


# Queries and papers of a small vocabulary, and a slow reading of both that shares nothing with the product: what is
# written, the words it folds to, and the one word it is when it has a hyphen.


@dataclass(frozen=True)
class Word:
    written: str
    parts: tuple[str, ...]
    whole: str = ""


VOCABULARY = [
    Word("point", ("point",)),
    Word("Points", ("point",)),
    Word("CLOUD", ("cloud",)),
    Word("clouds", ("cloud",)),
    Word("point-cloud", ("point", "cloud"), "pointcloud"),
    Word("Pointclouds", ("pointcloud",)),
    Word("pre‑training", ("pre", "training"), "pretraining"),
    Word("pretraining", ("pretraining",)),
    Word("training", ("training",)),
    Word("GPT-4", ("gpt", "4"), "gpt4"),
    Word("gpt4", ("gpt4",)),
    Word("C++", ("cplusplus",)),
    Word("naïve", ("naive",)),
    Word("nai\u0308ve", ("naive",)),
    Word("generate", ("generate",)),
    Word("NER", ("ner",)),
]
DAYS = [date(2020, 11, 19), date(2020, 11, 20), date(2020, 11, 23)]
CATEGORIES = ["cs.CV", "cs.LG", "math-ph"]

texts = st.lists(st.sampled_from(VOCABULARY), max_size=6).map(tuple)


@dataclass(frozen=True)
class Sheet:
    """A paper as the slow reading sees it."""

    number: int
    title: tuple[Word, ...]
    abstract: tuple[Word, ...]
    authors: tuple[tuple[Word, ...], ...]
    categories: frozenset[str]
    code: bool
    days: frozenset[date]

    def paper(self) -> Paper:
        return Paper(
            f"2011.{self.number:05}",
            " ".join(word.written for word in self.title),
            ", ".join(word.written for word in self.abstract),
            authors=tuple(" ".join(word.written for word in name) for name in self.authors),
            categories=tuple(sorted(self.categories)),
            links=(Link("https://github.com/a/b", "code"),) if self.code else (),
            listings=tuple(Listing(day, "cs.RO") for day in sorted(self.days)),
        )


sheets = st.builds(
    Sheet,
    st.integers(1, 3),
    texts,
    texts,
    st.lists(texts, max_size=2).map(tuple),
    st.frozensets(st.sampled_from(CATEGORIES), max_size=2),
    st.booleans(),
    st.frozensets(st.sampled_from(DAYS), min_size=1, max_size=2),
)


def has(text: Sequence[Word], way: tuple[str, ...]) -> bool:
    runs = [[part for word in text for part in word.parts], *([word.whole] for word in text if word.whole)]
    for run in runs:
        for at in range(len(run) - len(way) + 1):
            *head, last = run[at : at + len(way)]
            if head == list(way[:-1]) and (last.startswith(way[-1][:-1]) if way[-1].endswith("*") else last == way[-1]):
                return True
    return False


@dataclass(frozen=True)
class Leaf:
    """A part of a query: how it is typed, what it means, and which papers it is true of."""

    typed: str
    node: Node
    field: str | None = None
    ways: tuple[tuple[str, ...], ...] = ()

    def holds(self, sheet: Sheet) -> bool:
        match self.node:
            case Term():
                fields = {"title": [sheet.title], "abstract": [sheet.abstract], "author": list(sheet.authors)}
                read = fields[self.field] if self.field else [sheet.title, sheet.abstract]
                return any(has(text, way) for text in read for way in self.ways)
            case Category(code):
                codes = [*sheet.categories, "cs.RO"]
                return any(code.lower() in (each.lower(), each.lower().split(".")[0]) for each in codes)
            case Id(number):
                return number == f"2011.{sheet.number:05}"
            case HasCode():
                return sheet.code
            case Announced(first, last):
                return any(first <= day <= last for day in sheet.days)
        raise AssertionError(self.node)


@dataclass(frozen=True)
class Tree:
    """`-a`, `a b` or `a OR b`."""

    kind: str
    parts: tuple["Tree | Leaf", ...]

    @property
    def typed(self) -> str:
        inner = [
            part.typed if isinstance(part, Leaf) or part.kind == "not" else f"({part.typed})" for part in self.parts
        ]
        return f"-{inner[0]}" if self.kind == "not" else (" OR " if self.kind == "or" else " ").join(inner)

    @property
    def node(self) -> Node:
        nodes = tuple(part.node for part in self.parts)
        if self.kind == "and":
            # An AND within an AND is one.
            return And(tuple(one for each in nodes for one in (each.nodes if isinstance(each, And) else (each,))))
        return Not(nodes[0]) if self.kind == "not" else Or(nodes)

    def holds(self, sheet: Sheet) -> bool:
        each = [part.holds(sheet) for part in self.parts]
        return not each[0] if self.kind == "not" else any(each) if self.kind == "or" else all(each)


def asks(part: Tree | Leaf) -> bool:
    """Say whether something is looked for, and not only left out."""
    if isinstance(part, Leaf):
        return True
    return part.kind != "not" and (any if part.kind == "and" else all)(map(asks, part.parts))


def asking(part: Tree | Leaf) -> Tree | Leaf:
    """Return a part that asks: where this one does not, what it leaves out is looked for."""
    if isinstance(part, Leaf) or asks(part):
        return part
    if part.kind == "not":
        return asking(part.parts[0])
    return joined(part.kind, list(map(asking, part.parts)))


def has_days(node: Node) -> bool:
    return isinstance(node, Announced) or (isinstance(node, And) and any(map(has_days, node.nodes)))


def joined(kind: str, parts: list[Tree | Leaf]) -> Tree | Leaf:
    if kind == "or":
        return Tree(kind, tuple(map(asking, parts)))
    # Several dates beside each other are one span of days, which has tests of its own.
    dated = [part for part in parts if has_days(part.node)]
    kept = [*(part for part in parts if part not in dated), *dated[:1]]
    return Tree(kind, tuple(kept)) if len(kept) > 1 else kept[0]


def excluded(part: Tree | Leaf) -> Tree | Leaf:
    return part.parts[0] if isinstance(part, Tree) and part.kind == "not" else Tree("not", (part,))


def term(field: str | None, said: tuple[Word, ...], quoted: bool) -> Leaf:
    ways: tuple[tuple[str, ...], ...] = (tuple(part for word in said for part in word.parts),)
    if len(said) == 1 and said[0].whole:
        ways += ((said[0].whole,),)
    if ways == (("ner",),) and not quoted and field != "author":
        ways += (("named", "entity", "recognition"),)
    text = " ".join(word.written for word in said)
    typed = f'"{text}"' if quoted or len(said) > 1 else text
    return Leaf(
        f"{field}:{typed}" if field else typed,
        Term(ways, text, field),  # type: ignore[arg-type]
        field,
        ways,
    )


def prefix(field: str | None, letters: str) -> Leaf:
    ways: tuple[tuple[str, ...], ...] = ((f"{letters}*",),)
    if letters == "nai":
        ways += (("nay",),)
    if letters == "clouds":
        ways += (("cloud",),)
    typed = f"{field}:{letters}*" if field else f"{letters}*"
    return Leaf(typed, Term(ways, letters, field), field, ways)  # type: ignore[arg-type]


def announced(when: str, day: date) -> Leaf:
    first = date.min if when == "before" else day
    last = {"on": day, "after": date.max, "before": day - timedelta(days=1)}[when]
    return Leaf(f"{when}:{day}", Announced(first, last))


fields = st.sampled_from([None, None, None, "title", "abstract", "author"])
leaves = st.one_of(
    st.builds(term, fields, st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(prefix, fields, st.sampled_from(["po", "point", "pointc", "pre", "gpt", "ge", "train", "nai", "clouds"])),
    st.sampled_from([*CATEGORIES, "CS", "math"]).map(lambda code: Leaf(f"cat:{code}", Category(code))),
    st.integers(1, 3).map(lambda n: Leaf(f"id:2011.{n:05}v2", Id(f"2011.{n:05}"))),
    st.just(Leaf("has:code", HasCode())),
    st.builds(
        announced,
        st.sampled_from(["on", "after", "before"]),
        st.sampled_from(DAYS),
    ),
)
trees = st.recursive(
    leaves,
    lambda parts: (
        parts.map(excluded) | st.builds(joined, st.sampled_from(["and", "or"]), st.lists(parts, min_size=2, max_size=3))
    ),
    max_leaves=8,
).map(asking)


@given(trees)
@settings(max_examples=400, deadline=None)
def test_a_query_written_out_parses_back_to_what_it_means(tree: Tree | Leaf) -> None:
    assert parse(tree.typed).key == Query("", tree.node).key


@given(trees, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_case_plural_and_space_do_not_change_what_a_query_means(tree: Tree | Leaf, random: Random) -> None:
    spaced = re.sub(r" ", lambda _: random.choice(["  ", " \t", "\u00a0"]), tree.typed)
    upper = re.sub(r"(?<![\w:])[a-z+]+(?=[ \")]|$)", lambda found: found[0].upper(), spaced)
    singular = re.sub(r"\b(cloud|point|pointcloud)s\b(?!\*)", r"\1", upper, flags=re.IGNORECASE)
    assert parse(singular).key == parse(tree.typed).key


@given(trees, st.lists(sheets, min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_a_paper_matches_if_and_only_if_a_slow_reading_says_so(tree: Tree | Leaf, papers: list[Sheet]) -> None:
    query = parse(tree.typed)
    for sheet in papers:
        assert query.matches(Folded(sheet.paper())) == tree.holds(sheet), (tree.typed, sheet.paper())
