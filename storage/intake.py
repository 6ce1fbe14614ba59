"""Taking in a digest: one transaction that stores papers and listings, and what the plan says is owed for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from hashlib import blake2b

import aiosqlite

from bot.model import Destination, Digest, Listing, Paper
from bot.ports import Intake, Morning, Plan
from bot.query import category_words
from bot.words import BARRIER, words
from storage.outbox import owe
from storage.rows import PAPER, alerting, destination, following, listing_of, paper, stamp, subscription

# What a listing tells of a paper, fact by fact: the fields that go together.
_FACTS = {
    "title": ("title", "raw_title"),
    "abstract": ("abstract", "raw_abstract"),
    "authors": ("authors",),
    "categories": ("categories",),
    "links": ("links",),
    "version": ("version",),
}


@dataclass(frozen=True, slots=True)
class _Known:
    """A paper as stored, and for each fact that it has the listing (day, category) that told it."""

    paper: Paper
    origins: Mapping[str, Listing]


async def take_in(
    db: aiosqlite.Connection, digest: Digest, plan: Plan, at: datetime, hold_until: datetime | None
) -> Intake:
    """Store a digest and what `plan` owes for it, within the transaction that is open on `db`."""
    listing = Listing(digest.day, digest.category)
    known = await _known(db, digest)
    if not await _record_digest(db, digest, at):
        return Intake(0, len(known), 0, 0)
    first = await _is_first(db, listing)
    after = {new.id: _merged(known.get(new.id), new, listing) for new in digest.papers}
    papers = {id_: each.paper for id_, each in after.items()}
    corrected = {id_ for id_, old in known.items() if _text(old.paper) != _text(papers[id_])}
    fresh = tuple(
        paper
        for id_, paper in papers.items()
        if id_ in corrected
        or id_ not in known
        or listing not in known[id_].paper.listings
        or _is_attributed(known[id_].paper, paper)
    )
    await _record_papers(db, listing, known, after)
    owed = 0
    if fresh or first:
        morning = await _morning(db, listing, at, first=first, fresh=fresh)
        planned = await asyncio.to_thread(lambda: list(plan(morning)))
        owed = await owe(db, planned, at, hold_until)
    return Intake(len(after) - len(known), len(known), len(corrected), owed)


async def _known(db: aiosqlite.Connection, digest: Digest) -> dict[str, _Known]:
    rows = await db.execute_fetchall(
        f"SELECT {PAPER}, p.origins FROM json_each(?) AS wanted "  # noqa: S608  # constants
        "JOIN paper AS p ON p.arxiv_id = wanted.value",
        (json.dumps([each.id for each in digest.papers]),),
    )
    known = (
        _Known(paper(columns), {fact: listing_of(*where) for fact, where in json.loads(origins).items()})
        for *columns, origins in rows
    )
    return {each.paper.id: each for each in known}


def _merged(known: _Known | None, new: Paper, listing: Listing) -> _Known:
    """Return a paper as it is after this digest: each fact as the latest listing has it that tells it at all."""
    told = [fact for fact, fields in _FACTS.items() if any(getattr(new, field) for field in fields)]
    if known is None:
        return _Known(replace(new, listings=(listing,)), dict.fromkeys(told, listing))
    newer = [fact for fact in told if listing >= known.origins.get(fact, listing)]
    news = {field: getattr(new, field) for fact in newer for field in _FACTS[fact]}
    listings = tuple(sorted({*known.paper.listings, listing}))
    return _Known(replace(known.paper, **news, listings=listings), {**known.origins, **dict.fromkeys(newer, listing)})


def _text(each: Paper) -> tuple[str, str]:
    return each.raw_title, each.raw_abstract


def _is_attributed(before: Paper, after: Paper) -> bool:
    """Say whether a paper's authors or its categories became known."""
    return bool((after.authors and not before.authors) or (after.categories and not before.categories))


