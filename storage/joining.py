"""Making what is two people's one person's, row by row, within the transaction that is open on `db`."""

from __future__ import annotations

import aiosqlite

# What is a person's and can be there once: the table, and the column that says whose it is.
_MOVED = (
    ("alerting", "person_id"),
    ("following", "room_id"),
    ("reaction", "person_id"),
    ("reaction", "room_id"),
    ("naming", "person_id"),
    ("share", "person_id"),
    ("share", "room_id"),
    ("nomination", "person_id"),
    ("nomination", "presenter_id"),
    ("vote", "person_id"),
    ("told", "destination_id"),
)


async def join(db: aiosqlite.Connection, home: int, other: int) -> None:
    """Give one person all that is another's: what both have is there once."""
    await _merge_subscriptions(db, home, other)
    await _leave_out_told(db, home, other)
    await _merge_alerts(db, home, other)
    # Who does not want to be learned from, wherever they said so, is not.
    await db.execute(
        "UPDATE destination SET learns = 0 WHERE id = ? AND 0 = (SELECT learns FROM destination WHERE id = ?)",
        (home, other),
    )
    await db.execute("UPDATE destination SET learns = 1 WHERE id = ?", (other,))
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
                muted_until = iif(muted AND excluded.muted, coalesce(
                    min(muted_until, excluded.muted_until), muted_until, excluded.muted_until
                ), NULL)
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


async def _leave_out_told(db: aiosqlite.Connection, home: int, other: int) -> None:
    """Owe one person nothing that another was told of and is not owed."""
    for id_, left in await db.execute_fetchall(
        """
        SELECT id, (
            SELECT json_group_array(json(value)) FROM json_each(picks) WHERE json_extract(value, '$[0]') NOT IN (
                SELECT arxiv_id FROM told JOIN paper AS p ON p.id = paper_id
                WHERE destination_id = :other AND kind = 'alert'
                EXCEPT SELECT json_extract(pick.value, '$[0]') FROM outbox AS o, json_each(o.picks) AS pick
                WHERE o.destination_id = :other AND o.kind = 'alert' AND o.state IN ('pending', 'held')
            )
        )
        FROM outbox
        WHERE destination_id = :home AND kind = 'alert' AND state = 'pending' AND NOT uncertain
        """,
        {"home": home, "other": other},
    ):
        await db.execute(
            "UPDATE outbox SET picks = iif(:left = '[]', picks, :left), state = iif(:left = '[]', 'merged', state) "
            "WHERE id = :id",
            {"id": id_, "left": left},
        )


async def _merge_alerts(db: aiosqlite.Connection, home: int, other: int) -> None:
    """Owe one person what another is owed, but for the papers that they are told of anyway.

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
        FROM outbox WHERE destination_id = ? AND kind = 'alert' AND state IN ('pending', 'held') ORDER BY id
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
