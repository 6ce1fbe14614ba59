"""What the core says, as one reads it in Discord: commands as they are typed here, columns as a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from adapters import _prose
from adapters._prose import Heading, Row, as_told, parts
from adapters.discord import markdown
from adapters.discord.commands import CHANNEL, about, option_name, root
from bot.commands import COMMANDS, places
from bot.model import Destination

_PAPER = re.compile(r"(https://arxiv\.org/abs/[\w./-]*\w)")


def typed(line: str) -> str:
    """Return a command line as it is typed in Discord, where each value has a name before it.

    A line that only says what a command takes is the command alone: Discord shows the rest to who types it.
    """
    name, _, text = line.partition(" ")
    begun = f"/{root(name)} {name}"
    if line in (COMMANDS[name].usage, COMMANDS[name].brief):
        return begun
    values = (f"{option_name(name, parameter)}:{value}" for parameter, value in places(name, text).items())
    return " ".join([begun, *values])


def here(text: str) -> str:
    """Return a text with every command that it tells one to type as it is typed in Discord."""
    return "".join(typed(each) if is_command else each for each, is_command in as_told(text))


def prose(text: str, *, headed: bool = False, room: Destination | None = None) -> str:
    """Return a text as markdown: commands as code, examples as a list, and the first line bold where it heads more.

    `room` is the one that it speaks of, if that is another one: what is typed for that names it.
    """
    if headed:
        heading, rest = _prose.headed(text)
        return _said(heading, room, words=markdown.bold) + _said(rest, room)
    for as_usual, as_field in _fields().items():
        text = text.replace(as_usual, as_field)
    return "\n".join(_part(each, room) for each in parts(text))


@cache
def _fields() -> Mapping[str, str]:
    """Return what is said of each parameter ("page:N: which page ..."), by that what is said of its field here."""
    return {
        f"{each.shown}: {each.about}": f"{option_name(name, parameter)}: {about(parameter, each)}"
        for name, command in COMMANDS.items()
        for parameter, each in command.parameters.items()
    }


def _part(part: str | Heading | list[Row], room: Destination | None) -> str:
    match part:
        case Heading(text):
            return markdown.bold(text)
        case str(text):
            return _said(text, room)
    lines = [_row(each) for each in part]
    return lines[0] if len(lines) == 1 else "\n".join(f"- {each}" for each in lines)


def _row(row: Row) -> str:
    about = "".join(
        markdown.code(typed(each)) if is_command else markdown.escape(each) for each, is_command in row.pieces()
    )
    return "  ".join(filter(None, [markdown.code(typed(row.line)), about]))


def _said(text: str, room: Destination | None, words: Callable[[str], str] | None = None) -> str:
    words = words or _words
    return "".join(_command(each, room) if is_command else words(each) for each, is_command in as_told(text))


def _command(line: str, room: Destination | None) -> str:
    name = line.partition(" ")[0]
    if room is None or not COMMANDS[name].elsewhere:
        return markdown.code(typed(line))
    return f"{markdown.code(f'{typed(line)} {CHANNEL}:')}<#{room.name}>"


def _words(text: str) -> str:
    """Return text as markdown, in which addresses of papers lead there, without a preview."""
    return "".join(f"<{each}>" if _PAPER.fullmatch(each) else markdown.escape(each) for each in _PAPER.split(text))