async def _record_digest(db: aiosqlite.Connection, digest: Digest, at: datetime) -> bool:
    """Write down that this text was taken in; return whether it is new."""
    refused = [astuple(each) for each in digest.refused]
    fingerprint = blake2b(repr((digest.papers, refused)).encode(), digest_size=16).hexdigest()
    text = (digest.day.isoformat(), digest.category, fingerprint)
    known = await db.execute_fetchall(
        "SELECT 1 FROM digest WHERE day = ? AND category = ? AND fingerprint = ? LIMIT 1", text
    )
    # Known or not, it is what this source says now.
    await db.execute(
        """
        INSERT INTO digest (day, category, fingerprint, source, refused, taken_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        (*text, digest.source, json.dumps(refused), stamp(at)),
    )
    return not list(known)


async def _is_first(db: aiosqlite.Connection, listing: Listing) -> bool:
    """Say whether no paper of this day and category is listed yet."""
    rows = await db.execute_fetchall(
        "SELECT 1 FROM listing WHERE day = ? AND category = ? LIMIT 1", (listing.day.isoformat(), listing.category)
    )
    return not list(rows)


async def _record_papers(
    db: aiosqlite.Connection, listing: Listing, known: Mapping[str, _Known], after: Mapping[str, _Known]
) -> None:
    changed = [each for id_, each in after.items() if known.get(id_) != each]
    await db.executemany(
        """
        INSERT INTO paper (arxiv_id, version, day, has_code, title, abstract, raw_title, raw_abstract, authors,
                           categories, links, origins)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (arxiv_id) DO UPDATE SET
            version = excluded.version, day = excluded.day, has_code = excluded.has_code, title = excluded.title,
            abstract = excluded.abstract, raw_title = excluded.raw_title, raw_abstract = excluded.raw_abstract,
            authors = excluded.authors, categories = excluded.categories, links = excluded.links,
            origins = excluded.origins
        """,
        [_columns(each.paper, each.origins) for each in changed],
    )
    ids = {
        str(arxiv_id): int(row)
        for arxiv_id, row in await db.execute_fetchall(
            "SELECT p.arxiv_id, p.id FROM json_each(?) AS wanted JOIN paper AS p ON p.arxiv_id = wanted.value",
            (json.dumps(list(after)),),
        )
    }
    await db.executemany(
        """
        INSERT INTO listing (day, category, position, paper_id) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET position = excluded.position WHERE position <> excluded.position
        """,
        [
            (listing.day.isoformat(), listing.category, position, ids[id_])
            for position, id_ in enumerate(after, start=1)
        ],
    )
    # The index holds no text of its own, so forgetting a row means saying what was in it.
    old, new = [], []
    for each in changed:
        id_ = each.paper.id
        before = _words(known[id_].paper) if id_ in known else None
        now = _words(each.paper)
        if before != now:
            new.append((ids[id_], *now))
            if before:
                old.append((ids[id_], *before))
    await db.executemany(
        "INSERT INTO paper_words (paper_words, rowid, title, abstract, author, category) "
        "VALUES ('delete', ?, ?, ?, ?, ?)",
        old,
    )
    await db.executemany(
        "INSERT INTO paper_words (rowid, title, abstract, author, category) VALUES (?, ?, ?, ?, ?)", new
    )


def _columns(each: Paper, origins: Mapping[str, Listing]) -> tuple[object, ...]:
    return (
        each.id,
        each.version,
        min(each.listings).day.isoformat(),
        bool(each.code),
        each.title,
        each.abstract,
        each.raw_title if each.raw_title != each.title else None,
        each.raw_abstract if each.raw_abstract != each.abstract else None,
        json.dumps(each.authors),
        json.dumps(each.categories),
        json.dumps([(link.url, link.kind) for link in each.links]),
        json.dumps(
            {fact: (origins[fact].day.isoformat(), origins[fact].category) for fact in _FACTS if fact in origins}
        ),
    )


def _words(each: Paper) -> tuple[str, str, str, str]:
    return (
        " ".join(words(each.title)),
        " ".join(words(each.abstract)),
        f" {BARRIER} ".join(" ".join(words(name)) for name in each.authors),
        " ".join(sorted(category_words(each.every_category))),
    )


async def _morning(
    db: aiosqlite.Connection,
    listing: Listing,
    at: datetime,
    *,
    first: bool,
    fresh: tuple[Paper, ...],
) -> Morning:
    followings = await db.execute_fetchall(
        "SELECT platform, workspace, name, categories, count, schedule, owner FROM following "
        "JOIN destination ON id = room_id ORDER BY id"
    )
    subscriptions = await db.execute_fetchall(
        """
        SELECT platform, destination.workspace, name, number, query, since, muted, subscription.workspace
        FROM subscription JOIN destination ON id = person_id WHERE NOT muted ORDER BY person_id, number
        """
    )
    told: dict[str, dict[Destination, set[str]]] = {"alert": {}, "highlights": {}}
    for kind, arxiv_id, *to in await db.execute_fetchall(
        """
        SELECT told.kind, p.arxiv_id, d.platform, d.workspace, d.name
        FROM json_each(?) AS wanted JOIN paper AS p ON p.arxiv_id = wanted.value
        JOIN told ON told.paper_id = p.id JOIN destination AS d ON d.id = told.destination_id
        """,
        (json.dumps([each.id for each in fresh]),),
    ):
        told[kind].setdefault(destination(to), set()).add(str(arxiv_id))
    parts = await db.execute_fetchall(
        """
        SELECT platform, workspace, name, max(part) FROM outbox JOIN destination AS d ON d.id = destination_id
        WHERE kind = 'alert' AND day = ? AND NOT (state = 'pending' AND attempts = 0) GROUP BY d.id
        """,
        (listing.day.isoformat(),),
    )
    wishes = await db.execute_fetchall(
        """
        SELECT platform, workspace, name, pace, schedule, quiet, most FROM alerting
        JOIN destination ON id = person_id
        """
    )
    return Morning(
        listing.category,
        listing.day,
        at,
        first,
        fresh,
        tuple(following(destination(row[:3]), row[3:]) for row in followings),
        tuple(subscription(destination(row[:3]), row[3:]) for row in subscriptions),
        told=told["alert"],
        shown=told["highlights"],
        parts={destination(row[:3]): int(row[3]) for row in parts},
        alerting={destination(row[:3]): alerting(row[3:]) for row in wishes},
    )
