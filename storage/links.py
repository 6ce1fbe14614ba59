"""One person, several addresses: what is theirs belongs to one row, their home, and the addresses change places.

A person's rows are many, and a message may be on its way to them: where they were last is told by the address of their
home and not by where their rows are. The other addresses are rows with nothing of their own, until they are parted.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from datetime import datetime

import aiosqlite

from bot.model import Destination
from bot.ports import OnItsWay, TooMany
from storage import outbox, rows
from storage.access import Access

MOST = 5  # addresses of a person

_ID = "SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?)"
_HOME = f"SELECT coalesce(home_id, id) FROM ({_ID}) LEFT JOIN link ON alias_id = id"  # noqa: S608  # a constant
_ON_ITS_WAY = """
    SELECT EXISTS (
        SELECT 1 FROM outbox WHERE destination_id = ? AND state IN ('pending', 'sending')
                                   AND (state = 'sending' OR attempts > 0 OR uncertain)
    )
"""
# What goes with an address, and not with whose it is.
_OF_ADDRESS = "platform, workspace, name, paused, paused_at, failing_since, refused"
# What is a person's and can be there once: the table, and the column that says whose it is.
_MOVED = (
    ("alerting", "person_id"),
    ("following", "room_id"),
    ("reaction", "person_id"),
    ("reaction", "room_id"),
    ("naming", "person_id"),
    ("share", "person_id"),
    ("nomination", "person_id"),
    ("nomination", "presenter_id"),
    ("vote", "person_id"),
    ("told", "destination_id"),
)


class Links(Access):
    """The part of `bot.ports.Store` that says which addresses are one person's."""

    async def home(self, person: Destination) -> Destination:
        found = await self.read(
            """
            SELECT 1 FROM destination AS mine JOIN link ON alias_id = mine.id
            WHERE (mine.platform, mine.workspace, mine.name) = (?, ?, ?)
            """,
            rows.scope(person),
        )
        return await self.write(lambda db: _moved(db, person)) if found else person

    async def linked(self, person: Destination) -> tuple[Destination, ...]:
        return await self.look(lambda db: tuple(others(db, person)))

    async def offer_link(self, person: Destination, code: str, until: datetime) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(person))
            await db.execute(
                f"INSERT INTO link_code (code, person_id, until) SELECT ?, ({_HOME}), ? WHERE true "
                "ON CONFLICT (person_id) DO UPDATE SET code = excluded.code, until = excluded.until",
                (_hashed(code), *rows.scope(person), rows.stamp(until)),
            )

        await self.write(job)

    async def offered_link(self, code: str, now: datetime) -> Destination | None:
        found = await self.read(
            "SELECT platform, workspace, name FROM link_code JOIN destination ON id = person_id "
            "WHERE code = ? AND until > ?",
            (_hashed(code), rows.stamp(now)),
        )
        return next(map(rows.destination, found), None)

    async def link(self, person: Destination, code: str, now: datetime) -> Destination | None:
        async def job(db: aiosqlite.Connection) -> Destination | None:
            await db.execute(f"{outbox.INTRODUCE} ON CONFLICT DO NOTHING", rows.scope(person))
            ((home,),) = await db.execute_fetchall(_HOME, rows.scope(person))
            # Who has offered it may have moved since, or be another's alias by now.
            offered = await db.execute_fetchall(
                """
                SELECT coalesce(home_id, person_id), platform, workspace, name
                FROM link_code JOIN destination ON id = person_id LEFT JOIN link ON alias_id = person_id
                WHERE code = ? AND until > ?
                """,
                (_hashed(code), rows.stamp(now)),
            )
            for other, *address in offered:
                if other != home:
                    await _join(db, home, other)
                return rows.destination(address)
            return None

        return await self.write(job)

    async def unlink(self, person: Destination) -> tuple[Destination, ...]:
        async def job(db: aiosqlite.Connection) -> tuple[Destination, ...]:
            await _moved(db, person)
            ((home,),) = await db.execute_fetchall(_HOME, rows.scope(person)) or ((0,),)
            parted = await db.execute_fetchall(
                "SELECT platform, workspace, name FROM destination JOIN link ON alias_id = id WHERE home_id = ?",
                (home,),
            )
            await db.execute("DELETE FROM link WHERE home_id = ?", (home,))
            return tuple(map(rows.destination, parted))

        return await self.write(job)


