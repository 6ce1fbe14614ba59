"""Digest formats: what is read, what is refused, and that nothing is lost between the two."""

import contextlib
import random
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot
from bot.digest import DigestError, parse
from bot.digest.entries import MAX_BYTES, MAX_ENTRIES
from bot.model import Digest

HEADER = "# ArXiv cs.CV --Fri, 20 Nov 2020"


def entry(number: int, title: str, paper: str, abstract: str | None = "What it does.") -> str:
    heading = f"### {number}.{title}  [ :arrow_down: ](https://arxiv.org/pdf/{paper}.pdf)"
    return heading if abstract is None else f"{heading}\n>  {abstract}      "


def one(text: str) -> Digest:
    (digest,) = parse(text, "test")
    return digest


def reasons(digest: Digest) -> list[tuple[int, str]]:
    return [(refusal.line, refusal.reason) for refusal in digest.refused]


# The customer's format


def test_an_entry_becomes_a_paper() -> None:
    abstract = 'Gains of 4% on $x^2$. <a class="link" href="https://github.com/a/b">this https URL</a>'
    digest = one(f"{HEADER}\n{entry(1, 'Pixels: [Re]visited', '2011.10043', abstract)}\n")
    assert (digest.source, digest.category, digest.day) == ("test", "cs.CV", date(2020, 11, 20))
    (paper,) = digest.papers
    assert (paper.id, paper.version, paper.title) == ("2011.10043", None, "Pixels: [Re]visited")
    assert paper.abstract == "Gains of 4% on x². https://github.com/a/b"
    assert paper.raw_abstract == abstract
    assert [link.url for link in paper.code] == ["https://github.com/a/b"]
    assert digest.refused == ()


@pytest.mark.parametrize(
    ("header", "category", "day"),
    [
        ("# ArXiv cs.CV --Fri, 20 Nov 2020", "cs.CV", date(2020, 11, 20)),
        ("# Arxiv cs.CV -- Fri, 20 Nov 2020  ", "cs.CV", date(2020, 11, 20)),
        ("#ArXiv cs.CV -Fri, 20 Nov 2020", "cs.CV", date(2020, 11, 20)),
        ("# arXiv: cs.CV — 20 November 2020", "cs.CV", date(2020, 11, 20)),
        ("# ArXiv cs.CV --Mon, 20 Nov 2020", "cs.CV", date(2020, 11, 20)),
        ("## ArXiv cs.CV --Friday, 20 Nov. 2020", "cs.CV", date(2020, 11, 20)),
        ("# ArXiv cs.CV - 2020-11-20", "cs.CV", date(2020, 11, 20)),
        ("# cs.CV --Fri, 20 Nov 2020", "cs.CV", date(2020, 11, 20)),
        ("# ArXiv math-ph --Tue, 3 Jun 2025", "math-ph", date(2025, 6, 3)),
        ("# ArXiv hep-th--Tue, 3 Jun 2025", "hep-th", date(2025, 6, 3)),
        ("# ArXiv astro-ph.CO --Thu, 29 Feb 2024", "astro-ph.CO", date(2024, 2, 29)),
        ("# ArXiv q-bio.NC --Tue, 2 Sept 2025", "q-bio.NC", date(2025, 9, 2)),
        ("# ArXiv cond-mat.mtrl-sci --Tue, 3 Jun 2025", "cond-mat.mtrl-sci", date(2025, 6, 3)),
        ("# ArXiv cs.cv --Fri, 20 Nov 2020", "cs.CV", date(2020, 11, 20)),
        ("# ArXiv CS.Cv-Fri, 20 Nov 2020", "cs.CV", date(2020, 11, 20)),
        ("# ArXiv math.ca --Fri, 20 Nov 2020", "math.CA", date(2020, 11, 20)),
        ("# ArXiv Astro-Ph.co --Fri, 20 Nov 2020", "astro-ph.CO", date(2020, 11, 20)),
        ("# ArXiv Physics.Optics --Fri, 20 Nov 2020", "physics.optics", date(2020, 11, 20)),
        ("# ArXiv physics.ao-ph-Fri, 20 Nov 2020", "physics.ao-ph", date(2020, 11, 20)),
        ("# ArXiv COND-MAT.MES-HALL-Fri, 20 Nov 2020", "cond-mat.mes-hall", date(2020, 11, 20)),
        ("# ArXiv cs.CV --Thu, 31 Dec 2099", "cs.CV", date(2099, 12, 31)),
    ],
)
def test_headers_may_vary(header: str, category: str, day: date) -> None:
    digest = one(f"{header}\n{entry(1, 'T', '2011.10043')}")
    assert (digest.category, digest.day, len(digest.papers)) == (category, day, 1)


