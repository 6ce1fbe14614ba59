"""A day of 1,000 papers against the subscriptions of a platform, beside a bare scan for the same words.

The peer finds every word and phrase wherever it stands in the folded texts, in Rust, and does nothing with what it
finds. Both get the texts folded, and neither's building counts. It must find as much as we do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks import library, scaled, subscribers
from benchmarks.bars import Bar, absent, at_most
from benchmarks.timing import Watch, interleaved
from bot.alerts.subscribers import Subscribers
from bot.daily import plan
from bot.model import Listing, Paper
from bot.ports import Morning
from bot.search.grammar import parse
from bot.search.query import Folded, Term
from bot.search.words import BARRIER

_DAY = 1_000  # papers
_MANY, _FEW = 1_000_000, 200_000  # subscriptions; the few are for the smallest size
_ROUNDS = 5
_SAMPLE = 300  # lines that are held against every paper one by one
_MEMORY, _PAUSE = 600, 20  # MiB, ms


def bars(size: int) -> Iterable[Bar]:
    """Yield what matching and planning a day costs; the corpus has always the size of the real records."""
    if not find_spec("ahocorasick_rs"):
        yield absent("match", "ahocorasick_rs")
        return
    count = _FEW if size <= scaled.SIZES["100k"] else _MANY
    with TemporaryDirectory() as folder:
        for measure in (_phrases, _grammar, _memory):
            # In processes of their own: the peak of memory is that of one thing, and nothing of it stays.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
                yield from child.submit(measure, count, Path(folder) / "lines").result()


def _phrases(count: int, _: Path) -> list[Bar]:
    records, papers = _corpus()
    folded = [Folded(paper) for paper in papers]
    known = Subscribers()
    known.add(subscribers.alone(subscribers.phrases(records, count)))
    peer = _Scan(subscribers.phrases(records, count), folded)
    match = known.lines.percolator.match
    matching = known.match(papers)
    assert all(matching.true[known.lines.node(line)].bit_count() == papers for line, papers in peer.hits().items())
    pairs = sum(len(picks) for _, picks in matching.picks())
    morning = Morning("cs.CV", papers[0].listings[0].day, datetime.now(UTC), True, tuple(papers), subscribers=known)
    costs = interleaved(
        {
            "scan": partial(_timed, peer.scan),
            "match": partial(_timed, lambda: match(folded)),
            "fold and match": partial(_timed, lambda: known.match(papers)),
            "group": partial(_timed, lambda: deque(matching.picks(), 0)),
            "plan": partial(_timed, lambda: deque(plan(morning), 0)),
        },
        _ROUNDS,
    )
    day = f"{_DAY:,} papers x {count:,} phrases ({len(known.lines):,} distinct)"
    return [
        at_most(f"match: {day}", 2.5, costs["match"], costs["scan"], "the scan"),
        at_most("the same, folding the texts first", None, costs["fold and match"], costs["scan"], "the scan"),
        at_most(f"group {pairs / 1e6:.1f} M pairs by person", 4, costs["group"], costs["match"], "the match"),
        at_most("fold, match, group, a message for each person", None, costs["plan"], costs["match"], "the match"),
        _pause(morning),
    ]


def _grammar(count: int, path: Path) -> list[Bar]:
    records, papers = _corpus()
    folded = [Folded(paper) for paper in papers]
    made = list(subscribers.lines(records, count))
    path.write_text("\n".join(made), encoding="utf-8")
    known = Subscribers()
    known.add(subscribers.alone(made))
    match = known.lines.percolator.match
    peer = _Scan(subscribers.phrases(records, count), folded)
    costs = interleaved({"scan": partial(_timed, peer.scan), "match": partial(_timed, lambda: match(folded))}, _ROUNDS)
    wrong = _differing(known, match(folded), folded, Random(0).sample(made, _SAMPLE))
    what = f"match: {_DAY:,} papers x {count:,} lines of the whole grammar ({len(known.lines):,} distinct)"
    return [
        at_most(what, 8, costs["match"], costs["scan"], "the scan for as many phrases"),
        Bar(f"{_SAMPLE} of the lines, each held against each paper", "0 differ", f"{wrong} differ", not wrong),
    ]


def _memory(_: int, path: Path) -> list[Bar]:
    """Return how much reading the lines again and matching a paper adds to what a process takes."""
    folded = [Folded(Paper("2011.00001", "A title"))]
    parse("a title")
    before = library.peak()
    known = Subscribers()
    with path.open(encoding="utf-8") as file:
        known.add(subscribers.alone(map(str.rstrip, file)))
    known.lines.percolator.match(folded)
    added = library.peak() - before
    return [Bar("memory for them", f"<= {_MEMORY} MiB", f"{added:,.0f} MiB", added <= _MEMORY)]


def _corpus() -> tuple[list[scaled.Record], list[Paper]]:
    """Return the real records but those of the day, and the day: the newest."""
    known = scaled.real()
    day = [
        Paper(each.id, each.title, each.abstract, listings=(Listing(each.day, each.category),))
        for each in known[-_DAY:]
    ]
    return known[:-_DAY], day


class _Scan:
    """The peer: a search for all ways in which the phrases may stand; and the lines that each stands for."""

    def __init__(self, lines: Iterable[str], folded: Sequence[Folded]) -> None:
        import ahocorasick_rs  # noqa: PLC0415  # of the extra "bench"

        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for line in set(lines):
            root = parse(line).root
            assert isinstance(root, Term)
            for phrase in root.phrases:
                wanted[f" {' '.join(phrase)} "].add(line)
        self._lines = list(wanted.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(wanted))
        self._texts = [f"{each.title}{BARRIER}{each.abstract}" for each in folded]

    def scan(self) -> None:
        deque(self._found(), 0)

    def hits(self) -> Counter[str]:
        """Count for each line the papers that have it."""
        return Counter(
            line for hits in self._found() for line in set().union(*(self._lines[phrase] for phrase, _, _ in hits))
        )

    def _found(self) -> Iterator[list[tuple[int, int, int]]]:
        return (self._automaton.find_matches_as_indexes(text, overlapping=True) for text in self._texts)


def _timed(work: Callable[[], object], watch: Watch) -> None:
    with watch:
        work()


def _differing(known: Subscribers, true: Sequence[int], folded: Sequence[Folded], lines: Iterable[str]) -> int:
    """Count the lines for which the slow way finds other papers."""
    return sum(
        [bool(true[known.lines.node(line)] >> number & 1) for number in range(len(folded))]
        != list(map(parse(line).matches, folded))
        for line in lines
    )


def _pause(morning: Morning) -> Bar:
    """Return how long at most an event loop waits for its turn while a thread plans.

    On a machine with other work it waits for that, too: so a thread that only counts stands beside it.
    """

    def count() -> None:
        end = perf_counter() + 1
        while perf_counter() < end:
            pass

    longest: dict[str, list[float]] = {"plan": [], "count": []}
    for _ in range(_ROUNDS):
        longest["plan"].append(asyncio.run(_longest(lambda: deque(plan(morning), 0))))
        longest["count"].append(asyncio.run(_longest(count)))
    ours, floor = map(median, longest.values())
    measured = f"{ours:.1f} ms; {floor:.1f} ms beside a thread that only counts"
    return Bar("longest pause of the event loop meanwhile", f"<= {_PAUSE} ms", measured, ours <= max(_PAUSE, floor))


async def _longest(work: Callable[[], object]) -> float:
    """Return the longest time in ms that a coroutine waits for its next turn while a thread works."""
    working = asyncio.create_task(asyncio.to_thread(work))
    longest = 0.0
    while not working.done():
        began = perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, perf_counter() - began)
    return longest * 1000
