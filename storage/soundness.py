"""What must hold of a sound database, beyond what SQLite knows of it: what is written twice says the same twice.

SQLite keeps no checksum: a letter that has changed in a text is a text. So a paper has one of its own, and what is
worked out from papers (the index, the vocabulary, the counts) is worked out again. That reads everything once, for the
memory it takes does not grow with it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import TypeVar
from zlib import crc32
from zoneinfo import ZoneInfo

from bot.search.grammar import parse
from storage.index import entry
from storage.rows import PAPER, checksum, paper, stamp
from storage.schema import MIGRATIONS, TABLES, tables
from storage.vocabulary import parts

_Value = TypeVar("_Value")

# Each finds rows that are not as the others say.
_COUNTS = {
    "the tally": """
        SELECT 1 FROM tally
        WHERE (papers, with_authors, digests) <> (
            (SELECT count(*) FROM paper), (SELECT count(*) FROM paper WHERE authors <> '[]'),
            (SELECT count(*) FROM edition WHERE category <> '')
        )
        UNION ALL SELECT 1 WHERE (SELECT count(*) FROM tally) <> 1
    """,
    "the counts of the days": """
        SELECT 1 FROM edition AS e WHERE category <> '' AND papers <> (
            SELECT count(*) FROM listing AS l WHERE (l.day, l.category) = (e.day, e.category)
        )
        UNION ALL SELECT 1 FROM edition AS e WHERE category = '' AND papers <> (
            SELECT count(DISTINCT paper_id) FROM listing AS l WHERE l.day = e.day
        )
        UNION ALL SELECT 1 FROM (SELECT DISTINCT day, category FROM listing) AS l
            WHERE NOT EXISTS (SELECT 1 FROM edition AS e WHERE (e.category, e.day) = (l.category, l.day))
        UNION ALL SELECT 1 FROM digest AS d
            WHERE NOT EXISTS (SELECT 1 FROM edition AS e WHERE (e.category, e.day) = (d.category, d.day))
    """,
    "the counts of what was listed before": """
        WITH found AS (
            SELECT day, before, count(*) FROM (
                SELECT day, lag(day) OVER (PARTITION BY paper_id ORDER BY day) AS before
                FROM (SELECT DISTINCT paper_id, day FROM listing)
            ) WHERE before IS NOT NULL GROUP BY day, before
        ), kept AS (SELECT day, before, papers FROM relisting WHERE papers <> 0)
        SELECT 1 FROM (SELECT * FROM found EXCEPT SELECT * FROM kept)
        UNION ALL SELECT 1 FROM (SELECT * FROM kept EXCEPT SELECT * FROM found)
    """,
    "the links of people": "SELECT 1 FROM link WHERE home_id IN (SELECT alias_id FROM link)",
    "the papers of deliveries": """
        SELECT 1 FROM outbox, json_each(picks)
        WHERE NOT EXISTS (SELECT 1 FROM paper WHERE arxiv_id = json_extract(value, '$[0]'))
    """,
}
# All columns of texts, but those of papers, which have a checksum.
_TEXTS = """
    SELECT t.name, c.name FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'paper' AND c.type = 'TEXT'
"""
# Which columns hold what; a value that is NULL where it may be is none.
_KINDS = {
    "instant": (
        *("digest.taken_at", "destination.paused_at", "destination.failing_since", "subscription.since"),
        *("outbox.due", "outbox.not_before", "outbox.tried_at", "outbox.created_at", "reaction.at", "share.at"),
        *("report.since", "report.checked_at", "report.failing", "closed.since", "closed.erase_at", "ledger.until"),
        *("gap.since", "gap.until", "subscription.muted_until", "alerting.away_until", "saved.at", "feed.since"),
        *("nomination.at", "meeting.starts", "meeting.at", "club.since", "link_code.until"),
    ),
    "day": (
        *("digest.day", "listing.day", "edition.day", "relisting.day", "relisting.before", "outbox.day"),
        *("outbox.since", "report.day", "meeting.day", "nomination.met"),
    ),
    "json": ("digest.refused", "following.categories", "outbox.picks", "alerting.quiet"),
    "schedule": ("following.schedule", "alerting.schedule", "club.schedule"),
}


def flaws(db: sqlite3.Connection) -> Iterator[str]:
    """Yield in words what is wrong with a database of ours; SQLite's error where it cannot even be read."""
    # What is no text in UTF-8 must be told of as well.
    db.text_factory = lambda text: text.decode("utf-8", "replace")
    found = [in_line(row) for (row,) in db.execute("PRAGMA integrity_check(10)") if row != "ok"]
    yield from found
    if found:
        return
    ((version,),) = db.execute("PRAGMA user_version")
    if db.execute(TABLES).fetchall() != tables(MIGRATIONS[:version]):
        yield f"the tables are not those of schema {version}"
        return
    for table, _, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"a row of {table} belongs to a row of {parent} that is not there"
    if version < len(MIGRATIONS):
        return  # the rest is of today's tables
    values = list(_values(db))
    yield from values
    if values:
        return  # what goes on reads them
    for what, wrong in _COUNTS.items():
        if db.execute(wrong).fetchone():
            yield f"{what} are not what they should be"
    yield from _papers(db)
    if _near_kept(db) != _near_expected(db):
        yield "what misspelt words may mean is not kept for the words there are"