@pytest.mark.parametrize(
    "header",
    [
        "# ArXiv cs.CV --Fri, 31 Nov 2020",
        "# ArXiv cs.CV --Fri, 20 Foo 2020",
        "# ArXiv cs.CV --Xyz, 20 Nov 2020",
        "# ArXiv cs.CV --Fri, 31 Dec 9999",
        "# ArXiv cs.CV --Mon, 1 Jan 0001",
        "# ArXiv cs.CV --1990-12-31",
        "# ArXiv cs.CV --Fri, 1 Jan 99999999999999999999",
        "# ArXiv cs.CV",
        "# ArXiv",
        "# ArXiv c$.CV --Fri, 20 Nov 2020",
        "# ArXiv cs.CV " + " " * 100_000 + "!",
    ],
)
def test_a_header_that_cannot_be_read_names_its_line_and_an_example(header: str) -> None:
    with pytest.raises(DigestError, match="Fri, 20 Nov 2020") as caught:
        parse(f"{HEADER}\n{entry(1, 'T', '2011.10043')}\n{header}\n{entry(1, 'U', '2011.10044')}", "test")
    assert caught.value.line == 4
    assert str(caught.value).startswith("line 4: ")


@pytest.mark.parametrize(
    ("address", "paper", "version"),
    [
        ("https://arxiv.org/pdf/2011.10043.pdf", "2011.10043", None),
        ("http://arxiv.org/abs/2011.10043v2", "2011.10043", 2),
        ("https://www.arxiv.org/pdf/2011.10043v12.pdf", "2011.10043", 12),
        ("https://arxiv.org/pdf/0704.0001", "0704.0001", None),
        ("https://arxiv.org/pdf/hep-th/9901001.pdf", "hep-th/9901001", None),
        ("https://arxiv.org/abs/math.CA/0611800v3", "math/0611800", 3),
    ],
)
def test_arxiv_addresses_of_every_age_are_read(address: str, paper: str, version: int | None) -> None:
    (read,) = one(f"{HEADER}\n### 1.T  [ :arrow_down: ]({address})\n> a").papers
    assert (read.id, read.version) == (paper, version)


@pytest.mark.parametrize(
    "heading",
    [
        "### 1.Title without an address",
        "### 1.T  [ :arrow_down: ](https://example.org/pdf/2011.10043.pdf)",
        "### 1.T  [ :arrow_down: ](https://arxiv.org/pdf/20x1.10043.pdf)",
        "### 1.  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)",
        "### 1.\u200b  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)",
        "###",
        f"### 1.{'t' * 301}  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)",
        f"### 1.T  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)\n> {'a' * 20_001}",
    ],
)
def test_an_entry_that_is_no_paper_is_refused_with_its_line(heading: str) -> None:
    digest = one(f"{HEADER}\n{entry(1, 'Before', '2011.10001')}\n{heading}\n{entry(3, 'After', '2011.10003')}")
    assert [paper.title for paper in digest.papers] == ["Before", "After"]
    ((line, reason),) = reasons(digest)
    assert line == 4
    assert any(word in reason for word in ("arxiv.org/pdf/2011.10043", "empty", "301", "20001"))


@pytest.mark.parametrize("heading", ["1. T", "## 1.T", "#### 1.T", "###1. T", "### T", "### 7) T", "  ### 1.T"])
def test_an_entry_may_be_numbered_and_marked_wrongly(heading: str) -> None:
    digest = one(f"{HEADER}\n{heading}  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)\n> a")
    assert [(paper.title, paper.abstract) for paper in digest.papers] == [("T", "a")]


