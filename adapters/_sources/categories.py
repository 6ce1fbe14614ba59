"""The categories that a source is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from bot.digest.entries import CATEGORY, canonical
from bot.model import ARCHIVES, UserError


def named(categories: Iterable[str]) -> tuple[str, ...]:
    """Return categories as arXiv spells them, each once; raise `UserError` for what cannot be one."""
    spelt = [canonical(each.strip()) for each in categories]
    wrong = [each for each in spelt if not CATEGORY.fullmatch(each) or each.partition(".")[0] not in ARCHIVES]
    if wrong or not spelt:
        said = wrong[0] if wrong else ""
        raise UserError(f"{said!r} is no category of arXiv. Name one like cs.CV, or several like cs.CV+cs.CL.")
    return tuple(dict.fromkeys(spelt))
