"""Who of a workspace follows what: kept until that changes, as people ask about paper after paper."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from bot.alerts.subscribers import Lines, Subscribers, Tenant
from storage import rows
from storage.access import Access

_KEPT = 32  # workspaces, those asked about last


@dataclass(slots=True)
class _Known:
    """The subscribers of a workspace, as of a number of changes, until the first of the muted may speak again."""

    subscribers: Subscribers = field(default_factory=Subscribers)
    changes: int = -1
    until: str | None = None
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Followers:
    """Reads the subscribers of one workspace after another."""

    def __init__(self) -> None:
        self._known: dict[Tenant, _Known] = {}

    async def read(self, access: Access, tenant: Tenant, at: datetime) -> Subscribers:
        known = self._known.pop(tenant) if tenant in self._known else _Known()
        self._known[tenant] = known
        if len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        async with known.reading:
            changes, until, found = await access.look(lambda db: _news(db, tenant, rows.stamp(at), known))
            if found is not None:
                lines = known.subscribers.lines
                # Lines cannot be taken out again: where most are nobody's any more, all are read anew.
                made = Subscribers(lines if len(lines) <= 2 * len(found) else Lines())
                await asyncio.to_thread(made.add, found)
                known.subscribers, known.changes, known.until = made, changes, until
            return known.subscribers


def _news(
    db: sqlite3.Connection, tenant: Tenant, at: str, known: _Known
) -> tuple[int, str | None, list[tuple[str, str, str, str]] | None]:
    """Return how many changes there were, and where what is known does not hold, until when this does, and the rows."""
    # First: what changes in between is read again next time.
    ((changes,),) = db.execute("SELECT changes FROM subscribing")
    if changes == known.changes and (known.until is None or at < known.until):
        return changes, known.until, None
    platform, workspace = tenant
    ((until,),) = db.execute(
        "SELECT min(muted_until) FROM subscription WHERE workspace = ? AND muted AND muted_until > ?", (workspace, at)
    )
    found = db.execute(
        """
        SELECT platform || ':' || d.workspace || '/' || name, coalesce(made_on, platform), query, s.workspace
        FROM subscription AS s JOIN destination AS d ON d.id = person_id
        WHERE s.workspace = ? AND coalesce(made_on, platform) = ? AND (NOT muted OR muted_until <= ?)
        ORDER BY person_id, number
        """,
        (workspace, platform, at),
    )
    return changes, until, found.fetchall()
