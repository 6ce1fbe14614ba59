"""What people type in Slack, as they meant it: entities, curly quotes, escaped mentions and links undone."""

from __future__ import annotations

import html
import re

# Slack's clients turn straight quotes into curly ones as one types, and some turn hyphens into dashes.
_STRAIGHT = str.maketrans({**dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‘’‚‛", "'"), "\xa0": " "})
_DASH = re.compile(r"(?<![^\s(])[–—](?=[^\s–—])")  # before a word: -medical
# <@U1|ada>, <#C1|general>, <!subteam^S1|@team>, <https://arxiv.org/abs/2011.10043|this>
_ESCAPED = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def line(text: str, *, bot: str = "", command: str = "") -> str:
    """Return a typed text as a command line: what follows a mention of the bot, without the name of the command."""
    if bot:
        before, mention, after = re.split(rf"(<@{re.escape(bot)}(?:\|[^<>]*)?>|$)", text, maxsplit=1)
        text = after.lstrip(" ,:") if mention and after.strip() else before
    text = text.strip()
    text = _DASH.sub("-", html.unescape(_ESCAPED.sub(_meant, text)).translate(_STRAIGHT))
    return text.removeprefix(command).strip() if command and re.match(rf"{re.escape(command)}(\s|$)", text) else text


def _meant(match: re.Match[str]) -> str:
    kind, target, label = match.groups()
    if kind == "@":
        return f"@{label or target}"
    if kind == "#":
        return f"#{label or target}"
    if kind == "!":
        return label or target.partition("^")[0]
    return target.removeprefix("mailto:")
