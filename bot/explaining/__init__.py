"""Why a paper was told or shown, and why not: what its words, the outbox and the ranking say of it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model import Text


def joined(pieces: Iterable[Text | str], between: str = "") -> Text:
    """Return some texts as one, their marks where they belong."""
    plain, marks = "", []
    for number, piece in enumerate(pieces):
        each = Text(piece) if isinstance(piece, str) else piece
        plain += between * (number > 0)
        marks += [(start + len(plain), end + len(plain)) for start, end in each.marks]
        plain += each.plain
    return Text(plain, tuple(marks))
