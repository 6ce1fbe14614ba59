"""Rooms as a benchmark makes them up, with people and reactions, and the digests that are ranked for them.

A room is interested in one to three topics. A topic is a cluster of a category's papers by every second sentence of
their abstracts, or a category among those of all of computer science; the rankers see the title and the other
sentences. So what is relevant is not said by the words that are ranked by. A room's people subscribe to words of titles
of its topics in June and July, one in five to another topic's; its reactions are to papers of these months, one in
seven wrong. What is ranked are the digests of August for half of the topics, by which the weights were chosen, and of
September for the other half, which are reported. Code is not measured: the corpus has no addresses.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from benchmarks import material
from bot.alerts.subscribers import Subscribers
from bot.highlights import Room
from bot.highlights.evidence import Evidence, weigh
from bot.highlights.interest import interests
from bot.highlights.trends import DAYS, terms
from bot.model import Destination, Listing, Paper, Subscription
from bot.search.likeness import Rarity, Vector, bag, rarity, unit
from bot.search.words import words

CLUSTERED = ("cs.CV", "cs.AI", "cs.CL", "cs.RO")
_ALL = "all"
_AMONG_ALL = ("cs.RO", "cs.LG", "cs.SD", "cs.IR", "cs.CY", "eess.IV", "eess.AS", "cs.HC", "cs.GR", "cs.CR")
_LEARNT_UNTIL, _CHOSEN_UNTIL = date(2025, 7, 31), date(2025, 8, 31)
_CLUSTER = 80  # papers
_TERMS = 8  # of a topic, that its people may subscribe to
_COMPARED = 1000  # papers before a day, as bot.highlights.evidence compares it with
_FEWEST = 10  # papers of a day that leave something to choose
_WHEN = datetime(2025, 8, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Papers as the rankers see them, in the order of their digests; and what each is about, which they do not see."""

    papers: Mapping[str, Paper]
    days: Mapping[tuple[str, date], tuple[str, ...]]
    topics: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class History:
    """The papers of a category until the ranking begins, as words, and how rare these are."""

    papers: Mapping[str, Vector]
    rarity: Rarity


@dataclass(frozen=True, slots=True)
class Simulated:
    """A room: where it looks, what it is interested in, what its people subscribe to, how it reacts, in order."""

    name: str
    category: str
    topics: frozenset[str]
    queries: tuple[str, ...]
    reactions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A digest as the rankers get it: its papers, as texts and as words by what was there before; what is known."""

    papers: Sequence[Paper]
    history: History
    texts: Mapping[str, Sequence[str]]
    vectors: Mapping[str, Vector]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Case:
    """A room's digest of a day, with what is known of the room and what is relevant there."""

    room: Simulated
    day: Day
    known: Mapping[int, Room]  # by how many reactions are known
    relevant: Mapping[str, str]  # to its topic


def cases(corpus: Corpus, rooms: int, *, chosen_by: bool) -> Iterable[Case]:
    first, last = (_LEARNT_UNTIL, _CHOSEN_UNTIL) if chosen_by else (_CHOSEN_UNTIL, date.max)
    for category in (*CLUSTERED, _ALL):
        days = sorted(day for each, day in corpus.days if each == category)
        past = {id_: corpus.papers[id_] for day in days if day <= _LEARNT_UNTIL for id_ in corpus.days[category, day]}
        bags = {id_: bag(each.title, each.abstract) for id_, each in past.items()}
        rare = rarity(each.keys() for each in bags.values())
        history = History({id_: rare.vector(each) for id_, each in bags.items()}, rare)
        simulated = _simulated(corpus, category, past, rooms, chosen_by=chosen_by)
        reacted = [past[id_] for id_ in sorted({id_ for room in simulated for id_, _ in room.reactions})]
        voices = {
            _place(room, reactions): dict(room.reactions[:reactions]) for room in simulated for reactions in (5, 20)
        }
        everyone = Subscribers.of(each for room in simulated for each in _subscriptions(room))
        tenants = {("benchmark", room.name) for room in simulated}
        for day in (each for each in days if first < each <= last):
            papers = [corpus.papers[id_] for id_ in corpus.days[category, day]]
            month = [each for each in reversed(days) if 0 < (day - each).days <= DAYS]
            before = [corpus.papers[id_] for each in month for id_ in corpus.days[category, each]]
            today = Day(
                papers,
                history,
                {each.id: words(f"{each.title} {each.abstract}") for each in papers},
                {each.id: rare.vector(bag(each.title, each.abstract)) for each in papers},
                weigh(
                    papers,
                    [each.title for each in before],
                    [(each.title, each.abstract) for each in before[:_COMPARED]],
                    voices,
                    reacted,
                ),
            )
            followed = interests(everyone.match(papers), tenants)
            for room in simulated:
                topics = corpus.topics[category]
                relevant = {each.id: topics[each.id] for each in papers if topics.get(each.id) in room.topics}
                if relevant and len(papers) > _FEWEST:
                    here = followed["benchmark", room.name]
                    tastes = today.evidence.tastes
                    yield Case(room, today, {n: Room(here, tastes.get(_place(room, n))) for n in (0, 5, 20)}, relevant)


def _place(room: Simulated, reactions: int) -> Destination:
    return Destination("benchmark", room.name, str(reactions))