def test_a_title_that_begins_with_a_number_keeps_it() -> None:
    digest = one(f"{HEADER}\n{entry(4, '4,500 Seconds', '2011.10001')}\n{entry(5, '3D.1 Things', '2011.10002')}")
    assert [paper.title for paper in digest.papers] == ["4,500 Seconds", "3D.1 Things"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way_and_a_byte_order_mark_may_stand_first(newline: str) -> None:
    text = "\ufeff" + f"{HEADER}\n{entry(1, 'T', '2011.10043')}\n\nstray\n".replace("\n", newline)
    digest = one(text)
    assert [(paper.title, paper.raw_abstract) for paper in digest.papers] == [("T", "What it does.")]
    assert reasons(digest) == [(5, "this text belongs to no entry")]


def test_an_abstract_may_be_wrapped_with_and_without_marks() -> None:
    text = f"{HEADER}\n{entry(1, 'T', '2011.10043', 'one')}\n> two\nthree\n>\n> four\n\n> five\n"
    (paper,) = one(text).papers
    assert paper.abstract == "one two three four five"


@pytest.mark.parametrize("line", ["# 1 in the list 20 Nov 2020", "# of papers 20 Nov 2020"])
def test_a_wrapped_line_that_ends_in_a_day_is_no_header(line: str) -> None:
    digest = one(f"{HEADER}\n{entry(1, 'T', '2011.10043', 'We are')}\n{line}\n{entry(2, 'U', '2011.10044')}")
    assert [paper.raw_abstract for paper in digest.papers] == [f"We are\n{line}", "What it does."]
    digest = one(f"{HEADER}\n{entry(1, 'T', '2011.10043', None)}\n\n{line}")
    assert reasons(digest) == [(4, "this text belongs to no entry")]


@pytest.mark.parametrize("line", ["## Updated 20 Nov 2020", "## Last updated on 21 Nov 2020", "# Week of 20 Nov 2020"])
def test_a_dated_line_that_names_no_category_opens_no_digest(line: str) -> None:
    digest = one(f"{HEADER}\n{line}\n{entry(1, 'T', '2011.10043')}")
    assert (digest.category, [paper.id for paper in digest.papers]) == ("cs.CV", ["2011.10043"])
    assert reasons(digest) == [(2, "this text belongs to no entry")]


def test_a_link_within_the_text_below_is_no_heading_s() -> None:
    digest = one(f"{HEADER}\n### 1. No link here\nSee also [code](https://arxiv.org/abs/2011.99999) text\n> abs")
    assert (digest.papers, len(digest.refused)) == ((), 1)


def test_a_heading_with_a_link_leaves_a_table_a_table() -> None:
    text = f"# Awesome list ([our paper](https://arxiv.org/abs/2301.00001))\n## Vision\n{TABLE}"
    assert [len(digest.papers) for digest in parse(text, "test")] == [1]


def test_a_header_without_the_word_arxiv_ends_an_entry() -> None:
    first, second = parse(f"{HEADER}\n{entry(1, 'T', '2011.10043')}\n# cs.CL --Mon, 23 Nov 2020", "test")
    assert (first.papers[0].abstract, second.category) == ("What it does.", "cs.CL")


@pytest.mark.parametrize(
    "title",
    ["A very long title that\nwraps ", "A very long\ntitle that\nwraps ", "A\nvery long\n  title that\n wraps ",
     "A very long title that wraps\n"],
)  # fmt: skip
def test_a_heading_may_wrap_before_its_link(title: str) -> None:
    text = f"{HEADER}\n{entry(1, title, '2011.10043')}\n{entry(2, 'U', '2011.10044')}\n\nstray"
    digest = one(text)
    assert [paper.title for paper in digest.papers] == ["A very long title that wraps", "U"]
    assert [paper.abstract for paper in digest.papers] == ["What it does."] * 2
    assert reasons(digest) == [(len(text.split("\n")), "this text belongs to no entry")]


@pytest.mark.parametrize(
    "between",
    ["", "\n", "> its abstract\n", "its abstract\n> goes on\n", "one\ntwo\nthree\n", f"{HEADER}\n", "### 2.Lost too\n"],
)
def test_a_heading_without_its_link_takes_no_other(between: str) -> None:
    found = "2. Found  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)"
    digest = one(f"{HEADER}\n### 1.Lost\n{between}{found}")
    assert [paper.title for paper in digest.papers] == ["Found"]
    assert digest.refused[0].excerpt == "Lost"


def test_a_missing_abstract_is_stored_as_empty() -> None:
    digest = one(f"{HEADER}\n{entry(1, 'T', '2011.10043', None)}\n{entry(2, 'U', '2011.10044')}")
    assert [paper.abstract for paper in digest.papers] == ["", "What it does."]


def test_a_repeated_entry_is_refused_and_leaves_its_abstract() -> None:
    text = f"{HEADER}\n{entry(1, 'T', '2011.10043', None)}\n{entry(2, 'T', '2011.10043v2', 'Late: https://a.org')}"
    digest = one(text)
    assert [(paper.abstract, len(paper.links)) for paper in digest.papers] == [("Late: https://a.org", 1)]
    assert reasons(digest) == [(3, "repeats 2011.10043 of line 2")]


def test_one_file_may_hold_many_digests_and_a_paper_in_two_is_a_cross_list() -> None:
    other = "# ArXiv cs.CL --Fri, 20 Nov 2020"
    text = "\n".join([HEADER, entry(1, "T", "2011.10043"), other, entry(1, "T", "2011.10043"), HEADER,
                      entry(1, "U", "2011.10044"), entry(2, "T", "2011.10043")])  # fmt: skip
    vision, language = parse(text, "test")
    assert (vision.category, language.category) == ("cs.CV", "cs.CL")
    assert [paper.title for paper in vision.papers] == ["T", "U"]
    assert [paper.title for paper in language.papers] == ["T"]
    assert reasons(vision) == [(10, "repeats 2011.10043 of line 2")]


def test_stray_text_is_refused_once_a_run() -> None:
    text = f"Hello,\nall.\n{HEADER}\nintro\n{entry(1, 'T', '2011.10043')}\n\nads\nmore ads\n\nbye"
    digest = one(text)
    assert [(refusal.line, refusal.excerpt) for refusal in digest.refused] == [
        (1, "Hello, all."), (4, "intro"), (8, "ads more ads"), (11, "bye"),
    ]  # fmt: skip
    assert [paper.abstract for paper in digest.papers] == ["What it does."]


def test_a_day_without_papers_is_a_digest() -> None:
    assert one(HEADER).papers == ()


def test_entries_before_any_header_are_an_error() -> None:
    with pytest.raises(DigestError, match="line 2: an entry before any header"):
        parse("\n" + entry(1, "T", "2011.10043"), "test")


# What is no digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "Dear all,\nno papers today.",
        "Click :arrow_down: below.",
        "<!-- a -->\nnothing",
        "{}",
        "# Notes\n\n| a | b |\n",
        "# 1\n## 2",
    ],
)
def test_what_is_no_digest_says_what_was_expected(text: str) -> None:
    with pytest.raises(DigestError, match=HEADER):
        parse(text, "test")


