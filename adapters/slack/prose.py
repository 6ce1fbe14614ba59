"""What the core says, as one reads it in Slack: commands as they are typed here, columns as a list."""

from __future__ import annotations

from collections.abc import Iterator

from adapters._prose import as_told, parts
from adapters.slack.elements import Block, bullets, piece, rich, section
from adapters.slack.manifest import COMMAND


def here(text: str) -> str:
    """Return a text with every command that it tells one to type as it is typed in Slack."""
    return "".join(f"{COMMAND} {each}" if is_command else each for each, is_command in as_told(text))


def prose(text: str, *, headed: bool = False) -> Block:
    """Return a text as a block: commands as code, examples as a list, and the first line bold where it heads more."""
    if headed:
        first, feed, rest = text.strip("\n").partition("\n")
        return rich(section([*_pieces(first, "bold"), *_pieces(feed + rest)]))
    return rich(
        *(
            section(_pieces(part)) if isinstance(part, str) else bullets(usage(row.line, row.about) for row in part)
            for part in parts(text)
        )
    )


def usage(line: str, about: str = "") -> list[Block]:
    """Return a command line as it is typed here, and what it does."""
    return [piece(f"{COMMAND} {line}", "code"), *([piece(f"  {about}")] if about else [])]


def _pieces(text: str, style: str = "") -> Iterator[Block]:
    for each, is_command in as_told(text):
        yield piece(f"{COMMAND} {each}", "code") if is_command else piece(each, style)
