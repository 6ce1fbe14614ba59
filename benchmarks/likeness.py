"""What `similar` costs on the real papers, how like they are, and whether a half of an abstract finds the other.

Like is what is of the paper's category. The held-out pairs are halves of one abstract: asked with the first, it is to
find the paper that is stored with the second alone, and without its title.
"""

from __future__ import annotations

import asyncio
import random
import re
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import library, material, scaled
from benchmarks.timing import Cost, Row, Watch, milliseconds, percentile
from bot.commands import answer, call
from bot.model import Destination, Digest, Paper
from bot.search.likeness import alike, telling
from storage import connect

_PAPERS = 30_000  # as many as there are real ones for
_HALVES, _DIGEST = 6_000, 500
_TITLE, _DAY = "A paper", date(2025, 1, 6)
_HERE = Destination("benchmark", "local", "@me")


def rows(count: int) -> list[tuple[str, list[Row]]]:
    if not material.CORPUS.exists():
        return [("Likeness: there is no corpus beside the checkout", [])]
    return [
        (
            f"`similar` with the first half of {count} abstracts, among {_HALVES:,} papers stored with the second",
            asyncio.run(_held_out(count)),
        ),
        (
            f"`similar` on {_PAPERS:,} papers, p50 and p99; how many of the first ten are of the paper's category",
            asyncio.run(_likened(library.database(_PAPERS), count)),
        ),
    ]


async def _held_out(count: int) -> list[Row]:
    """Ask with the first halves of some abstracts; count where the papers with the other halves are."""
    halved = [(each, *_halves(each.abstract)) for each in scaled.records(_PAPERS)]
    random.Random(0).shuffle(halved)
    halved = [each for each in halved if each[1] and each[2]][:_HALVES]
    places: list[int] = []
    with TemporaryDirectory() as folder:
        async with connect(f"sqlite:///{folder}/halves.db") as store:
            papers = tuple(Paper(paper.id, _TITLE, second, _TITLE, second) for paper, _, second in halved)
            for start in range(0, len(papers), _DIGEST):
                some = Digest("halves", f"cs.{start}", _DAY, papers[start : start + _DIGEST])
                await store.take_in(some, lambda _: (), datetime.now(UTC))
            for paper, first, _ in halved[:count]:
                asked = await telling(first, store)
                near = await alike(asked, store) if asked else ()
                places += [place for place, each in enumerate(near, 1) if each.id == paper.id]
    best, ten, found = (sum(place <= most for place in places) / count for most in (1, 10, len(halved)))
    reciprocal = sum(1 / place for place in places) / count
    said = f"first {best:.1%}, among the first ten {ten:.1%}, at all {found:.1%}"
    return [Row(said, "", "", f"MRR {reciprocal:.3f}")]


def _halves(abstract: str) -> tuple[str, str]:
    sentences = re.split(r"(?<=\.) ", abstract)
    middle = len(sentences) // 2
    return " ".join(sentences[:middle]), " ".join(sentences[middle:])


async def _likened(path: Path, count: int) -> list[Row]:
    """Ask for papers like `count` papers from all over the corpus; ten at random are what it is held against."""
    ids = sorted(each.id for each in scaled.records(_PAPERS))
    chance = random.Random(0)
    costs: list[Cost] = []
    alike, by_chance = [], []
    async with connect(f"sqlite:///{path}") as store:
        for id_ in ids[:: len(ids) // count][:count]:
            with Watch() as watch:
                reply = await answer(call(f"similar {id_}", room=_HERE, caller=_HERE, at=datetime.now(UTC)), store)
            costs.append(watch.cost)
            (paper,) = await store.papers([id_])
            alike += [_shares(paper, each) for each in await store.papers(card.paper for card in reply.cards)]
            by_chance += [_shares(paper, each) for each in await store.papers(chance.sample(ids, 10))]
    walls, cpus = [cost.wall for cost in costs], [cost.cpu for cost in costs]
    return [
        Row("similar", _pair(walls), _pair(cpus), f"{sum(alike) / len(alike):.0%}"),
        Row("ten at random", "", "", f"{sum(by_chance) / len(by_chance):.0%}"),
    ]


def _shares(one: Paper, other: Paper) -> bool:
    return bool(set(one.every_category) & set(other.every_category))


def _pair(seconds: list[float]) -> str:
    return f"{milliseconds(percentile(seconds, 0.5))}  {milliseconds(percentile(seconds, 0.99))}"
