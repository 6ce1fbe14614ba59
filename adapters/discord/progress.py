"""How far a delivery has come, so that the next attempt goes on there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bot.model import Destination
from bot.ports import Ledger

_KIND = "posted"
_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Progress:
    """The messages of a delivery that Discord has, where they stand, and which of them are to be published.

    `since` is the first and `tried` the last attempt at the next one that may have arrived, as ISO 8601.
    """

    done: int = 0
    channel: str = ""
    unpublished: tuple[str, ...] = ()
    since: str = ""
    tried: str = ""


def place(to: Destination, key: str) -> str:
    """Return where on the ledger a delivery stands, by its identity."""
    return f"{to.workspace}/{to.name}/{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


async def recall(ledger: Ledger, where: str, now: datetime) -> Progress:
    found = await ledger.get(_KIND, where, now)
    if not found:
        return Progress()
    said = json.loads(found)
    return Progress(**said | {"unpublished": tuple(said["unpublished"])})


async def remember(ledger: Ledger, where: str, progress: Progress, now: datetime) -> None:
    await ledger.put(_KIND, where, json.dumps(asdict(progress)), until=now + _KEPT)
