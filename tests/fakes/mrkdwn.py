"""Read Slack's mrkdwn as Slack does, to find what would ring or lead away. It shares no code with the product.

The rules: https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

from tests.fakes import hosts

_ANGLES = re.compile(r"<([^<>\n]*)>")
_BARE = re.compile(r"(?<![\w@./:-])(?:https?://|www\.)[^\s<>|]+", re.IGNORECASE)
_DATE = re.compile(r"!date\^\d+\^[^^|]+(?:\^([^|]*))?\|.*")


def live(text: str, *, bare: bool = True) -> list[str]:
    """Say what in a mrkdwn text mentions somebody, leads to a foreign host, or was not escaped.

    `bare` tells whether Slack turns addresses into links that no angle brackets mark.
    """
    found = [said for angle in _ANGLES.finditer(text) if (said := _angle(angle[1]))]
    rest = _ANGLES.sub(" ", text)
    if "<" in rest:
        found.append("an unescaped <")
    if bare:
        found += [f"a bare link to {url}" for url in _BARE.findall(rest) if foreign(url)]
    return found


def has_link(text: str) -> bool:
    """Tell whether Slack would show a link somewhere in a mrkdwn text."""
    return bool(_BARE.search(text)) or any(angle[1][:1] not in "!@#" for angle in _ANGLES.finditer(text) if angle[1])


def foreign(url: str) -> bool:
    """Tell whether a link leads elsewhere than to papers or code, or might on some browser."""
    return hosts.foreign(f"https://{url}" if url.lower().startswith("www.") else url)


def _angle(inside: str) -> str:
    if date := _DATE.fullmatch(inside):
        return f"a link to {date[1]}" if date[1] and foreign(date[1]) else ""
    if inside.startswith("!"):
        return f"a live mention <{inside}>"
    if re.match(r"@[A-Z0-9]", inside) or re.match(r"#[A-Z0-9]", inside):
        return f"a live mention <{inside}>"
    url = inside.partition("|")[0].replace("&amp;", "&")
    return f"a link to {url or 'nowhere'}" if foreign(url) else ""
