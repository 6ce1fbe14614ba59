"""Erasing a person or a whole workspace, within the transaction that is open on `db`; and what is known of a person."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiosqlite

from bot.model import Destination
from storage import links, rows
from storage.access import Access

_PERSON = "(SELECT id FROM destination WHERE (platform, workspace, name) = (:platform, :workspace, :name))"
# What belongs to a room or a person: what it is called, its table, and the column that says whose it is.
_OWNED = (
    ("feeds", "feed", "person_id"),
    ("subscriptions", "subscription", "person_id"),
    ("alerts", "alerting", "person_id"),
    ("highlights", "following", "room_id"),
    ("reactions", "reaction", "person_id"),
    ("reactions", "reaction", "room_id"),
    ("saved", "saved", "person_id"),
    ("names", "naming", "person_id"),
    ("shares", "share", "person_id"),
    ("shares", "share", "room_id"),
    ("votes", "vote", "person_id"),
    ("votes", "vote", "room_id"),
    ("nominations", "nomination", "room_id"),
    ("meetings", "meeting", "room_id"),
    ("club", "club", "room_id"),
    ("messages", "outbox", "destination_id"),
    ("told", "told", "destination_id"),
)
# What stays where it is, for others, without whose it was.
_NAMELESS = {
    "rooms": "UPDATE following SET owner = NULL WHERE owner = :address",
    "clubs": "UPDATE club SET owner = NULL WHERE owner = :address",
    "nominations": f"""
        UPDATE nomination SET person_id = nullif(person_id, who.id), presenter_id = nullif(presenter_id, who.id)
        FROM {_PERSON} AS who WHERE who.id IN (person_id, presenter_id)
    """,  # noqa: S608  # a constant
}
_WORKSPACE = "(SELECT id FROM destination WHERE (platform, workspace) = (:platform, :workspace))"
# The same of all people of a workspace: what they did in others stays there.
_NAMELESS_OF_ALL = (
    "UPDATE following SET owner = NULL WHERE substr(owner, 1, length(:rooms)) = :rooms",
    "UPDATE club SET owner = NULL WHERE substr(owner, 1, length(:rooms)) = :rooms",
    f"UPDATE nomination SET person_id = NULL WHERE person_id IN {_WORKSPACE}",  # noqa: S608  # a constant
    f"UPDATE nomination SET presenter_id = NULL WHERE presenter_id IN {_WORKSPACE}",  # noqa: S608  # a constant
)
_ENTRIES = "platform = :platform AND (key = :of OR substr(key, 1, length(:of) + 1) = :of || '/')"

# Each record is one JSON object; no number of ours that says nothing to who reads it.
_KNOWN = {
    "person": """
        SELECT json_object('numbered', numbered, 'paused', paused, 'paused_at', paused_at,
                           'failing_since', failing_since, 'refused', refused, 'learns', learns)
        FROM destination WHERE id IN who
    """,
    "subscriptions": """
        SELECT json_object('number', number, 'query', query, 'since', since, 'muted', muted, 'workspace', workspace,
                           'muted_until', muted_until)
        FROM subscription WHERE person_id IN who ORDER BY number
    """,
    "alerts": """
        SELECT json_object('pace', pace, 'schedule', json(schedule), 'quiet', json(quiet), 'most', most,
                           'away_until', away_until)
        FROM alerting WHERE person_id IN who
    """,
    "highlights": """
        SELECT json_object('categories', json(categories), 'count', count, 'schedule', json(schedule), 'weekly', weekly)
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
    "saved": """
        SELECT json_object('paper', arxiv_id, 'at', at, 'tags', (
            SELECT json_group_array(tag) FROM tag WHERE (tag.person_id, tag.paper_id) = (s.person_id, s.paper_id)
        ))
        FROM saved AS s JOIN paper AS p ON p.id = paper_id WHERE person_id IN who ORDER BY at, arxiv_id
    """,
    "feeds": "SELECT json_object('number', number, 'since', since) FROM feed WHERE person_id IN who ORDER BY number",
    "names": """
        SELECT json_object('workspace', platform || ':' || workspace, 'known_as', known_as)
        FROM naming WHERE person_id IN who ORDER BY platform, workspace
    """,
    "shares": """
        SELECT json_object('room', platform || ':' || workspace || '/' || name, 'paper', arxiv_id, 'at', at)
        FROM share JOIN destination AS d ON d.id = room_id JOIN paper AS p ON p.id = paper_id
        WHERE person_id IN who ORDER BY at, arxiv_id
    """,
    "clubs": """
        SELECT json_object('room', platform || ':' || workspace || '/' || name)
        FROM club JOIN destination ON id = room_id WHERE owner = :address ORDER BY id
    """,
    "nominations": """
        SELECT json_object('room', platform || ':' || workspace || '/' || name, 'paper', arxiv_id, 'at', at,
                           'nominated', json(iif(person_id IN who, 'true', 'false')),
                           'presents', json(iif(presenter_id IN who, 'true', 'false')))
        FROM nomination JOIN destination AS d ON d.id = room_id JOIN paper AS p ON p.id = paper_id
        WHERE person_id IN who OR presenter_id IN who ORDER BY at, arxiv_id
    """,
    "votes": """
        SELECT json_object('room', platform || ':' || workspace || '/' || name, 'paper', arxiv_id)
        FROM vote JOIN destination AS d ON d.id = room_id JOIN paper AS p ON p.id = paper_id
        WHERE person_id IN who ORDER BY room_id, arxiv_id
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
        return await self.look(lambda db: _known(db, person))

    async def closing(self) -> tuple[tuple[str, str], ...]:
        found = await self.read("SELECT platform, workspace FROM closed WHERE erase_at IS NOT NULL ORDER BY erase_at")
        return tuple((platform, workspace) for platform, workspace in found)


async def forget(db: aiosqlite.Connection, person: Destination) -> Mapping[str, int]:
    """Delete all that is known of a person, under each of their addresses; count it by what it is."""
    addresses = await links.part(db, person)
    gone = Counter({"links": len(addresses) - 1})
    for each in addresses:
        gone.update(await _forget(db, each))
    return gone


async def _forget(db: aiosqlite.Connection, person: Destination) -> Mapping[str, int]:
    about = _about(person)
    gone = await _owned(db, _PERSON, about)
    # A room keeps its highlights, and its club what it is to talk about: they are for all who read there.
    for name, sql in _NAMELESS.items():
        gone[name] = gone.get(name, 0) + (await db.execute(sql, about)).rowcount
    remembered = await db.execute(f"DELETE FROM ledger WHERE {_ENTRIES}", about)  # noqa: S608  # a constant
    itself = await db.execute(f"DELETE FROM destination WHERE id = {_PERSON}", about)  # noqa: S608  # a constant
    return {**gone, "remembered": remembered.rowcount, "person": itself.rowcount}


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
    await links.leave(db, tenant)
    about = {"platform": platform, "workspace": workspace, "of": workspace, "rooms": f"{platform}:{workspace}/"}
    gone = await _owned(db, _WORKSPACE, about)
    for sql in _NAMELESS_OF_ALL:
        await db.execute(sql, about)
    # What people of other workspaces subscribed to there stays theirs, without where it was.
    await db.execute(
        """
        UPDATE subscription SET workspace = ''
        WHERE workspace = :workspace AND (
            made_on = :platform
            OR made_on IS NULL AND person_id IN (SELECT id FROM destination WHERE platform = :platform)
        )
        """,
        about,
    )
    await db.execute("DELETE FROM naming WHERE (platform, workspace) = (:platform, :workspace)", about)
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


def _known(db: sqlite3.Connection, person: Destination) -> dict[str, tuple[Mapping[str, Any], ...]]:
    others = tuple(links.others(db, person))
    known: dict[str, tuple[Mapping[str, Any], ...]] = {"links": tuple({"address": str(each)} for each in others)}
    for name, sql in _KNOWN.items():
        found = (
            record
            for each in (person, *others)
            for (record,) in db.execute(f"WITH who AS {_PERSON} {sql}", _about(each))
        )
        known[name] = tuple(map(json.loads, found))
    return known


def _about(person: Destination) -> dict[str, str]:
    scope = dict(zip(("platform", "workspace", "name"), rows.scope(person), strict=True))
    return scope | {"address": str(person), "of": f"{person.workspace}/{person.name}"}
