"""What the core says, as one reads it in Slack: commands as they are typed here, columns as a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters import _prose
from adapters._prose import Heading, Row, as_told, parts
from adapters.slack.elements import Block, bullets, piece, rich, section
from adapters.slack.manifest import COMMAND


def here(text: str) -> str:
    """Return a text with every command that it tells one to type as it is typed in Slack."""
    return "".join(f"{COMMAND} {each}" if is_command else each for each, is_command in as_told(text))


def prose(text: str, *, headed: bool = False) -> Block:
    """Return a text as a block: commands as code, examples as a list, and the first line bold where it heads more."""
    if headed:
        heading, rest = _prose.headed(text)
        return rich(section([*_pieces(heading, "bold"), *_pieces(rest)]))
    return rich(*map(_part, parts(text)))


def usage(row: Row) -> list[Block]:
    """Return a command line as it is typed here, and what it does."""
    return [_command(row.line), *([piece("  "), *_told(row.pieces())] if row.about else [])]


def _part(part: str | Heading | list[Row]) -> Block:
    match part:
        case Heading(text):
            return section([piece(text, "bold")])
        case str(text):
            return section(_pieces(text))
    return bullets(map(usage, part))


def _pieces(text: str, style: str = "") -> Iterator[Block]:
    return _told(as_told(text), style)


def _told(pieces: Iterable[tuple[str, bool]], style: str = "") -> Iterator[Block]:
    return (_command(each) if is_command else piece(each, style) for each, is_command in pieces)


def _command(line: str) -> Block:
    return piece(f"{COMMAND} {line}", "code")
