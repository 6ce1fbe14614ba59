"""The disk fails a write or a sync, once or from then on: nothing is lost or comes twice; what lasts ends the run."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from benchmarks.faults import disk_shim
from benchmarks.faults.row import Found, Row, Trial, not_checked
from bot.exits import BUG, DISK
from storage.opening import inspect
from tests.kill9 import days, worlds
from tests.kill9.judge import ALL_WELL

_DAYS = 2
_MOST = 300  # the last that fails, of the writes and syncs of a run


def check(trial: Trial) -> Found:
    shim = disk_shim.build(trial.folder)
    if shim is None:
        return not_checked(trial, "there is no C compiler, or no Linux")
    files = trial.folder / "files"
    files.mkdir()
    world = worlds.LedgerWorld(trial.folder / "ledger")
    database = files / "papers.db"
    asyncio.run(days.furnish(f"sqlite:///{database}", world.rooms, world.people))
    template = database.read_bytes()
    wrong: list[str] = []
    ended: Counter[str] = Counter()
    with _worker(shim, files) as worker:
        for number in range(trial.count):
            at = 1 + number * _MOST // trial.count
            for lasts in (False, True):
                _emptied(files, trial.folder / "ledger")
                database.write_bytes(template)
                code = worker.run(database, world.path, at, lasts=lasts, forgetful=trial.planted)
                failed = any(each.kind == "failed" for each in disk_shim.steps(trial.folder / "record"))
                ended[f"{'failed for ever' if lasts else 'failed once'}, exit {code}" if failed else "not come to"] += 1
                what = f"the {at}th write or sync {'and all after it' if lasts else ''}"
                if code == BUG or code not in (0, DISK) or (lasts and failed and not code):
                    wrong.append(f"{what}: exit code {code}")
                if worker.run(database, world.path, 0, forgetful=trial.planted):
                    wrong.append(f"{what}: it does not start again")
                elif trouble := inspect(database).trouble:
                    wrong.append(f"{what}: {trouble[0]}")
                elif (verdict := worlds.verdict(world, _DAYS)) != ALL_WELL:
                    wrong.append(f"{what}: {verdict}")
    shown = ", ".join(f"{count} {name}" for name, count in sorted(ended.items()))
    return Found(f"{2 * trial.count} runs of {_DAYS} days: {shown}", wrong)


class _Worker:
    def __init__(self, process: subprocess.Popen[str], record: Path) -> None:
        assert process.stdin
        assert process.stdout
        self._asked: IO[str] = process.stdin
        self._said: IO[str] = process.stdout
        self._record = record

    def run(self, database: Path, ledger: Path, fail: int, *, forgetful: bool, lasts: bool = False) -> int:
        """Let the days be delivered, where a disk fails; return the exit code."""
        more = {"PAPERWIRE_DISK_FAIL": str(fail), "PAPERWIRE_DISK_RECORD": str(self._record)}
        more |= {"PAPERWIRE_DISK_LASTS": "1"} if lasts else {}
        work = {"database": f"sqlite:///{database}", "ledger": str(ledger), "count": _DAYS, "forgetful": forgetful}
        print(json.dumps(work | {"environment": more}), file=self._asked, flush=True)
        return int(self._said.readline())


@contextmanager
def _worker(shim: Path, files: Path) -> Iterator[_Worker]:
    command = [sys.executable, "-m", "benchmarks.faults.disk_work"]
    with subprocess.Popen(
        command,
        env=disk_shim.environment(shim, files),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield _Worker(process, files.parent / "record")
        assert process.stdin
        process.stdin.close()


def _emptied(files: Path, ledger: Path) -> None:
    shutil.rmtree(files)
    files.mkdir()
    ledger.write_bytes(b"")
    (files.parent / "record").unlink(missing_ok=True)


ROWS = (
    Row(
        10,
        "disk errors",
        f"one of the first {_MOST} writes and syncs of a run fails with EIO, once or with all after it",
        "nothing lost, twice or out of order; exit 74 and one line where it lasts; the next run goes on",
        (30, _MOST),
        check,
        "what may have arrived is sent again without looking for it",
        30,
    ),
)
