"""What `paperwire doctor` finds of Discord's settings: the real library against a Discord on loopback."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters import checks
from adapters.discord.commands import payload
from adapters.discord.install import link, personal_link
from bot.config import Settings
from bot.doctor import Finding
from tests.fakes.discord import FakeDiscord, Fault, broken, dropped, limited, refused, truncated
from tests.fakes.faults import Fault as Answer

APPLICATION = "/applications/@me"


def configured(discord: FakeDiscord) -> Settings:
    return Settings("sqlite:///x.db", discord_api=discord.api, discord_token=discord.token)


async def found(settings: Settings) -> list[Finding]:
    return [each async for each in checks("discord", settings)]


async def failure(settings: Settings) -> str:
    """Return the one failure there is; it is a matter of configuration, and shows no token."""
    (failed,) = [each for each in await found(settings) if each.state == "FAIL"]
    assert failed.about == "configuration"
    assert "\n" not in failed.text
    assert settings.discord_token not in failed.text
    return failed.text


async def warning(settings: Settings) -> str:
    (warned,) = [each for each in await found(settings) if each.state != "ok"]
    assert warned.state == "warn"
    return warned.text


async def test_a_good_application_is_found_good_and_nothing_connects_to_the_gateway(discord: FakeDiscord) -> None:
    discord.register(payload())
    all_found = await found(configured(discord))
    assert {each.state for each in all_found} == {"ok"}
    bot = discord.world.bot
    assert f"the token is for {bot.name}" in all_found[0].text
    assert [each.text.rpartition(" ")[2] for each in all_found[-2:]] == [link(bot.id), personal_link(bot.id)]
    assert {each.method for each in discord.requests} == {"GET"}
    assert discord.gateway.identifies == []


async def test_a_token_that_is_refused_is_said_to_be_and_where_there_is_another(discord: FakeDiscord) -> None:
    said = await failure(replace(configured(discord), discord_token="MTIz.canary.x"))
    assert "the token is refused; make a new PAPERWIRE_DISCORD_TOKEN at https://discord.com/developers/" in said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"interactions_endpoint_url": "https://papers.example/"}, "empty Interactions Endpoint URL at https://"),
        ({"bot_require_code_grant": True}, "switch off Requires OAuth2 Code Grant at https://"),
    ],
)
async def test_what_keeps_commands_or_servers_away_is_a_failure(
    wrong: dict[str, object], said: str, discord: FakeDiscord
) -> None:
    discord.application = wrong
    assert said in await failure(configured(discord))


@pytest.mark.parametrize(("left", "lacking"), [("0", "User Install"), ("1", "Guild Install")])
async def test_a_way_to_install_that_is_switched_off_is_a_warning(
    left: str, lacking: str, discord: FakeDiscord
) -> None:
    discord.register(payload())
    discord.application = {"integration_types_config": {left: {}}}
    page = f"https://discord.com/developers/applications/{discord.world.bot.id}/installation"
    assert await warning(configured(discord)) == f"Discord: the application has no {lacking}; tick it at {page}"


async def test_an_application_of_ones_own_is_well_and_said_to_be_one(discord: FakeDiscord) -> None:
    discord.register(payload())
    discord.application = {"bot_public": False}
    all_found = await found(configured(discord))
    assert {each.state for each in all_found} == {"ok"}
    assert any("only you can add it" in each.text for each in all_found)


async def test_few_starts_left_are_a_warning(discord: FakeDiscord) -> None:
    discord.register(payload())
    discord.gateway.session_start_limit["remaining"] = 99
    assert "99 of 1,000 starts are left today" in await warning(configured(discord))
    discord.gateway.session_start_limit["remaining"] = 100
    assert {each.state for each in await found(configured(discord))} == {"ok"}


def changed(change: Callable[[Any], None]) -> list[Any]:
    commands = copy.deepcopy(payload())
    change(commands)
    return commands


@pytest.mark.parametrize(
    "change",
    [
        lambda commands: commands.pop(),
        lambda commands: commands[0]["options"].pop(),
        lambda commands: commands[0].update(description="Of another version"),
        lambda commands: commands[0].update(default_member_permissions="32"),
        lambda commands: commands[0]["description_localizations"].pop("fr"),
        lambda commands: commands[0]["options"][0]["options"][0].pop("required"),
        lambda commands: commands[0].update(contexts=[0]),
        lambda commands: commands.append({"type": 1, "name": "more", "description": "x"}),
        lambda commands: commands.clear(),
    ],
)
async def test_other_commands_than_those_of_this_version_are_a_warning(
    change: Callable[[Any], None], discord: FakeDiscord
) -> None:
    discord.register(changed(change))
    assert "paperwire run puts them at its start" in await warning(configured(discord))


@pytest.mark.parametrize(
    "change",
    [
        lambda commands: commands.reverse(),
        lambda commands: commands[0]["contexts"].reverse(),
        lambda commands: commands[0]["options"].reverse(),
        lambda commands: commands[0].update(default_member_permissions=None, nsfw=False, dm_permission=True),
        lambda commands: commands[0]["options"][0]["options"][0].update(choices=[], autocomplete=True),
        lambda commands: commands[0]["options"][0]["options"][1].update(required=False),
        lambda commands: commands[-1].update(description="", options=[]),
    ],
)
async def test_order_defaults_and_what_discord_adds_make_no_other_commands(
    change: Callable[[Any], None], discord: FakeDiscord
) -> None:
    discord.register(changed(change))
    assert {each.state for each in await found(configured(discord))} == {"ok"}


async def test_translations_are_asked_for_which_discord_else_leaves_out(discord: FakeDiscord) -> None:
    await found(configured(discord))
    (asked,) = [each for each in discord.requests if each.path.endswith("/commands")]
    assert asked.query == {"with_localizations": "true"}


@pytest.mark.parametrize("path", ["/users/@me", APPLICATION, "/gateway/bot", "/applications/*/commands"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (broken(503), "it does not answer (http_503); try again"),
        (limited(60.0), "it does not answer (RateLimited); try again"),
        (limited(via=False), "it does not answer (banned); try again"),
        (refused(404, 0), "it turns a question down (http_404); look at PAPERWIRE_DISCORD_API"),
        (truncated(), "cannot be reached"),
    ],
)
async def test_a_discord_that_does_not_answer_now_is_not_taken_for_a_bad_token(
    path: str, fault: Fault, said: str, discord: FakeDiscord
) -> None:
    discord.fail("GET", path, fault)
    assert said in await failure(configured(discord))


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
async def test_a_page_of_some_other_site_is_not_taken_for_discord(kind: str, discord: FakeDiscord) -> None:
    discord.fail("GET", "/users/@me", Answer(headers={"Content-Type": kind}, body='"<html></html>"'))
    assert "look at the network, at a proxy, at PAPERWIRE_DISCORD_API" in await failure(configured(discord))


async def test_without_a_network_there_is_one_line_about_it() -> None:
    async with FakeDiscord() as discord:
        settings = configured(discord)
        discord.fail("*", "**", dropped(), forever=True)
        assert "cannot be reached" in await failure(settings)
    assert f"{settings.discord_api} cannot be reached" in await failure(settings)
