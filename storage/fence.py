"""What was sent between a backup and its restoring is not known here: what that leaves in doubt is sent with care.

What waited in the backup, and what the sources bring of the days until the restoring, may have arrived meanwhile. It is
looked for before it is sent; what nobody would call news any more is not sent at all.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiosqlite

from storage.rows import stamp

# By then each source was read again, and what waits for its next try has been tried.
_STANDS_FOR = timedelta(days=7)
_NEWS_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Since when nothing is known, and how many messages that waited may have arrived or are no news any more."""

    since: datetime
    uncertain: int
    expired: int


def raise_fence(db: sqlite3.Connection, now: datetime) -> Doubt:
    """Take all that waits as what may have arrived since the last that the database knows of. Commits nothing.

    That last moment is the time of the backup, or a little before: whatever made the backup.
    """
    times = {"now": stamp(now), "yesterday": stamp(now - _NEWS_FOR), "forgotten": fallen(now)}
    # A fence that stands already was raised for what is in doubt still.
    ((since,),) = db.execute(
        """
        SELECT coalesce(
            (SELECT min(since) FROM gap WHERE until > :forgotten),
            (
                SELECT min(max(at), :now) FROM (
                    SELECT max(created_at) AS at FROM outbox UNION ALL SELECT max(tried_at) FROM outbox
                    UNION ALL SELECT max(taken_at) FROM digest UNION ALL SELECT max(checked_at) FROM report
                )
            ),
            :yesterday
        )
        """,
        times,
    )
    db.execute("DELETE FROM gap")
    db.execute("INSERT INTO gap (since, until) VALUES (?, ?)", (since, times["now"]))
    expired = db.execute(
        """
        UPDATE outbox SET state = 'expired', uncertain = 1, code = 'restored'
        WHERE state IN ('pending', 'sending') AND kind IN ('highlights', 'alert')
              AND coalesce(due, created_at) < :yesterday
        """,
        times,
    )
    # One whose time had not come by now was not sent. The others stay as they are: merged with another, or taking
    # something in, none would be found again.
    uncertain = db.execute(
        """
        UPDATE outbox SET state = 'pending', uncertain = 1, attempts = max(attempts, 1)
        WHERE state = 'sending' OR (state = 'pending' AND (attempts > 0 OR coalesce(due, '') <= :now))
        """,
        times,
    )
    return Doubt(datetime.fromisoformat(since), uncertain.rowcount, expired.rowcount)


async def doubtful_until(db: aiosqlite.Connection, now: datetime) -> str:
    """Return the day up to which a digest may have been announced without its being known here, "" where none may."""
    found = await db.execute_fetchall("SELECT substr(until, 1, 10) FROM gap WHERE until > ?", (fallen(now),))
    return next((str(day) for (day,) in found), "")


def fallen(now: datetime) -> str:
    """Return when the latest backup was restored whose fence stands no more."""
    return stamp(now - _STANDS_FOR)
