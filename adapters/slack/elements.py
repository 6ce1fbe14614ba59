"""The smallest parts of Block Kit: text that stays text, whoever wrote it.

What papers and people wrote goes out as `rich_text` and `plain_text` only. mrkdwn has no escape for its own signs
(`*`, `_`, `~`, a backtick), and in rich text a title that spells `<!channel>` or `:tada:` stays a title.
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from bot.model import Text

Block = dict[str, Any]

_HEADER = 150
_CONTEXT = 300


def plain(text: str) -> Block:
    """Return a text object that Slack shows as it is: no markup, no emoji, nobody pinged."""
    return {"type": "plain_text", "text": text, "emoji": False}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(Text(text).clip(_HEADER).plain)}


def rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def section(pieces: Iterable[Block]) -> Block:
    return {"type": "rich_text_section", "elements": list(pieces)}


def bullets(rows: Iterable[Iterable[Block]]) -> Block:
    """Return rows of pieces as a bulleted list: unlike columns, it wraps well on a narrow screen."""
    return {"type": "rich_text_list", "style": "bullet", "elements": [section(each) for each in rows]}


def piece(text: str, style: str = "") -> Block:
    return {"type": "text", "text": text, **({"style": {style: True}} if style else {})}


def marked(text: Text, style: str) -> list[Block]:
    return [piece(each, style if is_marked else "") for each, is_marked in text.pieces()]


def context(*texts: str) -> Iterator[Block]:
    """Yield texts as one small grey line, or nothing where all are blank."""
    if said := asides(*texts):
        yield {"type": "context", "elements": said}


def asides(*texts: str) -> list[Block]:
    """Return texts as elements of a context, of which there are ten at most; none for a blank one."""
    return [plain(aside(each)) for each in texts[:10] if each.strip()]


def aside(text: str) -> str:
    return Text(text).clip(_CONTEXT).plain


def escape(text: str) -> str:
    """Return a text as mrkdwn that shows it: the three signs escaped, and no address that Slack makes a link of.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    text = html.escape(text, quote=False)
    for mark in ("://", "www.", "mailto:"):
        text = text.replace(mark, f"{mark[0]}\u2060{mark[1:]}")
    return text


def address(url: str) -> str:
    """Return an address with all that could end it, in mrkdwn or elsewhere, percent-encoded."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~-._")
