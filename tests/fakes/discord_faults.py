"""How requests to the fake Discord go wrong in ways of its own."""

from __future__ import annotations

import json
import re

from tests.fakes import faults
from tests.fakes.discord_answers import TEXTS, VIA, Exceeded, Scope, error, too_many
from tests.fakes.faults import Fault


def pattern(path: str) -> re.Pattern[str]:
    """Return what a path is matched with: `*` is one part of it, `**` any number."""
    return re.compile("".join(_WILD.get(each) or re.escape(each) for each in re.split(r"(\*\*?)", path)))


_WILD = {"*": "[^/]+", "**": ".*"}


def refused(status: int, code: int, text: str = "") -> Fault:
    """Answer with one of Discord's error codes."""
    said = error(code, text or TEXTS.get(code, "refused"))
    headers = {"Content-Type": "application/json", **VIA}
    return Fault(status=status, headers=headers, body=json.dumps(said))


def limited(seconds: float = 1.0, *, via: bool = True, scope: Scope = "user") -> Fault:
    """Answer 429; without `via` it is Cloudflare that answers, with a page."""
    if not via:
        return Fault(status=429, body="error code: 1015", headers={"Content-Type": "text/plain", "Retry-After": "60"})
    answer = too_many(Exceeded(seconds, scope), VIA)
    return Fault(status=429, headers=dict(answer.headers), body=str(answer.text))


def dropped(*, commit: bool = True) -> Fault:
    """Carry the request out and close the connection without an answer."""
    return faults.dropped(commit=commit)


def reset(*, commit: bool = True) -> Fault:
    """Carry the request out and reset the connection."""
    return faults.reset(commit=commit)
