"""What is owed: rows of the outbox, from the plan to the end, within the transaction that is open on `db`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

import aiosqlite

from bot.model import Delivery, Destination
from storage.fence import doubtful_until
from storage.rows import scope, stamp, stamp_or_null

INTRODUCE = "INSERT INTO destination (platform, workspace, name) VALUES (?, ?, ?)"


async def owe(
    db: aiosqlite.Connection, deliveries: Iterable[Delivery], at: datetime, hold_until: datetime | None = None
) -> int:
    """Put deliveries in the outbox, each once by its business key; return how many of them are new.

    An alert that is there and was never tried takes the picks in, and is due at the earlier of both times: how long
    somebody waits is their own choice, and what they chose last holds for all that they are owed.

    What may have been sent before a backup was restored is in doubt; highlights and alerts of before that day expire.
    """
    planned = list(deliveries)
    doubtful = await doubtful_until(db, at)
    ((last,),) = await db.execute_fetchall("SELECT coalesce(max(id), 0) FROM outbox")
    await db.executemany(
        """
        INSERT INTO outbox (destination_id, kind, day, topic, part, picks, due, not_before, created_at,
                            uncertain, state, code)
        SELECT id, :kind, :day, :topic, :part, :picks, :due,
               nullif(max(coalesce(:due, ''), coalesce(:hold, '')), ''), :at,
               :uncertain, iif(:stale, 'expired', 'pending'), iif(:stale, 'restored', '')
        FROM destination WHERE (platform, workspace, name) = (:platform, :workspace, :name)
        ON CONFLICT (destination_id, kind, day, topic, part) DO UPDATE SET
            picks = (
                -- Each paper once, where it was first: SQLite takes the value from the row that has the minimum.
                SELECT json_group_array(json(value)) FROM (
                    SELECT value, min(place) AS place FROM (
                        SELECT value, key AS place FROM json_each(outbox.picks) UNION ALL
                        SELECT value, key + json_array_length(outbox.picks) FROM json_each(excluded.picks)
                    )
                    GROUP BY json_extract(value, '$[0]') ORDER BY place
                )
            ),
            due = nullif(min(coalesce(due, ''), coalesce(excluded.due, '')), ''),
            -- That, or until when the one or the other is held.
            not_before = nullif(max(
                min(coalesce(due, ''), coalesce(excluded.due, '')),
                coalesce(:hold, CASE WHEN not_before IS NOT due THEN not_before END, '')
            ), '')
        WHERE kind = 'alert' AND state = 'pending' AND attempts = 0
        """,
        [
            {
                "kind": each.kind,
                "day": each.day.isoformat(),
                "topic": each.topic,
                "part": each.part,
                "picks": json.dumps([(pick.paper, pick.reasons) for pick in each.picks]),
                "due": stamp_or_null(each.due),
                "hold": stamp_or_null(hold_until),
                "at": stamp(at),
                "uncertain": each.day.isoformat() <= doubtful,
                "stale": each.day.isoformat() < doubtful and each.kind in ("highlights", "alert"),
                **_scope(each.to),
            }
            for each in planned
        ],
    )
    await db.executemany(
        """
        INSERT INTO told (destination_id, paper_id, kind)
        SELECT d.id, p.id, :kind FROM destination AS d, json_each(:papers) AS wanted
        JOIN paper AS p ON p.arxiv_id = wanted.value
        WHERE (d.platform, d.workspace, d.name) = (:platform, :workspace, :name)
        ON CONFLICT DO NOTHING
        """,
        [
            {"kind": each.kind, "papers": json.dumps([pick.paper for pick in each.picks]), **_scope(each.to)}
            for each in planned
        ],
    )
    ((new,),) = await db.execute_fetchall("SELECT count(*) FROM outbox WHERE id > ? AND state = 'pending'", (last,))
    return int(new)


async def owe_message(db: aiosqlite.Connection, owed: Delivery, at: datetime) -> None:
    """Owe what no digest is the reason of; one of the day that was told before makes it the next part.

    One that still waits will say how things are then, and is the same.
    """
    await db.execute(f"{INTRODUCE} ON CONFLICT DO NOTHING", scope(owed.to))
    ((told,),) = await db.execute_fetchall(
        """
        SELECT count(*) FROM outbox JOIN destination AS d ON d.id = destination_id
        WHERE (platform, workspace, name) = (?, ?, ?) AND (kind, day, topic) = (?, ?, ?) AND state <> 'pending'
        """,
        (*scope(owed.to), owed.kind, owed.day.isoformat(), owed.topic),
    )
    await owe(db, [replace(owed, part=int(told) + 1)], at)


async def settle(
    db: aiosqlite.Connection,
    delivery: Delivery,
    state: Literal["sent", "pending", "dead", "expired", "held"],
    code: str,
    not_before: datetime | None,
    *,
    uncertain: bool,
    tried: bool,
) -> None:
    """Write down how a claimed delivery went; one that was not tried is as before it was claimed."""
    await db.execute(
        """
        UPDATE outbox SET state = :state, not_before = :not_before, uncertain = :uncertain,
            -- What it failed with last is why it expired.
            code = CASE :state WHEN 'expired' THEN code ELSE :code END,
            attempts = attempts - NOT :tried,
            tried_at = CASE WHEN :tried OR attempts > 1 THEN tried_at END
        WHERE id = :id
        """,
        {
            "state": state,
            "code": code,
            "not_before": stamp_or_null(not_before),
            # Given up or not, what may have arrived may have.
            "uncertain": uncertain or (state in ("dead", "expired") and delivery.uncertain),
            "tried": tried,
            "id": delivery.id,
        },
    )
    if tried:
        await db.execute(
            """
            UPDATE destination SET
                failing_since = CASE WHEN :state = 'pending' THEN coalesce(failing_since, o.tried_at) END,
                refused = CASE :state WHEN 'sent' THEN 0 WHEN 'dead' THEN refused + 1 ELSE refused END
            FROM outbox AS o WHERE o.id = :id AND destination.id = o.destination_id
            """,
            {"state": state, "id": delivery.id},
        )
    if state in ("dead", "expired") and not delivery.uncertain:
        await take_back(db, delivery.id, [pick.paper for pick in delivery.picks])


async def pause(db: aiosqlite.Connection, to: Destination, code: str, at: datetime, notice: Delivery | None) -> None:
    """Pause a destination, and owe the notice of it; one that is paused stays so for the reason that it had."""
    paused = await db.execute(
        """
        UPDATE destination SET paused = ?, paused_at = ?, failing_since = NULL, refused = 0
        WHERE (platform, workspace, name) = (?, ?, ?) AND paused IS NULL
        """,
        (code, stamp(at), *scope(to)),
    )
    await renew(db, "(platform, workspace, name) = (?, ?, ?)", scope(to))
    if notice and paused.rowcount:
        await owe_message(db, notice, at)


async def renew(db: aiosqlite.Connection, where: str, values: tuple[str, ...]) -> None:
    """Give what waits for some destinations all its time anew: none expires while nothing can be tried."""
    await db.execute(
        f"""
        UPDATE outbox SET tried_at = NULL
        WHERE destination_id IN (SELECT id FROM destination WHERE {where}) AND state = 'pending'
        """,  # noqa: S608  # constants
        values,
    )


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
        RETURNING day, id, picks, uncertain
        """,
        scope(room),
    )
    for _, id_, picks, uncertain in missed:
        if not uncertain:
            await take_back(db, id_, [paper for paper, _ in json.loads(picks)])
    return tuple(sorted({date.fromisoformat(day) for day, *_ in missed}))


