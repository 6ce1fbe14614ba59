"""What the core says, as one reads it in Discord: commands as they are typed here, columns as a list."""

from __future__ import annotations

from adapters._prose import Row, as_told, parts
from adapters.discord import markdown
from adapters.discord.commands import COMMAND, option_name
from bot.commands import COMMANDS, places


def typed(line: str) -> str:
    """Return a command line as it is typed in Discord, where each value has a name before it.

    A line that only says what a command takes is the command alone: Discord shows the rest to who types it.
    """
    name, _, text = line.partition(" ")
    found = COMMANDS.get(name)
    if found is None or line in (found.usage, found.brief):
        return f"/{COMMAND} {name}"
    values = (f"{option_name(name, parameter)}:{value}" for parameter, value in places(name, text).items())
    return " ".join([f"/{COMMAND} {name}", *values])


def here(text: str) -> str:
    """Return a text with every command that it tells one to type as it is typed in Discord."""
    return "".join(typed(each) if is_command else each for each, is_command in as_told(text))


def prose(text: str, *, headed: bool = False) -> str:
    """Return a text as markdown: commands as code, examples as a list, and the first line bold where it heads more."""
    if headed:
        first, feed, rest = text.strip("\n").partition("\n")
        return markdown.bold(here(first)) + feed + _said(rest)
    return "\n".join(_said(each) if isinstance(each, str) else "\n".join(map(_row, each)) for each in parts(text))


def _row(row: Row) -> str:
    return f"- {markdown.code(typed(row.line))}" + (f"  {markdown.escape(row.about)}" if row.about else "")


def _said(text: str) -> str:
    return "".join(
        markdown.code(typed(each)) if is_command else markdown.escape(each) for each, is_command in as_told(text)
    )
