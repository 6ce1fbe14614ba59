"""Page 1 of a search, ten papers read from the database, beside tantivy on the same papers and lines.

Both start from the line as typed. Each line is asked several times, in turns; its median stands for it, and the
percentiles are those of the lines. tantivy counts all that match, which is its default; what it takes without is beside
it. It runs in the thread that asks; we answer through aiosqlite's, whose time is counted too.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks import library, material, tantivy_index
from benchmarks.bars import Bar, absent, against, at_most
from benchmarks.progress import shown
from benchmarks.queries import Asked, asked
from benchmarks.timing import Cost, Watch, milliseconds, percentile
from bot import cards
from bot.ports import Store
from bot.search.grammar import parse
from storage import connect

_ROUNDS = 5
_SLOWEST = 0.1  # seconds of CPU
# Times tantivy's p50 and p99, from so many papers on.
_LIMITS = ((2_800_000, 0.5, 0.5), (1_000_000, 0.7, 0.4))
_INDEX_SHARE = 0.35  # of the text
_OURS, _CARDS, _THEIRS, _UNCOUNTED, _SNIPPETS = "ours", "cards", "tantivy", "tantivy, uncounted", "tantivy, snippets"

Costs = Mapping[str, Mapping[Asked, Cost]]


def bars(size: int) -> Iterator[Bar]:
    if not material.CORPUS.exists():
        yield Bar("search", "", "there is no corpus beside the checkout", None)
        return
    path = library.database(size)
    peer = tantivy_index.Peer(size) if tantivy_index.is_installed() else None
    costs = asyncio.run(_asked(path, peer))
    yield from _speed(costs, size) if peer else [absent("search", "tantivy")]
    yield from _slowest(costs[_OURS])
    yield from _by_kind(costs)
    yield from _sizes(path, size, peer)


async def _asked(path: Path, peer: tantivy_index.Peer | None) -> Costs:
    """Ask every line in every round, of ourselves and of the peer in turns; return each line's median."""
    lines = list(asked())
    taken: dict[str, defaultdict[Asked, list[Cost]]] = defaultdict(lambda: defaultdict(list))
    chance = random.Random(0)
    turns = [(number, each) for number in range(1 + _ROUNDS) for each in chance.sample(lines, len(lines))]
    async with connect(f"sqlite:///{path}") as store:
        for number, each in shown(turns, "Search", len(turns)):
            contenders = [_ours] if peer is None else [_ours, _theirs]
            for contender in contenders[:: -1 if number % 2 else 1]:
                for name, cost in (await contender(each.line, store, peer)).items():
                    if number:  # the first round warms up
                        taken[name][each].append(cost)
    return {
        name: {each: Cost(median(c.wall for c in costs), median(c.cpu for c in costs)) for each, costs in one.items()}
        for name, one in taken.items()
    }


async def _ours(line: str, store: Store, _: object) -> dict[str, Cost]:
    with Watch() as reading:
        query = parse(line)
        found = await store.search(query, limit=10)
    with Watch() as making:
        for each in found.papers:
            cards.found(each, query)
    return {
        _OURS: reading.cost,
        _CARDS: Cost(reading.cost.wall + making.cost.wall, reading.cost.cpu + making.cost.cpu),
    }


async def _theirs(line: str, _: object, peer: tantivy_index.Peer | None) -> dict[str, Cost]:
    assert peer is not None
    with Watch() as counting:
        peer.search(line)
    with Watch() as uncounted:
        peer.search(line, count=False)
    with Watch() as snippets:
        peer.snippets(line)
    return {_THEIRS: counting.cost, _UNCOUNTED: uncounted.cost, _SNIPPETS: snippets.cost}


def _speed(costs: Costs, size: int) -> Iterator[Bar]:
    middle, high = next((limits for least, *limits in _LIMITS if size >= least), (None, None))
    for what, ours, theirs, than in (
        ("search, ten papers read", _OURS, _THEIRS, "tantivy"),
        ("search, ten cards made", _CARDS, _SNIPPETS, "tantivy with snippets"),
    ):
        for share, most in ((0.5, middle), (0.99, high)):
            mine, peer = (_at(costs[name].values(), share) for name in (ours, theirs))
            name = f"{what}, p{share * 100:.0f}: {_pair(mine)} beside {_pair(peer)}"
            yield at_most(name, most, mine, peer, than)
    for share in (0.5, 0.99):
        mine, peer = (_at(costs[name].values(), share) for name in (_OURS, _UNCOUNTED))
        yield at_most(f"search, p{share * 100:.0f}, beside tantivy that counts nothing", None, mine, peer, "")


def _slowest(ours: Mapping[Asked, Cost]) -> Iterator[Bar]:
    line, cost = max(ours.items(), key=lambda each: each[1].cpu)
    yield Bar(
        f"search, the slowest line of {len(ours)}: {line.line}",
        f"<= {milliseconds(_SLOWEST)} of CPU",
        f"{milliseconds(cost.cpu)} (wall {milliseconds(cost.wall)})",
        cost.cpu <= _SLOWEST,
    )


def _by_kind(costs: Costs) -> Iterator[Bar]:
    for kind in dict.fromkeys(each.kind for each in costs[_OURS]):
        middle = {
            name: _at([cost for each, cost in one.items() if each.kind == kind], 0.5) for name, one in costs.items()
        }
        beside = f", {against(middle[_OURS], middle[_THEIRS])} tantivy" if _THEIRS in middle else ""
        yield Bar(f"search, {kind}, p50", "", f"{milliseconds(middle[_OURS].cpu)}{beside}", None)


def _sizes(path: Path, size: int, peer: tantivy_index.Peer | None) -> Iterator[Bar]:
    with closing(sqlite3.connect(path)) as db:
        ((text,),) = db.execute(
            "SELECT sum(length(CAST(title AS BLOB)) + length(CAST(abstract AS BLOB))) FROM paper"
        ).fetchall()
        pages = dict(
            db.execute(
                "SELECT s.tbl_name, sum(d.pgsize) FROM sqlite_schema AS s CROSS JOIN dbstat AS d ON d.name = s.name "
                "GROUP BY s.tbl_name"
            )
        )
    index = sum(each for name, each in pages.items() if name.startswith("paper_words"))
    share = index / text
    bar = f"<= {_INDEX_SHARE:g} x the text"
    yield Bar("index of the words", bar, f"{share:.2f} x ({_mib(index)})", share <= _INDEX_SHARE)
    others = {name: pages[name] for name in ("word", "deletion") if name in pages}
    for name, each in others.items():
        yield Bar(f"table {name}", "", f"{each / text:.2f} x the text ({_mib(each)})", None)
    yield Bar("whole database", "", f"{sum(pages.values()) / text:.2f} x the text ({_mib(sum(pages.values()))})", None)
    if peer is not None:
        whole = tantivy_index.bytes_of(tantivy_index.index(size))
        said = f"{whole / text:.2f} x the text ({_mib(whole)}), {peer.segments} segments"
        yield Bar("tantivy's index, texts stored", "", said, None)
        ours, theirs = library.built(size).cost, tantivy_index.built(size).cost
        yield at_most(f"building it: {ours.cpu:,.0f} s of CPU, wall {ours.wall:,.0f} s", None, ours, theirs, "")


def _at(costs: Iterable[Cost], share: float) -> Cost:
    costs = list(costs)
    return Cost(percentile([each.wall for each in costs], share), percentile([each.cpu for each in costs], share))


def _pair(cost: Cost) -> str:
    return milliseconds(cost.cpu)


def _mib(amount: float) -> str:
    return f"{amount / 2**20:,.0f} MiB"
