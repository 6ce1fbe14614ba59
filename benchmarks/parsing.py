"""How fast digests are read, beside a Markdown parser on the same texts."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks import material
from benchmarks.timing import Contender, Row, Watch, interleaved, rates
from bot.digest import parse


def rows(rounds: int) -> tuple[str, list[Row]]:
    name, texts = material.texts()
    papers = sum(len(digest.papers) for text in texts for digest in parse(text, "benchmark"))
    contenders: dict[str, Contender] = {"digest.parse": lambda watch: _parse(watch, texts)}
    missing = []
    if find_spec("markdown_it"):
        contenders["markdown-it-py, to tokens"] = lambda watch: _tokens(watch, texts)
    else:
        missing.append(Row('markdown-it-py is not installed: pip install -e ".[bench]"', "", ""))
    return f"Parse: {name}, {papers:,} papers", rates(interleaved(contenders, rounds), papers, "papers") + missing


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
