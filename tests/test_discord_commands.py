"""What Discord is told that can be typed, and what it says was typed: against the registry and Discord's rules."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.discord.commands import (
    CHANNEL,
    COMMAND,
    OF_ONE,
    SIMILAR,
    channel_of,
    command_of,
    focused_of,
    is_ours,
    locales,
    option_name,
    options_of,
    payload,
    root,
    text_of,
)
from adapters.discord.typed import here
from bot.commands import COMMANDS
from tests.fakes import discord_limits, discord_schema
from tests.fakes.discord_command_limits import LOCALES


def roots() -> dict[str, Any]:
    return {each["name"]: each for each in payload() if each["type"] == 1}


def subcommands() -> dict[str, Any]:
    return {one["name"]: one for each in roots().values() for one in each["options"]}


def subcommand(name: str) -> Any:
    return subcommands()[name]


def option(command: str, name: str) -> Any:
    return next(each for each in subcommand(command)["options"] if each["name"] == name)


def nodes(of: Any) -> Iterator[dict[str, Any]]:
    """Yield a command and everything in it that has a name."""
    yield of
    for each in of.get("options", []):
        yield from nodes(each)


def typed(command: str, *options: dict[str, Any]) -> dict[str, Any]:
    """Return the data of an interaction, as Discord sends them."""
    return {
        "id": "1",
        "name": root(command) if command in COMMANDS else COMMAND,
        "type": 1,
        "options": [{"type": 1, "name": command, "options": list(options)}],
    }


def field(name: str, value: object, **more: object) -> dict[str, Any]:
    return {"name": name, "type": 4 if isinstance(value, int) else 3, "value": value, **more}


def test_discord_takes_the_payload_by_its_rules_and_by_its_own_description() -> None:
    assert discord_limits.problems("commands", payload()) == []
    assert discord_schema.problems("put", "/applications/{application_id}/commands", payload()) == []
    broken = copy.deepcopy(payload())
    broken[0]["options"][0]["name"] = "Search"
    assert len(discord_limits.problems("commands", broken)) == 1


def test_every_command_of_the_registry_is_a_subcommand_in_its_order_and_in_its_words() -> None:
    assert list(roots()) == [COMMAND, OF_ONE]
    for where, made in roots().items():
        assert [one["name"] for one in made["options"]] == [name for name in COMMANDS if root(name) == where]
    assert subcommands().keys() == COMMANDS.keys()
    for name, each in COMMANDS.items():
        said = subcommand(name)["description"]
        assert said == each.summary or (len(each.summary) > 100 and each.summary.startswith(said[:-1]))


def test_a_description_that_is_too_long_is_cut_to_its_first_clause() -> None:
    assert subcommand("why")["description"] == "Say why a paper came."
    assert option("club", "action")["description"] == "what to do"
    assert not any("…" in one["description"] for each in roots().values() for one in nodes(each))


@pytest.mark.parametrize(
    ("line", "typed_as"),
    [
        ("show 2011.10043", "/paper show id:2011.10043"),
        ("like", "/paper like"),
        ("similar 2011.10043", "/paper similar like:2011.10043"),
        ("today cs.CV", "/papers today category:cs.CV"),
    ],
)
def test_what_is_done_with_one_paper_is_in_a_command_of_its_own(line: str, typed_as: str) -> None:
    assert here(f"Type one like: {line}") == f"Type one like: {typed_as}"


def test_what_a_client_that_was_open_before_sends_is_still_ours() -> None:
    for each in roots():
        assert is_ours({"name": each})
    assert not is_ours({"name": "find"})


def test_every_parameter_is_an_option_and_what_is_required_comes_first() -> None:
    for name, each in COMMANDS.items():
        shown = [one for one in subcommand(name).get("options", []) if one["name"] != CHANNEL]
        assert {one["name"] for one in shown} == {option_name(name, parameter) for parameter in each.parameters}
        wanted = [one.get("required", False) for one in shown]
        assert wanted == sorted(wanted, reverse=True)
        assert sum(wanted) == len(each.required)


def test_an_option_is_called_as_help_shows_it_where_that_is_a_word() -> None:
    assert option_name("search", "query_text") == "query"
    assert option_name("today", "day") == "date"
    assert option_name("today", "page") == "page"
    assert option_name("similar", "like") == "like"
    assert option_name("settings", "switch") == "switch"


def test_an_option_takes_what_its_parameter_does() -> None:
    for name, command in COMMANDS.items():
        for parameter, each in command.parameters.items():
            made = option(name, option_name(name, parameter))
            listed = 0 < len(each.choices) <= 25
            assert ("choices" in made) == listed
            assert ("autocomplete" in made) == bool((each.suggest or each.choices) and not listed and not each.most)
            if each.most:
                assert (made["type"], made["min_value"], made["max_value"]) == (4, 1, each.most)
            elif listed:
                assert [choice["value"] for choice in made["choices"]] == list(each.choices)
            else:
                assert (made["type"], made["min_length"], made["max_length"]) == (3, 1, each.length)


def test_settings_alone_can_name_a_channel() -> None:
    having = [
        name for name, each in subcommands().items() if CHANNEL in [one["name"] for one in each.get("options", [])]
    ]
    assert having == ["settings"]
    # Text, announcement and its threads, threads, forum: https://docs.discord.com/developers/resources/channel
    assert option("settings", CHANNEL)["channel_types"] == [0, 5, 10, 11, 12, 15]


def test_every_message_has_a_menu_entry_for_papers_like_it() -> None:
    (menu,) = (each for each in payload() if each["type"] == 3)
    assert menu["name"] == SIMILAR
    assert "description" not in menu


def test_commands_are_for_servers_direct_messages_and_groups_however_they_were_installed() -> None:
    for each in payload():
        assert each["contexts"] == [0, 1, 2]
        assert each["integration_types"] == [0, 1]
        assert "default_member_permissions" not in each


@pytest.mark.parametrize("code", ["de", "es-ES", "fr"])
def test_every_description_and_the_menu_are_translated_and_nothing_else_is(code: str) -> None:
    texts = locales()[code]
    options = {one["name"] for each in subcommands().values() for one in each.get("options", [])}
    assert set(texts) == {"names", "commands", "options"}
    assert set(texts["commands"]) == {*roots(), *COMMANDS}
    assert set(texts["options"]) == options
    assert set(texts["names"]) == {SIMILAR}
    for name, each in roots().items():
        assert each["description_localizations"][code] == texts["commands"][name]
    assert subcommand("search")["description_localizations"][code] == texts["commands"]["search"]
    assert option("search", "query")["description_localizations"][code] == texts["options"]["query"]
    (menu,) = (each for each in payload() if each["type"] == 3)
    assert menu["name_localizations"][code] == texts["names"][SIMILAR]


def test_the_languages_are_discords() -> None:
    assert {"de", "es-ES", "fr"} == set(locales()) < LOCALES


def test_translations_are_not_the_english_and_keep_what_is_typed_as_it_is() -> None:
    for each in (one for whole in roots().values() for one in nodes(whole)):
        for code, text in each["description_localizations"].items():
            assert text != each["description"], (code, text)
    for texts in locales().values():
        for kept in ("title:", "author:", "cat:cs.CV", "has:code", "after:2020-11-01", "OR"):
            assert kept in texts["options"]["query"]


def test_an_option_of_one_name_says_the_same_everywhere() -> None:
    said: dict[str, str] = {}
    for command in subcommands().values():
        for each in command.get("options", []):
            assert said.setdefault(each["name"], each["description"]) == each["description"]


def test_what_was_typed_comes_back_by_the_names_of_parameters() -> None:
    data = typed("search", field("query", "point cloud"), field("page", 2))
    assert command_of(data) == "search"
    assert options_of(data) == {"query_text": "point cloud", "page": "2"}
    assert channel_of(data) is None
    assert focused_of(data) is None


def test_every_option_leads_back_to_its_parameter() -> None:
    for name, command in COMMANDS.items():
        data = typed(name, *(field(option_name(name, each), each) for each in command.parameters))
        assert options_of(data) == {each: each for each in command.parameters}


def test_the_channel_is_none_of_the_commands_parameters() -> None:
    data = typed("settings", field("switch", "on"), {"name": CHANNEL, "type": 7, "value": "300"})
    assert channel_of(data) == "300"
    assert options_of(data) == {"switch": "on"}


def test_what_is_being_typed_is_told_from_what_stands_there() -> None:
    data = typed("today", field("date", "fri"), field("category", "cs", focused=True))
    assert focused_of(data) == ("category", "cs")
    assert options_of(data)["day"] == "fri"


def test_a_field_is_described_and_read_without_the_name_that_is_typed_elsewhere() -> None:
    assert option("settings", "tz")["description"] == "in this time zone: Europe/Berlin"
    assert option("settings", "days")["description"] == "on these days: mon-fri, mon,wed or daily"
    data = typed("settings", field("tz", "tz:Europe/Berlin"), field("categories", "tz:x"))
    assert options_of(data) == {"tz": "Europe/Berlin", "categories": "tz:x"}


def test_a_message_is_read_with_its_embeds_and_what_it_forwards_but_without_the_links_below_papers() -> None:
    paper = {"title": "A title", "url": "https://arxiv.org/abs/2011.1", "description": "Text.\n[PDF](https://x.y/z)"}
    forwarded = {"message": {"content": "Forwarded.", "embeds": [paper, paper]}}
    message = {"content": "Look:", "embeds": [paper], "message_snapshots": [forwarded]}

    said = text_of({"target_id": "1", "resolved": {"messages": {"1": message}}}).split()
    assert " ".join(said) == "Look: A title Text. https://arxiv.org/abs/2011.1 Forwarded. A title Text. A title Text."


def test_a_command_without_fields_and_one_of_another_version_can_be_read() -> None:
    assert options_of({"name": COMMAND, "options": [{"type": 1, "name": "status"}]}) == {}
    assert options_of(typed("search", field("query", "x"), field("colour", "red"))) == {"query_text": "x"}
    old = typed("subscribe_all", field("colour", "red", focused=True))
    assert (command_of(old), options_of(old), focused_of(old)) == ("subscribe_all", {}, None)
