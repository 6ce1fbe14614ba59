"""Slack's sockets cut, closed, silenced and refused every few seconds, while people ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import cycle
from statistics import median
from typing import Any

from adapters.slack import sockets
from benchmarks import asking, service
from benchmarks.asking import Asked
from benchmarks.faults.row import Found, Row, Trial
from bot.config import Settings
from tests.fakes.slack import FakeSlack, broken

_EVERY = 5.0  # seconds, or as soon as it has recovered
_ASK_EVERY = 0.1  # seconds
_LOOK_EVERY = 0.01  # seconds
_RECOVERS_WITHIN = 30.0  # seconds
_WARM_AFTER = 10.0  # seconds
_LONGEST, _MEDIAN = 10.0, 3.0  # seconds without a line
_PATIENCE = 30.0  # seconds until an answer counts as lost
_LINES = 2
_PEOPLE = 100  # nobody gives more commands in a minute than one may


async def _close(slack: FakeSlack) -> None:
    await asyncio.gather(*(each.socket.close() for each in slack.sockets.open))


def _refuse(slack: FakeSlack) -> None:
    slack.refuse_handshakes(3)
    slack.cut()


def _break(slack: FakeSlack) -> None:
    slack.fail("apps.connections.open", *(broken(500),) * 3)
    slack.cut()


# A silent line first: that is what a planted mistake does not see.
_FAULTS: dict[str, Callable[[FakeSlack], Awaitable[Any] | object]] = {
    "silent": FakeSlack.blackhole,
    "cut": FakeSlack.cut,
    "closed": _close,
    "refused": _refuse,
    "no ticket": _break,
    "refreshed": FakeSlack.disconnect,
}


def _check(trial: Trial) -> Found:
    return asyncio.run(_disturbed(trial))


async def _disturbed(trial: Trial) -> Found:
    async with FakeSlack() as slack:
        slack.ack_limit = _PATIENCE
        settings = Settings(
            f"sqlite:///{trial.folder / 'sockets.db'}",
            slack_api=slack.api,
            slack_bot_token=slack.token,
            slack_app_token=slack.app_token,
        )
        async with service.running(settings, _unwatched if trial.planted else service.nothing) as watched:
            await slack.connected(_LINES)
            over = asyncio.Event()
            people = asyncio.create_task(_ask(slack, over))
            gaps, stuck = await _disturb(slack, trial.count)
            over.set()
            asked = await people
        wrong = [*slack.problems, *watched.bugs, *stuck]
        slack.problems = []
    wrong += [each.lost for each in asked if each.lost and not each.with_line]
    wrong += [f"the service ended with {watched.code}"] if watched.code else []
    wrong += service.grown(watched.readings, _WARM_AFTER)
    every = [gap for found in gaps.values() for gap in found]
    usual, longest = median(every), max(every)
    gone = sum(each.with_line for each in asked)
    first, last = watched.readings[0], watched.readings[-1]
    return Found(
        f"{trial.count} s, {len(every)} faults: without a line for {usual:.1f} s in the median, at most "
        + ", ".join(f"{max(found):.1f} s {name}" for name, found in gaps.items() if found)
        + f"; {len(asked):,} commands, {gone} of them gone with their line or without one; "
        f"{last.tasks} tasks; memory {first.memory / 2**20:.0f} MiB, then {last.memory / 2**20:.0f} MiB",
        asking.told(wrong),
        [
            *([f"the longest time without a line is {longest:.1f} s"] if longest > _LONGEST else []),
            *([f"the median time without a line is {usual:.1f} s"] if usual > _MEDIAN else []),
        ],
    )


async def _disturb(slack: FakeSlack, seconds: float) -> tuple[dict[str, list[float]], list[str]]:
    """Let one thing after the other go wrong for so long.

    Return for how many seconds no line stood then, by what it was, and what did not recover.
    """
    gaps: dict[str, list[float]] = {name: [] for name in _FAULTS}
    now = asyncio.get_running_loop().time
    end = now() + seconds
    for name in cycle(_FAULTS):
        if now() > end:
            break
        before, began = set(slack.sockets.open), now()
        broken = _FAULTS[name](slack)
        if isinstance(broken, Awaitable):
            await broken
        gap, recovered = 0.0, False
        while not recovered and now() < began + _RECOVERS_WITHIN:
            gap = gap if any(not each.deaf for each in slack.sockets.open) else now() - began
            recovered = len(set(slack.sockets.open) - before) >= _LINES
            await asyncio.sleep(_LOOK_EVERY)
        gaps[name].append(gap)
        if not recovered:
            return gaps, [f"{name}: not both lines stand again after {_RECOVERS_WITHIN:g} s"]
        await asyncio.sleep(began + _EVERY - now())
    return gaps, []


async def _ask(slack: FakeSlack, over: asyncio.Event) -> list[Asked]:
    """Give commands until it is over, and wait for their answers; return what became of them."""
    asked: list[asyncio.Task[Asked]] = []
    people = cycle(f"U2{number:04}" for number in range(_PEOPLE))
    while not over.is_set():
        asked.append(asyncio.create_task(asking.slack(slack, "status", next(people))))
        await asyncio.sleep(_ASK_EVERY)
    return await asyncio.gather(*asked)


def _unwatched() -> None:
    """Never ask whether a line still answers."""
    sockets.run = partial(sockets.run, ping=1e6)


ROWS = (
    Row(
        7,
        "sockets",
        "both lines of Socket Mode silent, reset, closed, refused, without a ticket, refreshed, one after the other",
        "both stand again every time; no more than 10 s without a line, and 3 s in the median; no command that was "
        "acknowledged is lost; tasks and files flat",
        (40, 600),
        _check,
        "nobody asks whether a line still answers",
        5,
    ),
)
