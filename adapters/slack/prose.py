"""What the core says, as one reads it in Slack: commands as they are typed here, columns as a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from adapters.slack.elements import Block, bullets, piece, rich, section
from adapters.slack.manifest import COMMAND
from bot.commands import COMMANDS, told
from bot.model import Text

_VERB = rf"(?:{'|'.join(COMMANDS)})\b"
_ROW = re.compile(rf"({_VERB}.*?)(?:\s{{2,}}(.*))?")  # "search QUERY   Find papers."
_IS_HELP = re.compile(r"\n\n|\S {2,}\S.*\n")
_FOLDED = re.compile(r"\n {8,}")  # a second column below its first one, which is too long for a terminal
_WRAPPED = re.compile(rf"(?<=[^\n]{{90}})\n(?=[a-z])(?!{_VERB})")  # as wide as a terminal; in Slack the window wraps


def here(text: str) -> str:
    """Return a text with every command that it tells one to type as it is typed in Slack."""
    return "".join(f"{COMMAND} {each}" if is_command else each for each, is_command in _as_told(text))


def prose(text: str, *, headed: bool = False) -> Block:
    """Return a text as a block: commands as code, examples as a list, and the first line bold where it heads more."""
    text = text.strip("\n")
    if headed:
        first, feed, rest = text.partition("\n")
        return rich(section([*_pieces(first, "bold"), *_pieces(feed + rest)]))
    if not _IS_HELP.search(text):
        return rich(section(_pieces(text)))
    lines = _WRAPPED.sub(" ", _FOLDED.sub("  ", text)).split("\n")
    rows = [(line, _ROW.fullmatch(line)) for line in lines]
    elements = []
    for is_list, group in groupby(rows, key=lambda row: row[1] is not None):
        if is_list:
            elements.append(bullets(usage(row[1], row[2] or "") for _, row in group if row))
        elif said := "\n".join(line for line, _ in group).strip("\n"):
            elements.append(section(_pieces(said)))
    return rich(*elements)


def usage(line: str, about: str = "") -> list[Block]:
    """Return a command line as it is typed here, and what it does."""
    return [piece(f"{COMMAND} {line}", "code"), *([piece(f"  {about}")] if about else [])]


def _pieces(text: str, style: str = "") -> Iterator[Block]:
    for each, is_command in _as_told(text):
        yield piece(f"{COMMAND} {each}", "code") if is_command else piece(each, style)


def _as_told(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text in pieces, each with whether it is a command to type."""
    return Text(text, tuple(told(text))).pieces()
