"""Digests in every format that is read, as they come and damaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import escape
from random import Random

from benchmarks import material
from bot.digest import parse
from bot.model import Paper
from tests.fakes import arxiv_xml

# What means something to one of the formats, to what reads LaTeX and HTML, or to whoever cuts a text into lines.
NOISE = (
    *(
        "#",
        "# ",
        "## ",
        "### ",
        ">",
        "> ",
        "\n",
        "\n\n",
        "\r",
        "](",
        "[",
        "]",
        "(",
        ")",
        "|",
        "||",
        "\\",
        "$",
        "$$",
        "{",
    ),
    *(
        "}",
        "<",
        "</",
        "<a",
        "&",
        "&amp;",
        "&#0;",
        "&#x110000;",
        "&a;",
        "\ud800",
        "\u202e",
        "\0",
        "\x0b",
        "\x85",
        "\u2028",
    ),
    *(
        "# ArXiv ",
        "--",
        "99",
        "2011.10001",
        "<item>",
        "</item>",
        "<!--",
        "-->",
        "<![",
        "<![CDATA[",
        "]]>",
        "<?xml",
        "é",
    ),
    *(
        "<!DOCTYPE x>",
        "<!ENTITY",
        "---",
        "|-|",
        "0" * 400,
        "a" * 400,
        "{" * 200,
        "<b>" * 200,
        r"\frac",
        "^{",
        "_{",
        "~",
    ),
    *(r"\href{", "https://", ":arrow_down:", "v99999", "cs.CV", "Fri, 31 Nov 2020", " " * 400, "\ufeff", "12345678901"),
)
# A field of an entry, damaged or as it is.
Damage = Callable[[str], str]

_DAY = date(2020, 11, 20)
_NOON = datetime(2020, 11, 20, 12, tzinfo=UTC)


def papers() -> list[Paper]:
    """Return the papers of real digests, as their authors wrote them."""
    return [paper for text in material.texts()[1] for digest in parse(text, "seed") for paper in digest.papers]


def spoilt(text: str, random: Random) -> str:
    """Return a text with up to six places changed, doubled, or filled with what means something."""
    for _ in range(random.randint(1, 6)):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice((0, 0, 1, 3, 40, 400)))
        text = text[:start] + random.choice((*NOISE, "", text[start:end] * 2)) + text[end:]
    return text


def listing(entries: Sequence[Paper], damage: Damage = str) -> str:
    lines = ["# ArXiv cs.CV --Fri, 20 Nov 2020"]
    for number, each in enumerate(entries, 1):
        heading = f"{number}.{each.raw_title}  [ :arrow_down: ](https://arxiv.org/pdf/{each.id}.pdf)"
        lines += [f"### {damage(heading)}", f">  {damage(each.raw_abstract)}"]
    return "\n".join(lines)


def table(entries: Sequence[Paper], damage: Damage = str) -> str:
    lines = ["## Updated on 2020.11.20", "", "## Video", "", "|Publish Date|Title|Authors|PDF|Code|", "|---" * 5 + "|"]
    for each in entries:
        cells = f"**{_DAY}**|**{each.raw_title}**|Ada et.al.|[{each.id}](http://arxiv.org/abs/{each.id}v1)|null"
        row = damage(cells)
        # Without a word in it, it would be a line between rows.
        lines.append(f"|{row if set(row) - set(':-| ') else 'null'}|")
    return "\n".join(lines)


def rss(entries: Sequence[Paper], damage: Damage = str) -> str:
    # How an item is announced is left alone: a replacement is no loss.
    items = [arxiv_xml.item(_record(each, damage), "new", _DAY) for each in entries]
    return arxiv_xml.feed("cs.CV updates on arXiv.org", _DAY, items)


def atom(entries: Sequence[Paper], damage: Damage = str) -> str:
    inside = "".join(
        f"<entry><id>{escape(damage(f'oai:arXiv.org:{each.id}v1'))}</id><title>{escape(damage(each.raw_title))}</title>"
        f"<summary>Abstract: {escape(damage(each.raw_abstract))}</summary><category term='cs.CV'/>"
        f"<published>{_DAY}T00:00:00-05:00</published><arxiv:announce_type>new</arxiv:announce_type></entry>\n"
        for each in entries
    )
    spaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'
    return f"<feed {spaces}><title>cs.CV updates on arXiv.org</title><updated>{_DAY}T05:00:00Z</updated>{inside}</feed>"


def oai_page(entries: Sequence[Paper], damage: Damage = str) -> str:
    records = "".join(arxiv_xml.raw(each.id, _record(each, damage)) for each in entries)
    return arxiv_xml.oai_answer(f"<ListRecords>{records}</ListRecords>")


FORMATS = (listing, table, rss, atom, oai_page)


def _record(paper: Paper, damage: Damage) -> arxiv_xml.Record:
    title, abstract, author = damage(paper.raw_title), damage(paper.raw_abstract), damage("Ada Lovelace")
    changed = replace(paper, raw_title=title, raw_abstract=abstract, authors=(author,), categories=("cs.CV",))
    return arxiv_xml.Record(changed, [_NOON - timedelta(days=1)], _DAY, _NOON)
