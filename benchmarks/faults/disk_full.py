"""The disk is full: as digests come in, as messages are marked, at a start. When there is room again, it goes on."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faults.disk_work import Forgetful
from benchmarks.faults.row import Found, Row, Trial
from bot import daily
from bot.delivery import deliver
from bot.model import Destination, Reply
from bot.ports import Store, StoreError
from bot.search.grammar import parse
from storage import connect
from storage.opening import inspect
from tests.kill9 import days, worlds
from tests.kill9.judge import ALL_WELL
from tests.kill9.victim import Ledger

_ROOT = Path(__file__).parent.parent.parent
_SIZE = 8 << 20  # bytes
_DAYS = 2
_TRIES = 20
# In one of so many places the disk is full at a start, which takes a process of its own.
_KINDS = ("ingest", "mark", "mark", "start", "ingest")
_LEAST_ROOM = {"ingest": 200_000, "mark": 20_000, "start": 40_000}  # bytes: less than what it needs is left

# Leave so many bytes, or make room again.
_Fill = Callable[[int | None], None]


def check(trial: Trial) -> Found:
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    with _disk(trial.folder) as (folder, fill, what):
        template = trial.folder / "template.db"
        world = worlds.LedgerWorld(trial.folder / "ledger")
        asyncio.run(days.furnish(f"sqlite:///{template}", world.rooms, world.people))
        for number in range(trial.count):
            kind = _KINDS[number % len(_KINDS)]
            _emptied(folder, world.path)
            path = Path(shutil.copy(template, folder / "papers.db"))
            room = trial.random.randrange(_LEAST_ROOM[kind])
            place = f"place {number}, {kind}, {room} bytes left"
            try:
                if kind == "start":
                    found = _started(path, fill, room, counts)
                else:
                    message = trial.random.randrange(1, 12) if kind == "mark" else 0
                    point = _Point(path, world, fill, room, message, hasty=trial.planted)
                    found = asyncio.run(point.run(kind, counts))
            except Exception as error:  # noqa: BLE001  # that is what must not be
                found = [f"{type(error).__name__}: {error}"]
            finally:
                fill(None)
            wrong += [f"{place}: {each}" for each in found]
    return Found(
        f"{trial.count} places on {what}: {', '.join(f'{n} {name}' for name, n in sorted(counts.items()))}", wrong
    )


class _Watching(Ledger):
    """A platform that looks whether what it is sent was claimed for good; at one message, from 1, the disk fills up."""

    def __init__(self, ledger: Path, database: Path, full: Callable[[], None], at: int) -> None:
        super().__init__(ledger)
        self.unclaimed = 0
        self._database = database
        self._full = full
        self._until = at

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self._until -= 1
        if not self._until:
            self._full()
        with closing(sqlite3.connect(self._database)) as db:
            claimed = db.execute(
                """
                SELECT 1 FROM outbox JOIN destination AS d ON d.id = destination_id
                WHERE state = 'sending' AND (platform, workspace, name) = (?, ?, ?)
                """,
                (to.platform, to.workspace, to.name),
            )
            self.unclaimed += not claimed.fetchone()
        await super().post(to, reply, key=key, uncertain=uncertain)


class _Hasty(_Watching, Forgetful):
    """One that is wrong besides."""


class _Point:
    """A place in the work where the disk is full."""

    def __init__(
        self, path: Path, world: worlds.LedgerWorld, fill: _Fill, room: int, message: int, *, hasty: bool
    ) -> None:
        self._path = path
        self._world = world
        self._fill = fill
        self._room = room
        self._platform = (_Hasty if hasty else _Watching)(world.path, path, lambda: fill(room), message)

    async def run(self, kind: str, counts: Counter[str]) -> list[str]:
        """Return what is wrong, after all was delivered over one connection."""
        wrong: list[str] = []
        full = 0
        async with connect(f"sqlite:///{self._path}") as store:
            await store.begin_delivery()
            if kind == "ingest":
                await daily.take_in(days.day(0)[0], store, _now())
                self._fill(self._room)
            for _ in range(_TRIES):
                try:
                    await self._work(store)
                except StoreError:
                    full += 1
                    wrong += await self._reads(store)
                    if full == 2:  # it stays so for a while
                        self._fill(None)
                    await asyncio.sleep(0)
                    continue
                break
            else:
                wrong.append("it does not go on when there is room")
        counts[f"{kind}, full" if full else f"{kind}, with room enough"] += 1
        if self._platform.unclaimed:
            wrong.append(f"{self._platform.unclaimed} sent without a claim that lasts")
        if (verdict := worlds.verdict(self._world, _DAYS)) != ALL_WELL:
            wrong.append(str(verdict))
        return [*wrong, *inspect(self._path).trouble]

    async def _work(self, store: Store) -> None:
        await store.begin_delivery()
        for number in range(_DAYS):
            for digest in days.day(number):
                await daily.take_in(digest, store, _now())
            await deliver(store, {"ledger": self._platform}, _now)

    async def _reads(self, store: Store) -> list[str]:
        """Return what is wrong with reading while nothing can be written."""
        try:
            found = await store.search(parse("clouds OR sediments"))
            size = await store.size()
            listed = [await store.listed(each.day, each.category) for each in days.day(0)]
        except StoreError as error:
            return [f"nothing can be read: {error}"]
        return [] if bool(found.total) == bool(size) == any(each.total for each in listed) else ["it reads half a day"]


def _started(path: Path, fill: _Fill, room: int, counts: Counter[str]) -> list[str]:
    """Return what is wrong with starting on a full disk, and again when there is room."""
    command = [sys.executable, "-m", "bot", "run", "--once", "--database", f"sqlite:///{path}"]
    fill(room)
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    lines = ended.stderr.splitlines()
    counts[f"start, exit {ended.returncode}"] += 1
    wrong = [] if (ended.returncode, len(lines)) in ((74, 1), (0, 1)) else [f"exit {ended.returncode}: {ended.stderr}"]
    fill(None)
    again = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    return wrong + ([] if again.returncode == 0 else [f"with room, exit {again.returncode}: {again.stderr}"])


@contextmanager
def _disk(folder: Path) -> Iterator[tuple[Path, _Fill, str]]:
    """Yield a folder on a small disk, how to fill it, and what it is; where none can be made, files cannot grow."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode
    )
    files = disk / "files"
    files.mkdir()
    if not mounted:
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

        def limit(room: int | None) -> None:
            log = max((each.stat().st_size for each in files.glob("*-wal")), default=0)
            soft = unlimited[0] if room is None else log + room
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, unlimited[1]))

        yield files, limit, "a disk that takes no longer files"
        return
    filler = disk / "filler"

    def fill(room: int | None) -> None:
        filler.unlink(missing_ok=True)
        if room is None:
            return
        with filler.open("wb") as file:
            for _ in range(_TRIES):
                found = os.statvfs(disk)
                try:
                    os.posix_fallocate(file.fileno(), 0, max(1, found.f_bavail * found.f_frsize - room))
                except OSError:  # meanwhile others have written
                    continue
                return
        raise AssertionError("the disk does not fill up")

    try:
        yield files, fill, f"a disk of {_SIZE >> 20} MiB"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _emptied(folder: Path, ledger: Path) -> None:
    for each in folder.iterdir():
        each.unlink()
    ledger.write_bytes(b"")


def _now() -> datetime:
    return datetime.now(UTC)


ROWS = (
    Row(
        9,
        "disk full",
        "the disk is full as digests come in, as messages are marked, at a start; then there is room again",
        "reads work, nothing is sent without a claim that lasts, the same connection goes on; a start ends with 74",
        (20, 200),
        check,
        "what may have arrived is sent again without looking for it",
        15,
    ),
)
