"""How requests to the fake Discord go wrong.

Where nothing else is said, a request that goes wrong is not carried out.
"""

from __future__ import annotations

import json
import re

from tests.fakes import discord_payloads, slack_state
from tests.fakes.discord_http import TEXTS, VIA, Exceeded, too_many
from tests.fakes.slack_state import Fault, fine, silent, truncated

__all__ = ["Fault", "broken", "dropped", "fine", "limited", "pattern", "refused", "reset", "silent", "truncated"]


def pattern(path: str) -> re.Pattern[str]:
    """Return what a path is matched with: `*` is one part of it, `**` any number."""
    return re.compile("".join(_WILD.get(each) or re.escape(each) for each in re.split(r"(\*\*?)", path)))


_WILD = {"*": "[^/]+", "**": ".*"}


def refused(status: int, code: int, text: str = "") -> Fault:
    """Answer with one of Discord's error codes."""
    said = discord_payloads.error(code, text or TEXTS.get(code, "refused"))
    headers = {"Content-Type": "application/json", **VIA}
    return Fault(status=status, headers=headers, body=json.dumps(said))


def limited(seconds: float = 1.0, *, via: bool = True, everywhere: bool = False) -> Fault:
    """Answer 429; without `via` it is Cloudflare that answers, with a page."""
    if not via:
        return Fault(status=429, body="error code: 1015", headers={"Content-Type": "text/plain", "Retry-After": "60"})
    answer = too_many(Exceeded(seconds, everywhere=everywhere), VIA)
    return Fault(status=429, headers=dict(answer.headers), body=str(answer.text))


def broken(status: int = 500, *, commit: bool = False) -> Fault:
    """Answer an HTTP error with a page of HTML."""
    return slack_state.broken(status, commit=commit)


def dropped(*, commit: bool = True) -> Fault:
    """Carry the request out and close the connection without an answer."""
    return slack_state.dropped(commit=commit)


def reset(*, commit: bool = True) -> Fault:
    """Carry the request out and reset the connection."""
    return slack_state.reset(commit=commit)
