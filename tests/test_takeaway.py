"""Files to take away: what is written, other programs' readers read back equal."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime

import pytest
import rispy
from bibtexparser.entrypoint import parse_string as parse_blocks
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pybtex.database import Entry, parse_string
from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import LatexWalker

from bot import commands
from bot.commands.takeaway import MOST_EXPORTED
from bot.daily import take_in
from bot.model import Destination, Digest, Listing, Paper, Reply
from bot.ports import Saved, Store
from bot.takeaway import FORMATS, packed, references
from bot.takeaway.names import Name, names
from bot.takeaway.tex import tex, title
from tests.conftest import MakeCall

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ANN = Destination.parse("slack:T1/@ANN")

Ask = Callable[[str], Awaitable[Reply]]

_SPECIALS = "\\{}$&%#_^~<>|\"'`@=+-*[]()!?:;,./ "
_SIGNS = "aAzZ09éüßøŁőđ–—“”’…²½×αΩ≥≤∞→∈∅ℝ𝒪ᵗ中文Жй₃⁴"
_VARIANTS = str.maketrans("∆∊∍∣⋅⪯⪰〈〉ϕϵ⁻₋", "Δ∈∋|·≼≽⟨⟩φε--")
# What the store has of a text: one line, composed.
lines = (
    st.lists(
        st.sampled_from(_SPECIALS + _SIGNS) | st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=30
    )
    .map("".join)
    .map(lambda text: unicodedata.normalize("NFC", " ".join(text.split())))
)
titles = lines.filter(bool)
tags = st.lists(st.sampled_from(["ml", "to-read", "論文"]), max_size=2, unique=True).map(tuple)
papers = st.builds(
    lambda number, shown, abstract, authors, categories, tags: Saved(
        Paper(f"2011.{number:05}", shown, abstract, shown, abstract, authors, categories), NOW, tags
    ),
    st.integers(0, 99_999),
    titles,
    lines,
    st.lists(titles, max_size=4).map(tuple),
    st.sampled_from([(), ("cs.CV", "stat.ML")]),
    tags,
)
shelves = st.lists(papers, max_size=4, unique_by=lambda each: each.paper.id)


def written(form: str, kept: Sequence[Paper | Saved]) -> str:
    return packed(references(kept), "all", FORMATS[form]).content.decode("utf-8")


def shown(latex: str) -> str:
    """Read LaTeX as pylatexenc does, which sees nothing in an accent over nothing."""
    latex = latex.replace(r"\^{}", "^").replace(r"\~{}", r"\textasciitilde{}")
    return str(LatexNodes2Text(math_mode="text", keep_comments=True).latex_to_text(latex))


def level(text: str) -> str:
    """Return a text without what a reader may say otherwise of a sign: a script's height, a sign's variant, spaces."""
    return re.sub(r"[\s^_]", "", unicodedata.normalize("NFKC", text.translate(_VARIANTS)))


def entries(text: str) -> dict[str, Entry]:
    return dict(parse_string(text, "bibtex").entries.items())


@given(shelves)
@example([Saved(Paper("2011.00001", "{ unpaired \\ -- `` '' !` #1 100% a_b^c~d <e> f|g $h$"), NOW)])
def test_bibtex_is_read_back_equal_by_pybtex_and_its_fields_by_bibtexparser(kept: Sequence[Saved]) -> None:
    text = written("bibtex", kept)
    read = entries(text)
    assert list(read) == [each.key for each in references(kept)]
    for each, entry in zip(references(kept), read.values(), strict=True):
        assert level(shown(entry.fields["title"])) == level(each.paper.title)
        assert entry.fields["eprint"] == each.paper.id
        assert (entry.fields["year"], entry.fields["archiveprefix"]) == ("2020", "arXiv")
        assert entry.fields.get("primaryclass", "") == "".join(each.paper.categories[:1])
        assert entry.fields.get("keywords", "") == ", ".join(each.tags)
        people = entry.persons.get("author", [])
        assert [level(shown(str(person))) for person in people] == [level(name_in_bibtex(each)) for each in each.names]
    other = parse_blocks(text)
    assert not other.failed_blocks
    assert [each.key for each in other.entries] == list(read)
    assert [each["eprint"] for each in other.entries] == [each.paper.id for each in kept]


def name_in_bibtex(name: Name) -> str:
    return "others" if name.family == "et al." else ", ".join(filter(None, [name.family, name.suffix, name.given]))


@given(titles)
def test_a_title_as_latex_is_whole_for_tex_and_for_bibtex(plain: str) -> None:
    latex = title(plain, plain)
    depth = 0
    for character in latex:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    LatexWalker(latex, tolerant_parsing=False).get_latex_nodes()
    assert level(shown(latex)) == level(plain)
    assert level(shown(tex(plain))) == level(plain)


def test_every_sign_that_becomes_a_macro_is_read_back() -> None:
    assigned = (chr(code) for code in range(0x180, 0x1F000) if unicodedata.category(chr(code))[0] != "C")
    signs = [each for each in assigned if tex(each) not in ("", each)]
    assert len(signs) > 100
    assert [each for each in signs if level(shown(tex(each))) != level(each)] == []


@given(shelves)
def test_ris_is_read_back_equal_by_rispy(kept: Sequence[Saved]) -> None:
    text = written("ris", kept)
    assert text.count("\n") == text.count("\r\n")
    read = rispy.loads(text)
    assert len(read) == len(kept)
    for each, record in zip(references(kept), read, strict=True):
        assert record["title"] == each.paper.title
        assert record["accession_number"] == f"arXiv:{each.paper.id}"
        assert record.get("authors", []) == [name.inverted for name in each.names]
        assert record.get("abstract", "") == each.paper.abstract
        assert record.get("keywords", []) == list(each.tags)
        assert (record["year"], record["date"]) == ("2020", "2020/11//")


def unguarded(cell: str) -> str:
    return cell[1:] if re.match(r"''*[=+\-@\t\r]", cell) else cell


@given(shelves)
@example([Saved(Paper("2011.00001", '=HYPERLINK("x")'), NOW), Saved(Paper("2011.00002", "'=x"), NOW)])
def test_csv_is_read_back_equal_and_no_cell_is_a_formula(kept: Sequence[Saved]) -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", kept).removeprefix("\ufeff"), newline="")))
    assert len(rows) == len(kept)
    for each, row in zip(references(kept), rows, strict=True):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
        assert unguarded(row["title"]) == each.paper.title
        assert unguarded(row["abstract"]) == each.paper.abstract
        assert unguarded(row["authors"]) == "; ".join(map(str, each.names))
        assert row["tags"] == "; ".join(each.tags)
        assert (row["arxiv"], row["date"], row["url"]) == (each.paper.id, "2020-11", each.paper.url)


@given(shelves)
def test_markdown_shows_every_text_as_it_is_with_one_link_a_paper(kept: Sequence[Saved]) -> None:
    tokens = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(written("markdown", kept))
    inline = [each.children or [] for each in tokens if each.type == "inline"]
    assert len(inline) == len(kept)
    for each, parts in zip(references(kept), inline, strict=True):
        kinds = [part.type for part in parts]
        assert set(kinds) <= {"link_open", "link_close", "text", "text_special"}
        end = kinds.index("link_close")
        assert parts[0].attrs == {"href": each.paper.url}
        assert "".join(part.content for part in parts[1:end]) == each.paper.title
        rest = "".join(part.content for part in parts[end + 1 :])
        assert rest.startswith(f". {', '.join(map(str, each.names))}. 2020-11" if each.names else ". 2020-11")


@given(shelves)
def test_json_has_what_the_schema_of_csl_wants_and_nothing_else(kept: Sequence[Saved]) -> None:
    read = json.loads(written("json", kept))
    assert [each["title"] for each in read] == [each.paper.title for each in kept]
    allowed = {"id", "type", "title", "author", "issued", "abstract", "publisher", "number", "URL", "keyword"}
    for each, item in zip(references(kept), read, strict=True):
        assert {"id", "type", "title"} <= set(item) <= allowed
        assert all(isinstance(value, str) for name, value in item.items() if name not in ("author", "issued"))
        assert item["type"] == "article"
        assert item["issued"] == {"date-parts": [[2020, 11]]}
        people = item.get("author", [])
        assert all(set(person) <= {"family", "given", "suffix", "literal"} for person in people)
        said = (person.get("literal") or f"{person['given']} {person['family']}" for person in people)
        assert list(said) == [" ".join(filter(None, [name.given, name.family])) for name in each.names]


@given(st.lists(titles, max_size=3))
def test_no_part_of_a_name_is_lost(authors: list[str]) -> None:
    suffixes = ("jr", "jr.", "sr", "sr.", "ii", "iii", "iv")
    read = " ".join(map(str, names(authors)))
    wanted = " ".join(authors)
    assert re.sub(r"[\s,]", "", read) == re.sub(r"[\s,]", "", wanted)
    assert len(names(authors)) >= sum(each.lower() not in suffixes for each in authors)


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Ana Müller", Name("Müller", "Ana")),
        ("Laurens van der Maaten", Name("van der Maaten", "Laurens")),
        ("Martin L. King Jr.", Name("King", "Martin L.", "Jr.")),
        ("Robert Downey, Jr.", Name("Downey", "Robert", "Jr.")),
        ("John Smith III", Name("Smith", "John", "III")),
        ("danah boyd", Name("boyd", "danah")),
        ("Kaiming He", Name("He", "Kaiming")),
        ("The ATLAS Collaboration", Name("The ATLAS Collaboration")),
        ("Llama Team", Name("Llama Team")),
        ("OpenAI", Name("OpenAI")),
        ("van Gogh", Name("van Gogh")),
        ("Ana Müller, Bo Li", Name("Ana Müller, Bo Li")),
        ("Barnes and Noble", Name("Barnes and Noble")),
    ],
)
def test_a_name_is_parted_as_bibtex_parts_it_and_a_groups_is_not(author: str, name: Name) -> None:
    assert names([author]) == (name,)


def test_a_suffix_that_was_cut_off_and_others_that_were_not_named_are_understood() -> None:
    assert names(["Martin L. King", "Jr.", "Ana Müller et al."]) == (
        Name("King", "Martin L.", "Jr."),
        Name("Müller", "Ana"),
        Name("et al."),
    )
    assert names(["Ana Müller", "et al."]) == (Name("Müller", "Ana"), Name("et al."))
    (entry,) = entries(written("bibtex", [Paper("2011.00001", "T", authors=("Ana Müller et al.",))])).values()
    assert [str(each) for each in entry.persons["author"]] == ["Müller, Ana", "others"]


@pytest.mark.parametrize(
    ("plain", "raw", "latex"),
    [
        ("NeRF in the Wild", "NeRF in the Wild", "{NeRF} in the Wild"),
        ("Self-Supervised 3D LiDAR", "Self-Supervised 3D LiDAR", "Self-Supervised {3D} {LiDAR}"),
        ("DCT-Mask: A Study", "", "{DCT-Mask}: A Study"),
        ("A study of Gaussian kernels", "", "A study of {Gaussian} kernels"),
        ("100% of R&D costs $5 #1 a_b", "", r"100\% of {R\&D} costs \$5 \#1 a\_b"),
        ("un²CLIP", "un$^2$CLIP", "{un²CLIP}"),
        ("α-Nets", r"$\alpha$-Nets", r"{$\alpha$}-Nets"),
        ("Mid-20ᵗʰ century cities", "Mid-20$^{th}$ century cities", "Mid-20{$^{th}$} century cities"),
        ("ℝ and ᵗ", r"$\mathbb{R}$ and $^t$", r"{ℝ} and {$^t$}"),
        ("Wide ≥ deep", "Wide ≥ deep", r"Wide {$\geq$} deep"),
        ("Müller – „Łódź“", "", "Müller – „Łódź“"),
        ("中文 in Ж", "", "中文 in {Ж}"),
        ("a -- b", "", "a -{}- b"),
        ("{a} b}", "", r"{$\lbrace$}a{$\rbrace$} b{$\rbrace$}"),
        ("{a} b", "", r"\{a\} b"),
    ],
)
def test_a_title_keeps_its_capitals_and_signs_in_latex(plain: str, raw: str, latex: str) -> None:
    assert title(plain, raw) == latex


def test_a_formula_that_latex_could_not_set_is_left_as_it_is_shown() -> None:
    assert title("ᵗ x", "$\\mymacro^t$ x") == "ᵗ x"
    assert title("ᵗ x", "$\\frac{t$ x") == "ᵗ x"


def test_who_is_not_named_by_a_source_is_not_invented() -> None:
    text = written("bibtex", [Paper("2011.00001", "Lidar Clouds"), Paper("2011.00002", "Roads", authors=("Bo Li",))])
    assert "% 2011.00001: its source names no authors.\n@misc{lidarcloud2020," in text
    assert text.count("author = ") == text.count("% 2011") == 1
    assert "author" not in json.loads(written("json", [Paper("2011.00001", "Lidar Clouds")]))[0]


def test_a_key_is_who_when_and_a_word_and_two_that_would_share_one_have_their_ids() -> None:
    kept = [
        Paper("0811.00001", "The Visualizing of Data", authors=("Laurens van der Maaten",)),
        Paper("2011.00002", "On Lidar", authors=("Ana Müller",)),
        Paper("2011.00003", "Lidar again", authors=("Eva Muller",)),
        Paper("hep-th/9901001", "弦", authors=("王",)),
        Paper("math/0611800", "?"),
    ]
    assert [each.key for each in references(kept)] == [
        "maaten2008visualizing",
        "muller2020lidar-2011.00002",
        "muller2020lidar-2011.00003",
        "arxiv1999",
        "arxiv2006",
    ]
    assert references([Paper("2011.00001", "a" * 5_000)])[0].key == f"{'a' * 40}2020"
    assert [(each.year, each.month) for each in references(kept)][3:] == [(1999, 1), (2006, 11)]


def test_a_paper_is_of_its_ids_month_whenever_a_category_lists_it() -> None:
    late = Paper("2011.00002", "On Lidar", listings=(Listing(date(2021, 3, 1), "cs.RO"),))
    assert references([late])[0].date == "2020-11"


@pytest.fixture
async def ask(store: Store, call: MakeCall) -> Ask:
    first = (
        Paper("2011.00001", "Lidar clouds", authors=("Ana Müller",)),
        Paper("2011.00002", "Lidar roads"),
        Paper("2011.00003", "Elephants"),
    )
    await take_in(Digest("test", "cs.CV", NOW.date(), first), store, NOW)

    async def ask(line: str) -> Reply:
        return await commands.answer(call(line, caller=str(ANN), at=NOW), store)

    return ask


@pytest.mark.parametrize(
    ("line", "name", "ids"),
    [
        ("export saved", "saved.bib", ["2011.00003", "2011.00001"]),
        ("export saved ml", "saved-ml.bib", ["2011.00001"]),
        ("export search lidar", "search-lidar.bib", ["2011.00001", "2011.00002"]),
        ("export today", "2020-11-20.bib", ["2011.00001", "2011.00002", "2011.00003"]),
        ("export today 2020-11-20 cs.CV", "2020-11-20-cs.CV.bib", ["2011.00001", "2011.00002", "2011.00003"]),
        ("export 2011.00002", "2011.00002.bib", ["2011.00002"]),
        ("export https://arxiv.org/abs/2011.00002v1", "2011.00002.bib", ["2011.00002"]),
    ],
)
async def test_what_is_asked_for_comes_as_a_file_for_who_asks(
    ask: Ask, line: str, name: str, ids: list[str], call: MakeCall, store: Store
) -> None:
    await ask("save 2011.00001 tags:ml")
    await commands.answer(call("save 2011.00003", caller=str(ANN), at=NOW.replace(hour=10)), store)
    reply = await ask(line)
    assert reply.error is None
    assert reply.private
    assert reply.file is not None
    assert reply.file.name == name
    read = entries(reply.file.content.decode())
    assert [each.fields["eprint"] for each in read.values()] == ids
    count = "1 paper" if len(ids) == 1 else f"{len(ids)} papers"
    assert f"{count} as BibTeX: {name}." in reply.text.plain


@pytest.mark.parametrize("form", FORMATS)
async def test_every_format_can_be_asked_for_and_counts_who_is_not_named(ask: Ask, form: str) -> None:
    reply = await ask(f"export search lidar as:{form}")
    assert reply.file is not None
    assert reply.file.name == f"search-lidar.{FORMATS[form].ending}"
    assert "Lidar roads" in reply.file.content.decode()
    assert reply.text.plain.endswith("The source names no authors of 1 of them, and so neither does the file.")
    one = (await ask("export 2011.00002")).text.plain
    assert one.endswith("\nThe source names no authors of it, and so neither does the file.")


@pytest.mark.parametrize(("typed", "ending"), [("bib", "bib"), ("md", "md"), ("BibTeX", "bib"), ("json", "json")])
async def test_a_format_can_be_named_by_the_ending_of_its_files(ask: Ask, typed: str, ending: str) -> None:
    reply = await ask(f"export 2011.00001 as:{typed}")
    assert reply.file is not None
    assert reply.file.name == f"2011.00001.{ending}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export saved", "You keep no papers. To keep one, type: save ID"),
        ("export saved ml", "You keep nothing under ml. To see what you keep, type: saved"),
        ("export search tigers", "Nothing is found, so there is no file. For what may be, type: search tigers"),
        ("export everything", "everything is nothing to export. Type one like: export saved"),
        ("export 2011.99999", "No digest here lists 2011.99999."),
        ("export search", "search needs more. Usage: search QUERY"),
        ("export today cs.XX", "No digest of cs.XX is stored."),
        ("export", "export needs more. Usage: export saved|search|today|ID|me [as:FORMAT]"),
        ("export saved as:word", "word is not understood as as:FORMAT"),
    ],
)
async def test_what_cannot_be_exported_is_said_with_what_can(ask: Ask, line: str, said: str) -> None:
    reply = await ask(line)
    assert reply.file is None
    assert said in str(reply.error)


async def test_a_file_has_a_thousand_papers_and_says_how_many_are_left_out(ask: Ask, store: Store) -> None:
    many = tuple(Paper(f"2012.{n:05}", f"Tigers {n}", authors=("Bo Li",)) for n in range(MOST_EXPORTED + 7))
    await take_in(Digest("test", "cs.CL", date(2020, 12, 1), many), store, NOW)
    day = await ask("export today 2020-12-01 as:csv")
    assert day.file is not None
    assert day.text.plain == ("1,000 papers as CSV: 2020-12-01.csv.\nThat is the most a file has: 7 are left out.")
    assert len(day.file.content.splitlines()) == MOST_EXPORTED + 1
    found = await ask("export search tigers as:csv")
    assert found.text.plain.endswith("That is the most a file has: others are left out.")


def test_a_line_of_a_file_is_never_two() -> None:
    wild = Paper("2011.00001", "A\ntitle\r\nER  - ", "An\nabstract", authors=("Ana\nMüller",))
    assert written("ris", [wild]).count("\r\nER  - ") == 1
    assert written("markdown", [wild]).count("\n") == 1
    assert written("bibtex", [wild]).count("@misc") == 1
