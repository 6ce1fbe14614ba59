"""Text as Discord's markdown that shows it: whatever papers and people write, it stays text.

Discord has an escape for every sign of its markdown, a backslash, which readers do not see and which is not copied with
the text. https://support.discord.com/hc/en-us/articles/210298617
"""

from __future__ import annotations

import re
from urllib.parse import quote

from bot.model import Text

# What means something anywhere; what does so where a line begins (headings, small print, lists); what makes a link, an
# invitation or a mention of what follows it.
_SIGNS = re.compile(
    r"""
    [\\*_~|`\[\]<>]
    | ^[^\S\n]*(?:\#{1,3}|-\#?|\+|\d{1,9}(?=\.))
    | (?<=[A-Za-z]):(?=//)
    | (?<=discord)\.(?=gg/) | (?<=discord)\.(?=com/) | (?<=discordapp)\.(?=com/)
    | @(?=everyone|here)
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)


def escape(text: str) -> str:
    """Return a text as markdown that shows it, without link or mention."""
    return _SIGNS.sub(_escaped, text)


def marked(text: Text, sign: str) -> str:
    """Return a text as markdown, with its marks between two of the same sign."""
    return text.render(escape, sign, sign)


def bold(text: str) -> str:
    """Return a text in bold, with the blanks around it outside: between two signs they could make them no signs."""
    if not (body := text.strip()):
        return text
    before, _, after = text.partition(body)
    return f"{before}**{escape(body)}**{after}"


def small(text: str) -> str:
    """Return a text as small print, line by line."""
    return "\n".join(f"-# {escape(line)}" for line in text.splitlines() if line.strip())


def code(text: str) -> str:
    """Return a text as code, in which nothing is escaped; where it cannot be code, as text."""
    if "``" in text or "\n" in text or not text.strip():
        return escape(text)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def link(label: str, url: str) -> str:
    """Return a link whose address cannot end early."""
    return f"[{escape(label)}]({address(url)})"


def address(url: str) -> str:
    """Return an address with all that could end it percent-encoded."""
    return quote(url, safe=":/?#@!$&'*+,;=%~-._")


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if found.strip().isdigit():
        return f"{found}\\"  # the point behind it
    start = len(found) - len(found.lstrip())
    return f"{found[:start]}\\{found[start:]}"
