"""People who give commands in a chat on loopback, and how long each waits for its answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter

from bot.pacing import MAX_COMMANDS
from tests.fakes.discord import FakeDiscord, User
from tests.fakes.slack import Ack, FakeSlack
from tests.fakes.slack_sockets import Connection

_CROWD = 640  # people on each platform


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a command: the seconds until its answer, or why there was none.

    `with_line`: it went with the line it was sent over, before it was acknowledged, and nobody could have answered it.
    """

    seconds: float
    lost: str = ""
    with_line: bool = False


def told(wrong: Iterable[str]) -> list[str]:
    """Say each thing once, and how often it was."""
    return [what if times == 1 else f"{times:,} times: {what}" for what, times in Counter(wrong).items()]


@dataclass(frozen=True, slots=True)
class Crowd:
    """People who take turns, so that nobody gives more commands in a minute than one may."""

    slack: Iterator[str]
    discord: Iterator[User]


def crowd(on_slack: FakeSlack, on_discord: FakeDiscord) -> Crowd:
    """Let people be on both platforms."""
    names = [f"U2{number:04}" for number in range(_CROWD)]
    users = [on_discord.user(f"asker{number}") for number in range(_CROWD)]
    for name, user in zip(names, users, strict=True):
        on_slack.teams["T1"].user(name)
        on_discord.home.join(user)
    return Crowd(cycle(names), cycle(users))


async def slack(fake: FakeSlack, line: str, user: str) -> Asked:
    """Give a command in Slack, and wait for its answer as long as its line stands."""
    lines: list[Connection] = []

    async def give() -> Ack | None:
        if not fake.sockets.open:
            return None
        # The fake sends it over the line that waits longest, at once.
        lines.append(min(fake.sockets.open, key=lambda each: each.used))
        return await fake.slash(line, user=user)

    began = perf_counter()
    asking = asyncio.ensure_future(give())
    await asyncio.sleep(0)  # it begins
    gone = [asyncio.ensure_future(each.gone.wait()) for each in lines]
    try:
        await asyncio.wait({asking, *gone}, return_when=asyncio.FIRST_COMPLETED)
        ack = asking.result() if asking.done() else None
        if ack is None:
            return Asked(perf_counter() - began, "there was no line, or it was lost", with_line=True)
        if ack.status != 200:
            return Asked(perf_counter() - began, f"{line!r} was not acknowledged")
        try:
            said = (await fake.answered(ack)).text
        except AssertionError as error:
            return Asked(perf_counter() - began, f"{line!r} was acknowledged and not answered: {error}")
        return Asked(perf_counter() - began, _refused(said))
    finally:
        for each in (asking, *gone):
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each


async def discord(fake: FakeDiscord, line: str, user: User) -> Asked:
    """Give a command in Discord, and wait for its answer."""
    name, _, text = line.partition(" ")
    began = perf_counter()
    try:
        answered = await fake.slash(user, fake.papers, name, **({"query": text} if text else {}))
        said = (await answered.final()).text
    except AssertionError as error:
        return Asked(perf_counter() - began, f"{line!r} was not answered: {error}")
    return Asked(perf_counter() - began, _refused(said))


def _refused(said: str) -> str:
    return said if said.startswith(f"You have typed {MAX_COMMANDS} commands") else ""
