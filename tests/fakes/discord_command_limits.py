"""The rules of application commands and of what autocompletion offers.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import unicodedata
from typing import Any

from tests.fakes.discord_messages import Json
from tests.fakes.discord_rules import (
    Found,
    Rule,
    Shape,
    both,
    either,
    flag,
    many,
    maybe,
    number,
    one_of,
    typed,
    unique,
    whole,
    words,
)

# https://docs.discord.com/developers/reference#locales
LOCALES = frozenset({
    *("id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR"),
    *("ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko"),
})  # fmt: skip
# The letters of these scripts that are no L or N: vowel signs and other marks.
_DEVANAGARI_THAI = ((0x900, 0x97F), (0xA8E0, 0xA8FF), (0x1CD0, 0x1CFF), (0xE01, 0xE3A), (0xE40, 0xE5B))

STRING, INTEGER, NUMBER = 3, 4, 10


def _name(value: Any, path: str) -> Found:
    found = list(words(32)(value, path))
    yield from found
    if found:
        return
    if not all(_is_letter(each) for each in value):
        yield f"{path}: {value!r} has a character that a command's name cannot have"
    if value != value.lower():
        yield f"{path}: {value!r} is not in lower case"


def _is_letter(char: str) -> bool:
    if char in "-_'" or unicodedata.category(char)[0] in "LN":
        return True
    return any(first <= ord(char) <= last for first, last in _DEVANAGARI_THAI)


def _localised(rule: Rule) -> Rule:
    def each(value: Any, path: str) -> Found:
        if not isinstance(value, dict):
            yield f"{path}: is no object"
            return
        for locale, text in value.items():
            if locale not in LOCALES:
                yield f"{path}: {locale!r} is no locale of Discord"
            yield from rule(text, f"{path}.{locale}")

    return maybe(each)


def _choices(value: Rule) -> Rule:
    choice = Shape({"name": words(100), "value": value}, {"name_localizations": _localised(words(100))})
    return both(many(choice, 25), unique("name"))


# An autocompletion's answer carries values of the option's type, which the body alone does not tell.
CHOICES = _choices(either(words(100), number))

NAMED: dict[str, Rule] = {"name": _name, "description": words(100)}
LOCALISED: dict[str, Rule] = {
    "name_localizations": _localised(_name),
    "description_localizations": _localised(words(100)),
}


def _option(value: Any, path: str) -> Found:
    kind = value["type"]
    may: dict[str, Rule] = {**LOCALISED, "required": flag}
    if kind == STRING:
        may |= {"choices": _choices(words(100)), "autocomplete": flag}
        may |= {"min_length": whole(6000), "max_length": whole(6000, 1)}
    if kind in (INTEGER, NUMBER):
        bound = whole(2**53, -(2**53)) if kind == INTEGER else number
        may |= {"choices": _choices(bound), "autocomplete": flag, "min_value": bound, "max_value": bound}
    if kind == 7:
        may["channel_types"] = many(one_of(*range(17)), 17)
    found = list(Shape({"type": whole(11, 3), **NAMED}, may)(value, path))
    yield from found
    for least, most in (("min_length", "max_length"), ("min_value", "max_value")):
        if not found and {least, most} <= set(value) and value[least] > value[most]:
            yield f"{path}: {least} is more than {most}"
    if value.get("autocomplete") and value.get("choices"):
        yield f"{path}: autocomplete and choices exclude each other"


def _ordered(value: Any, path: str) -> Found:
    optional = False
    for index, each in enumerate(value):
        if each.get("required") and optional:
            yield f"{path}[{index}]: is required and comes after an optional one"
        optional = optional or not each.get("required")


_KINDS: dict[int, Rule] = dict.fromkeys(range(3, 12), _option)
OPTIONS = both(many(typed(_KINDS), 25), unique("name"), _ordered)
SUBCOMMAND = Shape({"type": one_of(1), **NAMED}, {**LOCALISED, "options": OPTIONS})
GROUP = Shape(
    {"type": one_of(2), **NAMED, "options": both(many(typed({1: SUBCOMMAND}), 25, 1), unique("name"))}, LOCALISED
)
SUBCOMMANDS = both(many(typed({1: SUBCOMMAND, 2: GROUP}), 25), unique("name"))


def _top_options(value: Any, path: str) -> Found:
    nested = isinstance(value, list) and any(isinstance(each, dict) and each.get("type") in (1, 2) for each in value)
    yield from (SUBCOMMANDS if nested else OPTIONS)(value, path)


TOP: dict[str, Rule] = {
    "id": words(20),
    "default_member_permissions": maybe(words(20)),
    "dm_permission": maybe(flag),
    "nsfw": flag,
    "contexts": maybe(many(one_of(0, 1, 2), 3, 1)),
    "integration_types": maybe(many(one_of(0, 1), 2, 1)),
    "name_localizations": _localised(_name),
}
MENU = Shape(
    {"type": one_of(2, 3), "name": words(32)},
    {**TOP, "name_localizations": _localised(words(32)), "description": words(0, 0), "options": many(number, 0)},
)


def _slash(value: Any, path: str) -> Found:
    may = {**TOP, **LOCALISED, "type": one_of(1), "options": _top_options}
    found = list(Shape(NAMED, may)(value, path))
    yield from found
    if not found and (size := _size(value)) > 8000:
        yield f"{path}: has {size} characters in all, not at most 8000"


def _command(value: Any, path: str) -> Found:
    is_menu = isinstance(value, dict) and value.get("type") in (2, 3)
    yield from (MENU if is_menu else _slash)(value, path)


def _kinds(value: Any, path: str) -> Found:
    names = [(each.get("type", 1), each["name"]) for each in value]
    for kind, name in sorted({each for each in names if names.count(each) > 1}):
        yield f"{path}: {name!r} of type {kind} is there more than once"
    for kind, most in ((1, 100), (2, 15), (3, 15)):
        there = sum(each[0] == kind for each in names)
        if there > most:
            yield f"{path}: {there} are of type {kind}, not at most {most}"


COMMANDS = both(many(_command, 130), _kinds)


def _size(node: Json) -> int:
    """Count a command's names, descriptions and values; of localisations, the longest counts."""
    size = sum(
        max([len(str(node.get(key, ""))), *(len(each) for each in (node.get(f"{key}_localizations") or {}).values())])
        for key in ("name", "description")
    )
    size += len(str(node.get("value", "")))
    return size + sum(_size(each) for key in ("options", "choices") for each in node.get(key, []))
