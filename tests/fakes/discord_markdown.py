"""Read Discord's markdown as its apps do: what people see, what would ring, where it leads. Shares no code with ours.

The rules: https://docs.discord.com/developers/reference#message-formatting and
https://support.discord.com/hc/en-us/articles/210298617; where they are silent, what the apps do: a backslash takes the
meaning from any character that is no letter, digit or space. Where that is not known either, more is alive here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from tests.fakes.hosts import HOSTS, foreign

Kind = Literal["text", "link", "mention", "code"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text as it is shown; `target` is where a link leads, or the mention as it is written."""

    kind: Kind
    text: str
    target: str = ""


def shown(text: str) -> str:
    """Return what a reader sees: the words without the marks, a bullet before the items of lists."""
    return "".join(piece.text for piece in pieces(text))


def links(text: str) -> list[str]:
    """Return where the links in a text lead, in order."""
    return [piece.target for piece in pieces(text) if piece.kind == "link"]


def mentions(text: str) -> list[str]:
    """Return what in a text is replaced by something of Discord's, as it is written.

    Users, roles, channels, everyone and here, slash commands, places of a server, custom emojis, times.
    """
    return [piece.target for piece in pieces(text) if piece.kind == "mention"]


def live(text: str, hosts: Collection[str] = HOSTS) -> list[str]:
    """Say what in a text mentions somebody or leads to a foreign host."""
    found = [f"a live mention {each}" for each in mentions(text)]
    return found + [f"a link to {each}" for each in links(text) if foreign(each, hosts)]


def pieces(text: str) -> list[Piece]:
    """Return a text as it is shown, in pieces."""
    return list(_blocks(text))


# Blocks

# What a backslash stands before begins none.
_FENCE = re.compile(r"\\.|```(?:[a-zA-Z0-9_+\-.#]*\n)?\n*(?P<code>.*?[^\n].*?)\n*```", re.DOTALL)
# Quotes do not nest.
_QUOTE = re.compile(r" *(?:>>>|>) ")
_LINE_MARKS = re.compile(
    r"(?P<heading> *#{1,3} +(?=\S))|(?P<subtext> *-# +(?=\S))"
    r"|(?P<item>(?P<indent> *)(?:[*-]|(?P<number>\d+)\.) +(?=\S))"
)


def _blocks(text: str) -> Iterator[Piece]:
    """Take the marks that begin lines away, and read the rest as one run: emphasis may span lines."""
    at = 0
    for fence in _FENCE.finditer(text):
        if fence["code"] is None:
            continue
        yield from _lines(text[at : fence.start()], at_start=at == 0 or text[at - 1] == "\n")
        yield Piece("code", fence["code"])
        at = fence.end()
    yield from _lines(text[at:], at_start=at == 0)


def _lines(text: str, *, at_start: bool) -> Iterator[Piece]:
    rest: list[str] = []
    for index, line in enumerate(text.split("\n")):
        if rest or index:
            rest.append("\n")
        rest.append(_line(line) if index or at_start else line)
    yield from _inline("".join(rest))


def _line(line: str) -> str:
    """Return a line without the marks at its start; a bullet or a number is shown as text."""
    line = _QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line
    match = _LINE_MARKS.match(line)
    if match is None:
        return line
    rest = line[match.end() :]
    if match["item"]:
        return f"{match['indent']}{match['number'] + '.' if match['number'] else '•'} {rest}"
    return rest


# Inside of lines

_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
_CODE = re.compile(r"(`+)(.*?[^`])\1(?!`)", re.DOTALL)
_ADDRESS = re.compile(r"(?:https?|steam|discord)://[^\s<]*[^\s<.,:;\"'\]]", re.IGNORECASE)
_ANGLED = re.compile(r"<([a-z][a-z0-9+.-]*:/[^ >\n]+|mailto:[^\s>]+|tel:[^\s>]+|sms:[^\s>]+)>", re.IGNORECASE)
_MAIL = re.compile(r"<([^\s<>@]+@[^\s<>@]+\.[^\s<>@]+)>")
_PHONE = re.compile(r"<(\+[0-9][0-9 ()-]+)>")
_MENTIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"@(everyone|here)"), lambda match: match[0]),
    (re.compile(r"<@[!&]?(\d+)>"), lambda match: f"@{match[1]}"),
    (re.compile(r"<#(\d+)>"), lambda match: f"#{match[1]}"),
    (re.compile(r"<(/[^:<>\n]+):\d+>"), lambda match: match[1]),
    (re.compile(r"<id:(browse|customize|guide|home|linked-roles(?::\d+)?)>"), lambda match: match[1]),
    (re.compile(r"<a?(:\w+:)\d+>"), lambda match: match[1]),
    (re.compile(r"<sound:\d+:\d+>"), lambda match: match[0]),
    (re.compile(r"<t:(-?\d{1,17})(?::[tTdDfFsSR])?>"), lambda match: _time(int(match[1]))),
)
# Emphasis: the marks around it are not shown. In the order in which the apps try them.
_EMPHASIS = (
    re.compile(r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL),
    re.compile(r"__((?:\\.|[^\\])+?)__(?!_)", re.DOTALL),
    re.compile(r"~~(.+?)~~", re.DOTALL),
    re.compile(r"\|\|(.+?)\|\|", re.DOTALL),
    re.compile(r"\*(?=\S)((?:\*\*|\\.|\s+(?:\\.|[^*\s\\]|\*\*)|[^\s*\\])+?)\*(?!\*)", re.DOTALL),
    re.compile(r"\b_((?:__|\\.|[^\\_])+?)_\b", re.DOTALL),
)


