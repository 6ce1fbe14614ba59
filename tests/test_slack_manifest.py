"""What Slack makes the app of: against Slack's own schema, and against what the product needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.manifest import COMMAND, EVENTS_PATH, REDIRECT_PATH, SCOPES, manifest, scopes
from bot.commands import COMMANDS
from bot.config import Settings

# https://github.com/slackapi/manifest-schema, which is not shipped here.
SCHEMA = Path(__file__).resolve().parents[2] / "shared/specs/slack-app-manifest.schema.json"

PLAIN = Settings("sqlite:///x.db")
ALL = Settings("sqlite:///x.db", slack_extras="unfurl,history", slack_managers="admins")
URL = "https://papers.example"


def made(settings: Settings, url: str = "") -> Any:
    return json.loads(manifest(settings, url))


@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's manifest schema is not on this machine")
@pytest.mark.parametrize("settings", [PLAIN, ALL])
@pytest.mark.parametrize("url", ["", URL])
def test_the_manifest_is_what_slacks_own_schema_allows(settings: Settings, url: str) -> None:
    import jsonschema

    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert [each.message for each in validator.iter_errors(made(settings, url))] == []
    broken = made(settings, url)
    broken["display_information"]["name"] = "x" * 36
    assert len(list(validator.iter_errors(broken))) == 1


def test_texts_keep_to_slacks_limits() -> None:
    shown = made(ALL)
    about = shown["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 175 <= len(about["long_description"]) <= 4000
    for each in shown["features"]["shortcuts"]:
        assert len(each["name"]) <= 24
        assert len(each["description"]) <= 150
    (command,) = shown["features"]["slash_commands"]
    assert len(command["usage_hint"]) <= 80  # more is cut by the message box


def test_the_slash_command_hints_at_what_one_needs_first_and_at_help() -> None:
    (command,) = made(PLAIN)["features"]["slash_commands"]
    assert command["command"] == COMMAND
    *first, last = command["usage_hint"].split(" | ")
    assert set(first) < COMMANDS.keys()
    assert last == "help"


def test_over_sockets_slack_is_given_no_address_and_over_http_one_everywhere() -> None:
    sockets, http = made(PLAIN), made(PLAIN, URL)
    assert sockets["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(sockets)
    assert http["settings"]["socket_mode_enabled"] is False
    assert http["oauth_config"]["redirect_urls"] == [URL + REDIRECT_PATH]
    assert {
        http["features"]["slash_commands"][0]["url"],
        http["settings"]["event_subscriptions"]["request_url"],
        http["settings"]["interactivity"]["request_url"],
    } == {URL + EVENTS_PATH}


def test_direct_messages_can_be_written_and_names_come_as_typed() -> None:
    shown = made(PLAIN)["features"]
    assert shown["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert shown["slash_commands"][0]["should_escape"] is False
    assert {each["type"]: each["callback_id"] for each in shown["shortcuts"]} == {
        "message": "similar",
        "global": "subscribe",
    }


def test_no_scope_is_asked_for_that_the_settings_do_not_need() -> None:
    plain = set(scopes(PLAIN))
    assert plain == {
        *("commands", "chat:write", "im:write", "im:history", "files:write", "app_mentions:read", "channels:read"),
        *("groups:read", "reactions:read"),
    }
    admins = Settings("sqlite:///x.db", slack_managers="admins")
    assert set(scopes(admins)) - plain == {"users:read"}
    unfurl = Settings("sqlite:///x.db", slack_extras="unfurl")
    assert set(scopes(unfurl)) - plain == {"links:read", "links:write"}
    history = Settings("sqlite:///x.db", slack_extras="history")
    assert set(scopes(history)) - plain == {"channels:history", "groups:history"}
    assert scopes(ALL) == tuple(SCOPES)
    assert made(ALL)["oauth_config"]["scopes"] == {"bot": list(SCOPES)}


def test_links_are_watched_only_with_the_extra() -> None:
    assert "unfurl_domains" not in made(PLAIN)["features"]
    assert "link_shared" not in made(PLAIN)["settings"]["event_subscriptions"]["bot_events"]
    assert made(ALL)["features"]["unfurl_domains"] == ["arxiv.org"]
    assert "link_shared" in made(ALL)["settings"]["event_subscriptions"]["bot_events"]


@pytest.mark.parametrize(
    ("event", "scope"),
    [
        ("app_mention", "app_mentions:read"),
        ("message.im", "im:history"),
        ("link_shared", "links:read"),
        ("reaction_added", "reactions:read"),
        ("reaction_removed", "reactions:read"),
        ("app_home_opened", None),
        ("app_uninstalled", None),
        ("tokens_revoked", None),
    ],
)
def test_every_event_comes_with_the_scope_that_it_needs(event: str, scope: str | None) -> None:
    assert event in made(ALL)["settings"]["event_subscriptions"]["bot_events"]
    assert scope is None or scope in scopes(ALL)
