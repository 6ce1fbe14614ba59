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
_TO_TYPE = re.compile(rf"(?<=: ){_VERB}.*")  # "to take it back: club unvote 2011.10043", as help says it beside a row
_IS_HELP = re.compile(r"\n\n|\S {2,}\S.*\n")
_LONGEST_HEADING = 120
_HEADING = re.compile(r".*\w")  # one line that is no sentence
_FOLDED = re.compile(r"\n {8,}")  # a second column below its first one, which is too long for a terminal
_WRAPPED = re.compile(
    rf"(?<=[^\n]{{90}})\n(?=[a-z])(?!{_VERB}|\S+: )"
)  # as wide as a terminal; in a chat the window wraps


@dataclass(frozen=True, slots=True)
class Row:
    """A command line, and what it does."""

    line: str
    about: str = ""

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """Yield what it does in pieces, each with whether it is a command to type."""
        found = _TO_TYPE.search(self.about)
        return Text(self.about, (found.span(),) if found else ()).pieces()


@dataclass(frozen=True, slots=True)
class Heading:
    """What the rows below it have in common."""

    text: str


def parts(text: str) -> Iterator[str | Heading | list[Row]]:
    """Yield a text as it reads: words as they are, and in help the command lines that stand together as rows."""
    text = text.strip("\n")
    if not _IS_HELP.search(text):
        yield text
        return
    lines = _WRAPPED.sub(" ", _FOLDED.sub("  ", text)).split("\n")
    found = [(line, _ROW.fullmatch(line)) for line in lines]
    groups = [(is_list, list(group)) for is_list, group in groupby(found, key=lambda row: row[1] is not None)]
    for number, (is_list, group) in enumerate(groups):
        if is_list:
            yield [Row(match[1], match[2] or "") for _, match in group if match]
        elif said := "\n".join(line for line, _ in group).strip("\n"):
            heads = number + 1 < len(groups) and _HEADING.fullmatch(said)
            yield Heading(said) if heads else said


def headed(text: str) -> tuple[str, str]:
    """Return the line that heads a text, and the rest of it: no heading where that line is long enough to be read."""
    first, feed, rest = text.strip("\n").partition("\n")
    return (first, feed + rest) if len(first) <= _LONGEST_HEADING else ("", first + feed + rest)


def as_told(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text in pieces, each with whether it is a command to type."""
    return Text(text, tuple(told(text))).pieces()
