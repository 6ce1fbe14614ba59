"""The commands as Discord has them: made from the registry, and read back from what people send.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from bot.commands import COMMANDS
from bot.dispatch import Command, Parameter
from bot.model import Text

COMMAND, OF_ONE = "papers", "paper"
SIMILAR = "Find related papers"
CHANNEL = "channel"

_ABOUT = {
    COMMAND: "Search research papers, subscribe, and choose the highlights of a channel.",
    OF_ONE: "Read one research paper, say what you make of it, ask why it is here.",
}
_ABOUT_CHANNEL = "which channel, thread or forum; this one if left out"
_LONGEST = 100  # characters of a description
_CHOICES = 25  # of more, those that fit are offered to who types
_CHAT_INPUT, _MESSAGE = 1, 3  # types of commands
_SUBCOMMAND, _STRING, _INTEGER, _CHANNEL = 1, 3, 4, 7  # types of options
# Text, announcement, threads of these, public and private, forum.
_CHANNEL_TYPES = (0, 5, 10, 11, 12, 15)
# Servers, direct messages with the bot, other direct messages; installed by a server, by a person. Without them new
# applications got commands for servers alone: https://github.com/discord/discord-api-docs/issues/7396
_EVERYWHERE = {"contexts": [0, 1, 2], "integration_types": [0, 1]}

_CLAUSE = re.compile(r"[:;] ")
_LINK = re.compile(r"\[[^\]]*\]\([^()\s]*\)")


def payload() -> list[dict[str, Any]]:
    """Return the commands as a bulk overwrite takes them: `/papers`, `/paper`, and one in the menu of every message."""
    return [
        # Who may change a channel is no permission of the whole command, and Discord knows none of a subcommand:
        # `default_member_permissions` stays away, and each call is checked as it comes.
        *(
            {
                "type": _CHAT_INPUT,
                **_named("commands", each, about),
                "options": [_subcommand(command) for name, command in COMMANDS.items() if root(name) == each],
                **_EVERYWHERE,
            }
            for each, about in _ABOUT.items()
        ),
        {"type": _MESSAGE, **_named("commands", SIMILAR), **_EVERYWHERE},
    ]


def root(command: str) -> str:
    """Return which command of Discord's one of ours is a part of: what begins with a paper's id is in `/paper`.

    Discord takes 25 subcommands, and 8,000 characters, in one command.
    """
    first = next(iter(COMMANDS[command].parameters.values()), None)
    return OF_ONE if first and first.shown.partition("|")[0] == "ID" else COMMAND


def is_ours(data: Mapping[str, Any]) -> bool:
    """Say whether the data of an interaction are for one of our commands, wherever it stood in an older version."""
    return data.get("name") in _ABOUT


def option_name(command: str, parameter: str) -> str:
    """Return what a command's parameter is called in Discord: as help shows it, where that is one word."""
    shown = COMMANDS[command].parameters[parameter].shown.lower()
    return shown if shown.isalpha() else parameter


def about(name: str, parameter: Parameter) -> str:
    """Return what a parameter takes, as it is said where it has a field: its name stands before that (`at:09:00`)."""
    return re.sub(rf"\b{name}:(?=\S)", "", parameter.about)


def command_of(data: Mapping[str, Any]) -> str:
    """Return which command the data of an interaction with `/papers` or `/paper` are for."""
    return str(_subcommand_of(data)["name"])


def options_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands in a command's fields, by the names of its parameters."""
    called = _called(command_of(data))
    # What an older version had is left out; and `tz:Europe/Berlin`, as answers say it, is typed into the field tz, too.
    return {
        called[each["name"]]: str(each["value"]).removeprefix(f"{each['name']}:")
        for each in _options(data)
        if each["name"] in called
    }


def channel_of(data: Mapping[str, Any]) -> str | None:
    """Return the id of the channel that a command names."""
    return next((str(each["value"]) for each in _options(data) if each["name"] == CHANNEL), None)