def others(db: sqlite3.Connection, person: Destination) -> Iterable[Destination]:
    """Return the other addresses of a person."""
    found = db.execute(
        f"""
        WITH home AS ({_HOME}), mine AS (SELECT * FROM home UNION SELECT alias_id FROM link WHERE home_id IN home)
        SELECT platform, workspace, name FROM destination WHERE id IN mine ORDER BY id
        """,  # noqa: S608  # a constant
        rows.scope(person),
    )
    return (each for each in map(rows.destination, found) if each != person)


async def leave(db: aiosqlite.Connection, tenant: tuple[str, str]) -> None:
    """Let what people of a workspace have elsewhere too be there, before the workspace is erased."""
    found = await db.execute_fetchall(
        """
        SELECT home_id, min(alias_id) FROM link
        JOIN destination AS home ON home.id = home_id JOIN destination AS other ON other.id = alias_id
        WHERE (home.platform, home.workspace) = (?1, ?2) AND (other.platform, other.workspace) <> (?1, ?2)
        GROUP BY home_id
        """,
        tenant,
    )
    for home, alias in found:
        await _swap(db, home, alias)
    of = "(SELECT id FROM destination WHERE (platform, workspace) = (?, ?))"
    await db.execute(f"DELETE FROM link WHERE alias_id IN {of} OR home_id IN {of}", (*tenant, *tenant))  # noqa: S608
    await db.execute(f"DELETE FROM link_code WHERE person_id IN {of}", tenant)  # noqa: S608  # constants


async def part(db: aiosqlite.Connection, person: Destination) -> tuple[Destination, ...]:
    """Part all addresses of a person, who is to be forgotten; return them, and this one."""
    ((home,),) = await db.execute_fetchall(_HOME, rows.scope(person)) or ((0,),)
    found = await db.execute_fetchall(
        "SELECT platform, workspace, name FROM destination "
        "WHERE id = ?1 OR id IN (SELECT alias_id FROM link WHERE home_id = ?1)",
        (home,),
    )
    await db.execute("DELETE FROM link WHERE home_id = ?", (home,))
    await db.execute("DELETE FROM link_code WHERE person_id = ?", (home,))
    return tuple(map(rows.destination, found)) or (person,)


async def _moved(db: aiosqlite.Connection, person: Destination) -> Destination:
    """Let a person's home have this address, unless a message may be on its way there; return the address it has."""
    found = await db.execute_fetchall(
        f"SELECT home_id, alias_id FROM ({_ID}) JOIN link ON alias_id = id",  # noqa: S608  # a constant
        rows.scope(person),
    )
    for home, alias in found:
        ((is_on_its_way,),) = await db.execute_fetchall(_ON_ITS_WAY, (home,))
        if not is_on_its_way:
            await _swap(db, home, alias)
        ((address),) = await db.execute_fetchall(
            "SELECT platform, workspace, name FROM destination WHERE id = ?", (home,)
        )
        return rows.destination(address)
    return person


async def _swap(db: aiosqlite.Connection, home: int, alias: int) -> None:
    addresses = [
        next(iter(await db.execute_fetchall(f"SELECT {_OF_ADDRESS} FROM destination WHERE id = ?", (each,))))  # noqa: S608
        for each in (home, alias)
    ]
    # Where a subscription was made stays what it is.
    await db.execute(
        "UPDATE subscription SET made_on = coalesce(made_on, ?) WHERE person_id = ?", (addresses[0][0], home)
    )
    await db.execute("UPDATE destination SET name = '' WHERE id = ?", (home,))
    for each, address in ((alias, addresses[0]), (home, addresses[1])):
        places = ", ".join("?" * len(address))
        await db.execute(
            f"UPDATE destination SET ({_OF_ADDRESS}) = ({places}) WHERE id = ?",  # noqa: S608  # constants
            (*address, each),
        )
    await db.execute("UPDATE subscribing SET changes = changes + 1")


