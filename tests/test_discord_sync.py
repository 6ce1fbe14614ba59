"""Telling Discord the commands: once for each version of them, and until it takes them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from discord import Client, Intents, Permissions

from adapters.discord.api import log_in, point_at
from adapters.discord.commands import payload
from adapters.discord.install import NAMES, PERMISSIONS, link, personal_link
from adapters.discord.sync import sync
from bot.ports import Ledger, Store
from tests.fakes.discord import FakeDiscord, Fault, broken, limited, refused, truncated

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
COMMANDS = "/applications/*/commands"


@pytest.fixture
async def client(discord: FakeDiscord) -> AsyncIterator[Client]:
    point_at(discord.api)
    async with Client(intents=Intents(guilds=True), max_ratelimit_timeout=30) as made:
        await log_in(made, discord.token)
        yield made


class Pauses:
    """A clock that goes on by itself where somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Pauses:
    return Pauses()


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.ledger("discord")


async def test_the_commands_are_put_once_and_again_when_somebody_else_has_put_others(
    discord: FakeDiscord, client: Client, ledger: Ledger, clock: Pauses
) -> None:
    await sync(client, ledger, clock)
    await sync(client, ledger, clock)
    assert discord.puts == 1
    assert [each["name"] for each in discord.commands] == [each["name"] for each in payload()]
    discord.register([{"type": 1, "name": "other", "description": "Of another program"}])
    await sync(client, ledger, clock)
    assert discord.puts == 2
    assert [each["name"] for each in discord.commands] == [each["name"] for each in payload()]


async def test_commands_that_have_changed_are_put_at_once(
    discord: FakeDiscord, client: Client, ledger: Ledger, clock: Pauses
) -> None:
    await ledger.put("commands", str(client.application_id), "of an older version", until=NOW + timedelta(days=1))
    await sync(client, ledger, clock)
    assert discord.puts == 1


async def test_another_application_gets_its_own(
    discord: FakeDiscord, client: Client, ledger: Ledger, clock: Pauses
) -> None:
    await sync(client, ledger, clock)
    said = await ledger.get("commands", str(client.application_id), NOW)
    assert said
    await ledger.delete("commands", str(client.application_id))
    await ledger.put("commands", "7", said, until=NOW + timedelta(days=1))
    await sync(client, ledger, clock)
    assert discord.puts == 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (broken(503), "http_503"),
        (truncated(), "JSONDecodeError"),
        (refused(400, 30034), "too many commands made today (30034)"),
        (limited(via=False), "banned"),
    ],
)
async def test_what_may_pass_is_tried_again_after_longer_and_longer_pauses(
    fault: Fault,
    code: str,
    discord: FakeDiscord,
    client: Client,
    ledger: Ledger,
    clock: Pauses,
    caplog: pytest.LogCaptureFixture,
) -> None:
    discord.fail("PUT", COMMANDS, fault, fault, fault)
    await sync(client, ledger, clock, sleep=clock.sleep)
    assert clock.slept == [5.0, 10.0, 20.0]
    assert discord.commands
    assert [each.__dict__["code"] for each in caplog.records if each.getMessage() == "commands_wait"] == [code] * 3


async def test_no_pause_is_longer_than_an_hour_unless_discord_names_one(
    discord: FakeDiscord, client: Client, ledger: Ledger, clock: Pauses
) -> None:
    discord.fail("PUT", COMMANDS, *[broken(503)] * 12, limited(7200.0))
    await sync(client, ledger, clock, sleep=clock.sleep)
    assert clock.slept[-3:] == [3600.0, 3600.0, 7200.0]
    assert discord.puts == 1


async def test_what_discord_will_never_take_is_one_error_and_ends_nothing(
    discord: FakeDiscord,
    client: Client,
    ledger: Ledger,
    clock: Pauses,
    caplog: pytest.LogCaptureFixture,
) -> None:
    discord.fail("PUT", COMMANDS, refused(400, 50035))
    await sync(client, ledger, clock, sleep=clock.sleep)
    assert clock.slept == []
    (said,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert said.getMessage() == "commands_refused"
    assert "50035" in said.__dict__["code"]
    await sync(client, ledger, clock)
    assert discord.puts == 1


async def test_a_bug_ends_nothing_either(
    discord: FakeDiscord, ledger: Ledger, clock: Pauses, caplog: pytest.LogCaptureFixture
) -> None:
    point_at(discord.api)
    await sync(Client(intents=Intents(guilds=True)), ledger, clock, sleep=clock.sleep)
    assert [each.getMessage() for each in caplog.records] == ["bug"]


def test_the_links_ask_for_the_permissions_and_for_no_more() -> None:
    server, person = urlsplit(link(100)), urlsplit(personal_link(100))
    assert f"{server.scheme}://{server.netloc}{server.path}" == "https://discord.com/oauth2/authorize"
    asked = {
        "client_id": ["100"],
        "scope": ["bot applications.commands"],
        "integration_type": ["0"],
        # 1 << 10, 11, 14, 38: https://docs.discord.com/developers/topics/permissions
        "permissions": [str(1024 + 2048 + 16384 + 274877906944)],
    }
    assert parse_qs(server.query) == asked
    assert parse_qs(person.query) == {
        "client_id": ["100"],
        "scope": ["applications.commands"],
        "integration_type": ["1"],
    }


def test_permissions_have_the_names_that_both_discord_and_its_library_give_them() -> None:
    assert list(NAMES.values()) == list(PERMISSIONS)
    assert set(NAMES) < set(Permissions.VALID_FLAGS)
