"""Check payloads for Discord against one table of its rules.

Sources: https://docs.discord.com/developers/resources/message, .../components/reference,
.../interactions/receiving-and-responding, .../interactions/application-commands (in `discord_command_limits`). Keys and
kinds of components that the table does not know are refused: add them with their limits before the product uses them.
Characters are counted as code points; where Discord counts UTF-16 units instead is not documented, and not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from tests.fakes.discord_command_limits import CHOICES, COMMANDS
from tests.fakes.discord_component_limits import COMPONENTS, MODAL
from tests.fakes.discord_messages import Json, walk
from tests.fakes.discord_rules import (
    Rule,
    Shape,
    bits,
    either,
    flag,
    many,
    maybe,
    moment,
    number,
    one_of,
    typed,
    url,
    whole,
    words,
)

Kind = Literal["message", "edit", "followup", "callback", "thread", "commands"]

SUPPRESS_EMBEDS, EPHEMERAL, SILENT, COMPONENTS_V2 = 1 << 2, 1 << 6, 1 << 12, 1 << 15


def problems(kind: Kind, body: Any) -> list[str]:
    """Return all that is wrong with the body of a request, each as "path: what".

    `edit` is a PATCH of any message, `followup` a POST to an interaction's webhook, `thread` a new forum post.
    """
    if kind == "commands":
        return list(COMMANDS(body, "commands"))
    if kind not in get_args(Kind):
        raise ValueError(f"there is no kind {kind!r}")
    found = list(SHAPES[kind](body, ""))
    if not isinstance(body, dict):
        return found
    if kind == "thread":
        inside, path = body.get("message"), "message"
    elif kind == "callback":
        inside, path = (body.get("data") or {}, "data") if body.get("type") in (4, 7) else (None, "")
    else:
        inside, path = body, ""
    if isinstance(inside, dict) and not any("is no " in each for each in found):
        partly = kind == "edit" or body.get("type") == 7
        found += [f"{path}.{each}" if path else each for each in _together(inside, partly=partly)]
    return found


# Parts of embeds

AUTHOR = Shape({"name": words(256)}, {"url": url(), "icon_url": url()})
FOOTER = Shape({"text": words(2048)}, {"icon_url": url()})
IMAGE = Shape({"url": url()})
FIELD = Shape({"name": words(256), "value": words(1024)}, {"inline": flag})
EMBED = Shape(
    {},
    {
        "type": one_of("rich"),
        "title": maybe(words(256)),
        "description": maybe(words(4096)),
        "url": maybe(url()),
        "timestamp": maybe(moment),
        "color": maybe(whole(0xFFFFFF)),
        "author": maybe(AUTHOR),
        "footer": maybe(FOOTER),
        "image": maybe(IMAGE),
        "thumbnail": maybe(IMAGE),
        "fields": many(FIELD, 25),
        "flags": whole(2**31),
    },
)


# Messages


def _snowflakes(most: int) -> Rule:
    return many(either(words(20), whole(2**64)), most)


ALLOWED_MENTIONS = Shape(
    {},
    {
        "parse": many(one_of("users", "roles", "everyone"), 3),
        "users": _snowflakes(100),
        "roles": _snowflakes(100),
        "replied_user": flag,
    },
)
SHOWN: dict[str, Rule] = {
    "content": maybe(words(2000, 0)),
    "embeds": maybe(many(EMBED, 10)),
    "components": maybe(COMPONENTS),
    "allowed_mentions": maybe(ALLOWED_MENTIONS),
    "attachments": maybe(
        many(Shape({"id": either(words(20), whole(2**64))}, {"filename": words(1024), "description": words(1024)}), 10)
    ),
    "tts": flag,
}
POSTED: dict[str, Rule] = {**SHOWN, "flags": bits(SUPPRESS_EMBEDS, SILENT, COMPONENTS_V2)}
ANSWERED: dict[str, Rule] = {**SHOWN, "flags": bits(SUPPRESS_EMBEDS, EPHEMERAL, SILENT, COMPONENTS_V2)}


SHAPES: dict[Kind, Rule] = {
    "message": Shape(
        {},
        {
            **POSTED,
            "nonce": maybe(either(words(25), whole(2**63))),
            "enforce_nonce": flag,
            "message_reference": maybe(Shape(may={k: words(20) for k in ("message_id", "channel_id", "guild_id")})),
        },
    ),
    "edit": Shape({}, POSTED),
    "followup": Shape({}, ANSWERED),
    "thread": Shape(
        {"name": words(100), "message": Shape({}, POSTED)},
        {
            "type": one_of(11),
            "applied_tags": maybe(_snowflakes(5)),
            "auto_archive_duration": maybe(one_of(60, 1440, 4320, 10080)),
            "rate_limit_per_user": maybe(whole(21600)),
        },
    ),
    # https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object
    "callback": typed({
        4: Shape({"type": number, "data": Shape({}, ANSWERED)}),
        5: Shape({"type": number}, {"data": maybe(Shape({}, {"flags": bits(EPHEMERAL)}))}),
        6: Shape({"type": number}, {"data": maybe(Shape())}),
        7: Shape({"type": number, "data": Shape({}, ANSWERED)}),
        8: Shape({"type": number, "data": Shape({"choices": CHOICES})}),
        9: Shape({"type": number, "data": MODAL}),
    }),
}  # fmt: skip


# What one part cannot tell


def _together(body: Json, *, partly: bool) -> Iterator[str]:
    """Say what is wrong with a message as a whole; `partly`: what it does not name stays as it is."""
    embeds, components = body.get("embeds") or [], body.get("components") or []
    content, flags = (body.get("content") or "").strip(), body.get("flags") or 0
    asked = [key for key in ("content", "embeds", "components") if key in body or not partly]
    if not content and not embeds and not components and len(asked) == 3:
        yield "content: is empty, and so are embeds and components"
    for index, embed in enumerate(embeds):
        if not any(embed.get(key) for key in ("title", "description", "fields", "author", "footer", "image")):
            yield f"embeds[{index}]: shows nothing"
    size = sum(map(_size, embeds))
    if size > 6000:
        yield f"embeds: have {size} characters in all, not at most 6000"
    parts = list(walk(components))
    ids = [each["custom_id"] for each in parts if each.get("custom_id")]
    for each in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"components: custom_id {each!r} is there more than once"
    if flags & COMPONENTS_V2:
        if content or embeds:
            yield "flags: with components v2 there is no content and there are no embeds"
        if len(parts) > 40:
            yield f"components: are {len(parts)} in all, not at most 40"
        said = sum(len(each["content"]) for each in parts if each["type"] == 10)
        if said > 4000:
            yield f"components: have {said} characters in all, not at most 4000"
    elif any(each["type"] != 1 for each in components):
        yield "components: are of the second kind, but the flag for it is not set"
    if content or embeds or any(each["type"] == 10 for each in parts):
        mentions = body.get("allowed_mentions")
        # Without it Discord lets everything ring. https://docs.discord.com/developers/resources/message
        if mentions is None or mentions.get("parse") != [] or mentions.get("users") or mentions.get("roles"):
            yield "allowed_mentions: does not say that nobody is mentioned"


def _size(embed: Json) -> int:
    named = [embed.get("title"), embed.get("description")]
    named += [(embed.get("author") or {}).get("name"), (embed.get("footer") or {}).get("text")]
    named += [text for each in embed.get("fields") or [] for text in (each.get("name"), each.get("value"))]
    return sum(len(each or "") for each in named)
