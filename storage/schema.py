"""The schema as a list of migrations: append, never edit. Each runs in one transaction with its `user_version`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing

# "PWIR": tells a Paperwire database from any other SQLite file.
APPLICATION_ID = 0x50574952

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE paper (
        id           INTEGER PRIMARY KEY,  -- later ones are of later days: see storage/index.py
        arxiv_id     TEXT NOT NULL UNIQUE,
        version      INTEGER,
        title        TEXT NOT NULL,
        abstract     TEXT NOT NULL,
        raw_title    TEXT,  -- NULL where it is the shown one, as most are
        raw_abstract TEXT,
        authors      TEXT NOT NULL,  -- JSON array of names
        categories   TEXT NOT NULL,  -- JSON array of codes, as the source declares them
        links        TEXT NOT NULL,  -- JSON array of [url, kind]
        -- JSON object: for each fact (title, abstract, authors, ...) the [day, category] of the listing that told it. A
        -- later one replaces it, an earlier one does not, so the order of taking digests in makes no difference.
        origins      TEXT NOT NULL,
        checksum     INTEGER NOT NULL  -- of all this but the id: see storage/soundness.py
    ) STRICT;

    -- What queries see: the tokens that storage/index.py makes, so the tokenizer has nothing left to do but split.
    CREATE VIRTUAL TABLE paper_words USING fts5(
        tokens, content='', detail=none, columnsize=0, tokenize="ascii"
    );

    -- In how many papers each folded word is.
    CREATE TABLE word (
        word   TEXT PRIMARY KEY,
        papers INTEGER NOT NULL,
        meant  INTEGER NOT NULL DEFAULT 0  -- 1 where it may be what a misspelt one means
    ) STRICT, WITHOUT ROWID;
    -- The words that may be meant, by what is left of their beginnings without a letter or two: storage/vocabulary.py.
    CREATE TABLE deletion (
        part  INTEGER PRIMARY KEY,  -- its CRC-32: half the size of the letters in a table that is mostly keys
        words TEXT NOT NULL  -- a space between
    ) STRICT;

    -- Each text that was taken in as a digest: the same one again is known by its fingerprint and changes nothing.
    CREATE TABLE digest (
        id          INTEGER PRIMARY KEY,
        day         TEXT NOT NULL,
        category    TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        source      TEXT NOT NULL,
        refused     TEXT NOT NULL,  -- JSON array of [line, reason, excerpt, is_entry]
        taken_at    TEXT NOT NULL,
        UNIQUE (day, category, fingerprint, source)
    ) STRICT;

    CREATE TABLE listing (
        day      TEXT NOT NULL,
        category TEXT NOT NULL,
        paper_id INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        -- Behind the key: SQLite 3.40's integrity_check misreads a column before it in such a table.
        position INTEGER NOT NULL,
        PRIMARY KEY (day, category, paper_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX listing_paper ON listing (paper_id, day, category);

    -- What is counted of all this, so that nobody walks it to know how much it is: see storage/tally.py.
    CREATE TABLE tally (
        papers       INTEGER NOT NULL,
        with_authors INTEGER NOT NULL,
        digests      INTEGER NOT NULL  -- of how many days and categories there is one
    ) STRICT;
    INSERT INTO tally VALUES (0, 0, 0);
    -- How many papers a category lists on a day; those of the category '' are all of the day, each counted once.
    CREATE TABLE edition (
        category TEXT NOT NULL,
        day      TEXT NOT NULL,
        papers   INTEGER NOT NULL,
        PRIMARY KEY (category, day)
    ) STRICT, WITHOUT ROWID;
    -- How many of a day's papers were listed before, by the last day that had them.
    CREATE TABLE relisting (
        day    TEXT NOT NULL,
        before TEXT NOT NULL,
        papers INTEGER NOT NULL,
        PRIMARY KEY (day, before)
    ) STRICT, WITHOUT ROWID;

    -- A room or a person: the scope of everything below.
    CREATE TABLE destination (
        id        INTEGER PRIMARY KEY,
        platform  TEXT NOT NULL,
        workspace TEXT NOT NULL,
        name      TEXT NOT NULL,
        paused    TEXT,  -- the platform's code for why nothing can be sent there, or NULL
        paused_at TEXT,
        numbered  INTEGER NOT NULL DEFAULT 0,  -- the last subscription number given: none is given twice
        failing_since TEXT,  -- when the first was tried of those that failed without one between that arrived
        refused   INTEGER NOT NULL DEFAULT 0,  -- how many in a row the platform would not take
        UNIQUE (platform, workspace, name)
    ) STRICT;
    CREATE INDEX destination_paused ON destination (id) WHERE paused IS NOT NULL;

    CREATE TABLE subscription (
        person_id INTEGER NOT NULL REFERENCES destination (id),
        number    INTEGER NOT NULL,
        query     TEXT NOT NULL,
        meaning   TEXT NOT NULL,
        since     TEXT NOT NULL,
        muted     INTEGER NOT NULL DEFAULT 0,
        workspace TEXT NOT NULL,  -- where it was made
        PRIMARY KEY (person_id, number),
        UNIQUE (person_id, meaning)
    ) STRICT, WITHOUT ROWID;
    -- How often subscriptions changed: who keeps them in memory sees whether they are still as they were.
    CREATE TABLE subscribing (changes INTEGER NOT NULL) STRICT;
    INSERT INTO subscribing VALUES (0);
    CREATE TRIGGER subscription_made AFTER INSERT ON subscription
    BEGIN UPDATE subscribing SET changes = changes + 1; END;
    CREATE TRIGGER subscription_changed AFTER UPDATE ON subscription
    BEGIN UPDATE subscribing SET changes = changes + 1; END;
    CREATE TRIGGER subscription_deleted AFTER DELETE ON subscription
    BEGIN UPDATE subscribing SET changes = changes + 1; END;

    CREATE TABLE following (
        room_id    INTEGER PRIMARY KEY REFERENCES destination (id),
        categories TEXT NOT NULL,  -- JSON array of codes; empty: all
        count      INTEGER NOT NULL,
        schedule   TEXT NOT NULL,  -- JSON array of start (ISO time), zone, [weekday, ...]
        owner      TEXT  -- the address of who set it up last
    ) STRICT;

    CREATE TABLE outbox (
        -- None is given twice: what is being sent may be erased meanwhile, and is settled all the same.
        id             INTEGER PRIMARY KEY AUTOINCREMENT,
        destination_id INTEGER NOT NULL REFERENCES destination (id),
        kind           TEXT NOT NULL,
        day            TEXT NOT NULL,
        topic          TEXT NOT NULL,  -- of highlights the category, of a notice the room
        part           INTEGER NOT NULL,
        since          TEXT,  -- the first day, where several were merged; day is the last
        picks          TEXT NOT NULL,  -- JSON array of [arXiv id, [reason, ...]]
        state          TEXT NOT NULL DEFAULT 'pending'
                       CHECK (state IN ('pending', 'sending', 'sent', 'dead', 'expired', 'merged', 'held')),
        uncertain      INTEGER NOT NULL DEFAULT 0,
        attempts       INTEGER NOT NULL DEFAULT 0,
        due            TEXT,  -- when it was wanted; NULL: at once
        not_before     TEXT,  -- that, or when it is next tried, or until when it is held
        tried_at       TEXT,  -- first, since it was last owed anew or let go by a pause
        code           TEXT NOT NULL DEFAULT '',
        created_at     TEXT NOT NULL,
        UNIQUE (destination_id, kind, day, topic, part)
    ) STRICT;
    -- So that a claim looks neither at what was ever sent nor at what is not due yet, and passes over what is paused
    -- without reading it.
    CREATE INDEX outbox_due ON outbox (coalesce(not_before, ''), id, destination_id) WHERE state = 'pending';
    CREATE INDEX outbox_open ON outbox (destination_id, id) WHERE state IN ('pending', 'sending');
    -- So that a claim finds what was tried, or owed, by a clock that was ahead.
    CREATE INDEX outbox_tried ON outbox (tried_at) WHERE state = 'pending' AND tried_at IS NOT NULL;
    CREATE INDEX outbox_created ON outbox (created_at) WHERE state = 'pending';
    -- So that a start finds at once what a crash left on its way.
    CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';
    -- So that composing a message does not, to know what expired before it.
    CREATE INDEX outbox_expired ON outbox (destination_id, kind, id) WHERE state = 'expired';
    -- So that taking in a digest does not, either, to know the day's alerts.
    CREATE INDEX outbox_alerts ON outbox (day) WHERE kind = 'alert';

    -- Where a backup was restored, the time of which nothing is known here: see storage/fence.py.
    CREATE TABLE gap (
        since TEXT NOT NULL,  -- the last that the backup knew of
        until TEXT NOT NULL  -- when it was restored
    ) STRICT;

    -- Which papers a person was alerted to, or a room shown: never the same one twice, whatever lists it again. A
    -- person may have highlights as well as alerts: each is for itself.
    CREATE TABLE told (
        paper_id       INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        destination_id INTEGER NOT NULL REFERENCES destination (id),
        kind           TEXT NOT NULL,  -- of the delivery
        PRIMARY KEY (paper_id, destination_id, kind)
    ) STRICT, WITHOUT ROWID;
    -- So that deleting a destination does not look at everyone's.
    CREATE INDEX told_destination ON told (destination_id);

    -- How people want to be alerted who said so.
    CREATE TABLE alerting (
        person_id INTEGER PRIMARY KEY REFERENCES destination (id),
        pace      TEXT NOT NULL,
        schedule  TEXT NOT NULL,  -- as a following's
        quiet     TEXT,  -- JSON array of two ISO times
        most      INTEGER NOT NULL
    ) STRICT;

    -- What people of a room want more or fewer papers like.
    CREATE TABLE reaction (
        room_id   INTEGER NOT NULL REFERENCES destination (id),
        paper_id  INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        person_id INTEGER NOT NULL REFERENCES destination (id),
        value     INTEGER NOT NULL CHECK (value IN (-1, 1)),
        at        TEXT NOT NULL,
        PRIMARY KEY (room_id, paper_id, person_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reaction_person ON reaction (person_id);
    CREATE INDEX reaction_paper ON reaction (paper_id);

    -- How the sources of digests are doing.
    CREATE TABLE report (
        source     TEXT PRIMARY KEY,
        state      TEXT NOT NULL,
        detail     TEXT NOT NULL,
        since      TEXT NOT NULL,
        checked_at TEXT NOT NULL,
        day        TEXT,
        failing    TEXT
    ) STRICT, WITHOUT ROWID;

    -- Workspaces that nothing is sent to any more.
    CREATE TABLE closed (
        platform  TEXT NOT NULL,
        workspace TEXT NOT NULL,
        code      TEXT NOT NULL,  -- the platform's word for why
        since     TEXT NOT NULL,
        erase_at  TEXT,  -- when everything of the workspace goes; NULL: never by itself
        PRIMARY KEY (platform, workspace)
    ) STRICT, WITHOUT ROWID;

    -- What a platform's adapter remembers. A key that is W or begins with W/ is erased with the workspace W; an entry
    -- that is no workspace's has its time.
    CREATE TABLE ledger (
        platform TEXT NOT NULL,
        kind     TEXT NOT NULL,
        key      TEXT NOT NULL,
        value    TEXT NOT NULL,
        sealed   INTEGER NOT NULL,
        until    TEXT,
        PRIMARY KEY (platform, kind, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX ledger_until ON ledger (until) WHERE until IS NOT NULL;
    """,
    """
    -- Until when nothing is told: of a subscription, and to a person at all.
    ALTER TABLE subscription ADD COLUMN muted_until TEXT;
    CREATE INDEX subscription_muted_until ON subscription (muted_until) WHERE muted_until IS NOT NULL;
    ALTER TABLE alerting ADD COLUMN away_until TEXT;
    -- Whether what is liked there changes what comes first.
    ALTER TABLE destination ADD COLUMN learns INTEGER NOT NULL DEFAULT 1;

    -- What a person keeps, and under which tags.
    CREATE TABLE saved (
        person_id INTEGER NOT NULL REFERENCES destination (id),
        paper_id  INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        at        TEXT NOT NULL,
        PRIMARY KEY (person_id, paper_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX saved_paper ON saved (paper_id);
    CREATE TABLE tag (
        person_id INTEGER NOT NULL,
        tag       TEXT NOT NULL,
        paper_id  INTEGER NOT NULL,
        PRIMARY KEY (person_id, tag, paper_id),
        FOREIGN KEY (person_id, paper_id) REFERENCES saved (person_id, paper_id) ON UPDATE CASCADE ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tag_saved ON tag (person_id, paper_id);

    -- The addresses behind which a subscription's papers are a feed: only what they hash to.
    CREATE TABLE feed (
        secret    TEXT PRIMARY KEY,  -- SHA-256 of what the address ends with
        person_id INTEGER NOT NULL,
        number    INTEGER NOT NULL,
        since     TEXT NOT NULL,
        UNIQUE (person_id, number),
        FOREIGN KEY (person_id, number) REFERENCES subscription (person_id, number) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;

    -- On which weekday a room wants to be told of its week (Monday is 0); NULL: never.
    ALTER TABLE following ADD COLUMN weekly INTEGER;

    -- What people who want to be named are called, in each workspace for itself.
    CREATE TABLE naming (
        person_id INTEGER NOT NULL REFERENCES destination (id),
        platform  TEXT NOT NULL,
        workspace TEXT NOT NULL,
        known_as  TEXT NOT NULL,
        PRIMARY KEY (person_id, platform, workspace)
    ) STRICT, WITHOUT ROWID;

    -- Which papers people put before a room.
    CREATE TABLE share (
        room_id   INTEGER NOT NULL REFERENCES destination (id),
        paper_id  INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        person_id INTEGER NOT NULL REFERENCES destination (id),
        at        TEXT NOT NULL,
        PRIMARY KEY (room_id, paper_id, person_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX share_person ON share (person_id);
    CREATE INDEX share_paper ON share (paper_id);

    -- A room's journal club: when it meets, and what it may talk about.
    CREATE TABLE club (
        room_id  INTEGER PRIMARY KEY REFERENCES destination (id),
        schedule TEXT NOT NULL,  -- as a following's, of one weekday: when it meets
        count    INTEGER NOT NULL,  -- papers of a meeting
        notice   INTEGER NOT NULL,  -- minutes before it when the agenda is posted
        owner    TEXT,  -- the address of who set it up last
        since    TEXT NOT NULL  -- it meets at these times
    ) STRICT;
    -- The meetings that have an agenda, or do not take place.
    CREATE TABLE meeting (
        room_id INTEGER NOT NULL REFERENCES destination (id),
        day     TEXT NOT NULL,  -- in the room's zone
        starts  TEXT NOT NULL,
        skipped INTEGER NOT NULL,
        at      TEXT NOT NULL,  -- when that was settled: what is nominated later is for the next
        PRIMARY KEY (room_id, day)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE nomination (
        room_id      INTEGER NOT NULL REFERENCES destination (id),
        paper_id     INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        person_id    INTEGER REFERENCES destination (id),  -- who nominated it; NULL once they are forgotten
        presenter_id INTEGER REFERENCES destination (id),
        at           TEXT NOT NULL,
        met          TEXT,  -- the day of the meeting that had it on its agenda
        PRIMARY KEY (room_id, paper_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX nomination_person ON nomination (person_id);
    CREATE INDEX nomination_presenter ON nomination (presenter_id);
    CREATE INDEX nomination_paper ON nomination (paper_id);
    CREATE TABLE vote (
        room_id   INTEGER NOT NULL,
        paper_id  INTEGER NOT NULL,
        person_id INTEGER NOT NULL REFERENCES destination (id),
        PRIMARY KEY (room_id, paper_id, person_id),
        FOREIGN KEY (room_id, paper_id) REFERENCES nomination (room_id, paper_id) ON UPDATE CASCADE ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX vote_person ON vote (person_id);

    -- Which addresses are one person's: all of theirs is at home, under the one where they were last: storage/links.py.
    CREATE TABLE link (
        alias_id INTEGER PRIMARY KEY REFERENCES destination (id),
        home_id  INTEGER NOT NULL REFERENCES destination (id)
    ) STRICT;
    CREATE INDEX link_home ON link (home_id);
    CREATE TABLE link_code (
        code      TEXT PRIMARY KEY,  -- SHA-256 of it
        person_id INTEGER NOT NULL UNIQUE REFERENCES destination (id),
        until     TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- The platform where it was made, if that is not where its person is now.
    ALTER TABLE subscription ADD COLUMN made_on TEXT;
    -- So that who counts what people of a workspace follow does not look at everyone's.
    CREATE INDEX subscription_workspace ON subscription (workspace);
    """,
)

# What a schema consists of, as SQLite tells of it.
TABLES = """
    SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' AND name NOT LIKE 'paper_words_%'
    ORDER BY type, name
"""


def tables(migrations: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return what `TABLES` finds in a database that went through some migrations."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        for script in migrations:
            fresh.executescript(script)
        return fresh.execute(TABLES).fetchall()
