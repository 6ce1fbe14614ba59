"""The guided tour: the real commands on real digests, in a store of its own, on the days of the digests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from importlib import resources
from itertools import pairwise
from typing import Protocol

from bot.calendar import spoken
from bot.commands import answer
from bot.daily import take_in
from bot.delivery import deliver
from bot.digest import parse
from bot.model import Call, Digest, Paper, Reply, Text, UserError
from bot.ports import Platform, Store
from bot.search import spelling
from bot.search.grammar import parse as read_query
from bot.search.query import Folded

_CARDS = 3  # of each answer: a tour is short
_ALERTS = 5  # papers in the alert at most
_CANDIDATES = 50
_WORD = re.compile(r"[a-z]{4,}")
_COMMON = re.compile(
    "about|across|after|against|among|based|before|beyond|between|during|each|every|from|have|into|less|more|most|only"
    "|other|over|than|that|their|them|then|there|these|they|this|those|through|towards?|under|using|very|want|what"
    "|when|where|which|while|will|with|within|without|your"
)


class Stage(Platform, Protocol):
    """A platform that can also show words and answers: where the tour is given. `clock` is its time."""

    clock: Callable[[], datetime]

    def call(self, line: str) -> Call: ...

    async def show(self, reply: Reply, *, typed: str = "") -> None: ...

    async def say(self, text: str) -> None: ...


def sample() -> tuple[Digest, ...]:
    """Return the digests that come with the program."""
    return parse(resources.files("bot").joinpath("sample.md").read_text("utf-8"), "sample.md")


async def tour(digests: Iterable[Digest], store: Store, stage: Stage) -> None:
    """Show what there is to see: a day, a search, a subscription, and what the next digest brings by itself.

    The last day's digests come in at the end, so that what was asked for before arrives. The stage's clock stands
    at the digests' days, then and afterwards. Raises `UserError` where no digest holds a paper.
    """
    by_day = sorted((each for each in digests if each.papers), key=lambda each: each.day)
    if not by_day:
        raise UserError("There is no paper in these digests, so there is nothing to show.")
    earlier = [each for each in by_day if each.day < by_day[-1].day]
    last = by_day[len(earlier) :]
    topic = _topic(_papers(earlier), _papers(last))
    guide = _Guide(store, stage)

    guide.go_to((earlier or last)[-1].day)
    await stage.say("A tour of Paperwire. After > stands what you would type.")
    if earlier:
        await guide.take_in(earlier)
        await guide.look(topic)
    await guide.ask_for(topic)
    guide.go_to(last[-1].day)
    await stage.say(f"{spoken(last[-1].day)}: a digest comes in, and what was asked for arrives by itself.")
    await guide.take_in(last)
    await store.begin_delivery()
    await deliver(store, {stage.call("").room.platform: stage}, stage.clock)
    if not earlier:
        await guide.look(topic)


class _Guide:
    """The stops of the tour."""

    def __init__(self, store: Store, stage: Stage) -> None:
        self._store = store
        self._stage = stage
        self._stop = 0

    def go_to(self, day: date) -> None:
        at = datetime.combine(day, time(9)).astimezone()
        self._stage.clock = lambda: at

    async def take_in(self, digests: Iterable[Digest]) -> None:
        for digest in digests:
            await take_in(digest, self._store, self._stage.clock())

    async def look(self, topic: str | None) -> None:
        await self._show("Today's papers", "today")
        if topic and (slip := await self._slip(topic)):
            await self._show("A search, with a slip of the finger", f"search {slip}")

    async def ask_for(self, topic: str | None) -> None:
        if topic:
            await self._show("To be told of new papers, subscribe to a search", f"subscribe {topic}")
        await self._show("To have each day's highlights in this room", f"settings on count:{_CARDS}")

    async def _show(self, about: str, line: str) -> None:
        self._stop += 1
        await self._stage.say(f"{self._stop}. {about}")
        reply = await answer(self._stage.call(line), self._store)
        if len(reply.cards) > _CARDS:
            note = f"{reply.note}\nThe tour shows {_CARDS} of the {len(reply.cards)} papers here.".strip()
            reply = replace(reply, cards=reply.cards[:_CARDS], note=Text(note))
        await self._stage.show(reply, typed=line)

    async def _slip(self, topic: str) -> str | None:
        """Return the topic with two letters swapped, in a way that the program can put right."""
        words = _WORD.findall(topic)
        for word in sorted(words, key=len, reverse=True):
            for at in range(1, len(word) - 2):
                slipped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
                line = " ".join(slipped if each == word else each for each in words)
                meant = await spelling.suggestion(read_query(line), self._store)
                if meant and meant.key == read_query(" ".join(words)).key:
                    return line
        return None


def _papers(digests: Iterable[Digest]) -> list[Paper]:
    return list({paper.id: paper for digest in digests for paper in digest.papers}.values())


def _topic(earlier: Sequence[Paper], last: Sequence[Paper]) -> str | None:
    """Return a search that finds papers of both parts, and not too many of the last to read; None without titles.

    A phrase of two words that titles have often, or one word.
    """
    here = [Folded(paper) for paper in last]
    for size in (2, 1):
        often = Counter(_phrases(earlier or last, size))
        shared = sorted(often.keys() & set(_phrases(last, size)), key=lambda each: (-often[each], each))
        found = []
        for phrase in shared[:_CANDIDATES]:
            query = read_query(f'"{phrase}"' if size > 1 else phrase)
            count = sum(map(query.matches, here))
            if 0 < count <= _ALERTS:
                found.append((count, often[phrase], query.text))
        if found:
            return max(found)[-1]
    return None


def _phrases(papers: Iterable[Paper], size: int) -> Iterator[str]:
    """Yield the phrases of each title, each once a title."""
    for paper in papers:
        words = re.findall(r"[a-z]+|[^a-z\s]+", paper.title.lower())
        runs = [(word,) for word in words] if size == 1 else list(pairwise(words))
        yield from {" ".join(run) for run in runs if all(_WORD.fullmatch(w) and not _COMMON.fullmatch(w) for w in run)}
