"""Rows to nouns and back: the one place that knows how a column spells a value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zlib import crc32

from bot.model import (
    Alerting,
    Delivery,
    Destination,
    Following,
    Link,
    Listing,
    Paper,
    Pick,
    Refusal,
    Report,
    Schedule,
    Subscription,
)
from bot.ports import Backlog, Club, Meeting, Nomination, Owed, Pause, Saved, Taken, Trouble

Row = Sequence[Any]

# A paper `p`, as `paper` reads it.
PAPER = """
    p.arxiv_id, p.title, p.abstract, coalesce(p.raw_title, p.title), coalesce(p.raw_abstract, p.abstract),
    p.authors, p.categories, p.links, p.version,
    (SELECT json_group_array(json_array(l.day, l.category)) FROM listing AS l WHERE l.paper_id = p.id)
"""
# A delivery `o` to a destination `d`, as `delivery` reads it.
DELIVERY = """
    d.platform, d.workspace, d.name, o.kind, o.topic, o.day, o.picks, o.part, o.not_before, o.id, o.attempts,
    o.uncertain, o.since, o.tried_at
"""


def checksum(paper: Row) -> int:
    """Return the CRC-32 of a paper's columns: arXiv id, version, texts, and so on as the schema has them."""
    return crc32(repr(tuple(paper)).encode("utf-8", "surrogatepass"))


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


def saved(row: Row) -> Saved:
    at, tags, *columns = row
    return Saved(paper(columns), datetime.fromisoformat(at), tuple(sorted(json.loads(tags))))


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
    number, query, since, muted, workspace, until = row
    return Subscription(person, number, query, datetime.fromisoformat(since), bool(muted), workspace, instant(until))


def following(room: Destination, row: Row) -> Following:
    categories, count, schedule, owner, weekly = row
    return Following(
        room,
        tuple(json.loads(categories)),
        count,
        _schedule(schedule),
        Destination.parse(owner) if owner else None,
        weekly,
    )


def alerting(row: Row) -> Alerting:
    pace, schedule, quiet, most, away_until = row
    hours = [time.fromisoformat(each) for each in json.loads(quiet)] if quiet else None
    return Alerting(pace, _schedule(schedule), (hours[0], hours[1]) if hours else None, most, instant(away_until))


def club(row: Row) -> Club:
    *room, times, count, notice, owner, since = row
    settled = datetime.fromisoformat(since)
    by = Destination.parse(owner) if owner else None
    return Club(destination(room), _schedule(times), settled, count, notice, by)


def meeting(row: Row) -> Meeting:
    day_, starts, skipped, posted = row
    return Meeting(date.fromisoformat(day_), datetime.fromisoformat(starts), bool(skipped), bool(posted))


def nomination(row: Row) -> Nomination:
    paper_, at, votes, *others = row
    people, held, carried = others[:8], others[8:12], others[12]
    person, presenter = (destination(each) if each[0] else None for each in (people[:3], people[4:7]))
    return Nomination(
        paper_,
        datetime.fromisoformat(at),
        votes,
        person,
        people[3] or "",
        presenter,
        people[7] or "",
        meeting(held) if held[0] else None,
        carried,
    )


def report(row: Row) -> Report:
    source, state, detail, since, checked_at, newest, failing = row
    times = datetime.fromisoformat(since), datetime.fromisoformat(checked_at)
    return Report(source, state, detail, *times, day(newest), instant(failing))


def _schedule(text: str) -> Schedule:
    start, zone, days = json.loads(text)
    return Schedule(time.fromisoformat(start), zone, tuple(days))


def schedule(each: Schedule) -> str:
    return json.dumps([each.start.isoformat(), each.zone, each.days])


def delivery(row: Row) -> Delivery:
    *to, kind, topic, day_, picks, part, due, id_, attempts, uncertain, since, tried_at = row
    return Delivery(
        destination(to),
        kind,
        topic,
        date.fromisoformat(day_),
        tuple(Pick(paper, tuple(reasons)) for paper, reasons in json.loads(picks)),
        part,
        instant(due),
        id_,
        attempts,
        bool(uncertain),
        day(since),
        instant(tried_at),
    )


def owed(row: Row) -> Owed:
    *columns, state, code, created_at = row
    return Owed(delivery(columns), state, code, datetime.fromisoformat(created_at))


def trouble(row: Row) -> Trouble:
    since, refused = row
    return Trouble(instant(since), refused)


def backlog(row: Row) -> Backlog:
    platform, owed, due, paused, oldest = row
    return Backlog(platform, owed, due, paused, instant(oldest))


def pause(row: Row) -> Pause:
    code, since = row
    return Pause(code, datetime.fromisoformat(since))


def instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def stamp_or_null(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def stamp(at: datetime) -> str:
    """Return an instant as text that sorts as time does: UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
