"""What a day's highlights are chosen by, besides the day's papers: read and computed before the digest is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import trends
from bot.likeness import Vector, bag, different, rarity
from bot.model import Destination, Digest, Following, Paper
from bot.ports import Store
from bot.query import category_word, category_words
from bot.taste import LASTS, Taste, taste, usual
from bot.trends import Trend

_COMPARED = 1000  # papers before the day: by more, a word's rarity changes little


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a day's papers: as words, by id; how usual each is among them; what rises; tastes by room."""

    papers: Mapping[str, Vector] = field(default_factory=dict)
    usual: Mapping[str, float] = field(default_factory=dict)
    rising: tuple[Trend, ...] = ()
    tastes: Mapping[Destination, Taste] = field(default_factory=dict)


async def gather(digest: Digest, store: Store, at: datetime) -> Evidence:
    """Return what the highlights of a digest can be chosen by; nothing where no room is owed any.

    It is read outside the transaction that stores the digest, which must be short: what changes in between counts
    next time.
    """
    rooms = {each.room for each in await store.followings() if follows(each, digest.category)}
    if not rooms or any(each.category == digest.category for each in await store.digests(digest.day)):
        return Evidence()
    month = digest.day - timedelta(days=trends.DAYS), digest.day - timedelta(days=1)
    titles = await store.headlines(digest.category, *month)
    reactions = {room: each for room, each in (await store.reactions(at - LASTS)).items() if room in rooms}
    reacted = await store.papers(sorted({id_ for each in reactions.values() for id_ in each}))
    before = await store.texts(digest.category, *month, limit=_COMPARED) if reactions else ()
    return await asyncio.to_thread(weigh, digest.papers, titles, before, reactions, reacted)


def weigh(
    papers: Sequence[Paper],
    titles: Sequence[str],
    before: Iterable[tuple[str, str]],
    reactions: Mapping[Destination, Mapping[str, int]],
    reacted: Iterable[Paper],
) -> Evidence:
    """Return what is to be known of a day's papers.

    `titles` are those of the month before, `before` titles and abstracts of the last papers before; `reactions` are for
    each room the voices for a paper, by id, and `reacted` are all those papers.
    """
    bags = {paper.id: bag(paper.title, paper.abstract) for paper in papers}
    common = rarity([*(each.keys() for each in bags.values()), *(different(*each) for each in before)])
    vectors = {paper: common.vector(each) for paper, each in bags.items()}
    known = {paper.id: common.vector(bag(paper.title, paper.abstract)) for paper in reacted}
    tastes = {room: taste((known[id_], voices[id_]) for id_ in sorted(voices)) for room, voices in reactions.items()}
    return Evidence(
        vectors,
        usual(vectors) if tastes else {},
        trends.rising([paper.title for paper in papers], titles),
        {room: each for room, each in tastes.items() if each},
    )


def follows(following: Following, category: str) -> bool:
    """Say whether a room wants a category: all if it names none, else those named, or their whole archive."""
    wanted = set(map(category_word, following.categories))
    return not wanted or bool(wanted & category_words((category,)))