# No mark and no address begins with these.
_PLAIN = re.compile(r"[^\\@<\[`*_~|hHsSdD]+")
# Marks inside of marks, deeper than any text of ours: what is inside is plain.
_DEEPEST = 30


def _inline(text: str, *, linked: bool = False, depth: int = 0) -> Iterator[Piece]:
    """Read a run of text; in the text of a link (`linked`) there are no more links."""
    at = 0
    plain: list[str] = []
    while at < len(text):
        if match := _PLAIN.match(text, at):
            plain.append(match[0])
            at = match.end()
            continue
        found = _special(text, at, linked=linked, depth=depth)
        if found is None:
            plain.append(text[at])
            at += 1
            continue
        end, inside = found
        yield from _flush(plain)
        yield from inside
        at = end
    yield from _flush(plain)


def _flush(plain: list[str]) -> Iterator[Piece]:
    if plain:
        yield Piece("text", "".join(plain))
        plain.clear()


def _special(text: str, at: int, *, linked: bool, depth: int) -> tuple[int, list[Piece]] | None:
    """Return what stands at a place if it is more than a character: where it ends, and its pieces."""
    start = text[at]
    if match := _ESCAPE.match(text, at):
        return match.end(), [Piece("text", match[1])]
    for pattern, said in _MENTIONS if start in "@<" else ():
        if match := pattern.match(text, at):
            return match.end(), [Piece("mention", said(match), match[0])]
    if not linked and (link := _link(text, at)):
        return link
    if match := _CODE.match(text, at):
        inside = match[2].strip() if match[2].startswith((" `", "`")) or match[2].endswith(("` ", "`")) else match[2]
        return match.end(), [Piece("code", inside)]
    for pattern in _EMPHASIS if start in "*_~|" and depth < _DEEPEST else ():
        if match := pattern.match(text, at):
            return match.end(), list(_inline(match[1], linked=linked, depth=depth + 1))
    return None


def _link(text: str, at: int) -> tuple[int, list[Piece]] | None:
    if text[at] == "[":
        return _masked(text, at)
    if match := _ANGLED.match(text, at):
        return match.end(), [Piece("link", match[1], match[1])]
    if match := _MAIL.match(text, at):
        return match.end(), [Piece("link", match[1], f"mailto:{match[1]}")]
    if match := _PHONE.match(text, at):
        return match.end(), [Piece("link", match[1], f"tel:{match[1]}")]
    if match := _ADDRESS.match(text, at):
        url = match[0]
        # A bracket that was not opened in the address closes what is around it.
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1]
        return at + len(url), [Piece("link", url, url)]
    return None


_TARGET = re.compile(
    r"\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<bare>(?:\\.|\([^()]*\)|[^\s\\()])+))\s*(?:['\"].*?['\"]\s*)?\)"
)


def _masked(text: str, at: int) -> tuple[int, list[Piece]] | None:
    """Read `[text](target)`; one whose text is an address itself, or that leads nowhere, is shown as it is written."""
    end = _closing(text, at)
    match = _TARGET.match(text, end + 1) if end > at + 1 else None
    if match is None:
        return None
    target = match["angled"] or match["bare"] or ""
    target = _ESCAPE.sub(r"\1", target)
    inside = list(_inline(text[at + 1 : end], linked=True))
    said = "".join(piece.text for piece in inside)
    if not re.match(r"(?:https?|discord)://", target, re.IGNORECASE) or _ADDRESS.search(said) or not said.strip():
        return None
    mentioned = [piece for piece in inside if piece.kind == "mention"]
    return match.end(), [Piece("link", said, target), *(Piece("mention", "", each.target) for each in mentioned)]


def _closing(text: str, at: int) -> int:
    """Return where the bracket that opens at a place is closed, -1 where it is not."""
    depth = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            depth += 1
        elif text[at] == "]":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _time(stamp: int) -> str:
    try:
        return f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "Invalid Date"
