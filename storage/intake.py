"""Taking in a digest: one transaction that stores papers and listings, and what the plan says is owed for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import islice

import aiosqlite

from bot.model import Digest, Listing, Paper
from bot.ports import Intake, Plan
from storage import vocabulary
from storage.index import Entry, entry, row_numbers
from storage.mornings import Mornings
from storage.outbox import owe
from storage.people import wake
from storage.rows import PAPER, checksum, listing_of, paper, stamp
from storage.tally import count_in

_AT_ONCE = 100  # deliveries

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
    """A paper as stored, and for each fact that it has the listing (day, category) that told it.

    `id` is its row number, 0 while it has none.
    """

    paper: Paper
    origins: Mapping[str, Listing]
    id: int = 0

    @property
    def day(self) -> date:
        """The day that its row number stands for."""
        return min(self.paper.listings).day


async def take_in(
    db: aiosqlite.Connection,
    digest: Digest,
    plan: Plan,
    at: datetime,
    hold_until: datetime | None,
    mornings: Mornings,
) -> Intake:
    """Store a digest and what `plan` owes for it, within the transaction that is open on `db`.

    What is worked out for each paper is worked out in a thread: meanwhile others are answered.
    """
    await wake(db, at)
    listing = Listing(digest.day, digest.category)
    known = await _known(db, digest)
    if not await _record_digest(db, digest, at):
        return Intake(0, len(known), 0, 0)
    first = await _is_first(db, listing)
    after = await asyncio.to_thread(lambda: {new.id: _merged(known.get(new.id), new, listing) for new in digest.papers})
    corrected, fresh = await asyncio.to_thread(_news, listing, known, after)
    await _record_papers(db, listing, known, after)
    before = {id_: old.paper for id_, old in known.items()}
    await count_in(db, listing, before, {id_: each.paper for id_, each in after.items()})
    owed = 0
    if fresh or first:
        morning = await mornings.read(db, listing, at, first=first, fresh=fresh)
        planned = iter(plan(morning))
        # A few at a time: never are all in memory, nor does writing them hold anybody up.
        while some := await asyncio.to_thread(lambda: list(islice(planned, _AT_ONCE))):
            owed += await owe(db, some, at, hold_until)
    return Intake(len(after) - len(known), len(known), len(corrected), owed)


def _news(
    listing: Listing, known: Mapping[str, _Known], after: Mapping[str, _Known]
) -> tuple[set[str], tuple[Paper, ...]]:
    """Return the ids of the papers whose text changed, and the papers that there is something new to say of."""
    corrected = {id_ for id_, old in known.items() if _text(old.paper) != _text(after[id_].paper)}
    fresh = tuple(
        each.paper
        for id_, each in after.items()
        if id_ in corrected
        or id_ not in known
        or listing not in known[id_].paper.listings
        or _is_attributed(known[id_].paper, each.paper)
    )
    return corrected, fresh


async def _known(db: aiosqlite.Connection, digest: Digest) -> dict[str, _Known]:
    rows = await db.execute_fetchall(
        f"SELECT {PAPER}, p.origins, p.id FROM json_each(?) AS wanted "  # noqa: S608  # constants
        "JOIN paper AS p ON p.arxiv_id = wanted.value",
        (json.dumps([each.id for each in digest.papers]),),
    )
    return await asyncio.to_thread(
        lambda: {
            str(columns[0]): _Known(
                paper(columns), {fact: listing_of(*where) for fact, where in json.loads(origins).items()}, id_
            )
            for *columns, origins, id_ in rows
        }
    )


def _merged(known: _Known | None, new: Paper, listing: Listing) -> _Known:
    """Return a paper as it is after this digest: each fact as the latest listing has it that tells it at all."""
    told = [fact for fact, fields in _FACTS.items() if any(getattr(new, field) for field in fields)]
    if known is None:
        return _Known(replace(new, listings=(listing,)), dict.fromkeys(told, listing))
    newer = [fact for fact in told if listing >= known.origins.get(fact, listing)]
    news = {field: getattr(new, field) for fact in newer for field in _FACTS[fact]}
    listings = tuple(sorted({*known.paper.listings, listing}))
    origins = {**known.origins, **dict.fromkeys(newer, listing)}
    return _Known(replace(known.paper, **news, listings=listings), origins, known.id)


def _text(each: Paper) -> tuple[str, str]:
    return each.raw_title, each.raw_abstract


def _is_attributed(before: Paper, after: Paper) -> bool:
    """Say whether a paper's authors or its categories became known."""
    return bool((after.authors and not before.authors) or (after.categories and not before.categories))


