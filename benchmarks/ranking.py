"""How well a room's highlights are chosen: simulated rooms on a real corpus, beside three other ways.

A room is interested in one to three topics. A topic is a cluster of a category's papers by every second sentence of
their abstracts, or a category among those of all of computer science; the rankers see the title and the other
sentences. So what is relevant is not said by the words that are ranked by. A room's people subscribe to words of titles
of its topics in June and July, one in five to another topic's; its reactions are to papers of these months, one in
seven wrong. What is ranked are the digests of August for half of the topics, by which the weights were chosen, and of
September for the other half, which are reported.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from statistics import fmean

from benchmarks import material
from benchmarks.timing import Row
from bot import alerts
from bot.evidence import Evidence, weigh
from bot.highlights import Room, Weights, choose
from bot.interest import interests
from bot.likeness import Rarity, Vector, bag, likeness, rarity, unit
from bot.model import Destination, Listing, Paper, Subscription
from bot.trends import DAYS, rising, terms
from bot.words import words

_CLUSTERED = ("cs.CV", "cs.AI", "cs.CL", "cs.RO")
_ALL = "all"
_AMONG_ALL = ("cs.RO", "cs.LG", "cs.SD", "cs.IR", "cs.CY", "eess.IV", "eess.AS", "cs.HC", "cs.GR", "cs.CR")
_LEARNT_UNTIL, _CHOSEN_UNTIL = date(2025, 7, 31), date(2025, 8, 31)
_CLUSTER = 80  # papers
_TERMS = 8  # of a topic, that its people may subscribe to
_WHEN = datetime(2025, 8, 1, tzinfo=UTC)
_TEN, _FIVE = 10, 5


_SEEN = {"nothing": (False, 0), "subscriptions": (True, 0), "5 reactions": (False, 5), "20 reactions": (False, 20)}
_SEEN |= {"subscriptions and 5 reactions": (True, 5), "subscriptions and 20 reactions": (True, 20)}
_OURS = Weights()
_WITHOUT = {f"without {part}": replace(_OURS, **{part: 0}) for part in ("people", "taste", "rising", "code", "variety")}


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Papers as the rankers see them, in the order of their digests; and what each is about, which they do not see."""

    papers: Mapping[str, Paper]
    days: Mapping[tuple[str, date], tuple[str, ...]]
    topics: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _History:
    """The papers of a category until the ranking begins, as words, and how rare these are."""

    papers: Mapping[str, Vector]
    rarity: Rarity


@dataclass(frozen=True, slots=True)
class _Simulated:
    """A room: where it looks, what it is interested in, what its people subscribe to, how it reacts, in order."""

    name: str
    category: str
    topics: frozenset[str]
    queries: tuple[str, ...]
    reactions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Day:
    """A digest as the rankers get it: its papers, as texts and as words by what was there before; what is known."""

    papers: Sequence[Paper]
    history: _History
    texts: Mapping[str, Sequence[str]]
    vectors: Mapping[str, Vector]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Case:
    """A room's digest of a day, with what is known of the room and what is relevant there."""

    room: _Simulated
    day: _Day
    known: Mapping[int, Room]  # by how many reactions are known
    relevant: Mapping[str, str]  # to its topic


_Ranker = Callable[[_Case, bool, int], Sequence[str]]


def rows(rooms: int, *, chosen_by: bool = False) -> list[tuple[str, list[Row]]]:
    """Rank for so many rooms of each category; those that the weights were chosen by, or the others."""
    if not material.CORPUS.exists():
        return [("Ranking: there is no corpus beside the checkout", [])]
    corpus = _read()
    measured: defaultdict[tuple[str, str], defaultdict[str, list[tuple[float, float, int]]]]
    measured = defaultdict(lambda: defaultdict(list))
    for case in _cases(corpus, rooms, chosen_by=chosen_by):
        for seen, (people, reactions) in _SEEN.items():
            for name, ranker in _rankers(people, reactions).items():
                ranked = ranker(case, people, reactions)
                measured[seen, name][case.room.name].append(_figures(case, corpus, ranked))
    groups = []
    for seen in _SEEN:
        title = f"Known: {seen}. nDCG@10 and its 95 % interval, alpha-nDCG@5, topics among five"
        groups.append((title, [_row(name, by_room) for (each, name), by_room in measured.items() if each == seen]))
    return [*groups, ("Terms that rise: in how many times as many titles of the ten digests after", _trends(corpus))]


def _rankers(people: bool, reactions: int) -> dict[str, _Ranker]:
    found: dict[str, _Ranker] = {"digest order": lambda case, *_: [each.id for each in case.day.papers]}
    if people:
        found["how many follow it, then code (before)"] = _counted
        found["BM25 on the subscriptions"] = _bm25
    if reactions:
        found["linear SVM on tf-idf of the reactions"] = _linear
    found["ours"] = _ours(_OURS)
    if people and reactions == 20:
        found |= {f"  {name}": _ours(weights) for name, weights in _WITHOUT.items()}
    return found


