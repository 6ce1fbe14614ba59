"""How fast digests are read, beside a Markdown parser on the same texts."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks import material
from benchmarks.timing import Contender, Cost, Row, Watch, interleaved, rates
from bot.digest import parse

OURS, PEER = "digest.parse", "markdown-it-py, to tokens"


def rows(rounds: int) -> tuple[str, list[Row]]:
    name, texts = material.texts()
    papers = sum(len(digest.papers) for text in texts for digest in parse(text, "benchmark"))
    found = costs(rounds)
    missing = [] if PEER in found else [Row('markdown-it-py is not installed: pip install -e ".[bench]"', "", "")]
    return f"Parse: {name}, {papers:,} papers", rates(found, papers, "papers") + missing


def costs(rounds: int) -> dict[str, Cost]:
    """Return what reading the texts costs us, and the peer where it is installed."""
    _, texts = material.texts()
    contenders: dict[str, Contender] = {OURS: lambda watch: _parse(watch, texts)}
    if find_spec("markdown_it"):
        contenders[PEER] = lambda watch: _tokens(watch, texts)
    return interleaved(contenders, rounds)


def _parse(watch: Watch, texts: list[str]) -> None:
    with watch:
        for text in texts:
            parse(text, "benchmark")


def _tokens(watch: Watch, texts: list[str]) -> None:
    from markdown_it import MarkdownIt  # noqa: PLC0415  # an extra

    reader = MarkdownIt()
    with watch:
        for text in texts:
            reader.parse(text)
