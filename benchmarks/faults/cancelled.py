"""Who asked for a write is cancelled, at every await of it: nothing is half written, no transaction stays open."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import closing, contextmanager
from contextvars import Context, ContextVar
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.faults.cancelled_writes import NOW, WRITES, Write, contents, furnish, unknown
from benchmarks.faults.row import Found, Row, Trial
from bot.model import Delivery
from bot.ports import Store
from storage import connect
from storage.sqlite import SqliteStore

_Result = TypeVar("_Result")
_WITHIN = 60.0  # seconds: what takes so long hangs


class _Awaits:
    """Counts the awaits of a task, and of those that it begins, which wait; at one of them the first is cancelled."""

    def __init__(self, at: int) -> None:
        self.count = 0
        self._at = at
        self._task: asyncio.Task[Any] | None = None

    def begin(self, work: Awaitable[object]) -> asyncio.Task[object]:
        token = _counting.set(self)
        try:
            self._task = asyncio.get_running_loop().create_task(_all_of(work))
        finally:
            _counting.reset(token)
        return self._task

    def waits(self) -> None:
        self.count += 1
        if self.count == self._at and self._task:
            self._task.cancel()


_counting: ContextVar[_Awaits | None] = ContextVar("counting", default=None)


class _Counted:
    """A coroutine as it is, but that each of its awaits that waits is told of."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], awaits: _Awaits) -> None:
        self._coroutine = coroutine
        self._awaits = awaits

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[], Any] = lambda: self._coroutine.send(None)  # noqa: E731  # one of three, of one type
        while True:
            try:
                waited_for = step()
            except StopIteration as done:
                return done.value
            self._awaits.waits()
            try:
                sent = yield waited_for
            except BaseException as error:  # noqa: BLE001  # whatever is thrown is the coroutine's
                step = lambda error=error: self._coroutine.throw(error)  # type: ignore[misc]  # noqa: E731
            else:
                step = lambda sent=sent: self._coroutine.send(sent)  # type: ignore[misc]  # noqa: E731


def _factory(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Any],
    *,
    context: Context | None = None,
    **more: Any,  # noqa: ANN401  # each Python passes others
) -> asyncio.Task[Any]:
    awaits = _counting.get()
    counted = _all_of(_Counted(coroutine, awaits)) if awaits else coroutine
    return asyncio.Task(counted, loop=loop, context=context, **more)


async def _all_of(work: Awaitable[_Result]) -> _Result:
    return await work


def check(trial: Trial) -> Found:
    assert not unknown(), f"writes of the store that are not tried: {unknown()}"
    wrong: list[str] = []
    with _planted(planted=trial.planted):
        awaits = asyncio.run(_check(trial, wrong))
    return Found(f"{len(WRITES)} writes, {awaits:,} awaits, each {trial.count} times", wrong)


async def _check(trial: Trial, wrong: list[str]) -> int:
    asyncio.get_running_loop().set_task_factory(_factory)  # type: ignore[arg-type]
    template = trial.folder / "template.db"
    claimed = await furnish(f"sqlite:///{template}")
    awaits = await _opening(template, wrong)
    for name, write in WRITES.items():
        states = {_state(template), await _undisturbed(template, write, claimed)}
        if len(states) < 2 and name != "compact":  # which changes how the index is kept, and not what it says
            raise AssertionError(f"{name} changes nothing here")
        at = 0
        while (at := at + 1) and await _cancelled(template, write, claimed, at, states, f"{name}, await {at}", wrong):
            for _ in range(trial.count - 1):
                await _cancelled(template, write, claimed, at, states, f"{name}, await {at}", wrong)
            awaits += 1
            if len(wrong) >= 20:
                return awaits
    return awaits


async def _undisturbed(template: Path, write: Write, claimed: Delivery) -> str:
    path = _copied(template)
    async with connect(f"sqlite:///{path}") as store:
        await write(store, claimed)
    return _state(path)


async def _cancelled(
    template: Path, write: Write, claimed: Delivery, at: int, states: set[str], what: str, wrong: list[str]
) -> bool:
    """Cancel a write at an await, while another one is under way; return whether it came to there."""
    path = _copied(template)
    awaits = _Awaits(at)
    try:
        async with asyncio.timeout(_WITHIN), connect(f"sqlite:///{path}") as store:
            assert isinstance(store, SqliteStore)
            other = asyncio.ensure_future(_note(store, "before"))
            ended, _ = await asyncio.gather(awaits.begin(write(store, claimed)), other, return_exceptions=True)
            if isinstance(ended, Exception):
                wrong.append(f"{what}: {type(ended).__name__}: {ended}")
            await _note(store, "after")  # which waits for what was begun
            if store._writer.in_transaction:  # what is asked here
                wrong.append(f"{what}: a transaction stays open")
            notes = [await store.ledger("other").get("note", each, NOW) for each in ("before", "after")]
            if notes != ["before", "after"]:
                wrong.append(f"{what}: lost what another wrote: {notes}")
    except Exception as error:  # noqa: BLE001  # that is what must not be
        wrong.append(f"{what}: {type(error).__name__}: {error}")
    if _state(path) not in states:
        wrong.append(f"{what}: half written")
    return awaits.count >= at


async def _opening(template: Path, wrong: list[str]) -> int:
    """Cancel opening and closing the store at each await: no thread is left, which would keep the process alive."""
    at = 0
    while True:
        at += 1
        awaits = _Awaits(at)
        await asyncio.gather(awaits.begin(_open(_copied(template))), return_exceptions=True)
        for thread in threading.enumerate():
            if "_connection_worker_thread" in thread.name:
                thread.join(_WITHIN)
                if thread.is_alive():
                    wrong.append(f"opening, await {at}: a connection stays open")
        if awaits.count < at:
            return at - 1


async def _open(path: Path) -> None:
    async with connect(f"sqlite:///{path}"):
        pass


async def _note(store: Store, key: str) -> None:
    await store.ledger("other").put("note", key, key)


def _copied(template: Path) -> Path:
    path = template.with_name("cancelled.db")
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    shutil.copy(template, path)
    return path


def _state(path: Path) -> str:
    """Return a fingerprint of what a database says, but what is noted beside the write."""
    said = blake2b()
    with closing(sqlite3.connect(path)) as db:
        for table, row in contents(db):
            if (table, row.get("platform")) != ("ledger", "other"):
                said.update(repr((table, row)).encode())
    return said.hexdigest()


@contextmanager
def _planted(*, planted: bool) -> Iterator[None]:
    """Let writes run in the task of who asks for them."""
    shielded = SqliteStore.write
    if planted:
        SqliteStore.write = SqliteStore._transaction  # type: ignore[method-assign]  # to be found
    try:
        yield
    finally:
        SqliteStore.write = shielded  # type: ignore[method-assign]


ROWS = (
    Row(
        12,
        "cancelled",
        "who asked for a write is cancelled, at each await of it, while another writes; so is opening and closing",
        "no transaction stays open, no partial row, no connection left, the other write is kept",
        (1, 3),
        check,
        "the write runs in the caller's task, without its shield",
        1,
    ),
)
