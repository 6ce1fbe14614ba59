"""References as BibTeX: https://arxiv.org/help/hypertex/bibstyles says how arXiv's papers go there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.takeaway.names import OTHERS, Name
from bot.takeaway.reference import Reference
from bot.takeaway.tex import tex, title

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def bibtex(cited: Sequence[Reference]) -> str:
    """Write references as entries; above one whose source names no authors stands that it does not."""
    return "\n".join(["% Encoding: UTF-8", *map(_entry, cited), ""])


def _entry(each: Reference) -> str:
    paper = each.paper
    fields = {
        "title": f"{{{title(paper.title, paper.raw_title)}}}",
        "author": f"{{{_authors(each.names)}}}" if each.names else "",
        "year": f"{{{each.year}}}",
        "month": _MONTHS[each.month - 1] if each.month else "",
        "eprint": f"{{{paper.id}}}",
        "archivePrefix": "{arXiv}",
        "primaryClass": f"{{{tex(paper.categories[0])}}}" if paper.categories else "",
        "url": f"{{{paper.url}}}",
        "keywords": f"{{{', '.join(map(tex, each.tags))}}}" if each.tags else "",
    }
    lines = [f"  {name} = {value}," for name, value in fields.items() if value]
    missing = [] if each.names else [f"% {paper.id}: its source names no authors."]
    return "\n".join(["", *missing, f"@misc{{{each.key},", *lines, "}"])


def _authors(names: Iterable[Name]) -> str:
    return " and ".join("others" if each.family == OTHERS else _author(each) for each in names)


def _author(name: Name) -> str:
    if not name.given:
        return f"{{{tex(name.family)}}}"
    return ", ".join(tex(each) for each in (name.family, name.suffix, name.given) if each)