async def _record_digest(db: aiosqlite.Connection, digest: Digest, at: datetime) -> bool:
    """Write down that this text was taken in; return whether it is new."""
    refused = [astuple(each) for each in digest.refused]
    fingerprint = await asyncio.to_thread(
        lambda: blake2b(repr((digest.papers, refused)).encode(), digest_size=16).hexdigest()
    )
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


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is written of papers that changed: columns with the row number last, and what the index has of each."""

    known: list[tuple[object, ...]]
    new: list[tuple[object, ...]]
    left: dict[int, Entry]
    came: dict[int, Entry]


async def _record_papers(
    db: aiosqlite.Connection, listing: Listing, known: Mapping[str, _Known], after: Mapping[str, _Known]
) -> None:
    changed = [each for id_, each in after.items() if known.get(id_) != each]
    # A paper that is new, or was first listed earlier than was known, has its number among those of this day.
    moved = [each for each in changed if not each.id or each.day != known[each.paper.id].day]
    free = await _free(db, listing.day, len(moved))
    ids = {each.paper.id: each.id for each in after.values()}
    ids |= {each.paper.id: id_ for each, id_ in zip(moved, free, strict=True)}
    written = await asyncio.to_thread(_rows, changed, known, ids)
    await db.executemany(
        "UPDATE paper SET id = ? WHERE id = ?", [(ids[each.paper.id], each.id) for each in moved if each.id]
    )
    await db.executemany(
        """
        UPDATE paper SET (version, title, abstract, raw_title, raw_abstract, authors, categories, links, origins)
            = (?, ?, ?, ?, ?, ?, ?, ?, ?), checksum = ? WHERE id = ?
        """,
        written.known,
    )
    await db.executemany(
        """
        INSERT INTO paper (arxiv_id, version, title, abstract, raw_title, raw_abstract, authors, categories, links,
                           origins, checksum, id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        written.new,
    )
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
    await db.executemany(
        "INSERT INTO paper_words (paper_words, rowid, tokens) VALUES ('delete', ?, ?)",
        [(id_, each.tokens) for id_, each in written.left.items()],
    )
    await db.executemany(
        "INSERT INTO paper_words (rowid, tokens) VALUES (?, ?)",
        [(id_, each.tokens) for id_, each in written.came.items()],
    )
    await vocabulary.record(
        db, [each.words for each in written.left.values()], [each.words for each in written.came.values()]
    )


def _rows(changed: Iterable[_Known], known: Mapping[str, _Known], ids: Mapping[str, int]) -> _Rows:
    rows = _Rows([], [], {}, {})
    # Upwards: a number below the last one makes FTS5 write out what it has gathered, and SQLite split a page.
    for each in sorted(changed, key=lambda each: ids[each.paper.id]):
        id_ = ids[each.paper.id]
        columns = _columns(each.paper, each.origins)
        columns = (*columns, checksum((each.paper.id, *columns)), id_)
        now = entry(each.paper)
        if not each.id:
            rows.new.append((each.paper.id, *columns))
            rows.came[id_] = now
            continue
        rows.known.append(columns)
        before = entry(known[each.paper.id].paper)
        if (each.id, before) != (id_, now):
            rows.left[each.id], rows.came[id_] = before, now
    return rows


async def _free(db: aiosqlite.Connection, day: date, count: int) -> list[int]:
    """Return so many row numbers for papers of a day that no paper has, the highest first: so are they shown.

    When a day is full, its last ones stand with those of the day before.
    """
    free: list[int] = []
    while len(free) < count:
        first, last = row_numbers(day)
        ((taken,),) = await db.execute_fetchall("SELECT min(id) FROM paper WHERE id BETWEEN ? AND ?", (first, last))
        highest = last if taken is None else taken - 1
        free += range(highest, max(first - 1, highest - (count - len(free))), -1)
        day -= timedelta(days=1)
    return free


def _columns(each: Paper, origins: Mapping[str, Listing]) -> tuple[object, ...]:
    return (
        each.version,
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
