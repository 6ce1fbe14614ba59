"""What is owed: rows of the outbox, from the plan to the end, within the transaction that is open on `db`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

import aiosqlite

from bot.model import Delivery, Destination
from storage import rows
from storage.rows import scope, stamp, stamp_or_null

INTRODUCE = "INSERT INTO destination (platform, workspace, name) VALUES (?, ?, ?)"


async def owe(db: aiosqlite.Connection, deliveries: Iterable[Delivery], at: datetime) -> int:
    """Put deliveries in the outbox, each once by its business key; return how many of them are new.

    An alert that is there and was never tried takes the picks in.
    """
    owed = 0
    for each in deliveries:
        key = (each.kind, each.day.isoformat(), each.topic, each.part)
        picks = json.dumps([(pick.paper, pick.reasons) for pick in each.picks])
        due = stamp_or_null(each.due)
        cursor = await db.execute(
            """
            INSERT INTO outbox (destination_id, kind, day, topic, part, picks, not_before, created_at)
            SELECT id, ?, ?, ?, ?, ?, ?, ? FROM destination WHERE (platform, workspace, name) = (?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            (*key, picks, due, stamp(at), *scope(each.to)),
        )
        owed += cursor.rowcount
        if cursor.rowcount == 0 and each.kind == "alert":
            await db.execute(
                """
                UPDATE outbox SET not_before = coalesce(?, not_before), picks = (
                    SELECT json_group_array(json(value)) FROM (
                        SELECT value FROM json_each(picks) UNION ALL
                        SELECT value FROM json_each(?) WHERE json_extract(value, '$[0]') NOT IN (
                            SELECT json_extract(value, '$[0]') FROM json_each(picks)
                        )
                    )
                )
                WHERE destination_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
                      AND (kind, day, topic, part) = (?, ?, ?, ?) AND state = 'pending' AND attempts = 0
                """,
                (due, picks, *scope(each.to), *key),
            )
        await db.execute(
            """
            INSERT INTO told (destination_id, paper_id, kind)
            SELECT d.id, p.id, ? FROM destination AS d, json_each(?) AS wanted
            JOIN paper AS p ON p.arxiv_id = wanted.value
            WHERE (d.platform, d.workspace, d.name) = (?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            (each.kind, json.dumps([pick.paper for pick in each.picks]), *scope(each.to)),
        )
    return owed


async def claim(
    db: aiosqlite.Connection, platforms: Iterable[str], now: datetime, busy: Iterable[tuple[str, str]]
) -> Delivery | None:
    """Take the delivery that is due for longest, of those whose workspace is not busy."""
    claimed = await db.execute_fetchall(
        """
        UPDATE outbox SET state = 'sending', attempts = attempts + 1
        WHERE id = (
            SELECT o.id FROM outbox AS o INDEXED BY outbox_due
            CROSS JOIN destination AS d ON d.id = o.destination_id
            WHERE o.state = 'pending' AND coalesce(o.not_before, '') <= :now
                  AND o.destination_id NOT IN (
                      SELECT id FROM destination WHERE paused IS NOT NULL
                      UNION ALL SELECT id FROM closed CROSS JOIN destination USING (platform, workspace)
                  )
                  AND (d.platform, d.workspace) NOT IN (
                      SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:busy)
                  )
                  AND d.platform IN (SELECT value FROM json_each(:platforms))
                  -- One at a time for each destination, in order: a message that failed holds back those
                  -- behind it, one whose time has not come does not.
                  AND NOT EXISTS (
                      SELECT 1 FROM outbox AS e INDEXED BY outbox_open
                      WHERE e.destination_id = o.destination_id AND e.state IN ('pending', 'sending')
                            AND (e.state = 'sending' OR e.id < o.id)
                            AND (e.attempts > 0 OR coalesce(e.not_before, '') <= :now)
                  )
            ORDER BY coalesce(o.not_before, ''), o.id LIMIT 1
        )
        RETURNING destination_id, kind, topic, day, picks, part, not_before, id, attempts, uncertain
        """,
        {"now": stamp(now), "platforms": json.dumps(list(platforms)), "busy": json.dumps(list(busy))},
    )
    for row in claimed:
        (to,) = await db.execute_fetchall("SELECT platform, workspace, name FROM destination WHERE id = ?", (row[0],))
        return rows.delivery(rows.destination(to), tuple(row)[1:])
    return None


async def settle(
    db: aiosqlite.Connection,
    delivery: Delivery,
    state: Literal["sent", "pending", "dead"],
    code: str,
    not_before: datetime | None,
    *,
    uncertain: bool,
    tried: bool,
) -> None:
    """Write down how a claimed delivery went; one that was not tried is as before it was claimed."""
    await db.execute(
        "UPDATE outbox SET state = ?, code = ?, not_before = ?, uncertain = ?, attempts = attempts - ? WHERE id = ?",
        (state, code, stamp_or_null(not_before), uncertain, not tried, delivery.id),
    )
    if state == "dead" and not delivery.uncertain:
        await _take_back(db, delivery.to, delivery.kind, [pick.paper for pick in delivery.picks])


async def pause(db: aiosqlite.Connection, to: Destination, code: str, at: datetime, notice: Delivery | None) -> None:
    """Pause a destination, and owe the notice of it; one that is paused stays so for the reason that it had."""
    paused = await db.execute(
        "UPDATE destination SET paused = ?, paused_at = ? "
        "WHERE (platform, workspace, name) = (?, ?, ?) AND paused IS NULL",
        (code, stamp(at), *scope(to)),
    )
    if notice and paused.rowcount:
        await db.execute(f"{INTRODUCE} ON CONFLICT DO NOTHING", scope(notice.to))
        await owe(db, [replace(notice, part=await _part_after_those_told(db, notice))], at)


async def give_up_missed(db: aiosqlite.Connection, room: Destination) -> tuple[date, ...]:
    """Give up the highlights that a paused room has missed, but those of the newest day; return the days."""
    missed = await db.execute_fetchall(
        """
        WITH owed AS (
            SELECT o.id, o.day FROM outbox AS o JOIN destination AS d ON d.id = o.destination_id
            WHERE (d.platform, d.workspace, d.name) = (?, ?, ?) AND d.paused IS NOT NULL
                  AND o.kind = 'highlights' AND o.state = 'pending'
        )
        UPDATE outbox SET state = 'dead', code = 'missed'
        WHERE id IN (SELECT id FROM owed WHERE day < (SELECT max(day) FROM owed))
        RETURNING day, picks, uncertain
        """,
        scope(room),
    )
    for _, picks, uncertain in missed:
        if not uncertain:
            await _take_back(db, room, "highlights", [paper for paper, _ in json.loads(picks)])
    return tuple(sorted({date.fromisoformat(day) for day, *_ in missed}))


async def _take_back(db: aiosqlite.Connection, to: Destination, kind: str, papers: list[str]) -> None:
    """Forget that a destination was told of papers: what never arrived, another listing may bring up again."""
    await db.execute(
        """
        DELETE FROM told
        WHERE destination_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
              AND kind = ? AND paper_id IN (SELECT id FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(?)))
        """,
        (*scope(to), kind, json.dumps(papers)),
    )


async def _part_after_those_told(db: aiosqlite.Connection, owed: Delivery) -> int:
    """Return the part that a notice is: one that still waits will say how things are then, and is the same."""
    ((told,),) = await db.execute_fetchall(
        """
        SELECT count(*) FROM outbox JOIN destination AS d ON d.id = destination_id
        WHERE (platform, workspace, name) = (?, ?, ?) AND (kind, day, topic) = (?, ?, ?) AND state <> 'pending'
        """,
        (*scope(owed.to), owed.kind, owed.day.isoformat(), owed.topic),
    )
    return int(told) + 1
