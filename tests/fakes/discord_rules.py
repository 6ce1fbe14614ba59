"""The kinds of rules that a table of limits is made of. Each yields what is wrong with a value, as "path: what"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Found = Iterator[str]
Rule = Callable[[Any, str], Found]


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys that an object must have and those that it may have. A key that is not here is unknown."""

    must: Mapping[str, Rule] = field(default_factory=dict)
    may: Mapping[str, Rule] = field(default_factory=dict)

    def __call__(self, value: Any, path: str) -> Found:
        if not isinstance(value, dict):
            yield f"{path or 'body'}: is no object"
            return
        where = f"{path}." if path else ""
        for key in self.must:
            if key not in value:
                yield f"{where}{key}: is missing"
        for key, each in value.items():
            rule = self.must.get(key) or self.may.get(key)
            if rule is None:
                yield f"{where}{key}: is unknown"
            else:
                yield from rule(each, where + key)


def words(most: int, least: int = 1) -> Rule:
    """Take a string; Discord counts without the space around it."""

    def rule(value: Any, path: str) -> Found:
        if not isinstance(value, str):
            yield f"{path}: is no string"
        elif not least <= len(value.strip()) or len(value) > most:
            yield f"{path}: has {len(value.strip())} characters, not {least} to {most}"

    return rule


def whole(most: int, least: int = 0) -> Rule:
    def rule(value: Any, path: str) -> Found:
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{path}: is no integer"
        elif not least <= value <= most:
            yield f"{path}: is {value}, not {least} to {most}"

    return rule


def number(value: Any, path: str) -> Found:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield f"{path}: is no number"


def flag(value: Any, path: str) -> Found:
    if not isinstance(value, bool):
        yield f"{path}: is no boolean"


def one_of(*values: Any) -> Rule:
    def rule(value: Any, path: str) -> Found:
        if value not in values:
            yield f"{path}: is {value!r}, none of {values}"

    return rule


def bits(*allowed: int) -> Rule:
    """Take an integer in which no other bit is set."""

    def rule(value: Any, path: str) -> Found:
        if not isinstance(value, int) or value & ~sum(allowed):
            yield f"{path}: is {value!r}, which has a bit that cannot be set here"

    return rule


def many(each: Rule, most: int, least: int = 0) -> Rule:
    def rule(value: Any, path: str) -> Found:
        if not isinstance(value, list):
            yield f"{path}: is no array"
            return
        if not least <= len(value) <= most:
            yield f"{path}: has {len(value)} entries, not {least} to {most}"
        for index, item in enumerate(value):
            yield from each(item, f"{path}[{index}]")

    return rule


def maybe(rule: Rule) -> Rule:
    """Take null too."""

    def optional(value: Any, path: str) -> Found:
        if value is not None:
            yield from rule(value, path)

    return optional


def both(*rules: Rule) -> Rule:
    """Apply rules one after the other, up to the first that finds something."""

    def rule(value: Any, path: str) -> Found:
        for each in rules:
            found = list(each(value, path))
            yield from found
            if found:
                return

    return rule


def either(*rules: Rule) -> Rule:
    """Take what one of the rules takes."""

    def rule(value: Any, path: str) -> Found:
        found = [list(each(value, path)) for each in rules]
        if all(found):
            yield from min(found, key=len)

    return rule


def typed(shapes: Mapping[int, Rule]) -> Rule:
    """Take an object whose `type` tells by which rule it goes."""

    def rule(value: Any, path: str) -> Found:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, int) and kind in shapes:
            yield from shapes[kind](value, path)
        else:
            yield f"{path}: is of type {kind!r}, none of {sorted(shapes)}"

    return rule


def url(most: int = 2048) -> Rule:
    def rule(value: Any, path: str) -> Found:
        yield from words(most)(value, path)
        try:
            parts = urlsplit(value if isinstance(value, str) else "")
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good or any(each.isspace() for each in value):
            yield f"{path}: {value!r} is no web address"

    return rule


def moment(value: Any, path: str) -> Found:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        yield f"{path}: {value!r} is no ISO 8601 time"


def unique(key: str) -> Rule:
    """Take an array in which a key of each object is there once."""

    def rule(value: Any, path: str) -> Found:
        seen = [item.get(key) for item in value]
        for each in sorted({str(item) for item in seen if item is not None and seen.count(item) > 1}):
            yield f"{path}: {key} {each!r} is there more than once"

    return rule