def test_a_binary_file_is_no_digest() -> None:
    with pytest.raises(DigestError, match=r"line 2: .*NUL"):
        parse(f"{HEADER}\nPK\x03\x04\x00", "test")


def test_size_and_number_of_entries_are_limited() -> None:
    with pytest.raises(DigestError, match="8 MiB"):
        parse(HEADER + "é" * (MAX_BYTES // 2), "test")
    many = "\n".join(entry(n, "T", f"2011.{n:05}", None) for n in range(MAX_ENTRIES + 1))
    with pytest.raises(DigestError, match="5000 entries") as caught:
        parse(f"{HEADER}\n{many}", "test")
    assert caught.value.line == MAX_ENTRIES + 2


ROW = "|2023-05-01|T|https://arxiv.org/abs/2305.00001|"


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        (HEADER, "a\n\n"),
        (HEADER, f"{HEADER}\na\n"),
        (HEADER, "# ArXiv cs.CV --Fri, 20 Nov 2020\na\n# ArXiv cs.CL --Fri, 20 Nov 2020\n"),
        ("|Date|Title|PDF|", "|a|b|\n"),
        (f"|Date|Title|PDF|\n{ROW}", "|a|b|\n"),
        (f"|Date|Title|PDF|\n{ROW}\n\n", "https://arxiv.org/abs/2011.10043\n"),
    ],
)
def test_text_that_is_no_entry_is_limited(start: str, unit: str) -> None:
    with pytest.raises(DigestError, match=f"more than {MAX_ENTRIES}"):
        parse(f"{start}\n{unit * (MAX_ENTRIES + 1)}", "test")


