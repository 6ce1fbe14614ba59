"""The customer's own digests, against a second reading that shares nothing with the first."""

import os
import re
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest

from bot.digest import parse
from bot.model import Paper

DIGESTS = Path(__file__).parents[2] / "shared" / "digests"
FILES = sorted(DIGESTS.glob("*.md"))


def test_all_fifteen_digests_are_read_whole() -> None:
    if not FILES and not os.environ.get("CI"):
        pytest.skip(f"the shared digests are not at {DIGESTS}")
    assert len(FILES) == 15
    entries = 0
    for file in FILES:
        raw = file.read_bytes().decode("utf-8")
        (digest,) = parse(raw, file.name)
        category, day, expected = second_reading(raw)
        assert (digest.category, digest.day.isoformat()) == (category, day), file.name
        assert f"{digest.day}.{digest.category}.md" == file.name
        assert digest.refused == ()
        assert [(paper.id, paper.raw_title, paper.raw_abstract) for paper in digest.papers] == expected, file.name
        for paper in digest.papers:
            assert lost_words(paper) == [], (file.name, paper.id)
        entries += digest.declared
    assert entries == 1_909


def second_reading(raw: str) -> tuple[str, str, list[tuple[str, str, str]]]:
    """Read a digest by cutting the whole text at its fixed marks, from the end of each entry to its beginning."""
    head, *chunks = raw.split("\n### ")
    category, _, day = head.removeprefix("# ArXiv ").strip().partition(" --")
    entries = []
    for position, chunk in enumerate(chunks, 1):
        heading, _, abstract = chunk.partition("\n> ")
        numbered, _, address = heading.rpartition("  [ :arrow_down: ](https://arxiv.org/pdf/")
        assert numbered.startswith(f"{position}.")
        entries.append((address.removesuffix(".pdf)"), numbered[len(f"{position}.") :], abstract.strip()))
    return category, datetime.strptime(day, "%a, %d %b %Y").date().isoformat(), entries  # noqa: DTZ007 - only a day


def lost_words(paper: Paper) -> list[str]:
    """List the words of a raw text, without the names of macros and the insides of tags, that are not shown.

    Accents join the pieces of a word, and scripts change the form of a letter: both are undone before comparing.
    """
    shown = re.sub(r"\W", "", unicodedata.normalize("NFKD", f"{paper.title} {paper.abstract}")).casefold()
    raw = f"{paper.raw_title} {paper.raw_abstract}"
    raw = re.sub(r"<a [^>]*>this https? URL</a>", " ", raw).replace("</a>", " ").replace("<br>", " ")
    raw = re.sub(r"<a [^>]*>", " ", raw)
    raw = re.sub(r"\\(unicode|textcolor|color)\{\w*\}", " ", raw)
    raw = re.sub(r"\\[\"'`^~=.]|\\[cvHuk](?=\{)", "", raw)
    raw = re.sub(
        r"\\(textbf|textit|texttt|textsc|textsuperscript|text|emph|em|mathrm|mathcal|mathsf|operatorname|bm|underline|"
        r"left|right|frac|sqrt|times|sim|rightarrow|leftarrow|to|pm|ell|mid|neq|neg|gg|ge|approx|deg|href|url|cite|"
        r"citep|footnote|n|o|alpha|beta|delta|Delta|gamma|epsilon|varepsilon|lambda|pi|Pi|Phi|rho|sigma|tau|theta|"
        r"kappa|Omega|nabla|infty)(?![A-Za-z])",
        " ", raw,
    )  # fmt: skip
    words = re.findall(
        r"[^\W_]{2,}", unicodedata.normalize("NFKD", raw).replace("}{", " ").replace("{", "").replace("}", "")
    )
    folded = (re.sub(r"\W", "", word).casefold() for word in words)
    return [word for word in folded if word not in shown]
