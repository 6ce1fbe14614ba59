"""Erasing a person or a whole workspace, within the transaction that is open on `db`; and what is known of a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiosqlite

from bot.model import Destination
from storage import rows
from storage.access import Access

# What belongs to a room or a person: what it is called, its table, and the column that says whose it is.
_OWNED = (
    ("subscriptions", "subscription", "person_id"),
    ("alerts", "alerting", "person_id"),
    ("highlights", "following", "room_id"),
    ("reactions", "reaction", "person_id"),
    ("reactions", "reaction", "room_id"),
    ("messages", "outbox", "destination_id"),
    ("told", "told", "destination_id"),
)
_PERSON = "(SELECT id FROM destination WHERE (platform, workspace, name) = (:platform, :workspace, :name))"
_WORKSPACE = "(SELECT id FROM destination WHERE (platform, workspace) = (:platform, :workspace))"
_ENTRIES = "platform = :platform AND (key = :of OR substr(key, 1, length(:of) + 1) = :of || '/')"

# Each record is one JSON object; no number of ours that says nothing to who reads it.
_KNOWN = {
    "person": """
        SELECT json_object('numbered', numbered, 'paused', paused, 'paused_at', paused_at,
                           'failing_since', failing_since, 'refused', refused)
        FROM destination WHERE id IN who
    """,
    "subscriptions": """
        SELECT json_object('number', number, 'query', query, 'since', since, 'muted', muted, 'workspace', workspace)
        FROM subscription WHERE person_id IN who ORDER BY number
    """,
    "alerts": """
        SELECT json_object('pace', pace, 'schedule', json(schedule), 'quiet', json(quiet), 'most', most)
        FROM alerting WHERE person_id IN who
    """,
    "highlights": """
        SELECT json_object('categories', json(categories), 'count', count, 'schedule', json(schedule))
        FROM following WHERE room_id IN who
    """,
    "rooms": """
        SELECT json_object('room', platform || ':' || workspace || '/' || name)
        FROM following JOIN destination ON id = room_id WHERE owner = :address AND id NOT IN who ORDER BY id
    """,
    "reactions": """
        SELECT json_object('room', platform || ':' || workspace || '/' || name, 'paper', arxiv_id, 'value', value,
                           'at', at)
        FROM reaction JOIN destination AS d ON d.id = room_id JOIN paper AS p ON p.id = paper_id
        WHERE person_id IN who ORDER BY at, arxiv_id
    """,
    "messages": """
        SELECT json_object('kind', kind, 'topic', topic, 'day', day, 'part', part, 'state', state, 'code', code,
                           'created_at', created_at, 'due', due, 'tried_at', tried_at, 'attempts', attempts,
                           'papers', json(picks))
        FROM outbox WHERE destination_id IN who ORDER BY id
    """,
    "told": """
        SELECT json_object('kind', kind, 'paper', arxiv_id)
        FROM told JOIN paper AS p ON p.id = paper_id WHERE destination_id IN who ORDER BY kind, paper_id
    """,
    "remembered": """
        SELECT json_object('kind', kind, 'value', iif(sealed, NULL, value), 'until', until)
        FROM ledger
        WHERE platform = :platform AND (key = :of OR substr(key, 1, length(:of) + 1) = :of || '/') ORDER BY kind, key
    """,
}


class Erasing(Access):
    """The part of `bot.ports.Store` that is a person's right."""

    async def known(self, person: Destination) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        about = _about(person)
        return {
            name: tuple(json.loads(record) for (record,) in await self.read(f"WITH who AS {_PERSON} {sql}", about))
            for name, sql in _KNOWN.items()
        }

    async def closing(self) -> tuple[tuple[str, str], ...]:
        found = await self.read("SELECT platform, workspace FROM closed WHERE erase_at IS NOT NULL ORDER BY erase_at")
        return tuple((platform, workspace) for platform, workspace in found)


async def forget(db: aiosqlite.Connection, person: Destination) -> Mapping[str, int]:
    """Delete all that is known of a person; count it by what it is."""
    about = _about(person)
    gone = await _owned(db, _PERSON, about)
    # The room keeps its highlights: they are for all who read there.
    rooms = await db.execute("UPDATE following SET owner = NULL WHERE owner = :address", about)
    remembered = await db.execute(f"DELETE FROM ledger WHERE {_ENTRIES}", about)  # noqa: S608  # a constant
    itself = await db.execute(f"DELETE FROM destination WHERE id = {_PERSON}", about)  # noqa: S608  # a constant
    return {**gone, "rooms": rooms.rowcount, "remembered": remembered.rowcount, "person": itself.rowcount}


async def erase_due(db: aiosqlite.Connection, now: datetime) -> int:
    """Delete all that is known of the workspaces whose time has come, and that they were closed; count them.

    What adapters need not remember any longer goes too: a ledger that is only put to and read has no other hour for it.
    """
    await db.execute("DELETE FROM ledger WHERE until <= ?", (rows.stamp(now),))
    due = await db.execute_fetchall("SELECT platform, workspace FROM closed WHERE erase_at <= ?", (rows.stamp(now),))
    for platform, workspace in due:
        await erase_workspace(db, (platform, workspace))
    return len(list(due))


async def erase_workspace(db: aiosqlite.Connection, tenant: tuple[str, str]) -> Mapping[str, int]:
    """Delete all that is known of a workspace, and that it was closed; count it by what it is."""
    platform, workspace = tenant
    about = {"platform": platform, "workspace": workspace, "of": workspace, "rooms": f"{platform}:{workspace}/"}
    gone = await _owned(db, _WORKSPACE, about)
    # What people of other workspaces subscribed to there stays theirs, without where it was.
    await db.execute(
        """
        UPDATE subscription SET workspace = ''
        WHERE workspace = :workspace AND person_id IN (SELECT id FROM destination WHERE platform = :platform)
        """,
        about,
    )
    await db.execute("DELETE FROM outbox WHERE kind = 'notice' AND substr(topic, 1, length(:rooms)) = :rooms", about)
    remembered = await db.execute(f"DELETE FROM ledger WHERE {_ENTRIES}", about)  # noqa: S608  # a constant
    count = 0
    for table in ("destination", "closed"):
        cursor = await db.execute(
            f"DELETE FROM {table} WHERE (platform, workspace) = (:platform, :workspace)",  # noqa: S608  # a constant
            about,
        )
        count += cursor.rowcount
    return {**gone, "remembered": remembered.rowcount, "workspace": count}


async def _owned(db: aiosqlite.Connection, whose: str, about: Mapping[str, str]) -> dict[str, int]:
    gone: dict[str, int] = {}
    for name, table, column in _OWNED:
        cursor = await db.execute(f"DELETE FROM {table} WHERE {column} IN {whose}", about)  # noqa: S608  # constants
        gone[name] = gone.get(name, 0) + cursor.rowcount
    return gone


def _about(person: Destination) -> dict[str, str]:
    scope = dict(zip(("platform", "workspace", "name"), rows.scope(person), strict=True))
    return scope | {"address": str(person), "of": f"{person.workspace}/{person.name}"}
