"""What a room or a person has taught, in words: those that go up, and those that go down."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.highlights.taste import SAYS_LITTLE, Taste, taste
from bot.highlights.trends import spelled
from bot.model import Paper
from bot.ports import Store
from bot.search.likeness import Bag, Rarity, bag
from bot.search.spelling import lowered


@dataclass(frozen=True, slots=True)
class Taught:
    """How many papers were liked, how many were not, and the words that tell most of each, as the papers write them."""

    liked: int = 0
    disliked: int = 0
    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()


async def taught(voices: Mapping[str, int], store: Store, words: int) -> Taught:
    """Return what voices for papers, by their ids, have taught: at most so many words each way."""
    papers = await store.papers(sorted(voices))
    bags = await asyncio.to_thread(read, papers)
    common = await rare(bags.values(), store)
    return await asyncio.to_thread(_taught, papers, bags, common, voices, words)


def read(papers: Iterable[Paper]) -> dict[str, Bag]:
    """Return how often each paper, by its id, has each word."""
    return {paper.id: bag(paper.title, paper.abstract) for paper in papers}


async def rare(bags: Iterable[Bag], store: Store) -> Rarity:
    """Return how rare the words of some papers are among all that are stored."""
    words = {word for each in bags for word in each}
    return Rarity(await store.frequencies(words), await store.size())


def _taught(
    papers: Sequence[Paper], bags: Mapping[str, Bag], common: Rarity, voices: Mapping[str, int], words: int
) -> Taught:
    heard = [(common.vector(bags[paper.id]), voices[paper.id]) for paper in papers]
    up, down = _telling(taste(heard)), _telling(taste((vector, -value) for vector, value in heard))
    down = [word for word in down if word not in up]

    def spelling(word: str) -> str:
        first = next(paper for paper in papers if word in bags[paper.id])
        return lowered(spelled(word, f"{first.title}\n{first.abstract}"))

    return Taught(
        sum(value > 0 for _, value in heard),
        sum(value < 0 for _, value in heard),
        tuple(map(spelling, up[:words])),
        tuple(map(spelling, down[:words])),
    )


def _telling(known: Taste | None) -> Sequence[str]:
    return [word for word, weight in known.words.items() if weight > 0 and word not in SAYS_LITTLE] if known else []
