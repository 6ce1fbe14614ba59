PRAGMA application_id = 1347897682;
PRAGMA user_version = 2;
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
INSERT INTO "paper" VALUES (3029491710, '2601.00002', NULL, 'Elephants', 'They are large.', NULL, NULL, '[]', '[]', '[]', '{"title": ["2026-01-05", "cs.CV"], "abstract": ["2026-01-05", "cs.CV"]}', 3965806026);
INSERT INTO "paper" VALUES (3029491711, '2601.00001', NULL, 'Point clouds at home', 'We look at clouds.', NULL, NULL, '[]', '[]', '[]', '{"title": ["2026-01-05", "cs.CV"], "abstract": ["2026-01-05", "cs.CV"]}', 1842636959);
CREATE VIRTUAL TABLE paper_words USING fts5(
        tokens, content='', detail=none, columnsize=0, tokenize="ascii"
    );
DELETE FROM "paper_words_data";
INSERT INTO "paper_words_data" VALUES (1, X'0228');
INSERT INTO "paper_words_data" VALUES (10, X'000000000101010001010101');
INSERT INTO "paper_words_data" VALUES (137438953473, X'000001980930656C657068616E748BA4C9BF7E0104686F6D658BA4C9BF7F01046C6F6F6B8BA4C9BF7F0108C2A63230323630318BA4C9BF7E01090230358BA4C9BF7E01070279318BA4C9BF7E0106037931308BA4C9BF7E010504793130308BA4C9BF7E010203A763738BA4C9BF7E01050263768BA4C9BF7E01020CAC32363031C2B730303030318BA4C9BF7F0D01328BA4C9BF7E0201AE8BA4C9BF7E01020DB7706F696E74C2B7636C6F75648BA4C9BF7F010BE280A0656C657068616E748BA4C9BF7E0404686F6D658BA4C9BF7F040AC2B76174C2B7686F6D658BA4C9BF7F0609636C6F7564C2B761748BA4C9BF7F060C706F696E74C2B7636C6F75648BA4C9BF7F0405E280A261748BA4C9BF7F0705636C6F75648BA4C9BF7F0705706F696E748BA4C9BF7F0309A1656C657068616E748BA4C9BF7E0404686F6D658BA4C9BF7F0405706F696E748BA4C9BF7F0304A26172658BA4C9BF7E0501748BA4C9BF7F0405636C6F75648BA4C9BF7F04056C617267658BA4C9BF7E0405706F696E748BA4C9BF7F0404746865798BA4C9BF7E040277658BA4C9BF7F040F0B0B100A0A0B0C0B0A13080914120B1110130C0C0C100B0C0B080C0C0C0B');
DELETE FROM "paper_words_idx";
INSERT INTO "paper_words_idx" VALUES (1, X'', 2);
DELETE FROM "paper_words_config";
INSERT INTO "paper_words_config" VALUES ('version', 4);
CREATE TABLE word (
        word   TEXT PRIMARY KEY,
        papers INTEGER NOT NULL,
        meant  INTEGER NOT NULL DEFAULT 0  -- 1 where it may be what a misspelt one means
    ) STRICT, WITHOUT ROWID;
INSERT INTO "word" VALUES ('are', 1, 0);
INSERT INTO "word" VALUES ('at', 1, 0);
INSERT INTO "word" VALUES ('cloud', 1, 1);
INSERT INTO "word" VALUES ('elephant', 1, 1);
INSERT INTO "word" VALUES ('home', 1, 1);
INSERT INTO "word" VALUES ('large', 1, 1);
INSERT INTO "word" VALUES ('look', 1, 1);
INSERT INTO "word" VALUES ('point', 1, 1);
INSERT INTO "word" VALUES ('they', 1, 1);
INSERT INTO "word" VALUES ('we', 1, 0);
CREATE TABLE deletion (
        part  INTEGER PRIMARY KEY,  -- its CRC-32: half the size of the letters in a table that is mostly keys
        words TEXT NOT NULL  -- a space between
    ) STRICT;