def _subscriptions(room: Simulated) -> list[Subscription]:
    return [
        Subscription(Destination("benchmark", room.name, f"@{number}"), 1, query, _WHEN, workspace=room.name)
        for number, query in enumerate(room.queries)
    ]


def _simulated(
    corpus: Corpus, category: str, past: Mapping[str, Paper], rooms: int, *, chosen_by: bool
) -> list[Simulated]:
    chance = random.Random(f"{category} {chosen_by}")
    about: defaultdict[str, list[str]] = defaultdict(list)
    for paper in past:
        if topic := corpus.topics[category].get(paper):
            about[topic].append(paper)
    every = sorted(topic for topic, papers in about.items() if len(papers) >= 12)
    random.Random(category).shuffle(every)
    every = every[::2] if chosen_by else every[1::2]
    telling = telling_terms(past, about)
    simulated = []
    for number in range(rooms):
        topics = chance.sample(every, chance.choice((1, 2, 3)))
        wanted = [chance.choice(topics) if chance.random() < 0.8 else chance.choice(every) for _ in range(8)]
        queries = [
            chance.choices(telling[topic], [1 / place for place in range(1, len(telling[topic]) + 1)])[0]
            for topic in wanted[: chance.randint(2, 8)]
            if telling[topic]
        ]
        own = [paper for topic in topics for paper in about[topic]]
        others = chance.sample(sorted(past.keys() - set(own)), 40)
        chance.shuffle(own)
        reactions = {}
        for _ in range(20):
            liked = chance.random() < 0.75
            right = chance.random() < 6 / 7
            reactions[(own if own and liked == right else others).pop()] = 1 if liked else -1
        name = f"{category}-{number}"
        simulated.append(Simulated(name, category, frozenset(topics), tuple(queries), tuple(reactions.items())))
    return simulated


def telling_terms(past: Mapping[str, Paper], about: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return for each topic the words and pairs of words that tell its papers' titles from the others', best first."""
    everywhere = Counter(term for paper in past.values() for term in terms(paper.title))
    found = {}
    for topic, papers in about.items():
        here = Counter(term for paper in papers for term in terms(past[paper].title))
        total = len(list(papers))
        worth = {
            term: count * math.log(count / total * len(past) / everywhere[term])
            for term, count in here.items()
            if count >= 3
        }
        found[topic] = sorted(worth, key=lambda term: (-worth[term], term))[:_TERMS]
    return found


def read() -> Corpus:
    papers, days, hidden, labels = {}, defaultdict(list), {}, {}
    for digest in material.corpus(None):
        for paper in digest.papers:
            sentences = re.split(r"(?<=[.?!])\s+", paper.abstract)
            papers[paper.id] = replace(
                paper, abstract=" ".join(sentences[::2]), listings=(Listing(digest.day, digest.category),)
            )
            hidden[paper.id] = " ".join(sentences[1::2])
            days[digest.category, digest.day].append(paper.id)
            if digest.category.startswith(("cs.", "eess.")):
                days[_ALL, digest.day].append(paper.id)
                if digest.category in _AMONG_ALL:
                    labels[paper.id] = digest.category
    topics = {_ALL: labels}
    for category in CLUSTERED:
        inside = [paper for (each, _), ids in sorted(days.items()) if each == category for paper in ids]
        topics[category] = _clusters({paper: hidden[paper] for paper in inside})
    # All of computer science as one digest: by number, as arXiv announces what it got.
    ordered = {key: tuple(sorted(ids) if key[0] == _ALL else ids) for key, ids in days.items()}
    return Corpus(papers, ordered, topics)


def _clusters(texts: Mapping[str, str]) -> dict[str, str]:
    """Return a topic for each text: spherical k-means over its words that not every eighth text has."""
    chance = random.Random(0)
    bags = {paper: bag("", text) for paper, text in texts.items()}
    common = rarity(each.keys() for each in bags.values())
    telling = {word for word, count in common.counts.items() if 2 < count < len(texts) / 8}
    vectors = {
        paper: _strongest({word: weight for word, weight in common.vector(each).items() if word in telling})
        for paper, each in bags.items()
    }
    centres = [vectors[paper] for paper in chance.sample(list(texts), len(texts) // _CLUSTER)]
    nearest: dict[str, str] = {}
    for _ in range(10):
        having: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, centre in enumerate(centres):
            for word, weight in centre.items():
                having[word].append((number, weight))
        sums: list[defaultdict[str, float]] = [defaultdict(float) for _ in centres]
        for paper, vector in vectors.items():
            near: defaultdict[int, float] = defaultdict(float)
            for word, weight in vector.items():
                for number, other in having.get(word, ()):
                    near[number] += weight * other
            if near:
                best = max(near, key=lambda each: (near[each], -each))
                nearest[paper] = str(best)
                for word, weight in vector.items():
                    sums[best][word] += weight
        centres = [_strongest(each) for each in sums]
    return nearest


def _strongest(weights: Vector, count: int = 40) -> Vector:
    """Return the strongest words of a vector alone: the clusters hardly change, and take a fraction of the time."""
    return unit(dict(sorted(weights.items(), key=lambda each: (-each[1], each[0]))[:count]))
