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
from storage.joining import join
from storage.scoped import welcome

MOST = 5  # addresses of a person

_ID = "SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?)"
_HOME = f"SELECT coalesce(home_id, id) FROM ({_ID}) LEFT JOIN link ON alias_id = id"  # noqa: S608  # a constant
_CLOSED = "(platform, workspace) IN (SELECT platform, workspace FROM closed)"
# Where nothing can be sent, what was tried is not tried again, and keeps nobody there.
_ON_ITS_WAY = f"""
    SELECT EXISTS (
        SELECT 1 FROM outbox JOIN destination AS d ON d.id = destination_id
        WHERE destination_id IN (?, ?) AND state IN ('pending', 'sending')
              AND (state = 'sending' OR (attempts > 0 OR uncertain) AND paused IS NULL AND NOT {_CLOSED})
    )
"""  # noqa: S608  # a constant
# The people who are at home at some addresses, and where else they are: first where they can be reached.
_ELSEWHERE = f"""
    SELECT home_id, alias_id, is_reached FROM link
    JOIN destination AS home ON home.id = home_id
    JOIN (SELECT *, paused IS NULL AND NOT {_CLOSED} AS is_reached FROM destination) AS other ON other.id = alias_id
    WHERE {{}} ORDER BY is_reached DESC, alias_id
"""  # noqa: S608  # a constant
# What goes with an address, and not with whose it is.
_OF_ADDRESS = "platform, workspace, name, paused, paused_at, failing_since, refused"


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
            await welcome(db, person)
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
                    await _link(db, home, other)
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
            if parted:
                # Else what is theirs may stay where the message goes, and not here.
                await _check_still(db, home)
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


async def evade(db: aiosqlite.Connection, gone: Destination) -> None:
    """Let who cannot be reached at an address any more be at another of theirs where they can, if there is one."""
    await _go_elsewhere(db, "(home.platform, home.workspace, home.name) = (?, ?, ?)", rows.scope(gone))


async def evade_workspace(db: aiosqlite.Connection, tenant: tuple[str, str]) -> None:
    """Let whoever cannot be reached in a workspace any more be at another address of theirs where they can."""
    await _go_elsewhere(db, "(home.platform, home.workspace) = (?, ?)", tenant)


async def leave(db: aiosqlite.Connection, tenant: tuple[str, str]) -> None:
    """Let what people of a workspace have elsewhere too be there, before the workspace is erased."""
    await _go_elsewhere(
        db,
        "(home.platform, home.workspace) = (?1, ?2) AND (other.platform, other.workspace) <> (?1, ?2)",
        tenant,
        reached=False,
    )
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
    """Let a person's home have this address, unless a message may be on its way; return the address it has."""
    found = await db.execute_fetchall(
        f"SELECT home_id, alias_id FROM ({_ID}) JOIN link ON alias_id = id",  # noqa: S608  # a constant
        rows.scope(person),
    )
    for home, alias in found:
        ((is_on_its_way,),) = await db.execute_fetchall(_ON_ITS_WAY, (home, alias))
        if not is_on_its_way:
            # Who asked at both places at once may have been answered here as of when this was not their home.
            await join(db, home, alias)
            await _swap(db, home, alias)
            await welcome(db, person)
        ((address),) = await db.execute_fetchall(
            "SELECT platform, workspace, name FROM destination WHERE id = ?", (home,)
        )
        return rows.destination(address)
    return person


async def _go_elsewhere(db: aiosqlite.Connection, where: str, values: tuple[str, ...], *, reached: bool = True) -> None:
    """Let people be where else they are; with `reached` only where they can be reached."""
    seen = set()
    for home, alias, is_reached in await db.execute_fetchall(_ELSEWHERE.format(where), values):
        if home not in seen and (is_reached or not reached):
            await _swap(db, home, alias)
        seen.add(home)


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


async def _link(db: aiosqlite.Connection, home: int, other: int) -> None:
    for each in (home, other):
        await _check_still(db, each)
    await join(db, home, other)
    await db.execute("UPDATE link SET home_id = ? WHERE home_id = ?", (home, other))
    await db.execute("INSERT INTO link (alias_id, home_id) VALUES (?, ?)", (other, home))
    await db.execute("DELETE FROM link_code WHERE person_id IN (?, ?)", (home, other))
    ((count,),) = await db.execute_fetchall("SELECT count(*) FROM link WHERE home_id = ?", (home,))
    if count >= MOST:
        raise TooMany(MOST)


async def _check_still(db: aiosqlite.Connection, home: int) -> None:
    """Raise `OnItsWay` where a message may be on its way to a person."""
    ((is_on_its_way,),) = await db.execute_fetchall(_ON_ITS_WAY, (home, home))
    if is_on_its_way:
        raise OnItsWay


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
