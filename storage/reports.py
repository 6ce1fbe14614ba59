"""How the sources of digests are doing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

import aiosqlite

from bot.model import Delivery, Report
from storage import outbox, rows
from storage.access import Access

# The messages to a destination about a source, whatever they say of it.
_ABOUT = """
    destination_id = (SELECT id FROM destination WHERE (platform, workspace, name) = (?, ?, ?))
    AND kind = 'report' AND substr(topic, instr(topic, ' ') + 1) = ?
"""


class Reports(Access):
    """The part of `bot.ports.Store` that is about sources."""

    async def report(self, report: Report, owe: Delivery | None = None) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            await db.execute(
                """
                INSERT INTO report (source, state, detail, since, checked_at, day, failing) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (source) DO UPDATE SET state = excluded.state, detail = excluded.detail,
                    since = excluded.since, checked_at = excluded.checked_at, day = excluded.day,
                    failing = excluded.failing
                """,
                (
                    report.source,
                    report.state,
                    report.detail,
                    rows.stamp(report.since),
                    rows.stamp(report.checked_at),
                    report.day.isoformat() if report.day else None,
                    rows.stamp_or_null(report.failing),
                ),
            )
            if owe:
                await _tell(db, report, owe)

        await self.write(job)

    async def reports(self) -> tuple[Report, ...]:
        found = await self.read(
            "SELECT source, state, detail, since, checked_at, day, failing FROM report ORDER BY source"
        )
        return tuple(map(rows.report, found))

    async def watch(self, sources: Iterable[str], at: datetime) -> None:
        async def job(db: aiosqlite.Connection) -> None:
            watched = json.dumps(list(sources))
            await db.execute("DELETE FROM report WHERE source NOT IN (SELECT value FROM json_each(?))", (watched,))
            await db.execute(
                """
                INSERT INTO report (source, state, detail, since, checked_at)
                SELECT value, 'new', '', ?, ? FROM json_each(?) WHERE TRUE
                ON CONFLICT DO NOTHING
                """,
                (rows.stamp(at), rows.stamp(at), watched),
            )

        await self.write(job)


async def _tell(db: aiosqlite.Connection, report: Report, owed: Delivery) -> None:
    """Owe a message about a source where the last one that may have arrived, or may yet, says otherwise."""
    about = (*rows.scope(owed.to), report.source)
    await db.execute(
        f"""
        UPDATE outbox SET state = 'merged', code = 'unwanted'
        WHERE {_ABOUT} AND topic <> ? AND state = 'pending' AND NOT uncertain
        """,  # noqa: S608  # a constant
        (*about, owed.topic),
    )
    told = await db.execute_fetchall(
        f"SELECT topic FROM outbox WHERE {_ABOUT} AND (code <> 'unwanted' OR uncertain) ORDER BY id DESC LIMIT 1",  # noqa: S608
        about,
    )
    last = next((topic for (topic,) in told), None)
    if last != owed.topic and (last or not report.is_well):
        await outbox.owe_message(db, owed, report.checked_at)
