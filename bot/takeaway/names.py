"""Names of authors, as citations need them: what comes first and what it is sorted by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SUFFIX = re.compile(r"(?:jr|sr)\.?|II|III|IV", re.IGNORECASE)
_GROUP = re.compile(
    r"\b(?:alliance|association|authors|cent(?:er|re)|collaboration|committee|community|consortium|foundation|group"
    r"|initiative|institute|labs?|laboratory|members|network|organi[sz]ation|project|society|team|university)\b",
    re.IGNORECASE,
)
_AND_OTHERS = re.compile(r"(?:^|,?\s+)et\s+al\.?$", re.IGNORECASE)
OTHERS = "et al."


@dataclass(frozen=True, slots=True)
class Name:
    """A person by `family` name, with its particles, and `given` names; or a group, whose name is all in `family`."""

    family: str
    given: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.given, self.family, self.suffix]))

    @property
    def inverted(self) -> str:
        """The name as it is sorted: `Maaten, Laurens van der` is `van der Maaten, Laurens`."""
        return ", ".join(filter(None, [self.family, self.given, self.suffix]))


def names(authors: Iterable[str]) -> tuple[Name, ...]:
    """Read authors as a source writes them, given names first; "et al." behind one stands for a group of that name.

    A suffix that was cut off by its comma goes to whom it follows. As in BibTeX, a family name is the last word, with
    the words before it from the first in small letters on. What may be more than one name stays whole, as a group's.
    """
    read: list[Name] = []
    for author in map(_spaced, authors):
        if not author:
            continue
        if _SUFFIX.fullmatch(author) and read and read[-1].given and not read[-1].suffix:
            read[-1] = Name(read[-1].family, read[-1].given, author)
            continue
        named = _AND_OTHERS.sub("", author)
        if named:
            read.append(_name(named))
        if named != author:
            read.append(Name(OTHERS))
    return tuple(read)


def _name(author: str) -> Name:
    words = author.split()
    suffix = ""
    if len(words) > 2 and _SUFFIX.fullmatch(words[-1]):
        suffix = words.pop()
        words[-1] = words[-1].removesuffix(",")
    bare = " ".join(words)
    if len(words) == 1 or re.search(r"[,;&\d]", bare) or _GROUP.search(bare) or "and" in bare.lower().split():
        return Name(author)
    small = (place for place, word in enumerate(words[:-1]) if place and word[0].islower())
    cut = next(small, len(words) - 1)
    if words[0][0].islower() and words[-1][0].isupper():
        return Name(author)  # `van Gogh`: nothing says which part would be given
    return Name(" ".join(words[cut:]), " ".join(words[:cut]), suffix)


def _spaced(text: str) -> str:
    return " ".join(text.split())
