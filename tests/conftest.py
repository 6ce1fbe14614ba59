"""Fixtures that many tests share: a fresh store, and builders for the nouns."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

import aiohttp
import discord
import pytest
import yarl
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Call, Destination, Digest, Link, Listing, Paper, Refusal
from bot.ports import Store
from storage import connect
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack


class PaperFields(TypedDict, total=False):
    """What a paper may have besides id, title and abstract."""

    authors: tuple[str, ...]
    categories: tuple[str, ...]
    links: tuple[Link, ...]
    version: int | None
    listings: tuple[Listing, ...]
    raw_title: str
    raw_abstract: str


class MakePaper(Protocol):
    def __call__(self, id: str, title: str, abstract: str = "", **fields: Unpack[PaperFields]) -> Paper:  # noqa: A002
        """Build a paper; its raw text is the shown one unless given."""
        ...


class MakeDigest(Protocol):
    def __call__(
        self, day: date | str, category: str, *papers: Paper, refused: tuple[Refusal, ...] = (), source: str = "test"
    ) -> Digest:
        """Build a digest."""
        ...


class MakeCall(Protocol):
    def __call__(
        self, line: str, *, caller: str = ..., room: str = ..., at: datetime = ..., may_manage: bool = ...
    ) -> Call:
        """Build a call from a typed line: the verb, then the rest."""
        ...


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/paperwire.db"


@pytest.fixture
async def store(address: str) -> AsyncIterator[Store]:
    async with connect(address) as opened:
        yield opened


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """Yield a Slack on loopback; what it finds wrong fails the test."""
    async with FakeSlack() as fake:
        yield fake


@pytest.fixture
async def client(slack: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    """Yield the SDK's client as the product makes it, for that Slack."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        yield AsyncWebClient(base_url=slack.api, session=session, retry_handlers=[])


@pytest.fixture(name="discord")
async def _discord() -> AsyncIterator[FakeDiscord]:
    """Yield a Discord on loopback, and point discord.py at it; what it finds wrong fails the test."""
    route, socket = discord.http.Route, discord.gateway.DiscordWebSocket
    before = route.BASE, socket.DEFAULT_GATEWAY
    async with FakeDiscord() as fake:
        route.BASE, socket.DEFAULT_GATEWAY = fake.api, yarl.URL(fake.gateway_url)
        try:
            yield fake
        finally:
            route.BASE, socket.DEFAULT_GATEWAY = before


@pytest.fixture(scope="session")
def paper() -> MakePaper:
    def make(id: str, title: str, abstract: str = "", **fields: Unpack[PaperFields]) -> Paper:  # noqa: A002
        fields = {"raw_title": title, "raw_abstract": abstract, **fields}
        return Paper(id, title, abstract, **fields)

    return make


@pytest.fixture(scope="session")
def digest() -> MakeDigest:
    def make(
        day: date | str, category: str, *papers: Paper, refused: tuple[Refusal, ...] = (), source: str = "test"
    ) -> Digest:
        return Digest(source, category, date.fromisoformat(str(day)), papers, refused)

    return make


@pytest.fixture(scope="session")
def call() -> MakeCall:
    def make(
        line: str,
        *,
        caller: str = "slack:T1/@U1",
        room: str = "slack:T1/C1",
        at: datetime = datetime(2020, 11, 20, 9, tzinfo=UTC),
        may_manage: bool = False,
    ) -> Call:
        name, _, text = line.partition(" ")
        return Call(name, text, Destination.parse(room), Destination.parse(caller), at, may_manage)

    return make
