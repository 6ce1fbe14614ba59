"""The platforms that victims post to, in the process that kills them: what has arrived there outlives each."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from bot.config import Settings
from bot.model import Destination
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord import Message as DiscordMessage
from tests.fakes.slack import SCOPES, FakeSlack
from tests.kill9 import days
from tests.kill9.days import CATEGORIES
from tests.kill9.judge import Arrival, Verdict, judge

_PEOPLE = 4
_ROOMS = 4  # which follow the categories in turn
_ADDRESS = re.compile(r"https://arxiv\.org/abs/([\d.]+)")
_REPEAT = "may be a repeat"
_NUMBERED = re.compile(rf"^\({_REPEAT}\) | \(\d+ of \d+\)$")  # what tells messages of a delivery from each other


class World(Protocol):
    """A platform with rooms, each with the category it follows, and people.

    `ahead` is by how many seconds its clock is put forward.
    """

    name: str
    ahead: float

    @property
    def rooms(self) -> Sequence[tuple[Destination, str]]: ...

    @property
    def people(self) -> Sequence[Destination]: ...

    def settings(self, database: str) -> Settings:
        """Return what a victim needs to post there."""

    def places(self, to: Destination) -> tuple[str, ...]:
        """Return each place where a message to a destination tells of its papers."""

    def arrived(self) -> list[Arrival]:
        """Return what has arrived, in order."""


class LedgerWorld:
    """A file: see `victim.Ledger`."""

    name = "ledger"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()
        self.ahead = 0.0
        names = [f"room{number}" for number in range(_ROOMS)]
        self.rooms = [
            (Destination("ledger", "home", name), CATEGORIES[number % len(CATEGORIES)])
            for number, name in enumerate(names)
        ]
        self.people = [Destination("ledger", "home", f"@person{number}") for number in range(_PEOPLE)]

    def settings(self, database: str) -> Settings:
        return Settings(database)

    def places(self, to: Destination) -> tuple[str, ...]:
        return (str(to),)

    def arrived(self) -> list[Arrival]:
        lines = map(json.loads, self.path.read_text().splitlines())
        return [Arrival(place, key, tuple(papers)) for key, place, papers in lines]


class SlackWorld:
    """A message to a room has the titles; its thread has the papers again, with what they are about.

    A long one to a person goes on in its thread: to them, both are one place.
    """

    name = "slack"

    def __init__(self, slack: FakeSlack, *, history: bool, rooms: int = _ROOMS, people: int = _PEOPLE) -> None:
        self.slack = slack
        workspace = slack.workspace("T1", scopes=SCOPES | ({"channels:history"} if history else set()))
        self.rooms = []
        for number in range(1, rooms + 1):
            workspace.channel(f"C{number}")
            self.rooms.append((Destination("slack", "T1", f"C{number}"), CATEGORIES[number % len(CATEGORIES)]))
        for number in range(people):
            workspace.user(f"U{number}")
        self.people = [Destination("slack", "T1", f"@U{number}") for number in range(people)]

    @property
    def ahead(self) -> float:
        return self.slack.ahead

    @ahead.setter
    def ahead(self, seconds: float) -> None:
        self.slack.ahead = seconds

    def settings(self, database: str) -> Settings:
        return Settings(
            database,
            slack_api=self.slack.api,
            slack_bot_token=self.slack.token,
            slack_app_token=self.slack.app_token,
        )

    def places(self, to: Destination) -> tuple[str, ...]:
        return (f"D{to.name[1:]}",) if to.is_person else (to.name, f"{to.name}, in threads")

    def arrived(self) -> list[Arrival]:
        return [
            Arrival(
                f"{each.channel}, in threads" if each.thread_ts and each.channel.startswith("C") else each.channel,
                each.metadata["event_payload"]["key"].partition(".")[0] if each.metadata else "",
                _named(each.blocks),
                _REPEAT in each.text,
            )
            for each in self.slack.posts
        ]


class DiscordWorld:
    """Of the rooms one is for announcements and one is a forum; the others are ordinary channels."""

    name = "discord"

    def __init__(self, discord: FakeDiscord, *, rooms: int = _ROOMS, people: int = _PEOPLE) -> None:
        self.discord = discord
        home = discord.home
        channels = [home.text("a"), home.text("b"), home.announcement("c"), home.forum("d", tags=list(CATEGORIES))]
        channels += [home.text(f"room{number}") for number in range(len(channels), rooms)]
        self.rooms = [
            (Destination("discord", str(home.id), str(each.id)), CATEGORIES[number % len(CATEGORIES)])
            for number, each in enumerate(channels)
        ]
        self.people = []
        self._direct: dict[int, Destination] = {}
        for number in range(people):
            user = discord.user(f"person{number}")
            home.join(user)
            person = Destination("discord", "dm", f"@{user.id}")
            self.people.append(person)
            self._direct[discord.world.dm(user).id] = person

    @property
    def ahead(self) -> float:
        return self.discord.ahead

    @ahead.setter
    def ahead(self, seconds: float) -> None:
        self.discord.ahead = seconds

    def settings(self, database: str) -> Settings:
        return Settings(database, discord_api=self.discord.api, discord_token=self.discord.token)

    def places(self, to: Destination) -> tuple[str, ...]:
        return (str(to),)

    def arrived(self) -> list[Arrival]:
        return [
            Arrival(
                self._place(each),
                _NUMBERED.sub("", each.content.partition("\n")[0]),
                _named(each.embeds),
                _REPEAT in each.content,
            )
            for each in self.discord.messages
        ]

    def _place(self, message: DiscordMessage) -> str:
        if message.channel.id in self._direct:
            return str(self._direct[message.channel.id])
        room = message.channel.parent or message.channel  # in a forum, each digest is a channel of its own
        return str(Destination("discord", str(self.discord.home.id), str(room.id)))


@asynccontextmanager
async def slack(*, history: bool = True) -> AsyncIterator[SlackWorld]:
    async with FakeSlack() as fake:
        yield SlackWorld(fake, history=history)


@asynccontextmanager
async def discord() -> AsyncIterator[DiscordWorld]:
    async with FakeDiscord() as fake:
        yield DiscordWorld(fake)


def verdict(world: World, count: int) -> Verdict:
    """Judge what has arrived of the first `count` days."""
    return judge(world.arrived(), _owed(world, count))


def unmarked(world: World, count: int) -> int:
    """Count the papers told again by a message that does not say that it may be a repeat."""
    return judge([each for each in world.arrived() if not each.may_repeat], _owed(world, count)).duplicated


def _owed(world: World, count: int) -> dict[str, list[list[str]]]:
    wanted = [*world.rooms, *((person, "") for person in world.people)]
    return {place: days.owed(count, category) for to, category in wanted for place in world.places(to)}


def _named(payload: Any) -> tuple[str, ...]:  # JSON
    """Return the papers that a payload links to, each once."""
    return tuple(dict.fromkeys(_ADDRESS.findall(json.dumps(payload))))
