"""What `similar` costs on the real papers, and how like they are: whether they are of the paper's category."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import library, material, scaled
from benchmarks.timing import Cost, Row, Watch, milliseconds, percentile
from bot.commands import answer, call
from bot.model import Destination, Paper
from storage import connect

_PAPERS = 30_000  # as many as there are real ones for
_HERE = Destination("benchmark", "local", "@me")


def rows(count: int) -> list[tuple[str, list[Row]]]:
    if not material.CORPUS.exists():
        return [("Likeness: there is no corpus beside the checkout", [])]
    return [
        (
            f"`similar` on {_PAPERS:,} papers, p50 and p99; how many of the first ten are of the paper's category",
            asyncio.run(_likened(library.database(_PAPERS), count)),
        )
    ]


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
