"""What a day's highlights are chosen by, besides the day's papers: read and computed before the digest is stored."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.highlights import trends
from bot.highlights.novelty import LATELY
from bot.highlights.taste import LASTS, Taste, taste, usual
from bot.highlights.trends import Trend
from bot.model import Destination, Digest, Following, Paper
from bot.ports import Store
from bot.search.likeness import Bag, Rarity, Vector, bag, different, rarity
from bot.search.query import category_word, category_words

_COMPARED = 1000  # papers before the day: by more, a word's rarity changes little


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a day's papers, by id, besides what people follow.

    They stand as their words, how often each has them, and as vectors; `usual` is how like the others each is. `rarity`
    is that of their words, `length` how many a paper has, `rising` what is more frequent than before, `tastes` are the
    rooms' own.
    """

    bags: Mapping[str, Bag] = field(default_factory=dict)
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    usual: Mapping[str, float] = field(default_factory=dict)
    rarity: Rarity = Rarity({}, 0)  # noqa: RUF009  # frozen, and empty
    length: float = 1
    rising: tuple[Trend, ...] = ()
    tastes: Mapping[Destination, Taste] = field(default_factory=dict)

    def close(self, paper: str, words: Mapping[str, int]) -> float:
        """Return how close a paper is to what people look for: each word by its rarity, and how often it is there.

        Long texts have more of everything: half of that is made up for, much as BM25 does.
        """
        bag = self.bags.get(paper, {})
        # Exactly: in which order others first looked for these words must not break a tie.
        found = math.fsum(
            people * self.rarity.of(word) * (1 + math.log(bag[word])) for word, people in words.items() if word in bag
        )
        return found / (0.5 + 0.5 * sum(bag.values()) / self.length) if found else 0


async def gather(digest: Digest, store: Store, at: datetime) -> Evidence:
    """Return what the highlights of a digest can be chosen by; nothing where no room is owed any.

    It is read outside the transaction that stores the digest, which must be short: what changes in between counts
    next time.
    """
    rooms = {each.room for each in await store.followings() if follows(each, digest.category)}
    if not rooms or any(each.category == digest.category for each in await store.digests(digest.day)):
        return Evidence()
    return await known(digest, rooms, store, at)


async def known(digest: Digest, rooms: Collection[Destination], store: Store, at: datetime) -> Evidence:
    """Return what the highlights of a digest, stored or not, can be chosen by in some rooms.

    Of what was liked it is what was liked at a moment, `at`.
    """
    month = digest.day - timedelta(days=trends.DAYS), digest.day - timedelta(days=1)
    titles = await store.headlines(digest.category, *month)
    shared = [room for room in rooms if not room.is_person]
    reactions = dict(await store.reactions(at - LASTS, *shared, until=at) if shared else {})
    # What a person said counts for their own highlights wherever they said it.
    reactions |= await store.opinions(at - LASTS, [room for room in rooms if room.is_person], until=at)
    shown = await store.shown(digest.day - LATELY, digest.day, list(reactions))
    ids = {paper for each in (*reactions.values(), *shown.values()) for paper in each}
    reacted = await store.papers(sorted(ids))
    # Whether anybody reacted or not: what is rare for one room must not depend on another's.
    before = await store.texts(digest.category, *month, limit=_COMPARED)
    return await asyncio.to_thread(weigh, digest.papers, titles, before, reactions, reacted, shown)


def weigh(
    papers: Sequence[Paper],
    titles: Sequence[str],
    before: Iterable[tuple[str, str]],
    reactions: Mapping[Destination, Mapping[str, int]],
    reacted: Iterable[Paper],
    shown: Mapping[Destination, Iterable[str]] = {},
) -> Evidence:
    """Return what is to be known of a day's papers.

    `titles` are those of the month before, `before` titles and abstracts of the last papers before; `reactions` are for
    each room the voices for a paper, by id, `shown` what it was shown lately, and `reacted` are all those papers.
    """
    bags = {paper.id: bag(paper.title, paper.abstract) for paper in papers}
    common = rarity([*(each.keys() for each in bags.values()), *(different(*each) for each in before)])
    vectors = {paper: common.vector(each) for paper, each in bags.items()}
    known = {paper.id: common.vector(bag(paper.title, paper.abstract)) for paper in reacted}
    tastes = {room: taste((known[id_], voices[id_]) for id_ in sorted(voices)) for room, voices in reactions.items()}
    return Evidence(
        bags,
        vectors,
        usual(vectors) if tastes else {},
        common,
        sum(sum(each.values()) for each in bags.values()) / max(1, len(bags)),
        trends.rising([paper.title for paper in papers], titles),
        {
            room: replace(each, shown=tuple(known[id_] for id_ in shown.get(room, ())))
            for room, each in tastes.items()
            if each
        },
    )


def follows(following: Following, category: str) -> bool:
    """Say whether a room wants a category: all if it names none, else those named, or their whole archive."""
    wanted = set(map(category_word, following.categories))
    return not wanted or bool(wanted & category_words((category,)))
