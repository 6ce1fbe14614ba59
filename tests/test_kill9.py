"""Killed at any moment and started again: nothing is lost, nothing arrives twice, no digest is half there.

Every process here is a real one and dies by SIGKILL. `python -m benchmarks kill9` kills more often than the suite does;
`SEED` repeats the moments of a failure as nearly as a machine can.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bot.model import ARCHIVES, Destination, Digest
from storage.opening import inspect
from tests.kill9 import days, worlds
from tests.kill9.judge import ALL_WELL, Arrival, Verdict, judge
from tests.kill9.killing import Killing
from tests.kill9.victim import Fault

SEED = os.environ.get("SEED") or os.urandom(4).hex()

_ROOT = Path(__file__).parent.parent


async def world(name: str, folder: Path, stack: AsyncExitStack) -> worlds.World:
    if name == "slack":
        return await stack.enter_async_context(worlds.slack())
    if name == "discord":
        return await stack.enter_async_context(worlds.discord())
    return worlds.LedgerWorld(folder / "ledger")


@pytest.mark.parametrize(("name", "kills"), [("ledger", 20), ("slack", 15), ("discord", 15)])
async def test_killed_at_random_nothing_is_lost_or_comes_twice(name: str, kills: int, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        killing = Killing(await world(name, tmp_path, stack), tmp_path)
        await killing.furnish()
        found = await killing.kill(kills, Random(SEED))
    assert found.verdict == ALL_WELL, f"SEED={SEED} repeats this"
    assert found.half == 0
    assert found.uncertain > 0, "no send was cut off"


@pytest.mark.parametrize("point", ["planning", "claimed", "posted", "settled"])
@pytest.mark.parametrize("name", ["ledger", "slack", "discord"])
async def test_killed_at_the_worst_moment_nothing_is_lost_or_comes_twice(name: str, point: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        killing = Killing(await world(name, tmp_path, stack), tmp_path)
        await killing.furnish()
        assert (await killing.run(2, point=point)).killed
        left = await days.look(killing.address, [*days.day(0), *days.day(1)])
        assert left.half == 0
        assert left.missing or left.owed, "there was nothing left to do"
        await killing.drain(2)
        assert killing.verdict(2) == ALL_WELL


@pytest.mark.parametrize(
    ("fault", "point", "wrong"), [("marks first", "claimed", "lost"), ("no key", "posted", "duplicated")]
)
async def test_the_harness_catches_an_order_that_is_wrong(fault: Fault, point: str, wrong: str, tmp_path: Path) -> None:
    killing = Killing(worlds.LedgerWorld(tmp_path / "ledger"), tmp_path, fault=fault)
    await killing.furnish()
    assert (await killing.run(1, point=point)).killed
    await killing.drain(1)
    assert [name for name, count in killing.verdict(1)._asdict().items() if count] == [wrong]


def told(*messages: str) -> list[Arrival]:
    """Build what arrived from "place delivery paper paper"."""
    return [Arrival(place, delivery, tuple(papers)) for place, delivery, *papers in map(str.split, messages)]


def test_the_judge_sees_each_kind_of_wrong() -> None:
    owed = {"a": [["1", "2"], ["3"], ["4"]], "b": [["1"]]}
    assert judge(told("a x 1 2", "b x 1", "a y 3", "a z 4"), owed) == ALL_WELL
    assert judge(told("a x 1", "b x 1", "a y 3", "a z 4"), owed) == Verdict(1, 0, 0)
    assert judge(told("a x 1 2", "a y 3", "a z 4"), owed) == Verdict(1, 0, 0)
    assert judge(told("a x 1 2", "b x 1", "a y 3", "a x 1 2", "a z 4"), owed) == Verdict(0, 2, 0)
    assert judge(told("a y 3", "b x 1", "a x 1 2", "a z 4"), owed) == Verdict(0, 0, 1)
    with pytest.raises(KeyError):
        judge(told("a x 5"), owed)
    with pytest.raises(KeyError):
        judge(told("c x 1"), owed)


def test_the_judge_takes_several_days_in_one_delivery_in_any_order_but_not_those_after_it() -> None:
    owed = {"a": [["1", "2"], ["3"], ["4"]]}
    assert judge(told("a x 3 1", "a x 2", "a z 4"), owed) == ALL_WELL
    assert judge(told("a x 4 1", "a x 2", "a z 3"), owed) == Verdict(0, 0, 1)
    assert judge(told("a x 3 1", "a z 4", "a x 2"), owed) == Verdict(0, 0, 1)


def test_days_repeat_papers_that_nobody_is_owed_twice() -> None:
    of_all = [paper.id for digests in days.days(3) for digest in digests[1:] for paper in digest.papers]
    assert len(of_all) > len(set(of_all))
    for category in ("", *days.CATEGORIES):
        owed = [paper for each in days.owed(3, category) for paper in each]
        assert len(owed) == len(set(owed)) > 6


def test_the_command_line_is_killed_too(tmp_path: Path) -> None:
    """Here the terminal is a file, and a message has arrived when the line that closes it has."""
    moments = Random(SEED)
    database, printed = tmp_path / "papers.db", tmp_path / "printed"
    printed.touch()
    folder = tmp_path / "digests"
    folder.mkdir()
    # A topic each: several days of one would be one message, as all of a day is to a person.
    digests = list(map(_digest, ARCHIVES))
    for digest in digests:
        (folder / f"{digest.category}.md").write_text(_as_listing(digest))
    terminal, me = (Destination("console", "local", name) for name in ("terminal", "@me"))
    asyncio.run(days.furnish(f"sqlite:///{database}", [(terminal, "")], [me]))

    kills = 0
    for _ in range(3):
        after = moments.uniform(0, 0.1)
        kills += _paperwire("ingest", str(folder), database=database, kill_when=database, after=after)
        assert not asyncio.run(days.look(f"sqlite:///{database}", digests)).half, f"SEED={SEED} repeats this"
    assert not _paperwire("ingest", str(folder), database=database)

    undisturbed = tmp_path / "undisturbed.db"
    shutil.copy(database, undisturbed)
    assert not _paperwire("run", "--once", database=undisturbed, output=tmp_path / "undisturbed")
    for number in range(6):
        after = moments.uniform(0, 0.03) if number % 2 else 0  # at once: it has arrived, and is not settled yet
        kills += _paperwire("run", "--once", database=database, output=printed, kill_when=printed, after=after)
    assert kills > 2, "it was done before it could be killed"
    assert not _paperwire("run", "--once", database=database, output=printed)
    assert inspect(database).trouble == ()
    expected = _messages(tmp_path / "undisturbed")
    assert len(expected) == expected.total() == len(ARCHIVES) + 1
    assert _messages(printed) == expected, f"SEED={SEED} repeats this"


def _messages(printed: Path) -> Counter[str]:
    """Return the ids of the messages that a terminal was sent to their ends."""
    return Counter(re.findall(r"^-- paperwire (\w+) --$", printed.read_text(), re.MULTILINE))


def _digest(category: str) -> Digest:
    number = ARCHIVES.index(category)
    long = days.day(0)[0]
    papers = (replace(each, id=f"2501.{number:02}{each.id[-3:]}", title="Clouds") for each in long.papers[:12])
    return replace(long, category=category, papers=tuple(papers))


def _as_listing(digest: Digest) -> str:
    entries = (
        f"### {n}.{paper.title}  [ :arrow_down: ]({paper.pdf}.pdf)\n>  {paper.abstract}\n"
        for n, paper in enumerate(digest.papers, 1)
    )
    return f"# ArXiv {digest.category} --{digest.day:%a, %d %b %Y}\n{''.join(entries)}"


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
