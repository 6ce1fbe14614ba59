"""Files to take away: what they are called, and how large they are, wherever they go."""

from __future__ import annotations

import re

from bot.model import File

_ODD = re.compile(r"[^\w.-]+")
_LONGEST = 100


def name_of(file: File) -> str:
    """Return a file's name as every system takes it: no folder, no quote, nothing that hides it; its ending stays."""
    return _ODD.sub("-", file.name)[-_LONGEST:].lstrip(".-") or "paperwire"


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it: "10 MB", "10.5 MB"."""
    return f"{size / 2**20:.1f}".removesuffix(".0") + " MB"