async def _join(db: aiosqlite.Connection, home: int, other: int) -> None:
    ((is_on_its_way,),) = await db.execute_fetchall(_ON_ITS_WAY, (other,))
    if is_on_its_way:
        raise OnItsWay
    await _merge_subscriptions(db, home, other)
    await _merge_alerts(db, home, other)
    await db.execute(
        "INSERT OR IGNORE INTO saved (person_id, paper_id, at) SELECT ?, paper_id, at FROM saved WHERE person_id = ?",
        (home, other),
    )
    await db.execute(
        "INSERT OR IGNORE INTO tag (person_id, tag, paper_id) SELECT ?, tag, paper_id FROM tag WHERE person_id = ?",
        (home, other),
    )
    await db.execute("DELETE FROM saved WHERE person_id = ?", (other,))
    for table, column in _MOVED:
        await db.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} = ?", (home, other))  # noqa: S608
        await db.execute(f"DELETE FROM {table} WHERE {column} = ?", (other,))  # noqa: S608  # constants
    await db.execute(
        "UPDATE OR IGNORE outbox SET destination_id = ? "
        "WHERE destination_id = ? AND kind = 'highlights' AND state = 'pending'",
        (home, other),
    )
    await db.execute("UPDATE link SET home_id = ? WHERE home_id = ?", (home, other))
    await db.execute("INSERT INTO link (alias_id, home_id) VALUES (?, ?)", (other, home))
    await db.execute("DELETE FROM link_code WHERE person_id IN (?, ?)", (home, other))
    ((count,),) = await db.execute_fetchall("SELECT count(*) FROM link WHERE home_id = ?", (home,))
    if count >= MOST:
        raise TooMany(MOST)


async def _merge_subscriptions(db: aiosqlite.Connection, home: int, other: int) -> None:
    """Give one person what another is subscribed to: what both are speaks if either does."""
    columns = "query, meaning, since, muted, muted_until, workspace"
    ((platform,),) = await db.execute_fetchall("SELECT platform FROM destination WHERE id = ?", (other,))
    for number, made_on, *values in await db.execute_fetchall(
        f"SELECT number, coalesce(made_on, ?), {columns} FROM subscription WHERE person_id = ? ORDER BY number",  # noqa: S608
        (platform, other),
    ):
        cursor = await db.execute(
            f"""
            INSERT INTO subscription (person_id, number, made_on, {columns})
            SELECT id, numbered + 1, ?, ?, ?, ?, ?, ?, ? FROM destination WHERE id = ?
            ON CONFLICT (person_id, meaning) DO UPDATE SET
                muted = min(muted, excluded.muted),
                muted_until = coalesce(
                    min(muted_until, excluded.muted_until), muted_until, excluded.muted_until
                )
            RETURNING number
            """,  # noqa: S608  # constants
            (made_on, *values, home),
        )
        ((kept,),) = await cursor.fetchall()
        await db.execute("UPDATE destination SET numbered = max(numbered, ?) WHERE id = ?", (kept, home))
        await db.execute(
            "UPDATE OR IGNORE feed SET person_id = ?, number = ? WHERE person_id = ? AND number = ?",
            (home, kept, other, number),
        )
    await db.execute("DELETE FROM subscription WHERE person_id = ?", (other,))


async def _merge_alerts(db: aiosqlite.Connection, home: int, other: int) -> None:
    """Owe one person what another is owed and was never tried, but for the papers that they are told of anyway.

    Each becomes the next part of its day: what is due at once goes as one message.
    """
    for id_, left in await db.execute_fetchall(
        """
        SELECT id, (
            SELECT json_group_array(json(value)) FROM json_each(picks) WHERE json_extract(value, '$[0]') NOT IN (
                SELECT arxiv_id FROM told JOIN paper AS p ON p.id = paper_id
                WHERE destination_id = ? AND kind = 'alert'
            )
        )
        FROM outbox WHERE destination_id = ? AND kind = 'alert' AND state = 'pending' ORDER BY id
        """,
        (home, other),
    ):
        if left == "[]":
            await db.execute("UPDATE outbox SET state = 'merged' WHERE id = ?", (id_,))
            continue
        await db.execute(
            """
            UPDATE outbox SET destination_id = :home, picks = :left, part = 1 + coalesce((
                SELECT max(o.part) FROM outbox AS o
                WHERE o.destination_id = :home AND (o.kind, o.day, o.topic) = (outbox.kind, outbox.day, outbox.topic)
            ), 0)
            WHERE id = :id
            """,
            {"home": home, "left": left, "id": id_},
        )


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
