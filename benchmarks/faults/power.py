"""The power goes: of what no fsync had made sure of, any part may be on the disk. Nothing that was said is lost."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.faults import disk_shim
from benchmarks.faults.disk_shim import Step
from benchmarks.faults.row import Found, Row, Trial, not_checked
from bot.ports import StoreError
from storage.opening import inspect

_SECTOR = 512  # bytes: what a disk writes whole
_DONE = "done"


def check(trial: Trial) -> Found:
    shim = disk_shim.build(trial.folder)
    if shim is None:
        return not_checked(trial, "there is no C compiler, or no Linux")
    steps = _recorded(shim, trial.folder, planted=trial.planted)
    wrong: list[str] = []
    figures: Counter[str] = Counter()
    for number in range(trial.count):
        cut = trial.random.randrange(1, len(steps) + 1)
        seed = trial.random.getrandbits(64)
        folder = trial.folder / "state"
        said = _restored(steps[:cut], Random(seed), folder)
        figures["said"] += len(said)
        found = _lost(folder / "papers.db", said)
        wrong += [f"state {number}, after {cut} of {len(steps)} writes and syncs: {each}" for each in found]
    syncs = sum(each.kind == "sync" for each in steps)
    return Found(
        f"{trial.count:,} states of {len(steps):,} writes and {syncs} syncs, {figures['said']:,} acknowledged", wrong
    )


def _recorded(shim: Path, folder: Path, *, planted: bool) -> Sequence[Step]:
    """Return what the work does to its files, in order."""
    files, record = folder / "files", folder / "record"
    files.mkdir()
    command = [sys.executable, "-m", "benchmarks.faults.power_work", str(files / "papers.db"), str(files / _DONE)]
    command += ["synchronous = NORMAL"] if planted else []
    subprocess.run(command, env=disk_shim.environment(shim, files, record), check=True)
    return list(disk_shim.steps(record))


def _restored(steps: Sequence[Step], chance: Random, folder: Path) -> list[str]:
    """Write the files as a power cut after these steps may leave them; return what was acknowledged by then.

    Of each file stays what it had when it was last synced. Of what came after, a step stays, is lost, or stays in some
    of its sectors, whatever became of those before. A folder is a list of steps of its own, which are kept in order.
    """
    folder.mkdir(exist_ok=True)
    for each in folder.iterdir():
        each.unlink()
    synced = {each.file: number for number, each in enumerate(steps) if each.kind == "sync"}
    # What was unlinked is gone once the folder was synced; else perhaps, and with it what has its name since.
    of_folder = max((number for number, each in enumerate(steps) if (each.kind, each.name) == ("sync", "")), default=-1)
    gone = chance.randrange(of_folder, len(steps)) if of_folder >= 0 else chance.randrange(len(steps))
    files: dict[str, bytearray] = {}
    remaining: dict[str, tuple[int, int]] = {}
    said = bytearray()
    for number, step in enumerate(steps):
        if step.name == _DONE:
            said += step.data
            continue
        if not step.name or remaining.get(step.name, step.file) != step.file:
            continue
        content = files.setdefault(step.name, bytearray())
        if step.kind == "unlink":
            if number <= gone:
                del files[step.name]
            else:
                remaining[step.name] = step.file
        elif number < synced.get(step.file, -1) or chance.random() < 0.4:
            _apply(step, content, step.data, 0)
        elif step.kind == "write" and chance.random() < 0.5:
            for at in range(0, len(step.data), _SECTOR):
                if chance.random() < 0.5:
                    _apply(step, content, step.data[at : at + _SECTOR], at)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return said.decode().splitlines()


def _apply(step: Step, content: bytearray, data: bytes, offset: int) -> None:
    end = step.at + offset + len(data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if step.kind == "truncate":
        del content[step.at :]
    else:
        content[step.at + offset : end] = data


def _lost(path: Path, said: Sequence[str]) -> list[str]:
    """Return what is wrong with a database, and what of it was acknowledged and is not there."""
    if not path.exists() or not path.stat().st_size:
        return [f"the database is gone, and {len(said)} acknowledged writes"] if said else []
    try:
        trouble = inspect(path).trouble
    except StoreError as error:
        return [str(error)] if said else []
    if trouble:
        return list(trouble)
    with closing(sqlite3.connect(path)) as db:
        return [f"{line} is lost" for line in said if not _is_kept(db, *line.split())]


def _is_kept(db: sqlite3.Connection, what: str, *about: str) -> bool:
    return bool(db.execute(_KEPT[what], about).fetchone())


# Whether what was acknowledged is there; what came later may have changed it.
_KEPT: Mapping[str, str] = {
    "subscribed": "SELECT 1 FROM subscription JOIN destination ON id = person_id "
    "WHERE platform || ':' || destination.workspace || '/' || name = ? AND number = ?",
    "digest": "SELECT 1 FROM edition WHERE (day, category, papers) = (?, ?, CAST(? AS INTEGER))",
    "claimed": "SELECT 1 FROM outbox WHERE id = ? AND state IN ('sending', 'sent')",
    "sent": "SELECT 1 FROM outbox WHERE id = ? AND state = 'sent'",
}

ROWS = (
    Row(
        2,
        "power cut",
        "the power goes after any write: those not synced are kept, lost or torn at random",
        "the database is sound, and has all that was acknowledged",
        (200, 2_000),
        check,
        "PRAGMA synchronous = NORMAL",
        100,
    ),
)
