"""People who all ask at once while thousands of messages go out: one process, Slack and Discord on loopback.

The messages are alerts, each to a person of their own: to four in Discord one in Slack, which is how fast each takes
them. What the platforms on loopback take of the machine themselves is in the figures.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console
from rich.table import Table

from adapters.discord.commands import payload
from benchmarks import asking, material, service
from benchmarks.asking import Asked, Crowd
from benchmarks.chats import LINES
from benchmarks.report import machine
from benchmarks.service import Reading
from benchmarks.timing import milliseconds, percentile
from bot.config import Settings
from bot.daily import take_in
from bot.model import Destination, Digest, Paper
from bot.search.grammar import parse
from storage import connect
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack

_PEOPLE = 64  # half of them on each platform
_PAPERS = 3_000
_OF_SLACK = 5  # one message of so many
_ROUNDS = 10  # of questions while nothing goes out
_PAUSE = 1.0  # seconds between rounds
_LATEST = 3.0  # seconds: a platform takes no answer after that
_PATIENCE = 30.0  # seconds until an answer counts as lost
_ARRIVE_WITHIN = 0.5  # seconds for each message: what takes longer is lost
_WORD = "qzxq"  # of no paper but the one that everybody is told of


def run(messages: int, console: Console) -> bool:
    """Ask and deliver so many messages, print what that took; return whether nothing was lost or late."""
    if not material.CORPUS.exists():
        console.print("Load: there is no corpus beside the checkout")
        return True
    with TemporaryDirectory() as folder:
        rows, wrong = asyncio.run(_loaded(Path(folder), messages))
    title = f"Paperwire, {_PEOPLE} people at once, {messages:,} messages to send, {machine()}"
    table = Table("", "", title=title, title_justify="left")
    for what, figure in rows:
        table.add_row(what, figure)
    table.add_row("lost, twice, late", "; ".join(wrong) or "none", style="bold red" if wrong else "green")
    console.print(table)
    return not wrong


async def _loaded(folder: Path, messages: int) -> tuple[list[tuple[str, str]], list[str]]:
    async with FakeSlack(judging=False) as slack, FakeDiscord(judging=False) as discord:
        slack.ack_limit = discord.callback_limit = _PATIENCE
        discord.register(payload())
        settings = Settings(
            f"sqlite:///{folder / 'load.db'}",
            slack_api=slack.api,
            slack_bot_token=slack.token,
            slack_app_token=slack.app_token,
            discord_api=discord.api,
            discord_token=discord.token,
        )
        crowd = asking.crowd(slack, discord)
        people = _people(slack, discord, messages)
        await _furnished(settings.database, people)
        async with service.running(settings) as running:
            await slack.connected(2)
            await discord.connected()
            idle = [await _round(slack, discord, crowd) for _ in range(_ROUNDS)]
            before = len(running.readings)
            began = perf_counter()
            await _owe(settings.database)
            busy = []
            while len(_places(slack, discord)) < messages and perf_counter() - began < messages * _ARRIVE_WITHIN:
                busy.append(await _round(slack, discord, crowd))
            seconds = perf_counter() - began
        arrived = Counter(_places(slack, discord))
        wrong = [*slack.problems, *discord.problems, *running.bugs]
        slack.problems, discord.problems[:] = [], []
    every = list(chain.from_iterable((*idle, *busy)))
    wrong += [each.lost for each in every if each.lost]
    late = [each.seconds for each in every if each.seconds > _LATEST]
    wrong += [f"{len(late)} answers after {_LATEST:g} s, the last after {max(late):.1f} s"] if late else []
    wrong += [f"{messages - len(arrived):,} messages lost"] if len(arrived) < messages else []
    wrong += [f"{place} told {count} times" for place, count in arrived.items() if count > 1]
    wrong += [f"the service ended with {running.code}"] if running.code else []
    rows = [
        *_figures("while nothing goes out", idle, running.readings[:before]),
        *_figures("while messages go out", busy, running.readings[before:]),
        ("messages", f"{arrived.total():,} in {seconds:.0f} s, {arrived.total() / seconds:.0f}/s"),
    ]
    return rows, asking.told(wrong)


def _people(slack: FakeSlack, discord: FakeDiscord, messages: int) -> list[Destination]:
    """Let so many people be, and return how to reach each."""
    found = []
    for number in range(messages):
        if number % _OF_SLACK:
            user = discord.user(f"person{number}")
            discord.home.join(user)
            found.append(Destination("discord", "dm", f"@{user.id}"))
        else:
            slack.teams["T1"].user(f"U1{number:05}")
            found.append(Destination("slack", "T1", f"@U1{number:05}"))
    return found


async def _furnished(address: str, people: Sequence[Destination]) -> None:
    async with connect(address) as store:
        for digest in material.enlarged(_PAPERS):
            await take_in(digest, store, datetime.now(UTC), owe=False)
        for person in people:
            await store.subscribe(person, parse(_WORD), datetime.now(UTC))


async def _owe(address: str) -> None:
    """Take in the paper that everybody waits for, from beside the service, as `paperwire ingest` does."""
    paper = Paper("2612.00001", f"On {_WORD}", "It is here.", f"On {_WORD}", "It is here.")
    async with connect(address) as store:
        await take_in(Digest("load", "cs.CV", date(2026, 1, 2), (paper,)), store, datetime.now(UTC))


def _places(slack: FakeSlack, discord: FakeDiscord) -> list[str]:
    """Return where each message has arrived: answers to commands have no key, and no direct message is one."""
    told = [each.channel for each in slack.posts if each.metadata]
    return told + [str(each.channel.id) for each in discord.messages if each.channel.guild is None]


async def _round(slack: FakeSlack, discord: FakeDiscord, crowd: Crowd) -> list[Asked]:
    """Let everybody ask at once, and wait until all have their answers."""
    lines = list(islice(cycle(LINES), _PEOPLE // 2))
    slacks = (asking.slack(slack, line, next(crowd.slack)) for line in lines)
    discords = (asking.discord(discord, line, next(crowd.discord)) for line in lines)
    found = await asyncio.gather(*slacks, *discords)
    await asyncio.sleep(_PAUSE)
    return list(found)


def _figures(when: str, rounds: Sequence[Sequence[Asked]], readings: Sequence[Reading]) -> list[tuple[str, str]]:
    waits = {
        "Slack": [each.seconds for found in rounds for each in found[: _PEOPLE // 2]],
        "Discord": [each.seconds for found in rounds for each in found[_PEOPLE // 2 :]],
    }
    late = [beat for each in readings for beat in each.late]
    return [
        *((f"{name}, {when}: {len(each):,} answers", _spread(each)) for name, each in waits.items()),
        (f"event loop, {when}: late by", _spread(late)),
        (f"memory, {when}", f"at most {max(each.memory for each in readings) / 2**20:,.0f} MiB"),
    ]


def _spread(seconds: Sequence[float]) -> str:
    middle, high, most = (
        milliseconds(each) for each in (*map(partial(percentile, seconds), (0.5, 0.99)), max(seconds))
    )
    return f"p50 {middle}, p99 {high}, most {most}"
