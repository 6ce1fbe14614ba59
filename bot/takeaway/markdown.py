"""References as a Markdown list."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.takeaway.reference import Reference

# Any ASCII punctuation can be escaped so: https://spec.commonmark.org/0.31.2/#backslash-escapes
_SIGN = re.compile(r"([\\`*_{}\[\]<>&~|$#!^=+-]|:(?=//)|(?<=\bwww)\.|@)")


def markdown(cited: Sequence[Reference]) -> str:
    """Write references as a list, a line for each paper: title and link, authors, month, categories, tags."""
    return "".join(f"- {_line(each)}\n" for each in cited)


def _line(each: Reference) -> str:
    paper = each.paper
    facts = [", ".join(map(str, each.names)), each.date, ", ".join(paper.every_category)]
    said = [f"[{_escaped(paper.title)}]({paper.url})", *(_escaped(fact) for fact in facts if fact)]
    if each.tags:
        said.append(f"Tags: {_escaped(', '.join(each.tags))}")
    return ". ".join(said)


def _escaped(text: str) -> str:
    return _SIGN.sub(r"\\\1", " ".join(text.split()))