def _ours(weights: Weights) -> _Ranker:
    def ranked(case: _Case, people: bool, reactions: int) -> Sequence[str]:
        known = case.known[reactions]
        room = known if people else replace(known, interests={})
        return [pick.paper for pick in choose(case.day.papers, room, case.day.evidence, _TEN, weights)]

    return ranked


def _counted(case: _Case, _: bool, __: int) -> Sequence[str]:
    interest = case.known[0].interests
    return [
        each.id
        for each in sorted(
            case.day.papers, key=lambda each: (-interest[each.id].people if each.id in interest else 0, not each.code)
        )
    ]


def _bm25(case: _Case, _: bool, __: int) -> Sequence[str]:
    wanted = Counter(word for query in case.room.queries for word in words(query))
    known = case.day.history.rarity
    texts = case.day.texts
    mean = fmean(map(len, texts.values()))
    scores = {}
    for paper, text in texts.items():
        counts = Counter(text)
        scores[paper] = sum(
            weight
            * math.log(1 + (known.texts - known.counts.get(word, 0) + 0.5) / (known.counts.get(word, 0) + 0.5))
            * counts[word]
            * 2.2
            / (counts[word] + 1.2 * (0.25 + 0.75 * len(text) / mean))
            for word, weight in wanted.items()
        )
    return sorted(scores, key=lambda paper: -scores[paper])


def _linear(case: _Case, _: bool, reactions: int) -> Sequence[str]:
    """Rank by a linear support vector machine: what was liked against what was not, and 600 others of the past.

    Its C of 0.01 and classes of equal weight are arxiv-sanity-lite's; it is fitted by dual coordinate descent.
    """
    weights = _fitted(case.room, case.day.history, reactions)
    scores = {paper: likeness(vector, weights) for paper, vector in case.day.vectors.items()}
    return sorted(scores, key=lambda paper: -scores[paper])


_FITTED: dict[tuple[str, int], Vector] = {}


