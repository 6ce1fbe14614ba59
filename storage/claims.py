"""Taking what is due, and merging what is due together, within the transaction that is open on `db`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import Any

import aiosqlite

from bot.model import Delivery
from storage import outbox, rows
from storage.rows import stamp, stamp_or_null

_MERGED = ("highlights", "alert")
# As long as anything waits for its next try: a clock that is only set right changes nothing.
_CLOCK_DIFFERS = timedelta(hours=1)
_DAY = timedelta(days=1)


async def claim(
    db: aiosqlite.Connection, platforms: Iterable[str], now: datetime, busy: Iterable[tuple[str, str]]
) -> Delivery | None:
    """Take the delivery that is due for longest, of those whose workspace is not busy, and what is due with it."""
    await put_right(db, now)
    found = await db.execute_fetchall(
        """
        SELECT o.id, o.kind, o.attempts OR o.uncertain FROM outbox AS o INDEXED BY outbox_due
        CROSS JOIN destination AS d ON d.id = o.destination_id
        WHERE o.state = 'pending' AND coalesce(o.not_before, '') <= :now
              AND o.destination_id NOT IN (
                  SELECT id FROM destination WHERE paused IS NOT NULL
                  UNION ALL SELECT id FROM closed CROSS JOIN destination USING (platform, workspace)
                  UNION ALL SELECT b.id FROM json_each(:busy) CROSS JOIN destination AS b
                      ON (b.platform, b.workspace) = (json_extract(value, '$[0]'), json_extract(value, '$[1]'))
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
        """,
        {"now": stamp(now), "platforms": json.dumps(list(platforms)), "busy": json.dumps(list(busy))},
    )
    for id_, kind, may_have_arrived in found:
        carrying = await _merge(db, id_, now) if kind in _MERGED and not may_have_arrived else id_
        await db.execute(
            """
            UPDATE outbox SET state = 'sending', attempts = attempts + 1, tried_at = coalesce(tried_at, ?)
            WHERE id = ?
            """,
            (stamp(now), carrying),
        )
        (row,) = await db.execute_fetchall(
            f"SELECT {rows.DELIVERY} FROM outbox AS o JOIN destination AS d ON d.id = destination_id "  # noqa: S608
            "WHERE o.id = ?",
            (carrying,),
        )
        return rows.delivery(row)
    return None


async def put_right(db: aiosqlite.Connection, now: datetime) -> None:
    """Let what a clock that was ahead has put off be due when it would have been by this one.

    Such a clock must not keep until then what failed meanwhile or what was owed, and all that is behind it.
    """
    await db.execute(
        "UPDATE outbox SET not_before = due, tried_at = NULL WHERE state = 'pending' AND tried_at > ?",
        (stamp(now + _CLOCK_DIFFERS),),
    )
    for id_, due, created_at in await db.execute_fetchall(
        "SELECT id, due, created_at FROM outbox WHERE state = 'pending' AND created_at > ?", (stamp(now + _DAY / 2),)
    ):
        created = datetime.fromisoformat(created_at)
        # In whole days: what is to come at nine still does.
        ahead = round((created - now) / _DAY) * _DAY
        right = stamp_or_null(datetime.fromisoformat(due) - ahead if due else None)
        await db.execute(
            "UPDATE outbox SET due = ?, not_before = ?, created_at = ? WHERE id = ?",
            (right, right, stamp(created - ahead), id_),
        )


async def _merge(db: aiosqlite.Connection, head: int, now: datetime) -> int:
    """Merge what is due with a delivery into the newest of it; return that one's id."""
    *others, newest = [
        {"id": id_, "since": since, "picks": json.loads(picks)}
        for id_, since, picks in await db.execute_fetchall(
            """
            SELECT o.id, coalesce(o.since, o.day), o.picks FROM outbox AS head
            CROSS JOIN outbox AS o INDEXED BY outbox_open ON o.destination_id = head.destination_id
            WHERE head.id = ? AND (o.kind, o.topic) = (head.kind, head.topic)
                  -- Which is what has the index: of what can be claimed, nothing is being sent.
                  AND o.state IN ('pending', 'sending') AND o.attempts = 0 AND NOT o.uncertain
                  AND coalesce(o.not_before, '') <= ?
            ORDER BY o.day, o.part
            """,
            (head, stamp(now)),
        )
    ]
    if not others:
        return int(newest["id"])
    picks, left = await _chosen(db, head, [each["picks"] for each in (*others, newest)])
    await outbox.take_back(db, head, left)
    await db.execute(
        "UPDATE outbox SET picks = ?, since = nullif(?, day) WHERE id = ?",
        (json.dumps(picks), min(each["since"] for each in (*others, newest)), newest["id"]),
    )
    await db.execute(
        "UPDATE outbox SET state = 'merged' WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps([each["id"] for each in others]),),
    )
    return int(newest["id"])


async def _chosen(db: aiosqlite.Connection, head: int, days: list[list[Any]]) -> tuple[list[Any], list[str]]:
    """Return the picks of several days that a message is to show, each once, and the papers that it is not to."""
    wanted = await db.execute_fetchall(
        "SELECT count FROM following JOIN outbox ON destination_id = room_id WHERE id = ? AND kind = 'highlights'",
        (head,),
    )
    # Highlights are the best of each day in turn, the newest day's first; alerts are all there is, as it came.
    turns = chain(*zip_longest(*reversed(days))) if wanted else chain(*days)
    picks = list({pick[0]: pick for pick in turns if pick}.values())
    most = next((count for (count,) in wanted), len(picks))
    return picks[:most], [paper for paper, _ in picks[most:]]
