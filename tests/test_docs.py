"""What the documents say is so: they fail here when the product moves on without them."""

from __future__ import annotations

import configparser
import dataclasses
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import get_args, get_type_hints

import click
import pytest

import adapters
from adapters.discord.commands import locales
from adapters.discord.install import PERMISSIONS
from adapters.slack.manifest import SCOPES
from bot import exits, metrics
from bot.cli import cli
from bot.commands import COMMANDS
from bot.config import PREFIX, Settings
from bot.model import Report, UserError
from bot.ports import Store
from bot.search.grammar import FIELDS, parse

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


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


def test_operations_knows_every_exit_code_word_and_event() -> None:
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", OPERATIONS, re.MULTILINE)]
    assert {0, *listed} == {0, *(value for name, value in vars(exits).items() if name.isupper() and value in range(99))}
    words = {f'"{word}"' for word in re.findall(r"`(\w+)`(?=.* \| .* \|)", _table("### /healthz"))}
    assert words == {'"delivery"', '"store"', '"slack"', '"discord"'}
    sources = "".join(each.read_text("utf-8") for part in ("bot", "adapters") for each in (ROOT / part).rglob("*.py"))
    for event in re.findall(r"`(\w+)`", re.sub(r" with `restored`|\| [^|]* \|$", "", _table("### The log"))):
        assert re.search(rf'_log\.\w+\(\s*(level, )?"{event}"', sources), event
    for state in re.findall(r"^\| (\w+) \|", _table("### What the admin is told"), re.MULTILINE):
        assert state in get_args(get_type_hints(Report)["state"])


async def test_operations_names_metrics_that_there_are(store: Store) -> None:
    with metrics.recording():
        metrics.answered("slack", "search", 0.1)
        metrics.delivered("slack", "alert", "dead")
        shown = (await metrics.exposition(store, ["slack"], datetime.now(UTC))).decode()
    named = set(re.findall(r"\bpaperwire_[a-z_]+", OPERATIONS))

    assert len(named) > 5
    for name in named:
        assert f"# TYPE {name.removesuffix('_bucket')} " in shown or name == "paperwire_rate_limited_total", name


def test_operations_gives_commands_that_there_are() -> None:
    given = re.findall(r"paperwire (?=[a-z])([^`\n]*)", OPERATIONS)
    lines = [line for line in given if line.split(" ")[0].strip("`") in cli.commands]

    assert len(lines) > 15
    for line in lines:
        verb, *words = shlex.split(re.split(r" &&|'$", line)[0])
        command = cli.commands[verb]
        if isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        parser = command.make_parser(click.Context(command))
        parser.parse_args(words)


def test_operations_has_units_that_systemd_reads() -> None:
    units = re.findall(r"```ini\n(.*?)```", OPERATIONS, re.DOTALL)

    assert len(units) == 3
    for unit in units:
        read = configparser.ConfigParser(strict=False, interpolation=None)
        read.optionxform = str  # type: ignore[assignment,method-assign]
        read.read_string(unit)
        assert read.has_section("Unit")
        if read.has_section("Service"):
            (verb,) = re.findall(r"bin/paperwire (\w+)", read["Service"]["ExecStart"])
            assert verb in cli.commands
    assert f"RestartPreventExitStatus={exits.CONFIGURATION}\n" in units[0]


def _table(heading: str) -> str:
    return OPERATIONS.partition(heading)[2].partition("\n#")[0]


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


def test_what_only_a_digest_a_feed_or_a_file_needs_is_not_loaded_with_the_commands() -> None:
    late = {"bot.digest", "bot.gathering", "bot.takeaway.bibtex", "xml.etree.ElementTree", "email", "csv"}
    script = f"import sys, bot.commands; print(*sorted({late!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.split() == []


def test_every_platform_is_a_module_of_its_name() -> None:
    assert adapters.platforms() == ("console", "discord", "slack")
    for name in adapters.platforms():
        assert isinstance(import_module(f"adapters.{name}").Adapter, type)