INSERT INTO "deletion" VALUES (103867969, 'elephant');
INSERT INTO "deletion" VALUES (128336462, 'point');
INSERT INTO "deletion" VALUES (186680368, 'elephant');
INSERT INTO "deletion" VALUES (195572552, 'cloud');
INSERT INTO "deletion" VALUES (247815687, 'large');
INSERT INTO "deletion" VALUES (279266094, 'large');
INSERT INTO "deletion" VALUES (282895875, 'point');
INSERT INTO "deletion" VALUES (297551179, 'large');
INSERT INTO "deletion" VALUES (335877257, 'elephant');
INSERT INTO "deletion" VALUES (340908721, 'point');
INSERT INTO "deletion" VALUES (372652415, 'cloud');
INSERT INTO "deletion" VALUES (398815020, 'point');
INSERT INTO "deletion" VALUES (420837112, 'elephant');
INSERT INTO "deletion" VALUES (493518402, 'cloud');
INSERT INTO "deletion" VALUES (515732239, 'point');
INSERT INTO "deletion" VALUES (592668565, 'they');
INSERT INTO "deletion" VALUES (627089322, 'elephant');
INSERT INTO "deletion" VALUES (675557801, 'they');
INSERT INTO "deletion" VALUES (703147542, 'elephant');
INSERT INTO "deletion" VALUES (725275650, 'look');
INSERT INTO "deletion" VALUES (757693433, 'elephant');
INSERT INTO "deletion" VALUES (837848985, 'home');
INSERT INTO "deletion" VALUES (844895956, 'cloud');
INSERT INTO "deletion" VALUES (910634369, 'cloud');
INSERT INTO "deletion" VALUES (928136154, 'they');
INSERT INTO "deletion" VALUES (963688467, 'large');
INSERT INTO "deletion" VALUES (1004330206, 'elephant');
INSERT INTO "deletion" VALUES (1011183078, 'they');
INSERT INTO "deletion" VALUES (1066270257, 'elephant');
INSERT INTO "deletion" VALUES (1128197066, 'elephant');
INSERT INTO "deletion" VALUES (1223152777, 'point');
INSERT INTO "deletion" VALUES (1239631719, 'they');
INSERT INTO "deletion" VALUES (1311672763, 'elephant');
INSERT INTO "deletion" VALUES (1363268914, 'home');
INSERT INTO "deletion" VALUES (1368235335, 'cloud');
INSERT INTO "deletion" VALUES (1391562372, 'look');
INSERT INTO "deletion" VALUES (1405821726, 'cloud');
INSERT INTO "deletion" VALUES (1410253751, 'home');
INSERT INTO "deletion" VALUES (1433973329, 'elephant');
INSERT INTO "deletion" VALUES (1436306077, 'look');
INSERT INTO "deletion" VALUES (1483264032, 'elephant');
INSERT INTO "deletion" VALUES (1500195262, 'large');
INSERT INTO "deletion" VALUES (1559694707, 'cloud');
INSERT INTO "deletion" VALUES (1604137156, 'point');
INSERT INTO "deletion" VALUES (1643594220, 'elephant');
INSERT INTO "deletion" VALUES (1679636850, 'elephant');
INSERT INTO "deletion" VALUES (1680980482, 'elephant');
INSERT INTO "deletion" VALUES (1714987317, 'home');
INSERT INTO "deletion" VALUES (1759717639, 'home');
INSERT INTO "deletion" VALUES (1827087261, 'elephant');
INSERT INTO "deletion" VALUES (1884488921, 'large');
INSERT INTO "deletion" VALUES (1888109701, 'they');
INSERT INTO "deletion" VALUES (1909853392, 'home');
INSERT INTO "deletion" VALUES (1982385082, 'elephant');
INSERT INTO "deletion" VALUES (2010799792, 'cloud');
INSERT INTO "deletion" VALUES (2022414218, 'large');
INSERT INTO "deletion" VALUES (2044517703, 'look');
INSERT INTO "deletion" VALUES (2057402886, 'elephant');
INSERT INTO "deletion" VALUES (2086773152, 'large');
INSERT INTO "deletion" VALUES (2089163149, 'cloud');
INSERT INTO "deletion" VALUES (2109415382, 'point');
INSERT INTO "deletion" VALUES (2125535582, 'look');
INSERT INTO "deletion" VALUES (2129680617, 'elephant');
INSERT INTO "deletion" VALUES (2179260663, 'look');
INSERT INTO "deletion" VALUES (2228198071, 'look');
INSERT INTO "deletion" VALUES (2257134830, 'look');
INSERT INTO "deletion" VALUES (2295731696, 'they');
INSERT INTO "deletion" VALUES (2333099886, 'cloud');
INSERT INTO "deletion" VALUES (2428467314, 'home');
INSERT INTO "deletion" VALUES (2433853341, 'elephant');
INSERT INTO "deletion" VALUES (2525361830, 'large');
INSERT INTO "deletion" VALUES (2649378788, 'they');
INSERT INTO "deletion" VALUES (2656921077, 'large');
INSERT INTO "deletion" VALUES (2657415232, 'home');
INSERT INTO "deletion" VALUES (2704281778, 'large');
INSERT INTO "deletion" VALUES (2708175907, 'point');
INSERT INTO "deletion" VALUES (2710959113, 'cloud');
INSERT INTO "deletion" VALUES (2734672318, 'point');
INSERT INTO "deletion" VALUES (2757590525, 'cloud');
INSERT INTO "deletion" VALUES (2783314065, 'point');
INSERT INTO "deletion" VALUES (2786837412, 'cloud');
INSERT INTO "deletion" VALUES (2836478954, 'point');
INSERT INTO "deletion" VALUES (2850587617, 'large');
INSERT INTO "deletion" VALUES (2891092674, 'home');
INSERT INTO "deletion" VALUES (2907145369, 'cloud');
INSERT INTO "deletion" VALUES (2939347872, 'elephant');
INSERT INTO "deletion" VALUES (2995659829, 'they');
INSERT INTO "deletion" VALUES (3045404147, 'point');
INSERT INTO "deletion" VALUES (3051323963, 'elephant');
INSERT INTO "deletion" VALUES (3081106212, 'point');
INSERT INTO "deletion" VALUES (3180750440, 'elephant');
INSERT INTO "deletion" VALUES (3209694619, 'large');
INSERT INTO "deletion" VALUES (3293241036, 'elephant');
INSERT INTO "deletion" VALUES (3307485896, 'they');
INSERT INTO "deletion" VALUES (3318198208, 'elephant');
INSERT INTO "deletion" VALUES (3369586097, 'elephant');
INSERT INTO "deletion" VALUES (3508889223, 'home they');
INSERT INTO "deletion" VALUES (3615414591, 'large');
INSERT INTO "deletion" VALUES (3758026421, 'home');
INSERT INTO "deletion" VALUES (3785385884, 'cloud');
INSERT INTO "deletion" VALUES (3805256691, 'large');
INSERT INTO "deletion" VALUES (3823078005, 'point');
INSERT INTO "deletion" VALUES (3927861143, 'elephant');
INSERT INTO "deletion" VALUES (3936851542, 'point');
INSERT INTO "deletion" VALUES (4289864807, 'large');
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
INSERT INTO "digest" VALUES (1, '2026-01-05', 'cs.CV', '93e50548cc287ce80d5cc2dcf88f6200', 'test', '[]', '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE listing (
        day      TEXT NOT NULL,
        category TEXT NOT NULL,
        paper_id INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        -- Behind the key: SQLite 3.40's integrity_check misreads a column before it in such a table.
        position INTEGER NOT NULL,
        PRIMARY KEY (day, category, paper_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "listing" VALUES ('2026-01-05', 'cs.CV', 3029491710, 2);
INSERT INTO "listing" VALUES ('2026-01-05', 'cs.CV', 3029491711, 1);
CREATE TABLE tally (
        papers       INTEGER NOT NULL,
        with_authors INTEGER NOT NULL,
        digests      INTEGER NOT NULL  -- of how many days and categories there is one
    ) STRICT;
INSERT INTO "tally" VALUES (2, 0, 1);
CREATE TABLE edition (
        category TEXT NOT NULL,
        day      TEXT NOT NULL,
        papers   INTEGER NOT NULL,
        PRIMARY KEY (category, day)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "edition" VALUES ('', '2026-01-05', 2);
INSERT INTO "edition" VALUES ('cs.CV', '2026-01-05', 2);
CREATE TABLE relisting (
        day    TEXT NOT NULL,
        before TEXT NOT NULL,
        papers INTEGER NOT NULL,
        PRIMARY KEY (day, before)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE destination (
        id        INTEGER PRIMARY KEY,
        platform  TEXT NOT NULL,
        workspace TEXT NOT NULL,
        name      TEXT NOT NULL,
        paused    TEXT,  -- the platform's code for why nothing can be sent there, or NULL
        paused_at TEXT,
        numbered  INTEGER NOT NULL DEFAULT 0,  -- the last subscription number given: none is given twice
        failing_since TEXT,  -- when the first was tried of those that failed without one between that arrived
        refused   INTEGER NOT NULL DEFAULT 0, learns INTEGER NOT NULL DEFAULT 1,  -- how many in a row the platform would not take
        UNIQUE (platform, workspace, name)
    ) STRICT;
INSERT INTO "destination" VALUES (1, 'slack', 'T1', '@U1', NULL, NULL, 1, NULL, 0, 1);
INSERT INTO "destination" VALUES (2, 'slack', 'T1', 'C1', NULL, NULL, 0, NULL, 0, 0);
CREATE TABLE subscription (
        person_id INTEGER NOT NULL REFERENCES destination (id),
        number    INTEGER NOT NULL,
        query     TEXT NOT NULL,
        meaning   TEXT NOT NULL,
        since     TEXT NOT NULL,
        muted     INTEGER NOT NULL DEFAULT 0,
        workspace TEXT NOT NULL, muted_until TEXT, made_on TEXT,  -- where it was made
        PRIMARY KEY (person_id, number),
        UNIQUE (person_id, meaning)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "subscription" VALUES (1, 1, 'clouds', ':cloud', '2026-01-05T09:00:00.000000+00:00', 0, 'T1', NULL, NULL);
CREATE TABLE subscribing (changes INTEGER NOT NULL) STRICT;
INSERT INTO "subscribing" VALUES (1);
CREATE TABLE following (
        room_id    INTEGER PRIMARY KEY REFERENCES destination (id),
        categories TEXT NOT NULL,  -- JSON array of codes; empty: all
        count      INTEGER NOT NULL,
        schedule   TEXT NOT NULL,  -- JSON array of start (ISO time), zone, [weekday, ...]
        owner      TEXT  -- the address of who set it up last
    , weekly INTEGER) STRICT;
INSERT INTO "following" VALUES (2, '["cs.CV"]', 5, '["00:00:00", "UTC", [0, 1, 2, 3, 4, 5, 6]]', NULL, 4);
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
INSERT INTO "outbox" VALUES (1, 1, 'alert', '2026-01-05', '', 1, NULL, '[["2601.00001", []]]', 'pending', 0, 0, NULL, NULL, NULL, '', '2026-01-05T09:00:00.000000+00:00');
INSERT INTO "outbox" VALUES (2, 2, 'highlights', '2026-01-05', 'cs.CV', 1, NULL, '[["2601.00001", ["close to what people here follow"]], ["2601.00002", ["early in the digest"]]]', 'pending', 0, 0, NULL, NULL, NULL, '', '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE gap (
        since TEXT NOT NULL,  -- the last that the backup knew of
        until TEXT NOT NULL  -- when it was restored
    ) STRICT;
CREATE TABLE told (
        paper_id       INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        destination_id INTEGER NOT NULL REFERENCES destination (id),
        kind           TEXT NOT NULL,  -- of the delivery
        PRIMARY KEY (paper_id, destination_id, kind)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "told" VALUES (3029491711, 1, 'alert');
INSERT INTO "told" VALUES (3029491710, 2, 'highlights');
INSERT INTO "told" VALUES (3029491711, 2, 'highlights');
CREATE TABLE alerting (
        person_id INTEGER PRIMARY KEY REFERENCES destination (id),
        pace      TEXT NOT NULL,
        schedule  TEXT NOT NULL,  -- as a following's
        quiet     TEXT,  -- JSON array of two ISO times
        most      INTEGER NOT NULL
    , away_until TEXT) STRICT;
CREATE TABLE reaction (
        room_id   INTEGER NOT NULL REFERENCES destination (id),
        paper_id  INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        person_id INTEGER NOT NULL REFERENCES destination (id),
        value     INTEGER NOT NULL CHECK (value IN (-1, 1)),
        at        TEXT NOT NULL,
        PRIMARY KEY (room_id, paper_id, person_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "reaction" VALUES (2, 3029491711, 1, 1, '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE report (
        source     TEXT PRIMARY KEY,
        state      TEXT NOT NULL,
        detail     TEXT NOT NULL,
        since      TEXT NOT NULL,
        checked_at TEXT NOT NULL,
        day        TEXT,
        failing    TEXT
    ) STRICT, WITHOUT ROWID;
CREATE TABLE closed (
        platform  TEXT NOT NULL,
        workspace TEXT NOT NULL,
        code      TEXT NOT NULL,  -- the platform's word for why
        since     TEXT NOT NULL,
        erase_at  TEXT,  -- when everything of the workspace goes; NULL: never by itself
        PRIMARY KEY (platform, workspace)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE ledger (
        platform TEXT NOT NULL,
        kind     TEXT NOT NULL,
        key      TEXT NOT NULL,
        value    TEXT NOT NULL,
        sealed   INTEGER NOT NULL,
        until    TEXT,
        PRIMARY KEY (platform, kind, key)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "ledger" VALUES ('slack', 'posted', 'T1/x', '{}', 0, NULL);
CREATE TABLE saved (
        person_id INTEGER NOT NULL REFERENCES destination (id),
        paper_id  INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        at        TEXT NOT NULL,
        PRIMARY KEY (person_id, paper_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "saved" VALUES (1, 3029491710, '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE tag (
        person_id INTEGER NOT NULL,
        tag       TEXT NOT NULL,
        paper_id  INTEGER NOT NULL,
        PRIMARY KEY (person_id, tag, paper_id),
        FOREIGN KEY (person_id, paper_id) REFERENCES saved (person_id, paper_id) ON UPDATE CASCADE ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
INSERT INTO "tag" VALUES (1, 'to-read', 3029491710);
CREATE TABLE feed (
        secret    TEXT PRIMARY KEY,  -- SHA-256 of what the address ends with
        person_id INTEGER NOT NULL,
        number    INTEGER NOT NULL,
        since     TEXT NOT NULL,
        UNIQUE (person_id, number),
        FOREIGN KEY (person_id, number) REFERENCES subscription (person_id, number) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
INSERT INTO "feed" VALUES ('2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b', 1, 1, '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE naming (
        person_id INTEGER NOT NULL REFERENCES destination (id),
        platform  TEXT NOT NULL,
        workspace TEXT NOT NULL,
        known_as  TEXT NOT NULL,
        PRIMARY KEY (person_id, platform, workspace)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "naming" VALUES (1, 'slack', 'T1', 'Anna');
CREATE TABLE share (
        room_id   INTEGER NOT NULL REFERENCES destination (id),
        paper_id  INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        person_id INTEGER NOT NULL REFERENCES destination (id),
        at        TEXT NOT NULL,
        PRIMARY KEY (room_id, paper_id, person_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "share" VALUES (2, 3029491711, 1, '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE club (
        room_id  INTEGER PRIMARY KEY REFERENCES destination (id),
        schedule TEXT NOT NULL,  -- as a following's, of one weekday: when it meets
        count    INTEGER NOT NULL,  -- papers of a meeting
        notice   INTEGER NOT NULL,  -- minutes before it when the agenda is posted
        owner    TEXT,  -- the address of who set it up last
        since    TEXT NOT NULL  -- it meets at these times
    ) STRICT;
INSERT INTO "club" VALUES (2, '["14:00:00", "Europe/Berlin", [0]]', 2, 60, 'slack:T1/@U1', '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE meeting (
        room_id INTEGER NOT NULL REFERENCES destination (id),
        day     TEXT NOT NULL,  -- in the room's zone
        starts  TEXT NOT NULL,
        skipped INTEGER NOT NULL,
        at      TEXT NOT NULL,  -- when that was settled: what is nominated later is for the next
        PRIMARY KEY (room_id, day)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "meeting" VALUES (2, '2026-01-05', '2026-01-05T09:00:00.000000+00:00', 0, '2026-01-05T09:00:00.000000+00:00');
CREATE TABLE nomination (
        room_id      INTEGER NOT NULL REFERENCES destination (id),
        paper_id     INTEGER NOT NULL REFERENCES paper (id) ON UPDATE CASCADE,
        person_id    INTEGER REFERENCES destination (id),  -- who nominated it; NULL once they are forgotten
        presenter_id INTEGER REFERENCES destination (id),
        at           TEXT NOT NULL,
        met          TEXT,  -- the day of the meeting that had it on its agenda
        PRIMARY KEY (room_id, paper_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "nomination" VALUES (2, 3029491711, 1, NULL, '2026-01-05T09:00:00.000000+00:00', '2026-01-05');
CREATE TABLE vote (
        room_id   INTEGER NOT NULL,
        paper_id  INTEGER NOT NULL,
        person_id INTEGER NOT NULL REFERENCES destination (id),
        PRIMARY KEY (room_id, paper_id, person_id),
        FOREIGN KEY (room_id, paper_id) REFERENCES nomination (room_id, paper_id) ON UPDATE CASCADE ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
INSERT INTO "vote" VALUES (2, 3029491711, 1);
CREATE TABLE link (
        alias_id INTEGER PRIMARY KEY REFERENCES destination (id),
        home_id  INTEGER NOT NULL REFERENCES destination (id)
    ) STRICT;
CREATE TABLE link_code (
        code      TEXT PRIMARY KEY,  -- SHA-256 of it
        person_id INTEGER NOT NULL UNIQUE REFERENCES destination (id),
        until     TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE INDEX listing_paper ON listing (paper_id, day, category);
CREATE INDEX destination_paused ON destination (id) WHERE paused IS NOT NULL;
CREATE TRIGGER subscription_made AFTER INSERT ON subscription
    BEGIN UPDATE subscribing SET changes = changes + 1; END;
CREATE TRIGGER subscription_changed AFTER UPDATE ON subscription
    BEGIN UPDATE subscribing SET changes = changes + 1; END;
CREATE TRIGGER subscription_deleted AFTER DELETE ON subscription
    BEGIN UPDATE subscribing SET changes = changes + 1; END;
CREATE INDEX outbox_due ON outbox (coalesce(not_before, ''), id, destination_id) WHERE state = 'pending';
CREATE INDEX outbox_open ON outbox (destination_id, id) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_tried ON outbox (tried_at) WHERE state = 'pending' AND tried_at IS NOT NULL;
CREATE INDEX outbox_created ON outbox (created_at) WHERE state = 'pending';
CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';
CREATE INDEX outbox_expired ON outbox (destination_id, kind, id) WHERE state = 'expired';
CREATE INDEX outbox_alerts ON outbox (day) WHERE kind = 'alert';
CREATE INDEX told_destination ON told (destination_id);
CREATE INDEX reaction_person ON reaction (person_id);
CREATE INDEX reaction_paper ON reaction (paper_id);
CREATE INDEX ledger_until ON ledger (until) WHERE until IS NOT NULL;
CREATE INDEX subscription_muted_until ON subscription (muted_until) WHERE muted_until IS NOT NULL;
CREATE INDEX saved_paper ON saved (paper_id);
CREATE INDEX tag_saved ON tag (person_id, paper_id);
CREATE INDEX share_person ON share (person_id);
CREATE INDEX share_paper ON share (paper_id);
CREATE INDEX nomination_person ON nomination (person_id);
CREATE INDEX nomination_presenter ON nomination (presenter_id);
CREATE INDEX nomination_paper ON nomination (paper_id);
CREATE INDEX vote_person ON vote (person_id);
CREATE INDEX link_home ON link (home_id);
CREATE INDEX subscription_workspace ON subscription (workspace);
