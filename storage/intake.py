"""Taking in a digest: one transaction that stores papers and listings, and what the plan says is owed for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import aiosqlite

from bot.model import Delivery, Digest, Listing, Paper
from bot.ports import Intake, Morning, Plan
from bot.query import category_words
from bot.words import BARRIER, words
from storage.rows import PAPER, Row, destination, following, listing_of, paper, scope, stamp, subscription


@dataclass(frozen=True, slots=True)
class _Known:
    """A paper as stored: its row's id, and the listing (day, category) that its text was taken from."""

    row: int
    paper: Paper
    text_from: Listing


async def take_in(db: aiosqlite.Connection, digest: Digest, plan: Plan, at: datetime) -> Intake:
    """Store a digest and what `plan` owes for it, within the transaction that is open on `db`."""
    listing = Listing(digest.day, digest.category)
    known = await _known(db, digest)
    after = {new.id: _merged(known.get(new.id), new, listing) for new in digest.papers}
    corrected = {id_ for id_, old in known.items() if _text(old.paper) != _text(after[id_])}
    fresh = tuple(
        after[id_] for id_ in after if id_ in corrected or id_ not in known or listing not in known[id_].paper.listings
    )
    first = await _record_digest(db, digest, at)
    await _record_papers(db, listing, known, after)
    owed = 0
    if fresh or first:
        morning = await _morning(db, listing, first=first, papers=tuple(after.values()), fresh=fresh)
        owed = await _owe(db, await asyncio.to_thread(lambda: list(plan(morning))), at)
    return Intake(len(after) - len(known), len(known), len(corrected), owed)


async def _known(db: aiosqlite.Connection, digest: Digest) -> dict[str, _Known]:
    rows = await db.execute_fetchall(
        f"SELECT {PAPER}, p.id, p.text_day, p.text_category FROM json_each(?) AS wanted "  # noqa: S608  # constants
        "JOIN paper AS p ON p.arxiv_id = wanted.value",
        (json.dumps([each.id for each in digest.papers]),),
    )
    known = (_Known(row, paper(columns), listing_of(day, category)) for *columns, row, day, category in rows)
    return {each.paper.id: each for each in known}


def _merged(known: _Known | None, new: Paper, listing: Listing) -> Paper:
    """Return a paper as it is after this digest: a later listing's text replaces, an earlier one's fills gaps."""
    if known is None:
        return replace(new, listings=(listing,))
    old = known.paper
    first, second = (new, old) if listing >= known.text_from else (old, new)
    text = first if first.abstract or not second.abstract else second
    return replace(
        first,
        abstract=text.abstract,
        raw_abstract=text.raw_abstract,
        links=text.links,
        authors=first.authors or second.authors,
        categories=tuple(dict.fromkeys([*first.categories, *second.categories])),
        version=first.version or second.version,
        listings=tuple(sorted({*old.listings, listing})),
    )


def _text(each: Paper) -> tuple[str, str]:
    return each.raw_title, each.raw_abstract


async def _record_digest(db: aiosqlite.Connection, digest: Digest, at: datetime) -> bool:
    """Write the digest's own row; return whether it is the first of its day and category."""
    day, refused = digest.day.isoformat(), [(r.line, r.reason, r.excerpt) for r in digest.refused]
    cursor = await db.execute(
        "INSERT INTO digest (day, category, refused, source, taken_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (day, digest.category, json.dumps(refused), digest.source, stamp(at)),
    )
    if cursor.rowcount:
        return True
    await db.execute(
        "UPDATE digest SET refused = ?1, source = ?2, taken_at = ?3 WHERE day = ?4 AND category = ?5 AND refused <> ?1",
        (json.dumps(refused), digest.source, stamp(at), day, digest.category),
    )
    return False


