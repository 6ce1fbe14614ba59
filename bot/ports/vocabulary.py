"""The words that papers are written in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Vocabulary(Protocol):
    """Folded words: in how many papers each is, and which are near one."""

    async def frequencies(self, words: Iterable[str]) -> Mapping[str, int]:
        """Return how many papers have each of some folded words in the title or the abstract.

        Words that no paper has are left out.
        """

    async def near(self, word: str, edits: int) -> Mapping[str, int]:
        """Return the frequencies of the words that are at most one or two edits from a folded word.

        An edit is a letter too many, one too few, a wrong one, or two neighbours swapped (optimal string alignment).
        Left out are short words, those with digits and, in a large store, those that one paper has.
        """
