"""What a person's own taste does for the order of their alerts, and what the place for something new costs.

People are made up as `benchmarks.simulated` makes up rooms, with topics that the rankers do not see. A person is
interested in one or two topics, subscribes to two words of each and to two that are common in the category, and likes
papers of the months before, one in seven of them wrong; what is ordered is what matches on a day. A room likes ten
papers of one topic, and a second topic is held back: whether a paper of it comes within 22 digests, a month, is what
the place for something new is measured by. By half of the topics and by earlier days the weights were chosen; the
others are reported.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import fmean

from benchmarks.gains import interval, ndcg
from benchmarks.simulated import CLUSTERED, Corpus, telling_terms
from benchmarks.timing import Row
from bot import alerts
from bot.highlights import Room, Weights, choose
from bot.highlights.evidence import Evidence, weigh
from bot.highlights.personal import Personal, weighed
from bot.highlights.taste import taste
from bot.highlights.trends import DAYS, terms
from bot.model import Destination, Paper, Pick, Subscription
from bot.search.likeness import Rarity, Vector, bag, rarity

_LIKES = (1, 3, 10, 20)
_FEWEST, _LEAST = 24, 5  # papers of a topic, and of an alert
_COMMON = 25
_EVERY = 3  # days of an alert
_RUN, _LATELY, _COUNT, _LIKED = 22, 10, 5, 10  # digests, those whose highlights are known, papers, and papers liked
_COMPARED = 1000
_TEN, _FIVE = 10, 5
_BEGIN, _SPLIT, _END = date(2025, 7, 31), date(2025, 8, 31), date(2025, 6, 30)
_PERSON = Destination("benchmark", "people", "@1")
_WHEN = datetime(2025, 8, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Past:
    """A category's papers before what is ordered: by topic, as words, and the words that tell topics."""

    papers: Mapping[str, Paper]
    about: Mapping[str, Sequence[str]]
    topics: Sequence[str]
    rarity: Rarity

    def vector(self, paper: Paper) -> Vector:
        return self.rarity.vector(bag(paper.title, paper.abstract))


@dataclass(frozen=True, slots=True)
class _Alert:
    """What matches for a person on a day; what of it is relevant; and the papers that they liked before, in order."""

    person: str
    picks: Sequence[Pick]
    relevant: Collection[str]
    vectors: Mapping[str, Vector]
    liked: Sequence[Vector]


def rows(corpus: Corpus, people: int, *, chosen_by: bool = False) -> list[tuple[str, list[Row]]]:
    """Measure with so many people, and rooms, of each category; those that the weights were chosen by, or others."""
    every = [each for category in CLUSTERED for each in _alerts(corpus, category, people, chosen_by=chosen_by)]
    size = fmean(len(each.picks) for each in every)
    ordered = [("no taste", _order(every, 0)), *((f"after {n} like{'s' * (n > 1)}", _order(every, n)) for n in _LIKES)]
    title = (
        f"Alerts by their reader's taste: {len(every)} of {size:.0f} papers. nDCG@10 and its 95 % interval, precision@5"
    )
    found = [_month(corpus, category, people, chosen_by=chosen_by) for category in CLUSTERED]
    new = "Highlights after 10 likes: nDCG@5, second interest found in 30 days, after how many digests"
    return [
        (title, [_ordered(name, every, each) for name, each in ordered]),
        (new, [_opened(name, [each[way] for each in found]) for way, name in enumerate(("closed", "one is new"))]),
    ]


def _past(corpus: Corpus, category: str, until: date, *, chosen_by: bool) -> _Past:
    days = sorted(day for each, day in corpus.days if each == category and day <= until)
    papers = {id_: corpus.papers[id_] for day in days for id_ in corpus.days[category, day]}
    about: defaultdict[str, list[str]] = defaultdict(list)
    for paper in papers:
        if topic := corpus.topics[category].get(paper):
            about[topic].append(paper)
    topics = sorted(topic for topic, each in about.items() if len(each) >= _FEWEST)
    random.Random(category).shuffle(topics)
    rare = rarity(bag(each.title, each.abstract).keys() for each in papers.values())
    return _Past(papers, about, topics[::2] if chosen_by else topics[1::2], rare)


def _alerts(corpus: Corpus, category: str, people: int, *, chosen_by: bool) -> Iterator[_Alert]:
    first, last = (_BEGIN, _SPLIT) if chosen_by else (_SPLIT, date.max)
    past = _past(corpus, category, _BEGIN, chosen_by=chosen_by)
    words = telling_terms(past.papers, past.about)
    counts = Counter(term for paper in past.papers.values() for term in sorted(terms(paper.title)))
    common = [term for term, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_COMMON]]
    days = [day for each, day in sorted(corpus.days) if each == category and first < day <= last][::_EVERY]
    chance = random.Random(f"alerts {category} {chosen_by}")
    for number in range(people):
        topics = chance.sample(past.topics, chance.choice((1, 2)))
        lines = [chance.choice(words[topic]) for topic in topics for _ in range(2) if words[topic]]
        lines += chance.sample(common, 2)
        own = [paper for topic in topics for paper in past.about[topic]]
        others = chance.sample(sorted(past.papers.keys() - set(own)), max(_LIKES))
        chance.shuffle(own)
        liked = [(own if own and chance.random() < 6 / 7 else others).pop() for _ in range(max(_LIKES))]
        held = [Subscription(_PERSON, nth, line, _WHEN) for nth, line in enumerate(dict.fromkeys(lines), 1)]
        for day in days:
            picks = alerts.match(held, [corpus.papers[id_] for id_ in corpus.days[category, day]]).get(_PERSON, ())
            relevant = {each.paper for each in picks if corpus.topics[category].get(each.paper) in topics}
            if len(picks) >= _LEAST and 0 < len(relevant) < len(picks):
                vectors = {each.paper: past.vector(corpus.papers[each.paper]) for each in picks}
                yield _Alert(
                    f"{category} {number}", picks, relevant, vectors, [past.vector(past.papers[each]) for each in liked]
                )


