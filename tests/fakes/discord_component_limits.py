"""The rules of components, those of messages and those of modals.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from typing import Any

from tests.fakes.discord_rules import (
    Found,
    Rule,
    Shape,
    both,
    flag,
    many,
    maybe,
    one_of,
    typed,
    unique,
    url,
    whole,
    words,
)

ID: dict[str, Rule] = {"id": whole(2**31)}
EMOJI = Shape({}, {"id": maybe(words(20)), "name": maybe(words(64)), "animated": flag})
OPTION = Shape(
    {"label": words(100), "value": words(100)},
    {"description": maybe(words(100)), "emoji": maybe(EMOJI), "default": flag},
)
CUSTOM_ID = words(100)
SELECTS = (3, 5, 6, 7, 8)


def _button(value: Any, path: str) -> Found:
    shape = Shape(
        {"type": one_of(2), "style": whole(5, 1)},
        {
            **ID,
            "label": maybe(words(80)),
            "emoji": maybe(EMOJI),
            "custom_id": maybe(CUSTOM_ID),
            "url": maybe(url(512)),
            "disabled": flag,
        },
    )
    yield from shape(value, path)
    leads = value.get("style") == 5
    if leads != bool(value.get("url")) or leads == bool(value.get("custom_id")):
        yield f"{path}: a button has a custom_id, or the style 5 and a url"
    if not value.get("label") and not value.get("emoji"):
        yield f"{path}: has neither label nor emoji"


def _select(value: Any, path: str) -> Found:
    kind = value["type"]
    may: dict[str, Rule] = {
        **ID,
        "placeholder": maybe(words(150)),
        "min_values": whole(25),
        "max_values": whole(25, 1),
        "disabled": flag,
        "required": flag,
    }
    must: dict[str, Rule] = {"type": one_of(*SELECTS), "custom_id": CUSTOM_ID}
    if kind == 3:
        must["options"] = both(many(OPTION, 25, 1), unique("value"))
    else:
        may["default_values"] = many(Shape({"id": words(20), "type": one_of("user", "role", "channel")}), 25)
    if kind == 8:
        may["channel_types"] = many(whole(16), 10)
    found = list(Shape(must, may)(value, path))
    yield from found
    if found:
        return
    least, most = value.get("min_values", 1), value.get("max_values", 1)
    options = value.get("options", [])
    if least > most:
        yield f"{path}: min_values is more than max_values"
    if kind == 3 and most > len(options):
        yield f"{path}: max_values is more than there are options"
    if sum(each.get("default", False) for each in options) > most:
        yield f"{path}: more options are chosen from the start than max_values"


def _row(value: Any, path: str) -> Found:
    inside = value.get("components") if isinstance(value, dict) else None
    is_select = isinstance(inside, list) and bool(inside) and isinstance(inside[0], dict) and inside[0].get("type") != 2
    each, most = (typed(dict.fromkeys(SELECTS, _select)), 1) if is_select else (typed({2: _button}), 5)
    yield from Shape({"type": one_of(1), "components": many(each, most, 1)}, ID)(value, path)


TEXT = Shape({"type": one_of(10), "content": words(4000)}, ID)
SEPARATOR = Shape({"type": one_of(14)}, {**ID, "divider": flag, "spacing": one_of(1, 2)})
THUMBNAIL = Shape(
    {"type": one_of(11), "media": Shape({"url": url()})},
    {**ID, "description": maybe(words(1024)), "spoiler": flag},
)
SECTION = Shape(
    {"type": one_of(9), "components": many(TEXT, 3, 1), "accessory": typed({2: _button, 11: THUMBNAIL})}, ID
)
_INSIDE: dict[int, Rule] = {1: _row, 9: SECTION, 10: TEXT, 14: SEPARATOR}
CONTAINER = Shape(
    {"type": one_of(17), "components": many(typed(_INSIDE), 40, 1)},
    {**ID, "accent_color": maybe(whole(0xFFFFFF)), "spoiler": flag},
)
LAYOUT = many(typed({**_INSIDE, 17: CONTAINER}), 40)
ROWS = many(typed({1: _row}), 5)


def _components(value: Any, path: str) -> Found:
    new = isinstance(value, list) and any(isinstance(each, dict) and each.get("type") != 1 for each in value)
    yield from (LAYOUT if new else ROWS)(value, path)


COMPONENTS: Rule = _components


# Modals

TYPED: dict[str, Rule] = {
    **ID,
    "min_length": maybe(whole(4000)),
    "max_length": maybe(whole(4000, 1)),
    "required": flag,
    "value": maybe(words(4000, 0)),
    "placeholder": maybe(words(100)),
}
INPUT: dict[str, Rule] = {"type": one_of(4), "custom_id": CUSTOM_ID, "style": one_of(1, 2)}
IN_ROW = Shape({**INPUT, "label": words(45)}, TYPED)
IN_LABEL: dict[int, Rule] = {4: Shape(INPUT, {**TYPED, "label": maybe(words(0, 0))}), **dict.fromkeys(SELECTS, _select)}
IN_MODAL: dict[int, Rule] = {
    1: Shape({"type": one_of(1), "components": many(typed({4: IN_ROW}), 1, 1)}, ID),
    10: TEXT,
    18: Shape(
        {"type": one_of(18), "label": words(45), "component": typed(IN_LABEL)},
        {**ID, "description": maybe(words(100))},
    ),
}
MODAL = Shape({"custom_id": CUSTOM_ID, "title": words(45), "components": many(typed(IN_MODAL), 5, 1)})
