"""Rows to nouns and back: the one place that knows how a column spells a value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from bot.model import Delivery, Destination, Following, Link, Listing, Paper, Pick, Refusal, Schedule, Subscription
from bot.ports import Pause, Taken

Row = Sequence[Any]

# A paper `p`, as `paper` reads it.
PAPER = """
    p.arxiv_id, p.title, p.abstract, coalesce(p.raw_title, p.title), coalesce(p.raw_abstract, p.abstract),
    p.authors, p.categories, p.links, p.version,
    (SELECT json_group_array(json_array(l.day, l.category)) FROM listing AS l WHERE l.paper_id = p.id)
"""


def paper(row: Row) -> Paper:
    id_, title, abstract, raw_title, raw_abstract, authors, categories, links, version, listings = row
    return Paper(
        id_,
        title,
        abstract,
        raw_title,
        raw_abstract,
        tuple(json.loads(authors)),
        tuple(json.loads(categories)),
        tuple(Link(url, kind) for url, kind in json.loads(links)),
        version,
        tuple(sorted(listing_of(day, category) for day, category in json.loads(listings))),
    )


def listing_of(day: str, category: str) -> Listing:
    return Listing(date.fromisoformat(day), category)


def taken(row: Row) -> Taken:
    day_, category, stored, refused = row
    # The newest reading of each source; what two sources say of one line is one refusal.
    refusals = dict.fromkeys(Refusal(*each) for reading in json.loads(refused) for each in json.loads(reading))
    entries = sum(each.is_entry for each in refusals)
    return Taken(category, date.fromisoformat(day_), stored, stored + entries, tuple(refusals))


def destination(row: Row) -> Destination:
    return Destination(*row)


def scope(each: Destination) -> tuple[str, str, str]:
    """Return the columns that a destination is keyed by: what every query about people and rooms takes."""
    return each.platform, each.workspace, each.name


def subscription(person: Destination, row: Row) -> Subscription:
    number, query, since, muted, workspace = row
    return Subscription(person, number, query, datetime.fromisoformat(since), bool(muted), workspace)


def following(room: Destination, row: Row) -> Following:
    categories, count, schedule, owner = row
    start, zone, days = json.loads(schedule)
    return Following(
        room,
        tuple(json.loads(categories)),
        count,
        Schedule(time.fromisoformat(start), zone, tuple(days)),
        Destination.parse(owner) if owner else None,
    )


def schedule(each: Schedule) -> str:
    return json.dumps([each.start.isoformat(), each.zone, each.days])


def delivery(to: Destination, row: Row) -> Delivery:
    kind, topic, day_, picks, part, due, id_, attempts, uncertain = row
    return Delivery(
        to,
        kind,
        topic,
        date.fromisoformat(day_),
        tuple(Pick(paper, tuple(reasons)) for paper, reasons in json.loads(picks)),
        part,
        datetime.fromisoformat(due) if due else None,
        id_,
        attempts,
        bool(uncertain),
    )


def pause(row: Row) -> Pause:
    code, since = row
    return Pause(code, datetime.fromisoformat(since))


def stamp_or_null(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def stamp(at: datetime) -> str:
    """Return an instant as text that sorts as time does: UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