def _order(every: Iterable[_Alert], likes: int) -> list[list[str]]:
    ordered = []
    for each in every:
        liked = taste((vector, 1) for vector in each.liked[:likes])
        own = weighed(each.vectors, liked) if liked else Personal()
        ordered.append([pick.paper for pick in sorted(each.picks, key=own.worth, reverse=True)])
    return ordered


def _ordered(name: str, every: Sequence[_Alert], ordered: Sequence[Sequence[str]]) -> Row:
    by_person: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for each, papers in zip(every, ordered, strict=True):
        precise = sum(paper in each.relevant for paper in papers[:_FIVE]) / _FIVE
        by_person[each.person].append((ndcg(papers, each.relevant, _TEN), precise))
    gains, precision = (
        [fmean(figures[which] for figures in days) for days in by_person.values()] for which in range(2)
    )
    return Row(name, interval(gains), f"{fmean(precision):.3f}", "")


def _month(
    corpus: Corpus, category: str, rooms: int, *, chosen_by: bool
) -> tuple[list[tuple[float, int]], list[tuple[float, int]]]:
    """Return for each room, without a place for something new and with one, nDCG@5 and when the other topic came.

    That is after how many digests; 0 where it never did.
    """
    until = _END if chosen_by else _SPLIT
    past = _past(corpus, category, until, chosen_by=chosen_by)
    about = corpus.topics[category]
    chance = random.Random(f"new {category} {chosen_by}")
    pairs = {Destination("benchmark", category, str(n)): chance.sample(past.topics, 2) for n in range(rooms)}
    voices = {room: dict.fromkeys(chance.sample(past.about[topic], _LIKED), 1) for room, (topic, _) in pairs.items()}
    days = sorted(day for each, day in corpus.days if each == category)
    run = [day for day in days if day > until][:_RUN]
    ways = (Weights(novelty=0), Weights())
    closed, opened = ({room: list[list[str]]() for room in pairs} for _ in ways)
    for day in run:
        # What was shown lately counts for something new alone.
        known = _evidence(corpus, category, day, days, voices, opened)
        papers = [corpus.papers[id_] for id_ in corpus.days[category, day]]
        for shown, weights in zip((closed, opened), ways, strict=True):
            for room, chosen in shown.items():
                picks = choose(papers, Room(taste=known.tastes[room]), known, _COUNT, weights)
                chosen.append([each.paper for each in picks])

    def figures(shown: Mapping[Destination, Sequence[Sequence[str]]]) -> list[tuple[float, int]]:
        found = []
        for room, (topic, other) in pairs.items():
            wanted = [{each for each in corpus.days[category, day] if about.get(each) == topic} for day in run]
            gains = [ndcg(each, of, _FIVE) for each, of in zip(shown[room], wanted, strict=True) if of]
            came = (nth for nth, each in enumerate(shown[room], 1) if other in map(about.get, each))
            found.append((fmean(gains or [0]), next(came, 0)))
        return found

    return figures(closed), figures(opened)


def _evidence(
    corpus: Corpus,
    category: str,
    day: date,
    days: Iterable[date],
    voices: Mapping[Destination, Mapping[str, int]],
    shown: Mapping[Destination, Sequence[Sequence[str]]],
) -> Evidence:
    month = [each for each in days if 0 < (day - each).days <= DAYS]
    before = [corpus.papers[id_] for each in reversed(month) for id_ in corpus.days[category, each]]
    lately = {room: [paper for each in papers[-_LATELY:] for paper in each] for room, papers in shown.items()}
    known = {paper for each in (*voices.values(), *lately.values()) for paper in each}
    return weigh(
        [corpus.papers[id_] for id_ in corpus.days[category, day]],
        [each.title for each in before],
        [(each.title, each.abstract) for each in before[:_COMPARED]],
        voices,
        [corpus.papers[id_] for id_ in sorted(known)],
        lately,
    )


def _opened(name: str, found: Iterable[Sequence[tuple[float, int]]]) -> Row:
    rooms = [each for category in found for each in category]
    came = [when for _, when in rooms if when]
    after = f"{fmean(came):.1f}" if came else ""
    return Row(name, interval([gain for gain, _ in rooms]), f"{len(came) / len(rooms):.2f}", after)
