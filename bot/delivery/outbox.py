"""The outbox as an operator reads it: a line for each message that is or was owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.ports import Owed

_HEADINGS = ("ID", "STATE", "WHAT", "DAY", "TO", "PAPERS", "TRIES", "SINCE", "NEXT", "CODE")
_APART = "  "


def lines(owed: Sequence[Owed], total: int, now: datetime) -> Iterator[str]:
    """Yield a table of messages, the newest first, and what it leaves out of them all. Times are in `now`'s zone."""
    table = [_HEADINGS, *(_row(each, now) for each in owed)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table if owed else ():
        yield _APART.join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    if len(owed) < total:
        yield f"The newest {len(owed):,} of {total:,}. For more: --limit {total}"
    elif not owed:
        yield "Nothing is or was owed so."


def _row(each: Owed, now: datetime) -> tuple[str, ...]:
    delivery = each.delivery
    due = delivery.due if each.state == "pending" else None
    return (
        str(delivery.id),
        f"{each.state}?" if delivery.uncertain else each.state,
        " ".join(filter(None, [delivery.kind, delivery.topic])),
        f"{delivery.since}/{delivery.day}" if delivery.since else str(delivery.day),
        str(delivery.to),
        str(len(delivery.picks)),
        str(delivery.attempts),
        _time(each.created_at, now),
        _time(due, now) if due and due > now else "",
        each.code,
    )


def _time(at: datetime, now: datetime) -> str:
    return f"{at.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
