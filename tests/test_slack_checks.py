"""What `paperwire doctor` finds of Slack's settings: the real SDK against a Slack on loopback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters import checks
from adapters.slack.manifest import SCOPES
from bot.config import Settings
from bot.doctor import Finding
from tests.fakes.slack import FakeSlack, Fault, broken, dropped, limited, truncated


def configured(slack: FakeSlack) -> Settings:
    return Settings("sqlite:///x.db", slack_api=slack.api, slack_bot_token=slack.token, slack_app_token=slack.app_token)


async def found(settings: Settings) -> list[Finding]:
    return [each async for each in checks("slack", settings)]


async def failure(settings: Settings) -> str:
    """Return the one failure there is; it is a matter of configuration, and shows no token."""
    (failed,) = [each for each in await found(settings) if each.state == "FAIL"]
    assert failed.about == "configuration"
    assert "\n" not in failed.text
    assert not any(token in failed.text for token in (settings.slack_bot_token, settings.slack_app_token) if token)
    return failed.text


async def test_good_tokens_are_found_good_and_no_socket_is_opened() -> None:
    async with FakeSlack() as slack:
        all_found = await found(configured(slack))
        assert {each.state for each in all_found} == {"ok"}
        assert any("Team T1" in each.text for each in all_found)
        assert [each.method for each in slack.calls] == ["auth.test", "apps.connections.open"]
        assert not slack.sockets.open


async def test_missing_scopes_are_named_with_what_to_do() -> None:
    async with FakeSlack() as slack:
        slack.workspace("T1", scopes=set(SCOPES) - {"im:write", "links:write", "channels:history"})
        said = await failure(configured(slack))
        assert "lacks im:write." in said
        assert "reinstall" in said
        with_extra = await failure(replace(configured(slack), slack_extras="unfurl"))
        assert "lacks im:write, links:write." in with_extra


async def test_a_token_of_no_use_is_said_to_be_and_where_the_right_one_is() -> None:
    async with FakeSlack() as slack:
        slack.revoke()
        assert "the bot token is refused (token_revoked); copy PAPERWIRE_SLACK_BOT_TOKEN from" in await failure(
            configured(slack)
        )


async def test_a_bad_app_token_is_said_to_be_and_how_to_make_one() -> None:
    async with FakeSlack() as slack:
        said = await failure(replace(configured(slack), slack_app_token="xapp-other"))
        assert "the app-level token is refused (invalid_auth); make an xapp- token with connections:write" in said


@pytest.mark.parametrize("fault", [limited(), broken(503), truncated()])
async def test_a_slack_that_does_not_answer_now_is_not_taken_for_a_bad_token(fault: Fault) -> None:
    async with FakeSlack() as slack:
        slack.fail("auth.test", fault)
        assert "try again in a minute" in await failure(configured(slack))


async def test_without_a_network_there_is_one_line_about_it() -> None:
    async with FakeSlack() as slack:
        settings = configured(slack)
        slack.fail("*", dropped(), forever=True)
        assert "cannot be reached" in await failure(settings)
    assert f"{settings.slack_api} cannot be reached" in await failure(settings)


@pytest.mark.parametrize(("secret", "state"), [("0123456789abcdef" * 2, "ok"), ("0123456789abcdef", "warn")])
async def test_a_signing_secret_of_another_form_is_a_warning(secret: str, state: str) -> None:
    async with FakeSlack() as slack:
        settings = replace(configured(slack), slack_app_token="", slack_signing_secret=secret)
        (said,) = [each for each in await found(settings) if "signing secret" in each.text]
        assert said.state == state
        assert secret not in said.text


async def test_for_many_workspaces_slack_is_asked_whether_it_is_there() -> None:
    async with FakeSlack() as slack:
        settings = Settings("sqlite:///x.db", slack_api=slack.api, slack_client_id="1.2")
        assert [each.state for each in await found(settings)] == ["ok", "ok"]
        slack.fail("auth.test", broken())
        assert "try again" in await failure(settings)


async def test_a_platform_with_nothing_to_check_is_no_finding() -> None:
    assert [each async for each in checks("console", Settings("sqlite:///x.db"))] == []
