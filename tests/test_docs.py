"""What the documents say is so: they fail here when the product moves on without them."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import adapters
from adapters.discord.commands import locales
from adapters.discord.install import PERMISSIONS
from adapters.slack.manifest import SCOPES
from bot import exits
from bot.__main__ import cli
from bot.commands import COMMANDS
from bot.config import PREFIX, Settings
from bot.grammar import FIELDS, parse
from bot.model import UserError

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_readme_lists_every_command_as_it_is_typed() -> None:
    listed = re.findall(r"^\| `([^`]+)` \| (?!.*default)", README.partition("### The query")[0], re.MULTILINE)

    assert [line.replace("\\|", "|") for line in listed] == [each.usage for each in COMMANDS.values()]


def test_the_readme_explains_every_field_with_examples_that_parse() -> None:
    table = README.partition("### The query language")[2].partition("### Digests")[0]
    examples = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))

    for example in examples:
        parse(example)
    for field in FIELDS:
        assert any(example.startswith(f"{field}:") for example in examples), field


def test_the_readme_lists_every_setting() -> None:
    listed = re.findall(rf"^\| `({PREFIX}\w+)`", README, re.MULTILINE)

    assert listed == [f"{PREFIX}{each.name.upper()}" for each in dataclasses.fields(Settings)]


def test_the_readme_names_sources_that_are_understood() -> None:
    table = README.partition("| a source like")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)

    assert len(named) == 4
    for address in named:
        try:
            assert adapters.source(address).address
        except UserError as error:
            assert re.search("no git checkout|no such file or folder", str(error))  # noqa: PT017  # not here


def test_the_readme_says_what_each_scope_of_slack_is_for() -> None:
    table = README.partition("### Scopes")[2].partition("###")[0]
    listed = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)

    assert listed == list(SCOPES.items())


def test_the_readme_says_what_each_permission_in_discord_is_for() -> None:
    table = README.partition("### Permissions")[2].partition("###")[0]
    listed = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)

    assert listed == list(PERMISSIONS.items())


def test_the_readme_names_every_language_of_the_commands() -> None:
    named = {"de": "German", "es-ES": "Spanish", "fr": "French"}

    assert locales().keys() == named.keys()
    for language in named.values():
        assert language in README.partition("## Discord")[2]


def test_the_readme_lists_every_exit_code() -> None:
    codes = {
        exits.USAGE,
        exits.UNREADABLE,
        exits.UNREACHABLE,
        exits.BUG,
        exits.DISK,
        exits.RUNNING,
        exits.CONFIGURATION,
    }
    sentence = README[README.index("Exit codes:") :].partition("\n\n")[0]

    assert {int(code) for code in re.findall(r"\b(\d+) ", sentence)} == codes | {0}


def test_the_readme_names_every_verb() -> None:
    for verb in cli.commands:
        assert re.search(rf"(paperwire|python -m bot) {verb}\b", README), verb


def test_what_a_document_points_at_exists() -> None:
    for document in ROOT.glob("*.md"):
        for path in re.findall(r"`((?:bot|adapters|storage|tests|benchmarks)/[\w/.]*)`", document.read_text("utf-8")):
            assert (ROOT / path).exists(), f"{document.name} names {path}"


@pytest.mark.parametrize("module", ["bot.commands", "bot.daily", "bot.digest", "storage.sqlite", "adapters"])
def test_no_sdk_loads_before_its_platform_is_used(module: str) -> None:
    sdks = {"slack_bolt", "slack_sdk", "discord", "aiohttp", "cryptography", "prompt_toolkit", "rich", "pydantic"}
    script = f"import sys, {module}; print(*sorted({sdks!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.split() == []


def test_every_platform_is_a_module_of_its_name() -> None:
    assert adapters.platforms() == ("console", "discord", "slack")
    for name in adapters.platforms():
        assert isinstance(import_module(f"adapters.{name}").Adapter, type)
