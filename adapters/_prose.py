"""What the core says, taken apart for chats: commands to type, and columns that only a terminal shows as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from bot.commands import COMMANDS, told
from bot.model import Text

_VERB = rf"(?:{'|'.join(COMMANDS)})\b(?!:)"  # "like: a text such as an abstract" is said of a field
_ROW = re.compile(rf"({_VERB}.*?)(?:\s{{2,}}(.*))?")  # "search QUERY   Find papers."
_IS_HELP = re.compile(r"\n\n|\S {2,}\S.*\n")
_FOLDED = re.compile(r"\n {8,}")  # a second column below its first one, which is too long for a terminal
_WRAPPED = re.compile(
    rf"(?<=[^\n]{{90}})\n(?=[a-z])(?!{_VERB}|\S+: )"
)  # as wide as a terminal; in a chat the window wraps


@dataclass(frozen=True, slots=True)
class Row:
    """A command line, and what it does."""

    line: str
    about: str = ""


def parts(text: str) -> Iterator[str | list[Row]]:
    """Yield a text as it reads: words as they are, and in help the command lines that stand together as rows."""
    text = text.strip("\n")
    if not _IS_HELP.search(text):
        yield text
        return
    lines = _WRAPPED.sub(" ", _FOLDED.sub("  ", text)).split("\n")
    found = [(line, _ROW.fullmatch(line)) for line in lines]
    for is_list, group in groupby(found, key=lambda row: row[1] is not None):
        if is_list:
            yield [Row(match[1], match[2] or "") for _, match in group if match]
        elif said := "\n".join(line for line, _ in group).strip("\n"):
            yield said


def as_told(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text in pieces, each with whether it is a command to type."""
    return Text(text, tuple(told(text))).pieces()