@pytest.mark.parametrize("unit", ["a\n", "# \n", "a\n\n", "### \n", "\n", "](", "> a\n", f"{HEADER}\n", "\u200b\n"])
def test_a_large_file_of_nothing_useful_holds_no_paper(unit: str) -> None:
    # As long as it takes linear time: in quadratic time nobody would see the end of it.
    found = []
    with contextlib.suppress(DigestError):
        found = [digest.papers for digest in parse(f"{HEADER}\n" + unit * (512 * 1024 // len(unit)), "test")]
    assert not any(found)


def test_lone_surrogates_cannot_reach_the_store() -> None:
    broken = entry(1, "T \ud800", "2011.10043", "a \udfff")
    (paper,) = one(f"{HEADER}\n{broken}").papers
    f"{paper.raw_title} {paper.title} {paper.raw_abstract} {paper.abstract}".encode()


# Feeds

ITEM = """
<item><title>{title}</title><link>https://arxiv.org/abs/{paper}</link>
<description>arXiv:{paper}v{version} Announce Type: {kind} &#xA;Abstract: It gains 4% on $x^2$,
and a &lt; b.</description>
<guid isPermaLink="false">oai:arXiv.org:{paper}v{version}</guid>{categories}
<pubDate>Fri, 20 Nov 2020 00:00:00 -0500</pubDate><arxiv:announce_type>{kind}</arxiv:announce_type>
<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
<dc:creator>Paul Erd\\H{{o}}s, Ada Lovelace (Analytical Engine, London), Grace Hopper</dc:creator></item>"""


def item(paper: str, *categories: str, title: str = "T", kind: str = "new", version: int = 1) -> str:
    elements = "".join(f"<category>{category}</category>" for category in categories)
    return ITEM.format(paper=paper, title=title, kind=kind, version=version, categories=elements)


def rss(title: str, *items: str) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<rss xmlns:arxiv='http://arxiv.org/schemas/atom'"
        " xmlns:dc='http://purl.org/dc/elements/1.1/' version='2.0'><channel>"
        f"<title>{title} updates on arXiv.org</title><link>http://rss.arxiv.org/rss/x</link>"
        "<lastBuildDate>Fri, 20 Nov 2020 05:00:09 +0000</lastBuildDate>"
        "<pubDate>Fri, 20 Nov 2020 00:00:00 -0500</pubDate><skipDays><day>Sunday</day></skipDays>"
        f"{''.join(items)}</channel></rss>"
    )


def test_a_feed_item_becomes_a_paper() -> None:
    digest = one(rss("cs.CV", item("2011.10043", "cs.CV", "cs.LG", title="On\n  $x^2$", version=3)))
    assert (digest.category, digest.day) == ("cs.CV", date(2020, 11, 20))
    (paper,) = digest.papers
    assert (paper.id, paper.version, paper.title) == ("2011.10043", 3, "On x²")
    assert paper.abstract == "It gains 4% on x², and a < b."
    assert paper.authors == ("Paul Erdős", "Ada Lovelace", "Grace Hopper")
    assert paper.categories == ("cs.CV", "cs.LG")


@pytest.mark.parametrize("title", ["cs.CV, cs.CL", "cs.CV+cs.CL"])
def test_a_feed_of_two_categories_is_two_digests(title: str) -> None:
    vision, language = parse(rss(title, item("2011.10043", "cs.CV"), item("2011.10044", "cs.CL", "cs.CV")), "test")
    assert [paper.id for paper in vision.papers] == ["2011.10043", "2011.10044"]
    assert [paper.id for paper in language.papers] == ["2011.10044"]


def test_a_feed_of_an_archive_lists_a_paper_under_its_categories() -> None:
    digests = parse(rss("cs", item("2011.10043", "stat.ML", "cs.LG", "cs.CV")), "test")
    assert [digest.category for digest in digests] == ["cs.LG", "cs.CV"]


def test_a_feed_spells_categories_in_any_way() -> None:
    digest = one(rss("cs.cv", item("2011.10043", "CS.CV", "math.ca", "Cond-Mat.Mes-Hall")))
    assert digest.category == "cs.CV"
    assert digest.papers[0].categories == ("cs.CV", "math.CA", "cond-mat.mes-hall")


@pytest.mark.parametrize("day", ["31 Dec 9999", "1 Jan 0001", "31 Dec 1990"])
def test_a_feed_of_a_day_that_arxiv_cannot_have_is_an_error(day: str) -> None:
    with pytest.raises(DigestError, match="from 1991 to 2099"):
        parse(rss("cs.CV", item("2011.10043", "cs.CV")).replace("Fri, 20 Nov 2020", day), "test")


def test_an_item_outside_the_channel_is_read_too() -> None:
    text = rss("cs.CV").replace("</channel>", f"</channel>{item('2011.10043', 'cs.CV')}")
    assert [paper.id for paper in one(text).papers] == ["2011.10043"]


def test_replacements_are_not_announced_as_new() -> None:
    kinds = ["new", "cross", "replace", "replace-cross"]
    items = [item(f"2011.1004{n}", "cs.CV", kind=kind) for n, kind in enumerate(kinds)]
    assert [paper.id for paper in one(rss("cs.CV", *items)).papers] == ["2011.10040", "2011.10041"]


def test_an_item_that_is_no_paper_is_refused_with_its_line() -> None:
    text = rss("cs.CV", item("2011.10043", "cs.CV"), item("x", "cs.CV", title="Lost"))
    digest = one(text)
    ((line, reason),) = reasons(digest)
    assert "arXiv address" in reason
    assert text.split("\n")[line - 1].startswith("<item><title>Lost")


def test_a_weekend_feed_is_a_digest_without_papers() -> None:
    digest = one(rss("hep-th"))
    assert (digest.category, digest.declared) == ("hep-th", 0)


def test_an_atom_feed_is_read_too() -> None:
    digest = one(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom'>"
        "<title>math-ph updates on arXiv.org</title><updated>2020-11-21T04:00:00+00:00</updated>"
        "<entry><id>oai:arXiv.org:math-ph/0611800v2</id><title>T</title>"
        "<published>2020-11-20T00:00:00-05:00</published><category term='math-ph'/>"
        "<summary>arXiv:math-ph/0611800v2 Announce Type: new \nAbstract: A.</summary>"
        "<author><name>Ada Lovelace</name></author></entry></feed>"
    )
    (paper,) = digest.papers
    assert (digest.day, digest.category) == (date(2020, 11, 20), "math-ph")
    assert (paper.id, paper.version, paper.abstract, paper.authors) == ("math-ph/0611800", 2, "A.", ("Ada Lovelace",))


BOMB = "<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    "text",
    [
        rss("cs.CV").replace("<rss", BOMB + "<rss").replace("cs.CV", "&b;"),
        BOMB + "<rss><channel/></rss>",
        rss("cs.CV").replace("<rss", "<!DOCTYPE rss><rss"),
        "<!DOCTYPE rss SYSTEM 'file:///etc/passwd'><rss><channel/></rss>",
        "<!DOCTYPE html><html><body>Not found</body></html>",
        rss("cs.CV")[:-9],
        "<rss><channel><title>Feed error for query: x</title></channel></rss>",
        rss("cs.CV")
        .replace("<pubDate>Fri, 20 Nov", "<pubDate>Fri, 99 Foo")
        .replace("<skip", "<x")
        .replace("</skip", "</x"),
        "<rss version='2.0'></rss>",
        "<?xml version='1.0' encoding='klingon'?><rss/>",
    ],
)
def test_a_feed_that_cannot_be_trusted_or_read_is_an_error(text: str) -> None:
    with pytest.raises(DigestError, match="expected"):
        parse(text, "test")


# Tables

TABLES = """## Updated on 2023.05.02
> Usage instructions: [here](./docs/README.md#usage)

<details>
  <summary>Table of Contents</summary>
</details>

## SLAM

|Publish Date|Title|Authors|PDF|Code|
|---|---|---|---|---|
|**2023-05-01**|**Maps**|Ada Lovelace et.al.|[2305.00001](http://arxiv.org/abs/2305.00001)|**[link](https://github.com/a/b)**|
|**2023-04-28**|**A|B: $|x|$ tests**|Grace Hopper et.al.|[2304.00002](http://arxiv.org/abs/2304.00002v2)|null|
|**2023-05-01**|**Lost**|Nobody|null|null|

<p align=right>(<a href=#updated-on-20230502>back to top</a>)</p>

## Video Restoration

| Publish Date | Title | Authors | PDF |
|:---------|:-----------------------|:---------|:------|
| **2023-05-01** | **Maps** | Ada Lovelace | [2305.00001](http://arxiv.org/abs/2305.00001) |
|**May 1**|**Dateless**|Nobody|[2305.00003](http://arxiv.org/abs/2305.00003)|
|short|
"""


def test_tables_become_a_digest_for_each_topic_and_day() -> None:
    digests = parse(TABLES, "test")
    assert [(digest.category, digest.day.isoformat()) for digest in digests] == [
        ("slam", "2023-05-01"), ("slam", "2023-04-28"), ("video-restoration", "2023-05-01"),
    ]  # fmt: skip
    first, second = digests[0].papers[0], digests[1].papers[0]
    assert (first.id, first.title, first.authors, first.abstract) == (
        "2305.00001", "Maps", ("Ada Lovelace et al.",), "",
    )  # fmt: skip
    assert [link.url for link in first.code] == ["https://github.com/a/b"]
    assert (second.id, second.version, second.title, second.links) == ("2304.00002", 2, "A|B: |x| tests", ())
    assert [line for line, _ in reasons(digests[0])] == [14, 23, 24]


@pytest.mark.parametrize(("row", "line"), [("|?|T|A|B|C|", 3), ("", 1)])
def test_a_table_of_which_nothing_can_be_read_is_an_error(row: str, line: int) -> None:
    with pytest.raises(DigestError, match=f"line {line}: no row of a table could be read"):
        parse(f"|Publish Date|Title|Authors|PDF|Code|\n|---|---|---|---|---|\n{row}", "test")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1990-12-31", "2100-01-01"])
def test_a_row_of_a_day_that_arxiv_cannot_have_is_refused(day: str) -> None:
    first = parse(TABLES.replace("2023-04-28", day), "test")[0]
    assert reasons(first)[0] == (13, f"expected a day from 1991 to 2099 like 2023-05-01, but here is '{day}'")


@pytest.mark.parametrize(
    "line",
    ["2023-05-01|T|A|[2305.00009](http://arxiv.org/abs/2305.00009)", "- T, https://arxiv.org/abs/2305.00009",
     "\n|T|https://arxiv.org/abs/2305.00009|"],
)  # fmt: skip
def test_a_paper_beside_the_tables_is_refused_with_its_line(line: str) -> None:
    text = f"{TABLES}{line}"
    refused = parse(text, "test")[0].refused[-1]
    assert (refused.line, refused.is_entry) == (text.count("\n") + 1, False)
    assert "names a paper" in refused.reason


# One format within another

TABLE = "| Title | Date |\n|---|---|\n| [Maps](https://arxiv.org/abs/2305.00001) | 2020-11-23 |"


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize("first", [True, False])
def test_a_table_in_a_listing_is_stray_text(first: bool, gap: str) -> None:
    entries = f"{entry(1, 'T', '2011.10043')}\n{entry(2, 'U', '2011.10044')}"
    text = gap.join([HEADER, TABLE, entries] if first else [HEADER, entries, TABLE])
    digest = one(text)
    assert [(paper.id, paper.abstract) for paper in digest.papers] == [
        ("2011.10043", "What it does."), ("2011.10044", "What it does."),
    ]  # fmt: skip
    assert reasons(digest) == [(text[: text.index("| Title")].count("\n") + 1, "this text belongs to no entry")]


def test_a_row_with_an_arrow_is_no_entry_of_a_listing() -> None:
    arrow = "|Title|Date|PDF|\n|---|---|---|\n|Maps|2020-11-23|[ :arrow_down: ](https://arxiv.org/pdf/2305.00001)|"
    assert [paper.id for paper in one(arrow).papers] == ["2305.00001"]
    digest = one(f"{HEADER}\n{entry(1, 'T', '2011.10043')}\n\n{arrow}")
    assert ([paper.id for paper in digest.papers], len(digest.refused)) == (["2011.10043"], 1)


def test_a_comment_may_stand_before_any_format() -> None:
    comment = "<!-- made by\na script --> <!-- -->\n"
    feed = rss("cs.CV", item("2011.10043", "cs.CV")).partition("\n")[2]
    for text in (f"{HEADER}\n{entry(1, 'T', '2011.10043')}", TABLES, feed):
        assert parse(comment + text, "test")[0].papers


BLOCKS = [
    f"{HEADER}\n### 1.T  [ :arrow_down: ](https://arxiv.org/pdf/ID.pdf)\n> a",
    "### 1.T  [ :arrow_down: ](https://arxiv.org/pdf/ID.pdf)\n> a", "### 1.T that\nwraps  [pdf](https://arxiv.org/abs/ID)",
    "|Date|Title|PDF|\n|---|---|---|\n|2020-11-23|T|https://arxiv.org/abs/ID|", "|T|https://arxiv.org/abs/ID|",
    "|2020-11-23|T|https://arxiv.org/abs/ID|", "# Topic", "<!-- -->", "- T https://arxiv.org/abs/ID",
    rss("cs.CV", item("ID", "cs.CV")),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(BLOCKS), st.sampled_from(["\n", "\n\n"])), min_size=1, max_size=6))
