"""What people type in Slack, as they meant it: entities, curly quotes, escaped mentions and links undone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Slack's clients turn straight quotes into curly ones as one types, and some turn hyphens into dashes.
_STRAIGHT = str.maketrans({**dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‘’‚‛", "'"), "\xa0": " "})
_DASH = re.compile(r"(?<![^\s(])[–—](?=[^\s–—])")  # before a word: -medical
# The only three that Slack makes: "AT&para" is no paragraph sign.
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_ENTITY = re.compile(r"&(amp|lt|gt);")
# <@U1|ada>, <#C1|general>, <!subteam^S1|@team>, <https://arxiv.org/abs/2011.10043|this>
_ESCAPED = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_PAGE = re.compile(r"(?<!\S)(page:)(?=\S)", re.IGNORECASE)  # asks for none in what was written for somebody else


def line(text: str, *, bot: str = "", command: str = "") -> str:
    """Return a typed text as a command line: what follows a mention of the bot, without the name of the command."""
    if bot:
        before, mention, after = re.split(rf"(<@{re.escape(bot)}(?:\|[^<>]*)?>|$)", text, maxsplit=1)
        text = after.lstrip(" ,:") if mention and after.strip() else before
    text = text.strip()
    text = _ENTITY.sub(lambda match: _ENTITIES[match[1]], _ESCAPED.sub(_meant, text))
    text = _DASH.sub("-", text.translate(_STRAIGHT))
    return text.removeprefix(command).strip() if command and re.match(rf"{re.escape(command)}(\s|$)", text) else text


def written(message: Mapping[str, Any]) -> str:
    """Return what a message says, to stand after a command: where it has no text, that of its blocks or attachments."""
    text = message.get("text") or "\n".join(_texts([message.get("blocks"), message.get("attachments")]))
    return line(_PAGE.sub(r"\1 ", text))


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        for key, each in part.items():
            if isinstance(each, str):
                yield from [each] * (key in ("text", "title"))
            else:
                yield from _texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)


def _meant(match: re.Match[str]) -> str:
    kind, target, label = match.groups()
    if kind == "@":
        return f"@{label or target}"
    if kind == "#":
        return f"#{label or target}"
    if kind == "!":
        return label or target.partition("^")[0]
    return target.removeprefix("mailto:")