def focused_of(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the parameter that is being typed, and what is typed of it."""
    called = _called(command_of(data))
    focused = (each for each in _options(data) if each.get("focused") and each["name"] in called)
    return next(((called[each["name"]], str(each["value"])) for each in focused), None)


def text_of(data: Mapping[str, Any]) -> str:
    """Return what the message says on whose menu a command was chosen."""
    return _written(data["resolved"]["messages"][data["target_id"]])


@cache
def locales() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return the translations by Discord's code of the language: of names, of commands' and options' descriptions.

    https://docs.discord.com/developers/reference#locales
    """
    files = resources.files("adapters.discord").joinpath("locales").iterdir()
    read = {each.name.removesuffix(".toml"): each.read_text("utf-8") for each in files if each.name.endswith(".toml")}
    return {code: tomllib.loads(text) for code, text in sorted(read.items())}


def _written(message: Mapping[str, Any]) -> str:
    """Return what a message says: its text, that of its embeds, and of the message that it forwards."""
    embeds = message.get("embeds", [])
    said = [message.get("content")]
    for each in embeds:
        # The links below each paper of ours would speak of links.
        said += [each.get("title"), _LINK.sub("", each.get("description") or "")]
    if len(embeds) == 1:
        said.append(embeds[0].get("url"))
    said += [_written(each["message"]) for each in message.get("message_snapshots", [])]
    return "\n".join(filter(None, said))


def _subcommand(command: Command) -> dict[str, Any]:
    options = [_option(command, name, each) for name, each in command.parameters.items()]
    if command.elsewhere:
        about = _named("options", CHANNEL, _ABOUT_CHANNEL)
        options.append({"type": _CHANNEL, **about, "channel_types": list(_CHANNEL_TYPES)})
    # Discord wants those that are required first.
    options.sort(key=lambda option: not option.get("required", False))
    made = {"type": _SUBCOMMAND, **_named("commands", command.name, command.summary)}
    return {**made, **({"options": options} if options else {})}


def _option(command: Command, name: str, parameter: Parameter) -> dict[str, Any]:
    made = _named("options", option_name(command.name, name), about(name, parameter))
    if name in command.required:
        made["required"] = True
    if parameter.most:
        return {"type": _INTEGER, **made, "min_value": 1, "max_value": parameter.most}
    if 0 < len(parameter.choices) <= _CHOICES:
        return {"type": _STRING, **made, "choices": [{"name": each, "value": each} for each in parameter.choices]}
    made |= {"min_length": 1, "max_length": parameter.length}
    return {"type": _STRING, **made, **({"autocomplete": True} if parameter.suggest or parameter.choices else {})}


def _named(table: str, name: str, about: str = "") -> dict[str, Any]:
    """Return a name and a description, with their translations: answers name commands, whose names so stay as is."""
    made: dict[str, Any] = {"name": name}
    if names := dict(_translations("names", name)):
        made["name_localizations"] = names
    if about:
        made["description"] = _brief(about)
        made["description_localizations"] = dict(_translations(table, name))
    return made


def _brief(about: str) -> str:
    """Return a description that Discord takes: of one that is too long, the first clause."""
    if len(about) <= _LONGEST:
        return about
    first = _CLAUSE.split(about, maxsplit=1)[0].removesuffix(".") + "." * about.endswith(".")
    return Text(first).clip(_LONGEST).plain


def _translations(table: str, key: str) -> Iterator[tuple[str, str]]:
    for code, texts in locales().items():
        if key in texts.get(table, {}):
            yield code, texts[table][key]


def _called(command: str) -> dict[str, str]:
    """Return a command's parameters by their names in Discord."""
    parameters = COMMANDS[command].parameters if command in COMMANDS else ()
    return {option_name(command, each): each for each in parameters}


def _options(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from _subcommand_of(data).get("options", ())


def _subcommand_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    subcommands: list[Mapping[str, Any]] = data["options"]
    return subcommands[0]