def _fitted(room: _Simulated, history: _History, reactions: int) -> Vector:
    if (room.name, reactions) not in _FITTED:
        chance = random.Random(room.name)
        values = dict(room.reactions[:reactions])
        others = chance.sample(sorted(history.papers.keys() - values.keys()), min(600, len(history.papers) // 2))
        values |= dict.fromkeys(others, -1)
        examples = [(history.papers[paper], value) for paper, value in values.items()]
        _FITTED[room.name, reactions] = _machine(examples, chance)
    return _FITTED[room.name, reactions]


def _machine(examples: Sequence[tuple[Vector, int]], chance: random.Random, cost: float = 0.01) -> Vector:
    """Return the weights of a linear SVM with hinge loss: Hsieh et al., https://doi.org/10.1145/1390156.1390208."""
    count = Counter(value for _, value in examples)
    weights: defaultdict[str, float] = defaultdict(float)
    bias = 0.0
    alphas = [0.0] * len(examples)
    for _ in range(15):
        for number in chance.sample(range(len(examples)), len(examples)):
            vector, value = examples[number]
            most = cost * len(examples) / (2 * count[value])
            slope = value * (sum(each * weights[word] for word, each in vector.items()) + bias) - 1
            alpha = min(max(alphas[number] - slope / 2, 0), most)
            step = (alpha - alphas[number]) * value
            alphas[number] = alpha
            bias += step
            for word, each in vector.items():
                weights[word] += step * each
    return weights


def _figures(case: _Case, corpus: _Corpus, ranked: Sequence[str]) -> tuple[float, float, int]:
    """Return nDCG@10, alpha-nDCG@5 over the room's topics, and how many topics of any kind the first five have."""
    discounts = [1 / math.log2(place + 2) for place in range(_TEN)]
    gained = sum(each for each, paper in zip(discounts, ranked, strict=False) if paper in case.relevant)
    about = Counter(case.relevant.values())
    ideal = [topic for _, topic in sorted((nth, topic) for topic, count in about.items() for nth in range(count))]
    topics = corpus.topics[case.room.category]
    return (
        gained / sum(discounts[: len(case.relevant)]),
        _novelty([case.relevant.get(paper, "") for paper in ranked[:_FIVE]]) / _novelty(ideal[:_FIVE]),
        len({topics.get(paper, paper) for paper in ranked[:_FIVE]}),
    )


def _novelty(topics: Sequence[str]) -> float:
    """Return alpha-DCG: a topic is worth half as much each time it comes again."""
    return sum(0.5 ** topics[:place].count(topic) / math.log2(place + 2) for place, topic in enumerate(topics) if topic)


def _row(name: str, by_room: Mapping[str, Sequence[tuple[float, float, int]]]) -> Row:
    precise, novel, topics = (
        [fmean(figures[which] for figures in days) for days in by_room.values()] for which in range(3)
    )
    chance = random.Random(0)
    means = sorted(fmean(chance.choices(precise, k=len(precise))) for _ in range(1000))
    interval = f"{fmean(precise):.3f} ({means[25]:.3f}-{means[974]:.3f})"
    return Row(name, interval, f"{fmean(novel):.3f}", f"{fmean(topics):.2f}")


def _cases(corpus: _Corpus, rooms: int, *, chosen_by: bool) -> Iterable[_Case]:
    first, last = (_LEARNT_UNTIL, _CHOSEN_UNTIL) if chosen_by else (_CHOSEN_UNTIL, date.max)
    for category in (*_CLUSTERED, _ALL):
        days = sorted(day for each, day in corpus.days if each == category)
        past = {id_: corpus.papers[id_] for day in days if day <= _LEARNT_UNTIL for id_ in corpus.days[category, day]}
        bags = {id_: bag(each.title, each.abstract) for id_, each in past.items()}
        rare = rarity(each.keys() for each in bags.values())
        history = _History({id_: rare.vector(each) for id_, each in bags.items()}, rare)
        simulated = _simulated(corpus, category, past, rooms, chosen_by=chosen_by)
        reacted = [past[id_] for id_ in sorted({id_ for room in simulated for id_, _ in room.reactions})]
        voices = {
            _place(room, reactions): dict(room.reactions[:reactions]) for room in simulated for reactions in (5, 20)
        }
        everyone = [each for room in simulated for each in _subscriptions(room)]
        tenants = {("benchmark", room.name) for room in simulated}
        for day in (each for each in days if first < each <= last):
            papers = [corpus.papers[id_] for id_ in corpus.days[category, day]]
            month = [each for each in reversed(days) if 0 < (day - each).days <= DAYS]
            before = [corpus.papers[id_] for each in month for id_ in corpus.days[category, each]]
            today = _Day(
                papers,
                history,
                {each.id: words(f"{each.title} {each.abstract}") for each in papers},
                {each.id: rare.vector(bag(each.title, each.abstract)) for each in papers},
                weigh(
                    papers,
                    [each.title for each in before],
                    [(each.title, each.abstract) for each in before[:1000]],
                    voices,
                    reacted,
                ),
            )
            followed = interests(everyone, alerts.match(everyone, papers), papers, tenants)
            for room in simulated:
                topics = corpus.topics[category]
                relevant = {each.id: topics[each.id] for each in papers if topics.get(each.id) in room.topics}
                if relevant and len(papers) > _TEN:
                    here = followed.get(("benchmark", room.name), {})
                    tastes = today.evidence.tastes
                    yield _Case(room, today, {n: Room(here, tastes.get(_place(room, n))) for n in (0, 5, 20)}, relevant)


def _place(room: _Simulated, reactions: int) -> Destination:
    return Destination("benchmark", room.name, str(reactions))


def _subscriptions(room: _Simulated) -> list[Subscription]:
    return [
        Subscription(Destination("benchmark", room.name, f"@{number}"), 1, query, _WHEN, workspace=room.name)
        for number, query in enumerate(room.queries)
    ]


def _simulated(
    corpus: _Corpus, category: str, past: Mapping[str, Paper], rooms: int, *, chosen_by: bool
) -> list[_Simulated]:
    chance = random.Random(f"{category} {chosen_by}")
    about: defaultdict[str, list[str]] = defaultdict(list)
    for paper in past:
        if topic := corpus.topics[category].get(paper):
            about[topic].append(paper)
    every = sorted(topic for topic, papers in about.items() if len(papers) >= 12)
    random.Random(category).shuffle(every)
    every = every[::2] if chosen_by else every[1::2]
    telling = _telling(past, about)
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
        simulated.append(_Simulated(name, category, frozenset(topics), tuple(queries), tuple(reactions.items())))
    return simulated


def _telling(past: Mapping[str, Paper], about: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
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


def _read() -> _Corpus:
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
    for category in _CLUSTERED:
        inside = [paper for (each, _), ids in sorted(days.items()) if each == category for paper in ids]
        topics[category] = _clusters({paper: hidden[paper] for paper in inside})
    # All of computer science as one digest: by number, as arXiv announces what it got.
    ordered = {key: tuple(sorted(ids) if key[0] == _ALL else ids) for key, ids in days.items()}
    return _Corpus(papers, ordered, topics)


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


def _trends(corpus: _Corpus) -> list[Row]:
    """Hold the titles of the ten digests after a term rose against those of the month before."""
    totals: dict[str, list[float]] = {"rising terms": [0, 0, 0], "other terms of three titles or more": [0, 0, 0]}
    for category in _CLUSTERED:
        days = sorted(day for each, day in corpus.days if each == category)
        titles = {day: [corpus.papers[id_].title for id_ in corpus.days[category, day]] for day in days}
        for place, day in enumerate(days[15:-10], 15):
            month = [title for each in days[:place] if (day - each).days <= DAYS for title in titles[each]]
            after = [title for each in days[place + 1 : place + 11] for title in titles[each]]
            counts = Counter(term for title in titles[day] for term in terms(title))
            before, later = (Counter(term for title in each for term in terms(title)) for each in (month, after))
            high = {each.term for each in rising(titles[day], month)}
            for term in (each for each, count in counts.items() if count >= 3):
                total = totals["rising terms" if term in high else "other terms of three titles or more"]
                total[0] += later[term]
                total[1] += before[term] * len(after) / len(month)
                total[2] += 1
    return [
        Row(name, f"{int(number)} of them", f"x {later / before:.2f}")
        for name, (later, before, number) in totals.items()
    ]
