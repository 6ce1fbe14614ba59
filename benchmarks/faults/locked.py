"""Another process holds the database's lock: a short while is not seen, a long one is said, nothing is lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faults.row import Found, Row, Trial
from bot import daily
from bot.delivery import deliver
from bot.dispatch import call
from bot.model import Destination
from bot.ports import Store, StoreError
from bot.service import respond
from storage import connect
from storage.sqlite import SqliteStore
from tests.kill9 import days, worlds
from tests.kill9.judge import ALL_WELL
from tests.kill9.victim import Ledger

_SECONDS = (1, 4.9, 6, 60)
_PATIENCE = 5  # seconds: who asks waits so long for another program
_MARGIN = 15.0  # seconds, of a machine that is slow
_PEOPLE = 20
_TRIES, _PAUSE = 3_000, 0.05  # seconds between them
_ROOM = Destination("slack", "T1", "C1")
_HOLD = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
db.execute("COMMIT")
"""


def check(trial: Trial) -> Found:
    folders = {seconds: trial.folder / f"{seconds}" for seconds in _SECONDS[: trial.count]}
    for folder in folders.values():
        folder.mkdir()
    every = asyncio.run(_check(folders, hurried=trial.planted))
    return Found("; ".join(figure for figure, _ in every), [line for _, wrong in every for line in wrong])


async def _check(folders: Mapping[float, Path], *, hurried: bool) -> list[tuple[str, list[str]]]:
    return await asyncio.gather(*(_locked(seconds, each, hurried=hurried) for seconds, each in folders.items()))


async def _locked(seconds: float, folder: Path, *, hurried: bool) -> tuple[str, list[str]]:
    path, world = folder / "papers.db", worlds.LedgerWorld(folder / "ledger")
    await days.furnish(f"sqlite:///{path}", world.rooms, world.people)
    async with connect(f"sqlite:///{path}") as store:
        assert isinstance(store, SqliteStore)
        if hurried:
            await store._writer.execute("PRAGMA busy_timeout = 0")  # to be found
        await store.begin_delivery()
        for digest in days.day(0):
            await daily.take_in(digest, store, _now())
        holder = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _HOLD, str(path), str(seconds), stdout=subprocess.PIPE
        )
        assert holder.stdout
        await holder.stdout.readline()
        read, *asked = await asyncio.gather(
            _asked(store, -1, "search clouds"),
            *(_asked(store, number, "subscribe clouds") for number in range(_PEOPLE)),
            _delivered(store, world.path),
        )
        await holder.wait()
        wrong = _judged(seconds, read, asked[:_PEOPLE])
        again = [await _asked(store, number, "subscribe clouds") for number in range(_PEOPLE)]
        wrong += [f"{seconds:g} s, and then: {said}" for said, _ in again if "busy" in said]
        await _delivered(store, world.path)
        held = [len(await store.subscriptions(_person(number))) for number in range(_PEOPLE)]
        if held != [1] * _PEOPLE:
            wrong.append(f"{seconds:g} s: subscriptions {held}")
        if (verdict := worlds.verdict(world, 1)) != ALL_WELL:
            wrong.append(f"{seconds:g} s: {verdict}")
    busy = sum("busy" in said for said, _ in asked[:_PEOPLE])
    slowest = max(took for _, took in asked[:_PEOPLE])
    return f"{seconds:g} s: {busy} of {_PEOPLE} told to try again, the last after {slowest:.1f} s", wrong


def _judged(seconds: float, read: tuple[str, float], asked: Sequence[tuple[str, float]]) -> list[str]:
    wrong = [f"{seconds:g} s: reading took {read[1]:.1f} s"] if read[1] > min(seconds, _PATIENCE) + _MARGIN / 3 else []
    for said, took in asked:
        if "busy" in said and seconds < _PATIENCE:
            wrong.append(f"{seconds:g} s: {said}")
        if took > min(seconds, _PATIENCE) + _MARGIN:
            wrong.append(f"{seconds:g} s: answered after {took:.1f} s")
        if "busy" not in said and "bug" in said.lower():
            wrong.append(f"{seconds:g} s: {said}")
    return wrong


async def _asked(store: Store, number: int, line: str) -> tuple[str, float]:
    """Return what a person is answered, and in how many seconds."""
    clock = asyncio.get_running_loop().time
    began = clock()
    asked = call(line, room=_ROOM, caller=_person(number), at=_now())
    return (await respond(asked, store)).text.plain, clock() - began


async def _delivered(store: Store, ledger: Path) -> tuple[str, float]:
    """Deliver what is owed, as the service does that waits where the store fails."""
    for _ in range(_TRIES):
        try:
            await store.begin_delivery()
            await deliver(store, {"ledger": Ledger(ledger)}, _now)
        except StoreError:
            await asyncio.sleep(_PAUSE)
            continue
        return "", 0.0
    raise AssertionError("the database stays busy")


def _person(number: int) -> Destination:
    return Destination("slack", "T1", f"@U{number}")


def _now() -> datetime:
    return datetime.now(UTC)


ROWS = (
    Row(
        11,
        "locked",
        f"another process holds the database's lock for {', '.join(map(str, _SECONDS))} s, while {_PEOPLE} people ask",
        "under 5 s nobody notices, else all are told to try again; reading goes on, nothing is lost",
        (3, 4),
        check,
        "a write does not wait for another program",
        1,
    ),
)
