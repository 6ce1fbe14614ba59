"""Killed at any moment and started again: nothing is lost, nothing arrives twice, no digest is half there.

Every process here is a real one and dies by SIGKILL. `KILLS=500 python -m pytest tests/test_kill9.py` kills more
often than the suite does, and `SEED` repeats the moments of a failure as nearly as a machine can.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

import storage
from bot.grammar import parse
from bot.model import Delivery, Destination, Digest, Following, Paper
from storage.opening import inspect

KILLS = int(os.environ.get("KILLS", "25"))
SEED = os.environ.get("SEED") or os.urandom(4).hex()

_ROOT = Path(__file__).parent.parent
_PAPERS = 12  # in each digest
_ROOMS = tuple(Destination("ledger", "home", f"room{n}") for n in range(4))
_PEOPLE = tuple(Destination("ledger", "home", f"@person{n}") for n in range(8))
_CONSOLE = tuple(Destination("console", "local", name) for name in ("terminal", "@me"))


class Verdict(NamedTuple):
    """What went wrong: messages that never arrived, that arrived again, and destinations with another order."""

    lost: int
    duplicated: int
    disordered: int


ALL_WELL = Verdict(0, 0, 0)


def digests(count: int) -> list[Digest]:
    """Return the digests of so many days: each has papers of its own, and one of the day before."""
    made = []
    for number in range(count):
        papers = [
            Paper(f"2501.{n:05}", f"Point clouds, part {n}", f"Of clouds we say {n} things, each with care. " * 9)
            for n in range(number * (_PAPERS - 1), (number + 1) * (_PAPERS - 1) + 1)
        ]
        made.append(Digest("test", "cs.CV", date(2025, 1, 1) + timedelta(number), tuple(papers)))
    return made


class Bench:
    """A database, the ledger of what has arrived, and the processes that are killed over them."""

    def __init__(self, folder: Path, destinations: Sequence[Destination]) -> None:
        self.path = folder / "papers.db"
        self.address = f"sqlite:///{self.path}"
        self.ledger = folder / "ledger"
        self.ledger.touch()
        self._pickled = folder / "digests.pickle"
        self._destinations = destinations
        asyncio.run(self._furnish())

    async def _furnish(self) -> None:
        async with storage.connect(self.address) as store:
            for each in self._destinations:
                if each.is_person:
                    await store.subscribe(each, parse("clouds"), datetime.now(UTC))
                else:
                    await store.follow(Following(each))

    def run(self, count: int, *, fault: str = "", point: str = "", kill_after: float | None = None) -> bool:
        """Let a process work on the first `count` digests; return whether it was killed over it."""
        self._pickled.write_bytes(pickle.dumps(digests(count)))
        files = [self.address, str(self.ledger), str(self._pickled)]
        command = [sys.executable, "-m", "tests.data.victim", *files, fault, point]
        with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            if kill_after is not None:
                time.sleep(kill_after)
                process.kill()
            code = process.wait(60)
        assert code in (0, -9), f"exit code {code}"
        return code != 0

    def check(self, count: int) -> None:
        """Open what a killed process left: the file is sound, and each digest is all there or not at all."""
        asyncio.run(self._whole(count))
        assert inspect(self.path).trouble == ()

    async def _whole(self, count: int) -> None:
        taken: list[Digest] = []
        async with storage.connect(self.address) as store:
            for digest in digests(count):
                listed = await store.listed(digest.day, limit=100)
                if await store.digests(digest.day):
                    taken.append(digest)
                    assert [(paper.id, paper.title) for paper in listed.papers] == [
                        (paper.id, paper.title) for paper in digest.papers
                    ]
                else:
                    assert listed.total == 0
            found = await store.search(parse("clouds"), limit=1)
            census = await store.census()
        assert census.digests == len(taken)
        assert found.total == census.papers == len({paper.id for digest in taken for paper in digest.papers})
        assert census.owed + census.sent == len(taken) * len(self._destinations)
        assert census.dead == 0

    def verdict(self, count: int) -> Verdict:
        owed = {
            str(to): [
                Delivery(
                    to,
                    "alert" if to.is_person else "highlights",
                    "" if to.is_person else digest.category,
                    digest.day,
                    (),
                ).key
                for digest in digests(count)
            ]
            for to in self._destinations
        }
        return judge(self.ledger.read_text().splitlines(), owed)


def judge(arrived: Iterable[str], owed: dict[str, list[str]]) -> Verdict:
    """Compare the keys that arrived with those owed to each destination, both in order."""
    found: dict[str, list[str]] = {to: [] for to in owed}
    for key in arrived:
        found[key.partition("|")[0]].append(key)
    lost = duplicated = disordered = 0
    for to, keys in owed.items():
        times = Counter(found[to])
        lost += sum(not times[key] for key in keys)
        duplicated += sum(times.values()) - len(times)
        disordered += list(times) != [key for key in keys if times[key]]
    return Verdict(lost, duplicated, disordered)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, [*_ROOMS, *_PEOPLE])


def test_killed_at_random_nothing_is_lost_or_sent_twice(bench: Bench) -> None:
    moments = random.Random(SEED)
    kills = count = 0
    while kills < KILLS:
        count += 1  # there is a new digest at each start, so there is always something to be killed over
        kills += bench.run(count, kill_after=moments.uniform(0, 0.12))
        bench.check(count)
    assert not bench.run(count)
    bench.check(count)
    verdict = bench.verdict(count)
    assert verdict == ALL_WELL, f"{verdict}; SEED={SEED} repeats this"


@pytest.mark.parametrize("point", ["planning", "claimed", "posted", "settled"])
def test_killed_at_the_worst_moment_nothing_is_lost_or_sent_twice(bench: Bench, point: str) -> None:
    assert bench.run(3, point=point)
    bench.check(3)
    assert not bench.run(3)
    assert bench.verdict(3) == ALL_WELL


@pytest.mark.parametrize(
    ("fault", "point", "wrong"),
    [("marks first", "claimed", "lost"), ("forgets", "posted", "duplicated")],
)
def test_the_harness_catches_an_order_that_is_wrong(bench: Bench, fault: str, point: str, wrong: str) -> None:
    assert bench.run(1, fault=fault, point=point)
    assert not bench.run(1, fault=fault)
    found = bench.verdict(1)._asdict()
    assert [name for name, count in found.items() if count] == [wrong]


def test_the_judge_sees_each_kind_of_wrong() -> None:
    owed = {"a": ["a|1", "a|2", "a|3"], "b": ["b|1"]}
    assert judge(["a|1", "b|1", "a|2", "a|3"], owed) == ALL_WELL
    assert judge(["a|1", "a|3", "b|1"], owed) == Verdict(1, 0, 0)
    assert judge(["a|1", "b|1", "a|2", "a|1", "a|3"], owed) == Verdict(0, 1, 0)
    assert judge(["a|2", "b|1", "a|1", "a|3"], owed) == Verdict(0, 0, 1)


def test_the_command_line_is_killed_too(tmp_path: Path) -> None:
    """Here the terminal is a file, and a message has arrived when the line that closes it has."""
    moments = random.Random(SEED)
    bench = Bench(tmp_path, _CONSOLE)
    folder = tmp_path / "digests"
    folder.mkdir()
    for digest in digests(20):
        (folder / f"{digest.day}.md").write_text(_as_listing(digest))
    kills = 0
    for _ in range(3):
        after = moments.uniform(0, 0.1)
        kills += _paperwire("ingest", str(folder), database=bench.path, kill_when=bench.path, after=after)
        bench.check(20)
    assert not _paperwire("ingest", str(folder), database=bench.path)
    bench.check(20)

    undisturbed = tmp_path / "undisturbed.db"
    shutil.copy(bench.path, undisturbed)
    assert not _paperwire("run", "--once", database=undisturbed, output=tmp_path / "undisturbed")
    for number in range(6):
        after = moments.uniform(0, 0.03) if number % 2 else 0  # at once: it has arrived, and is not settled yet
        kills += _paperwire(
            "run", "--once", database=bench.path, output=bench.ledger, kill_when=bench.ledger, after=after
        )
    assert kills > 2, "it was done before it could be killed"
    assert not _paperwire("run", "--once", database=bench.path, output=bench.ledger)
    bench.check(20)
    expected = _by_destination((tmp_path / "undisturbed").read_text())
    assert [len(set(each)) for each in expected] == [20, 20]
    # To a person and to a room: each in order. Which of two goes first depends on the moment of a kill.
    assert _by_destination(bench.ledger.read_text()) == expected, f"SEED={SEED} repeats this"


def _by_destination(printed: str) -> tuple[list[str], list[str]]:
    """Return the ids of the alerts and of the highlights that a terminal was sent, in order."""
    found: dict[str, list[str]] = {"you subscribed to": [], "cs.CV, ": []}
    for said, identity in re.findall(r"(.*?)^-- paperwire (\w+) --$", printed, re.MULTILINE | re.DOTALL):
        # What was torn stands before it.
        head = re.findall("you subscribed to|^cs.CV, ", said, re.MULTILINE)[-1]
        found[head].append(identity)
    return found["you subscribed to"], found["cs.CV, "]


def _as_listing(digest: Digest) -> str:
    entries = (
        f"### {n}.{paper.title}  [ :arrow_down: ]({paper.pdf}.pdf)\n>  {paper.abstract}\n"
        for n, paper in enumerate(digest.papers, 1)
    )
    return f"# ArXiv cs.CV --{digest.day:%a, %d %b %Y}\n{''.join(entries)}"


def _paperwire(
    *words: str, database: Path, output: Path | None = None, kill_when: Path | None = None, after: float = 0
) -> bool:
    """Run a command, and kill it a while after the file `kill_when` grows; return whether it was killed."""
    command = [sys.executable, "-m", "bot", *words, "--database", f"sqlite:///{database}"]
    watched = [kill_when, Path(f"{kill_when}-wal")] if kill_when else []
    before = _written(watched)
    with (output or Path(os.devnull)).open("ab") as stdout:
        process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=stdout)
    while watched and process.poll() is None:
        if _written(watched) != before:
            time.sleep(after)
            process.kill()
            break
        time.sleep(0.0005)
    code = process.wait(60)
    assert code in (0, -9), f"exit code {code}"
    return code != 0


def _written(files: Iterable[Path]) -> list[tuple[int, int]]:
    return [(file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.exists()]
