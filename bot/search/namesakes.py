"""Who is behind an author's name: how it is written, with whom and in which categories, and how many papers tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.model import Paper
from bot.ports import Store
from bot.search.words import padded, phrases

_NAMED = 3
_MONTH = timedelta(days=29)  # and the day itself


def described(name: str, papers: Sequence[Paper], count: str) -> str:
    """Say in which ways an author's name is written on papers, with whom they are, and in which categories."""
    wanted = f" {' '.join(phrases(name)[0])} "
    spelt = Counter(each for paper in papers for each in paper.authors if wanted in padded(each))
    others = Counter(each for paper in papers for each in paper.authors if each not in spelt)
    beside = f"; with {', '.join(each for each, _ in others.most_common(_NAMED))}" if others else ""
    return f"{count} with an author of this name: {_counted(spelt)}{beside}; in {_counted(categories(papers))}."


def categories(papers: Iterable[Paper]) -> Counter[str]:
    """Count in which categories papers are."""
    return Counter(each for paper in papers for each in paper.every_category)


async def coverage(store: Store) -> str:
    """Say of how many papers the authors are known, and which categories lately came without."""
    held = await store.holdings()
    if held.newest is None:
        return ""
    if held.with_authors == held.papers:
        return "The authors of all stored papers are known."
    share = f"{held.with_authors:,} of {held.papers:,} stored papers ({held.with_authors / held.papers:.0%})"
    lacking = sorted({each.category for each in await store.unattributed(held.newest - _MONTH)})
    lately = f" In the newest 30 days, digests of {_few(lacking)} came without." if lacking else ""
    return f"The authors of {share} are known; by an author, the others can never match.{lately}"


def _counted(counts: Counter[str]) -> str:
    said = [f"{each} ({count:,})" for each, count in counts.most_common(_NAMED)]
    return _few(said, len(counts))


def _few(said: Sequence[str], of: int | None = None) -> str:
    more = (of or len(said)) - min(len(said), _NAMED)
    return ", ".join(said[:_NAMED]) + f" and {more:,} more" * (more > 0)
