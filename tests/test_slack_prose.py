"""What the core says, as Slack shows it."""

from __future__ import annotations

import pytest

from adapters.slack.prose import here, prose
from bot.commands import COMMANDS
from tests.test_slack_blocks import found, texts


def codes(text: str) -> list[str]:
    return [each["text"] for each in found(prose(text), "text") if each.get("style", {}).get("code")]


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ('You have none. To make one, type: subscribe "point cloud"', '/papers subscribe "point cloud"'),
        ("serch is no command. Did you mean: search x", "/papers search x"),
        ("search needs more. Usage: search QUERY [page:N]\nQUERY: words", "/papers search QUERY [page:N]"),
    ],
)
def test_a_command_that_one_is_told_to_type_is_code_as_it_is_typed_here(said: str, typed: str) -> None:
    assert codes(said) == [typed]
    assert typed in here(said)


@pytest.mark.parametrize(
    "said",
    ["2 papers for prototype", 'A "(" is not closed. Type: (lidar)', "muted: number 1", "Type: searching", "searches"],
)
def test_what_is_no_command_stays_as_it_is(said: str) -> None:
    assert codes(said) == []
    assert here(said) == said
    assert texts(prose(said)) == f"{said}\n"


def test_columns_become_a_list_that_a_narrow_screen_wraps() -> None:
    said = prose("search QUERY   Find.\nsettings on COUNT\n               Choose.\nstatus         Say.")
    (listed,) = said["elements"]

    assert listed["type"] == "rich_text_list"
    assert [texts(each) for each in listed["elements"]] == [
        "/papers search QUERY  Find.",
        "/papers settings on COUNT  Choose.",
        "/papers status  Say.",
    ]


def test_a_line_above_a_list_heads_it_and_what_is_said_beside_an_example_is_as_it_is_typed_here() -> None:
    said = prose("Find\nclub vote 1   to take it back: club unvote 1\nstatus   Say.\n\nOthers\nclub   Run: a club.")

    assert [each["text"] for each in found(said, "text") if each.get("style", {}).get("bold")] == ["Find", "Others"]
    assert [each["text"] for each in found(said, "text") if each.get("style", {}).get("code")] == [
        "/papers club vote 1",
        "/papers club unvote 1",
        "/papers status",
        "/papers club",
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_its_examples_as_commands_and_no_line_broken_in_a_sentence(name: str) -> None:
    found_ = COMMANDS[name]
    said = texts(prose(f"{found_.usage}\n\n{found_.help}"))

    assert codes(f"{found_.usage}\n\n{found_.help}")[0] == f"/papers {found_.usage}"
    assert "   " not in said
    assert "All that match\non one day" not in said