async def requeue(db: aiosqlite.Connection, ids: Iterable[int], at: datetime) -> tuple[int, ...]:
    """Owe anew what was given up, expired or waits, without what was told of meanwhile; return the ids."""
    anew = []
    for id_, state, picks, uncertain in await db.execute_fetchall(
        """
        SELECT id, state, picks, uncertain FROM outbox
        WHERE id IN (SELECT value FROM json_each(?)) AND state IN ('pending', 'dead', 'expired') ORDER BY id
        """,
        (json.dumps(list(ids)),),
    ):
        kept = json.loads(picks)
        if state != "pending" and not uncertain and kept:
            # These were taken back: what is told again now, another delivery tells.
            again = {paper for (paper,) in await _tell(db, id_, [paper for paper, _ in kept])}
            kept = [pick for pick in kept if pick[0] in again]
            if not kept:
                continue
        await db.execute(
            """
            UPDATE outbox SET state = 'pending', picks = ?, code = '', due = NULL, not_before = NULL, tried_at = NULL,
                -- What was tried is not as if it never was: it is not merged, and takes nothing in.
                attempts = min(attempts, 1), created_at = ?
            WHERE id = ?
            """,
            (json.dumps(kept), stamp(at), id_),
        )
        anew.append(int(id_))
    return tuple(anew)


async def _tell(db: aiosqlite.Connection, id_: int, papers: Iterable[str]) -> Iterable[aiosqlite.Row]:
    """Note that a destination is told of papers by a delivery; return those that it was not told of yet."""
    return await db.execute_fetchall(
        """
        INSERT INTO told (destination_id, paper_id, kind)
        SELECT o.destination_id, p.id, o.kind FROM outbox AS o, json_each(?) AS wanted
        JOIN paper AS p ON p.arxiv_id = wanted.value
        WHERE o.id = ?
        ON CONFLICT DO NOTHING
        RETURNING (SELECT arxiv_id FROM paper WHERE id = paper_id)
        """,
        (json.dumps(list(papers)), id_),
    )


async def drop(db: aiosqlite.Connection, ids: Iterable[int]) -> tuple[int, ...]:
    """Give up what waits or is held; return the ids."""
    dropped = await db.execute_fetchall(
        """
        UPDATE outbox SET state = 'dead', code = 'dropped'
        WHERE id IN (SELECT value FROM json_each(?)) AND state IN ('pending', 'held')
        RETURNING id, picks, uncertain
        """,
        (json.dumps(list(ids)),),
    )
    for id_, picks, uncertain in dropped:
        if not uncertain:
            await take_back(db, id_, [paper for paper, _ in json.loads(picks)])
    return tuple(int(id_) for id_, *_ in dropped)


async def let_go(db: aiosqlite.Connection, ids: Iterable[int]) -> tuple[int, ...]:
    """Owe again what is held; return the ids."""
    freed = await db.execute_fetchall(
        """
        UPDATE outbox SET state = 'pending', code = '', due = NULL, not_before = NULL, tried_at = NULL
        WHERE id IN (SELECT value FROM json_each(?)) AND state = 'held' RETURNING id
        """,
        (json.dumps(list(ids)),),
    )
    return tuple(sorted(int(id_) for (id_,) in freed))


async def take_back(db: aiosqlite.Connection, id_: int, papers: Iterable[str]) -> None:
    """Forget that a destination was told of papers by a delivery: another listing may bring them up again."""
    await db.execute(
        """
        DELETE FROM told
        WHERE (destination_id, kind) = (SELECT destination_id, kind FROM outbox WHERE id = ?)
              AND paper_id IN (SELECT id FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(?)))
        """,
        (id_, json.dumps(list(papers))),
    )


def _scope(to: Destination) -> dict[str, str]:
    return dict(zip(("platform", "workspace", "name"), scope(to), strict=True))
