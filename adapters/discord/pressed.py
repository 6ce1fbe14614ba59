"""What buttons and menus carry: the command line they stand for, so that a restart changes nothing for them.

A custom id has 100 characters. A longer line is on the ledger, under its own hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from bot.model import Button
from bot.ports import Ledger

_MOST = 100
_KEPT = timedelta(days=365)
_KIND = "line"


def line(step: Button) -> str:
    return f"{step.name} {step.text}".strip()


def short(line: str, most: int = _MOST) -> tuple[str, dict[str, str]]:
    """Return a line, or, where it is longer than that, the key of it; and by that key what is to be remembered."""
    if len(line) <= most:
        return line, {}
    key = f"#{hashlib.blake2b(line.encode(), digest_size=16).hexdigest()}"
    return key, {key: line}


def custom_id(shown: str, place: str, by: str, line: str) -> tuple[str, dict[str, str]]:
    """Return a custom id, and the line to remember for it, if it is too long.

    `place` tells it from the others of its message; `by` is who alone may press it, "" for everybody.
    """
    before = f"{shown}:{place}:{by}:"
    said, long = short(line, _MOST - len(before))
    return before + said, long


def shown(data: Mapping[str, Any]) -> str:
    """Return where the answer to a component's interaction goes, as its custom id says; of any other, ""."""
    return str(data.get("custom_id", "")).partition(":")[0]


def place(custom_id: str) -> str:
    """Return the place that a custom id was given, "" for one that is none of ours."""
    parts = custom_id.split(":", 3)
    return parts[1] if len(parts) == 4 else ""


async def remember(lines: Mapping[str, str], whose: str, ledger: Ledger, now: datetime) -> None:
    """Remember the lines that are too long for a custom id: before the message that needs them is sent.

    They are a workspace's, or, where one person alone sees the message, that person's.
    """
    for key, said in lines.items():
        await ledger.put(_KIND, f"{whose}/{key}", said, until=now + _KEPT)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that was pressed, or an option that was chosen: where its answer goes, and the line it stands for."""

    shown: str
    by: str
    line: str

    @classmethod
    async def of(cls, data: Mapping[str, Any], workspace: str, ledger: Ledger, now: datetime, person: str = "") -> Self:
        """Read it off a component's interaction. Raise ValueError where it is of an older version, or none of ours."""
        shown, _, by, said = str(data["custom_id"]).split(":", 3)
        said = next(iter(data.get("values") or []), said)
        if said.startswith("#"):
            mine = await ledger.get(_KIND, f"{person}/{said}", now) if person else None
            said = mine or await ledger.get(_KIND, f"{workspace}/{said}", now) or ""
        if not said or shown not in ("below", "instead", "aside", "share"):
            raise ValueError("not a button of ours")
        return cls(shown, by, said)