def in_line(said: str) -> str:
    """Return what SQLite's check says of a database as one line."""
    return said.removeprefix("*** in database main ***\n").replace("\n", "; ")


def _papers(db: sqlite3.Connection) -> Iterator[str]:
    """Hold the papers against their checksums, and what is worked out from them against what is kept of it."""
    indexed = words = 0
    rows = db.execute(
        f"""
        SELECT {PAPER}, p.id, p.checksum, p.arxiv_id, p.version, p.title, p.abstract, p.raw_title, p.raw_abstract,
               p.authors, p.categories, p.links, p.origins
        FROM paper AS p
        """  # noqa: S608  # a constant
    )
    for row in rows:
        id_, kept, *columns = row[10:]
        if kept != checksum(columns):
            yield f"the paper {columns[0]!r} is not as it was written"
            return
        has = entry(paper(row[:10]))
        # As the index has them: its tokenizer folds what is ASCII.
        indexed += id_ * sum(map(crc32, set(has.tokens.encode().lower().split(b" "))))
        words += sum(map(_number, has.words))
    db.execute("CREATE VIRTUAL TABLE temp.indexed USING fts5vocab(main, paper_words, instance)")
    if indexed != sum(_number(term) * ids for term, ids in db.execute("SELECT term, sum(doc) FROM indexed GROUP BY 1")):
        yield "the index is not that of the papers"
    if words != sum(_number(word) * papers for word, papers in db.execute("SELECT word, papers FROM word")):
        yield "the words are not those of the papers"


def _near_kept(db: sqlite3.Connection) -> int:
    every = db.execute("SELECT part, words FROM deletion")
    return sum((part + 1) * _number(word) for part, words in every for word in words.split(" "))


def _near_expected(db: sqlite3.Connection) -> int:
    meant = db.execute("SELECT word FROM word WHERE meant = 1")
    return sum((part + 1) * _number(word) for (word,) in meant for part in parts(word))


def _number(text: str) -> int:
    return crc32(text.encode("utf-8", "replace"))


def _values(db: sqlite3.Connection) -> Iterator[str]:
    checks: dict[str, Callable[[str], object]] = {
        "instant": lambda text: stamp(datetime.fromisoformat(text)) == text,
        "day": lambda text: date.fromisoformat(text).isoformat() == text,
        "json": json.loads,
        "schedule": _schedule,
        "text": str,
    }
    for kind, check in checks.items():
        # As bytes: Python refuses to be called with what is no text.
        db.create_function("is_sound", 1, lambda data, check=check: _is_sound(lambda raw: check(raw.decode()), data))
        named = [each.partition(".")[::2] for each in _KINDS.get(kind, ())]
        for table, column in named or db.execute(_TEXTS).fetchall():
            wrong = f"SELECT 1 FROM {table} WHERE {column} IS NOT NULL AND NOT is_sound(CAST({column} AS BLOB))"  # noqa: S608
            if db.execute(wrong).fetchone():
                yield f"{table} has a {column} that is no {kind}"
    for query, meaning in db.execute("SELECT query, meaning FROM subscription"):
        if not _is_sound(lambda text: parse(text).key, query, meaning):
            yield "a subscription is not what its query means"
            return


def _schedule(text: str) -> bool:
    start, zone, days = json.loads(text)
    return bool(time.fromisoformat(start) and ZoneInfo(zone) and set(days) <= set(range(7)))


def _is_sound(check: Callable[[_Value], object], value: _Value, expected: object = None) -> bool:
    try:
        found = check(value)
    except Exception:  # noqa: BLE001  # whatever reading a value raises: it is none
        return False
    return found is not False and expected in (None, found)
