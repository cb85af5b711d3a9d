-- What messages say, made readable and findable; and what the owner keeps private.
--
-- No foreign keys here: `index` is the only writer of the first half and checking each of four rows a statement
-- would cost a third of its speed. `texts` holds a row for every head with a body and for every private item, and
-- nothing else; private items lie above 2^40.

CREATE TABLE things (
    row INTEGER PRIMARY KEY,
    thing TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE statements (
    row INTEGER PRIMARY KEY,      -- of the message
    kind INTEGER NOT NULL,
    author INTEGER NOT NULL,
    thing INTEGER NOT NULL,
    other INTEGER,                -- the far end of a connection
    slot BLOB,                    -- the first 16 bytes of the slot's SHA-256; NULL where the kind has no slots
    at INTEGER NOT NULL           -- signed or received time, whichever is earlier
) STRICT;
CREATE INDEX statements_of_thing ON statements (thing, at);
CREATE INDEX statements_to_thing ON statements (other, at) WHERE other IS NOT NULL;
CREATE INDEX statements_of_author ON statements (author, at);
CREATE INDEX statements_in_slot ON statements (author, kind, slot) WHERE slot IS NOT NULL;
CREATE INDEX statements_in_time ON statements (at);

-- What nothing superseded. Retracted messages have no row here at all.
CREATE VIEW heads AS
SELECT s.row, s.kind, s.author, s.thing, s.other, s.slot, s.at, m.ts, m.id
FROM statements AS s JOIN messages AS m ON m.row = s.row
WHERE NOT EXISTS (
    SELECT 1 FROM supersessions AS x WHERE x.author = m.author AND x.kind = m.kind AND x.target = m.id
);

-- Of the heads in one slot the latest; where there are no slots, every head.
CREATE VIEW standing AS
SELECT h.* FROM heads AS h
WHERE h.slot IS NULL OR NOT EXISTS (
    SELECT 1 FROM heads AS o
    WHERE o.author = h.author AND o.kind = h.kind AND o.slot = h.slot
    AND o.row <> h.row AND (o.ts, o.id) > (h.ts, h.id)
);

CREATE TABLE refs (
    target BLOB NOT NULL,         -- the id of a message, which need not be here
    relation INTEGER NOT NULL,
    row INTEGER NOT NULL,         -- of the statement that refers to it
    PRIMARY KEY (target, relation, row)
) STRICT, WITHOUT ROWID;
CREATE INDEX refs_of_statement ON refs (row);

CREATE TABLE topics (
    row INTEGER PRIMARY KEY,
    words TEXT NOT NULL UNIQUE    -- as fold_topic gives them
) STRICT;

CREATE TABLE tagged (
    topic INTEGER NOT NULL,
    at INTEGER NOT NULL,
    text INTEGER NOT NULL,        -- a row of texts
    PRIMARY KEY (topic, at, text)
) STRICT, WITHOUT ROWID;
CREATE INDEX tagged_of_text ON tagged (text);

CREATE TABLE texts (
    row INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    keywords TEXT NOT NULL,
    summary TEXT NOT NULL,
    reason TEXT NOT NULL,
    address TEXT NOT NULL,
    foreign_words TEXT NOT NULL   -- of summary and reason those with letters beyond ASCII
) STRICT;

-- Both indexes leave their content to `texts`: one copy of each text to erase instead of three, and a deletion hands
-- back exactly the words that went in, from which the erasure pass then removes every trace by 'optimize'.
-- Marks count as letters: without that a word in an Indic script would be cut at each vowel sign.
CREATE VIRTUAL TABLE words USING fts5 (
    title, keywords, summary, reason, address,
    content = 'texts', content_rowid = 'row',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
);
-- Parts of words, for scripts without spaces and for languages that glue words together. It is the dearest of the
-- indexes, so of long texts it takes only words that are not plain ASCII, and keeps no positions: what it finds is
-- compared with the text.
CREATE VIRTUAL TABLE grams USING fts5 (
    title, keywords, foreign_words,
    content = 'texts', content_rowid = 'row',
    tokenize = 'trigram', detail = none
);
-- Merging twice as many pieces at a time costs searches little and saves a third of the writing.
INSERT INTO words (words, rank) VALUES ('automerge', 8);
INSERT INTO grams (grams, rank) VALUES ('automerge', 8);

CREATE TABLE imports (
    row INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

-- What is private names its things in full, so that it stands by itself when nothing else can be read any more.
CREATE TABLE library (
    row INTEGER PRIMARY KEY,
    thing TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    topics TEXT NOT NULL,         -- as they were typed, a JSON array
    note TEXT NOT NULL,
    saved REAL NOT NULL,
    kept INTEGER NOT NULL,        -- 0 when only its note keeps it here
    import INTEGER                -- NULL once the owner changed the item
) STRICT;
CREATE INDEX library_in_time ON library (saved);
CREATE INDEX library_of_import ON library (import) WHERE import IS NOT NULL;

CREATE TABLE mutes (
    target TEXT PRIMARY KEY,      -- a person, or any other thing
    at REAL NOT NULL
) STRICT;

CREATE TABLE blocks (
    target TEXT PRIMARY KEY,
    at REAL NOT NULL
) STRICT;

CREATE TABLE private_follows (
    target TEXT PRIMARY KEY,      -- a did
    at REAL NOT NULL
) STRICT;
