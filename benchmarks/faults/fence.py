"""Messages sent after a backup that is then restored: nobody is told again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from functools import partial
from unittest.mock import patch

from benchmarks.faults.row import Found, Row, Trial
from storage.fence import Doubt
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack
from tests.kill9 import worlds
from tests.kill9.judge import ALL_WELL
from tests.restoring import Restoring


def _drill(trial: Trial, world: Callable[[int], AbstractAsyncContextManager[worlds.World]], *, may_look: bool) -> Found:
    """Back up, send so many messages, restore."""

    async def drill() -> Found:
        async with world(trial.count // 4) as made:
            with patch("storage.restore.raise_fence", _no_fence) if trial.planted else nullcontext():
                found = await Restoring(made, trial.folder).drill()
        wrong = [f"after the restore: {found.after}"] if found.after != ALL_WELL else []
        if may_look and found.held:
            wrong.append(f"{found.held} are held, and could be looked for")
        if found.released.lost:
            wrong.append(f"{found.released.lost} are lost")
        if found.marked < found.held:
            wrong.append(f"of {found.held} that were released {found.marked} say that they may be repeats")
        return Found(f"{found.before:,} messages, {found.after.duplicated} told again, {found.held} held", wrong)

    return asyncio.run(drill())


def _no_fence(_: sqlite3.Connection, now: datetime) -> Doubt:
    return Doubt(now, 0, 0)


@asynccontextmanager
async def _slack(size: int, *, history: bool = True) -> AsyncIterator[worlds.World]:
    async with FakeSlack() as fake:
        yield worlds.SlackWorld(fake, history=history, rooms=size, people=size)


@asynccontextmanager
async def _discord(size: int) -> AsyncIterator[worlds.World]:
    async with FakeDiscord() as fake:
        yield worlds.DiscordWorld(fake, rooms=size, people=size)


_UNFENCED = "what waited in the backup, and what comes in again, is sent as if nobody had been told"

ROWS = tuple(
    Row(
        23,
        f"restore fence, {name}",
        "messages are sent after the backup that is restored",
        f"0 told again, 0 lost{more}",
        (100, 400),
        partial(_drill, world=world, may_look=may_look),
        _UNFENCED,
        40,
    )
    for name, world, may_look, more in (
        ("Slack", _slack, True, ""),
        ("Slack without history", partial(_slack, history=False), False, "; those to rooms are held"),
        ("Discord", _discord, True, ""),
    )
)