async def _record_papers(
    db: aiosqlite.Connection, listing: Listing, known: Mapping[str, _Known], after: Mapping[str, Paper]
) -> None:
    changed = [each for id_, each in after.items() if id_ not in known or known[id_].paper != each]
    await db.executemany(
        """
        INSERT INTO paper (arxiv_id, version, title, abstract, raw_title, raw_abstract, authors, categories, links,
                           has_code, day, text_day, text_category)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (arxiv_id) DO UPDATE SET
            version = excluded.version, title = excluded.title, abstract = excluded.abstract,
            raw_title = excluded.raw_title, raw_abstract = excluded.raw_abstract, authors = excluded.authors,
            categories = excluded.categories, links = excluded.links, has_code = excluded.has_code,
            day = excluded.day, text_day = excluded.text_day, text_category = excluded.text_category
        """,
        [_columns(each, max(listing, known[each.id].text_from) if each.id in known else listing) for each in changed],
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
        before = _words(known[each.id].paper) if each.id in known else None
        now = _words(each)
        if before != now:
            new.append((ids[each.id], *now))
            if before:
                old.append((ids[each.id], *before))
    await db.executemany(
        "INSERT INTO paper_words (paper_words, rowid, title, abstract, author, category) "
        "VALUES ('delete', ?, ?, ?, ?, ?)",
        old,
    )
    await db.executemany(
        "INSERT INTO paper_words (rowid, title, abstract, author, category) VALUES (?, ?, ?, ?, ?)", new
    )


def _columns(each: Paper, text_from: Listing) -> tuple[object, ...]:
    return (
        each.id,
        each.version,
        each.title,
        each.abstract,
        each.raw_title,
        each.raw_abstract,
        json.dumps(each.authors),
        json.dumps(each.categories),
        json.dumps([(link.url, link.kind) for link in each.links]),
        bool(each.code),
        min(each.listings).day.isoformat(),
        text_from.day.isoformat(),
        text_from.category,
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
    *,
    first: bool,
    papers: tuple[Paper, ...],
    fresh: tuple[Paper, ...],
) -> Morning:
    followings = await db.execute_fetchall(
        "SELECT platform, workspace, name, categories, count FROM following JOIN destination ON id = room_id "
        "ORDER BY id"
    )
    subscriptions = await db.execute_fetchall(
        "SELECT platform, workspace, name, number, query, since FROM subscription JOIN destination ON id = person_id "
        "ORDER BY person_id, number"
    )
    told: dict[Row, set[str]] = {}
    for *person, arxiv_id in await db.execute_fetchall(
        """
        SELECT d.platform, d.workspace, d.name, p.arxiv_id
        FROM json_each(?) AS wanted JOIN paper AS p ON p.arxiv_id = wanted.value
        JOIN told ON told.paper_id = p.id JOIN destination AS d ON d.id = told.person_id
        """,
        (json.dumps([each.id for each in fresh]),),
    ):
        told.setdefault(tuple(person), set()).add(str(arxiv_id))
    parts = await db.execute_fetchall(
        """
        SELECT platform, workspace, name, max(part) FROM outbox JOIN destination AS d ON d.id = destination_id
        WHERE kind = 'alert' AND day = ? AND category = ? GROUP BY d.id
        """,
        (listing.day.isoformat(), listing.category),
    )
    return Morning(
        listing.category,
        listing.day,
        first,
        papers,
        fresh,
        tuple(following(destination(row[:3]), row[3:]) for row in followings),
        tuple(subscription(destination(row[:3]), row[3:]) for row in subscriptions),
        {destination(person): frozenset(ids) for person, ids in told.items()},
        {destination(row[:3]): int(row[3]) for row in parts},
    )


async def _owe(db: aiosqlite.Connection, deliveries: Iterable[Delivery], at: datetime) -> int:
    """Put deliveries in the outbox, each once by its business key; return how many of them are new."""
    owed = 0
    for each in deliveries:
        cursor = await db.execute(
            """
            INSERT INTO outbox (destination_id, kind, day, category, part, picks, created_at)
            SELECT id, ?, ?, ?, ?, ?, ? FROM destination WHERE (platform, workspace, name) = (?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            (
                each.kind,
                each.day.isoformat(),
                each.category,
                each.part,
                json.dumps([(pick.paper, pick.reasons, pick.subscriptions) for pick in each.picks]),
                stamp(at),
                *scope(each.to),
            ),
        )
        owed += cursor.rowcount
        if each.kind == "alert":
            await db.execute(
                """
                INSERT INTO told (person_id, paper_id)
                SELECT d.id, p.id FROM destination AS d, json_each(?) AS wanted
                JOIN paper AS p ON p.arxiv_id = wanted.value
                WHERE (d.platform, d.workspace, d.name) = (?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                (json.dumps([pick.paper for pick in each.picks]), *scope(each.to)),
            )
    return owed
