"""References as RIS, a line for each fact: https://en.wikipedia.org/wiki/RIS_(file_format)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.takeaway.reference import Reference


def ris(cited: Sequence[Reference]) -> str:
    """Write references as records of unpublished work, as preprints are there."""
    return "".join(f"{tag}  - {' '.join(value.split())}\r\n" for each in cited for tag, value in _record(each))


def _record(each: Reference) -> Iterator[tuple[str, str]]:
    paper = each.paper
    yield "TY", "UNPB"
    yield "ID", each.key
    yield "TI", paper.title
    for name in each.names:
        yield "AU", name.inverted
    yield "PY", str(each.year)
    yield "DA", f"{each.year}/{each.month:02}//" if each.month else f"{each.year}///"
    if paper.abstract:
        yield "AB", paper.abstract
    yield "AN", f"arXiv:{paper.id}"
    yield "PB", "arXiv"
    for tag in each.tags:
        yield "KW", tag
    yield "UR", paper.url
    yield "L1", paper.pdf
    yield "ER", ""
