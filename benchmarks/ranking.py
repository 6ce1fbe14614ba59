"""How well a room's highlights are chosen, beside three other ways; `benchmarks.simulated` says for which rooms."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from benchmarks import material, tasting
from benchmarks.gains import interval, ndcg
from benchmarks.simulated import CLUSTERED, Case, Corpus, History, Simulated, cases, read
from benchmarks.timing import Row
from bot.highlights import Weights, choose
from bot.highlights.interest import Interest
from bot.highlights.trends import DAYS, rising, terms
from bot.search.likeness import Vector, likeness
from bot.search.words import words

_TEN, _FIVE = 10, 5
_SEEN = {"nothing": (False, 0), "subscriptions": (True, 0), "5 reactions": (False, 5), "20 reactions": (False, 20)}
_SEEN |= {"subscriptions and 5 reactions": (True, 5), "subscriptions and 20 reactions": (True, 20)}
_OURS = Weights()
_WITHOUT = {
    f"without {part}": replace(_OURS, **{part: 0}) for part in ("people", "taste", "rising", "variety", "novelty")
}


_Ranker = Callable[[Case, bool, int], Sequence[str]]


def rows(rooms: int, *, chosen_by: bool = False) -> list[tuple[str, list[Row]]]:
    """Rank for so many rooms of each category; those that the weights were chosen by, or the others."""
    if not material.CORPUS.exists():
        return [("Ranking: there is no corpus beside the checkout", [])]
    corpus = read()
    measured: defaultdict[tuple[str, str], defaultdict[str, list[tuple[float, float, int]]]]
    measured = defaultdict(lambda: defaultdict(list))
    for case in cases(corpus, rooms, chosen_by=chosen_by):
        for seen, (people, reactions) in _SEEN.items():
            for name, ranker in _rankers(people, reactions).items():
                ranked = ranker(case, people, reactions)
                measured[seen, name][case.room.name].append(_figures(case, corpus, ranked))
    groups = []
    for seen in _SEEN:
        title = f"Known: {seen}. nDCG@10 and its 95 % interval, alpha-nDCG@5, topics among five"
        groups.append((title, [_row(name, by_room) for (each, name), by_room in measured.items() if each == seen]))
    groups.append(("Terms that rise: in how many times as many titles of the ten digests after", _trends(corpus)))
    return groups + tasting.rows(corpus, rooms, chosen_by=chosen_by)


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
    def ranked(case: Case, people: bool, reactions: int) -> Sequence[str]:
        known = case.known[reactions]
        room = known if people else replace(known, interest=Interest())
        return [pick.paper for pick in choose(case.day.papers, room, case.day.evidence, _TEN, weights)]

    return ranked


def _counted(case: Case, _: bool, __: int) -> Sequence[str]:
    people = case.known[0].interest.people
    return [each.id for each in sorted(case.day.papers, key=lambda each: (-people.get(each.id, 0), not each.code))]


def _bm25(case: Case, _: bool, __: int) -> Sequence[str]:
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


def _linear(case: Case, _: bool, reactions: int) -> Sequence[str]:
    """Rank by a linear support vector machine: what was liked against what was not, and 600 others of the past.

    Its C of 0.01 and classes of equal weight are arxiv-sanity-lite's; it is fitted by dual coordinate descent.
    """
    weights = _fitted(case.room, case.day.history, reactions)
    scores = {paper: likeness(vector, weights) for paper, vector in case.day.vectors.items()}
    return sorted(scores, key=lambda paper: -scores[paper])


_FITTED: dict[tuple[str, int], Vector] = {}


def _fitted(room: Simulated, history: History, reactions: int) -> Vector:
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


def _figures(case: Case, corpus: Corpus, ranked: Sequence[str]) -> tuple[float, float, int]:
    """Return nDCG@10, alpha-nDCG@5 over the room's topics, and how many topics of any kind the first five have."""
    about = Counter(case.relevant.values())
    ideal = [topic for _, topic in sorted((nth, topic) for topic, count in about.items() for nth in range(count))]
    topics = corpus.topics[case.room.category]
    return (
        ndcg(ranked, case.relevant, _TEN),
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
    return Row(name, interval(precise), f"{fmean(novel):.3f}", f"{fmean(topics):.2f}")


def _trends(corpus: Corpus) -> list[Row]:
    """Hold the titles of the ten digests after a term rose against those of the month before."""
    totals: dict[str, list[float]] = {"rising terms": [0, 0, 0], "other terms of three titles or more": [0, 0, 0]}
    for category in CLUSTERED:
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