def test_no_format_loses_what_another_would_read(blocks: list[tuple[str, str]]) -> None:
    text = "".join(block.replace("ID", f"2011.{n:05}") + gap for n, (block, gap) in enumerate(blocks))
    try:
        digests = parse(text, "test")
    except DigestError:
        return
    papers = {paper.id: paper for digest in digests for paper in digest.papers}
    abstracts = " ".join(paper.raw_abstract for paper in papers.values())
    refused = {refusal.line for digest in digests for refusal in digest.refused}
    run = 1  # Of lines without a blank one: stray lines are refused once, at their first.
    for number, line in enumerate(text.split("\n"), 1):
        run = run if line else number + 1
        for paper in re.findall(r"arxiv.org/(?:pdf|abs)/(2011\.[0-9]{5})", line):
            assert paper in papers or paper in abstracts or refused & set(range(run, number + 1))


# The sample


def test_the_sample_is_three_digests_with_code() -> None:
    digests = parse(Path(bot.__file__).with_name("sample.md").read_text(encoding="utf-8"), "sample")
    assert [(digest.category, digest.day.isoformat()) for digest in digests] == [
        ("cs.CV", "2025-06-30"), ("cs.CL", "2025-06-30"), ("cs.CV", "2025-07-01"),
    ]  # fmt: skip
    assert [digest.refused for digest in digests] == [(), (), ()]
    assert all(8 <= len(digest.papers) <= 10 for digest in digests)
    assert sum(bool(paper.code) for digest in digests for paper in digest.papers) >= 2


