"""Running for long while things go wrong: nothing lost, nothing twice, and no more memory, files or tasks than before.

The service is in a process of its own, the platforms are here: what they keep is not in its memory.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from statistics import linear_regression
from typing import Any

from adapters.discord.commands import payload
from benchmarks import asking, service
from benchmarks.asking import Asked
from benchmarks.chats import drained, without_news
from benchmarks.faults.row import Found, Row, Trial
from benchmarks.service import Reading
from bot import service as product
from bot.config import Settings
from bot.daily import take_in
from bot.model import Call, Destination, Reply
from bot.ports import Store
from storage import connect
from tests.fakes import discord as discords
from tests.fakes import slack as slacks
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack
from tests.kill9 import days, worlds

_DAY_EVERY = 2.0  # seconds: what a day owes on both platforms makes five messages a second
_WAITING = 20  # papers for one place, until there is no new digest
_ASK_EVERY = 0.05  # seconds
_FAULT_EVERY = 3.0  # seconds, on average
_WARM_AFTER = 600.0  # seconds, or a third of the time where that is less
_PATIENCE = 60.0  # seconds until an answer counts as lost
_LARGEST_WAL = 64 * 2**20
_STEEPEST = 1.0  # MiB an hour, over half an hour or more
_LINES = ("today", "search clouds", 'search "point clouds"', "status", "search sediments")

# What goes wrong, on one platform or on the other.
_FAULTS: tuple[Callable[[FakeSlack, FakeDiscord], Awaitable[Any] | object], ...] = (
    lambda slack, _: slack.fail("chat.postMessage", *(slacks.limited("1"),) * 3),
    lambda slack, _: slack.fail("chat.postMessage", slacks.broken(503), slacks.broken(500, commit=True)),
    lambda slack, _: slack.fail("chat.postMessage", slacks.dropped(commit=True)),
    lambda slack, _: slack.fail("chat.postMessage", slacks.reset(commit=True), slacks.truncated()),
    lambda slack, _: slack.cut(),
    lambda slack, _: slack.blackhole(),
    lambda slack, _: slack.disconnect(),
    lambda slack, _: _refuse(slack),
    lambda _, discord: discord.fail("POST", "/channels/*/messages", discords.limited(0.5)),
    lambda _, discord: discord.fail("POST", "/channels/*/messages", discords.broken(503), discords.broken(500)),
    lambda _, discord: discord.fail("POST", "/channels/*/messages", discords.dropped()),
    lambda _, discord: discord.fail("POST", "/channels/*/messages", discords.reset(), discords.truncated()),
    lambda _, discord: discord.gateway.cut(),
    lambda _, discord: discord.gateway.reconnect(),
    lambda _, discord: discord.gateway.invalidate(resumable=True),
)


def _refuse(slack: FakeSlack) -> None:
    slack.refuse_handshakes(1)
    slack.cut()


def _check(trial: Trial) -> Found:
    return asyncio.run(_soaked(trial))


async def _soaked(trial: Trial) -> Found:
    address = f"sqlite:///{trial.folder / 'soak.db'}"
    async with worlds.slack() as on_slack, worlds.discord() as on_discord:
        slack, discord, both = on_slack.slack, on_discord.discord, (on_slack, on_discord)
        slack.ack_limit = discord.callback_limit = _PATIENCE
        discord.register(payload())
        without_news(on_discord)
        settings = Settings(
            address,
            slack_api=slack.api,
            slack_bot_token=slack.token,
            slack_app_token=slack.app_token,
            discord_api=discord.api,
            discord_token=discord.token,
        )
        for world in both:
            await days.furnish(address, world.rooms, world.people)
        async with (
            service.running(settings, _leak if trial.planted else service.nothing) as watched,
            connect(address) as store,
        ):
            await slack.connected(2)
            await discord.connected()
            soak = _Soak(trial, store, slack, discord)
            await soak.run(trial.count * 60.0)
            left = await drained(store)
        soak.forget_answers()
        found = {
            "slack": worlds.verdict(on_slack, soak.days),
            "discord": worlds.verdict(on_discord, soak.days),
        }
        messages = sum(len(world.arrived()) for world in both)
        wrong = [*slack.problems, *discord.problems, *watched.bugs]
        slack.problems, discord.problems[:] = [], []
    for platform, verdict in found.items():
        wrong += [f"{platform}: {count} {what}" for what, count in verdict._asdict().items() if count]
    wrong += [each.lost for each in soak.asked if each.lost and not each.with_line]
    wrong += [f"{left} messages are still owed"] if left else []
    wrong += [f"a write-ahead log of {soak.wal / 2**20:.0f} MiB"] if soak.wal > _LARGEST_WAL else []
    wrong += [f"the service ended with {watched.code}"] if watched.code else []
    warm_after = min(_WARM_AFTER, trial.count * 20)
    wrong += service.grown(watched.readings, warm_after)
    steady = [each for each in watched.readings if each.at - watched.readings[0].at > warm_after]
    slope = _slope(steady)
    is_steep = trial.count >= 30 and slope >= _STEEPEST
    gone = sum(each.with_line for each in soak.asked)
    return Found(
        f"{trial.count} min: {messages:,} messages, {len(soak.asked):,} commands, {gone} of them gone with their line, "
        f"{soak.faults} faults; memory {steady[-1].memory / 2**20:.0f} MiB, {slope:+.1f} MiB an hour; "
        f"{steady[-1].files} files, {steady[-1].tasks} tasks; write-ahead log at most {soak.wal / 2**20:.1f} MiB",
        asking.told(wrong),
        [f"memory grows by {slope:.1f} MiB an hour"] if is_steep else [],
    )


@dataclass(slots=True)
class _Soak:
    """What is done to the service, and what came of it: days taken in, faults, bytes of the log, commands."""

    trial: Trial
    store: Store
    slack: FakeSlack
    discord: FakeDiscord
    days: int = 0
    faults: int = 0
    wal: int = 0
    asked: list[Asked] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        """Take in digests, give commands and let things go wrong for so long."""
        end = asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as tasks:
            for each in (self._digest, self._disturb, self._ask):
                tasks.create_task(each(end))
        self._mend()

    def _mend(self) -> None:
        self.slack.mend()
        self.discord.mend()

    def forget_answers(self) -> None:
        """Keep on the platforms what was delivered, and not what was asked and answered long ago."""
        slack, discord = self.slack, self.discord
        slack.messages[:] = [each for each in slack.messages if each.metadata]
        discord.messages[:] = [each for each in discord.messages if each.asked is None]
        for past in (slack.calls, slack.ephemerals, slack.responses, discord.requests, discord.ephemerals):
            past.clear()
        asked: tuple[tuple[dict[str, Any], Callable[[Any], float]], ...] = (
            (slack._responses.urls, lambda url: slack.now() - url.made),
            (discord.interactions, lambda interaction: discord.now() - interaction.at),
        )
        for kept, age in asked:
            for key in [key for key, each in kept.items() if age(each) > _PATIENCE]:
                del kept[key]

    async def _digest(self, end: float) -> None:
        log = self.trial.folder / "soak.db-wal"
        while asyncio.get_running_loop().time() < end:
            owed, _ = await self.store.deliveries(states=("pending", "sending"), limit=1_000)
            # Of what waits for longer, a room is told only the best; and one message may have the papers of many days.
            waiting: Counter[Destination] = Counter()
            for each in owed:
                waiting[each.delivery.to] += len(each.delivery.picks)
            if max(waiting.values(), default=0) <= _WAITING:
                for digest in days.day(self.days):
                    await take_in(digest, self.store, datetime.now(UTC))
                self.days += 1
            self.forget_answers()
            self.wal = max(self.wal, log.stat().st_size)
            await asyncio.sleep(_DAY_EVERY)

    async def _disturb(self, end: float) -> None:
        while asyncio.get_running_loop().time() < end:
            # What met no message before has passed: else each would meet several, one after the other.
            self._mend()
            broken = self.trial.random.choice(_FAULTS)(self.slack, self.discord)
            if isinstance(broken, Awaitable):
                await broken
            self.faults += 1
            await asyncio.sleep(self.trial.random.uniform(0, 2 * _FAULT_EVERY))

    async def _ask(self, end: float) -> None:
        crowd = asking.crowd(self.slack, self.discord)
        async with asyncio.TaskGroup() as tasks:
            for number, line in enumerate(cycle(_LINES)):
                if asyncio.get_running_loop().time() > end:
                    return
                tasks.create_task(
                    self._answered(
                        asking.slack(self.slack, line, next(crowd.slack))
                        if number % 2
                        else asking.discord(self.discord, line, next(crowd.discord))
                    )
                )
                await asyncio.sleep(_ASK_EVERY)

    async def _answered(self, asked: Awaitable[Asked]) -> None:
        self.asked.append(await asked)


def _slope(readings: Sequence[Reading]) -> float:
    """Return by how many MiB an hour the memory grows."""
    slope, _ = linear_regression([each.at / 3600 for each in readings], [each.memory / 2**20 for each in readings])
    return slope


def _leak() -> None:
    """Let every tenth answer leave a file open."""
    respond = product.respond
    answers = iter(range(2**62))

    async def leaking(call: Call, store: Store) -> Reply:
        if next(answers) % 10 == 0:
            os.open(os.devnull, os.O_RDONLY)
        return await respond(call, store)

    product.respond = leaking


ROWS = (
    Row(
        22,
        "soak",
        "5 messages and 20 commands a second while replies are lost, refused and limited, and lines are cut",
        "none lost, none twice; files and tasks flat, WAL at most 64 MiB, memory grows by less than 1 MiB an hour",
        (2, 60),
        _check,
        "every tenth answer leaves a file open",
        1,
    ),
)