# Properties

SEED = "\n".join(
    [HEADER, *(entry(n, f"Title {n} of $x_{n}$", f"2011.{10000 + n}") for n in range(1, 5)), "", "stray", HEADER]
)
SEEDS = [SEED, TABLES, rss("cs.CV", item("2011.10043", "cs.CV"), item("2011.10044", "cs.CV", kind="replace"))]
NOISE = ["#", "# ", "### ", ">", "\n", "\r", "](", "[", ")", "|", "\\", "$", "{", "<", "&", "\ud800", "\u202e", "\0",
         "# ArXiv ", "--", "99", "2011.10001", "<item>", "</item>", "<!--", "é"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_mutated_digest_raises_nothing_unexpected(seed: str, rng: random.Random, times: int) -> None:
    text = seed
    for _ in range(times):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice([0, 0, 1, 3, 40]))
        text = text[:start] + rng.choice([*NOISE, "", text[start:end] * 2]) + text[end:]
    try:
        digests = parse(text, "test")
    except DigestError as error:
        assert 1 <= error.line <= len(text.splitlines()) + 1  # noqa: PT017 - either outcome is right
    else:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        for digest in digests:
            assert all(1 <= refusal.line <= lines and refusal.reason for refusal in digest.refused)
            assert len({paper.id for paper in digest.papers}) == len(digest.papers)
        if seed is SEED:
            headings = [line for line in re.split(r"\r\n|\r|\n", text) if line.startswith("###")]
            assert sum(digest.declared for digest in digests) >= len(headings)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(), st.text().map(lambda text: f"{HEADER}\n{text}"), st.text().map(lambda text: f"<rss>{text}"))
)
def test_any_text_is_read_or_refused_with_a_digest_error(text: str) -> None:
    try:
        parse(text, "test")
    except DigestError as error:
        assert error.line >= 1  # noqa: PT017 - either outcome is right


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["2011.10001", "2011.10002v2", "hep-th/9901001", "nonsense", ""]),
        st.sampled_from(["Plain", "", "[Re] x_1 & <CLS>", r"\method: $a<b$", "1.5 Things", "T" * 400]),
        st.sampled_from([None, "An abstract.", "# of things", "### not", "wrapped\n> twice", "x" * 20_001]),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(ENTRIES, st.booleans())
def test_every_entry_written_is_a_paper_or_a_refusal(entries: list[tuple[str, str, str | None]], crlf: bool) -> None:
    lines, written = [HEADER], {}
    for number, (paper, title, abstract) in enumerate(entries, 1):
        written[len(lines) + 1] = paper
        lines += entry(number, title, paper, abstract).split("\n")
    digest = one(("\r\n" if crlf else "\n").join(lines))
    assert digest.declared == len(entries)
    refused = {refusal.line for refusal in digest.refused}
    assert refused <= set(written)
    kept = [paper.partition("v")[0] for line, paper in written.items() if line not in refused]
    assert kept == [paper.id for paper in digest.papers]
