-- Messages, what follows from their headers, and what is known of other nodes.
--
-- Keys and ids are 32 bytes. Authors and devices are named by row numbers, which keeps the indexes small. Rows of
-- `messages` are numbered by the one writer and grow, so that only the index on random ids is written all over.
-- Tables that nothing else could bring back have row numbers: a repair reads them row by row.

CREATE TABLE authors (
    row INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE devices (
    row INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE messages (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    author INTEGER NOT NULL,
    device INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    control INTEGER NOT NULL,     -- 1 for the kinds of the control set
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    crc INTEGER NOT NULL,         -- of the signature: header and body are checked by id and header
    body BLOB,                    -- NULL: erased, or not here yet
    erased INTEGER NOT NULL,      -- 1 once its author retracted it
    received REAL NOT NULL,
    own INTEGER NOT NULL          -- 1 for what was signed here
) STRICT;
CREATE INDEX messages_of_author ON messages (author, control, ts, id, kind);
CREATE INDEX messages_in_time ON messages (control, ts, id, author, kind);
CREATE INDEX messages_in_chain ON messages (device, seq);
CREATE INDEX messages_bodiless ON messages (author) WHERE body IS NULL AND erased = 0;
CREATE INDEX messages_erased ON messages (own) WHERE erased = 1;
CREATE INDEX messages_own ON messages (row) WHERE own = 1;
CREATE INDEX messages_of_logs ON messages (row) WHERE kind = 0;

-- Count and sum of each author's ids in each set: what reconciliation compares first.
CREATE TABLE sums (
    author INTEGER NOT NULL,
    control INTEGER NOT NULL,
    count INTEGER NOT NULL,
    total BLOB NOT NULL,          -- 32 bytes, lowest first
    PRIMARY KEY (author, control)
) STRICT, WITHOUT ROWID;

-- A message is superseded when its own author and kind stand beside its id here; it need not be held.
CREATE TABLE supersessions (
    target BLOB NOT NULL,
    author INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    by BLOB NOT NULL,
    PRIMARY KEY (target, author, kind, by)
) STRICT, WITHOUT ROWID;

-- A message is retracted when its own author stands beside its id here, unless it is of the kinds 0 and 1.
CREATE TABLE retractions (
    target BLOB NOT NULL,
    author INTEGER NOT NULL,
    by BLOB NOT NULL,
    PRIMARY KEY (target, author, by)
) STRICT, WITHOUT ROWID;

-- Rows ask for an erasing pass over the files; they go when one came to its end.
CREATE TABLE erasure_due (
    row INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

CREATE TABLE peers (
    row INTEGER PRIMARY KEY,
    device BLOB NOT NULL UNIQUE,
    address TEXT NOT NULL,
    author BLOB,                  -- NULL until a link proved it
    name TEXT NOT NULL,
    asks_private INTEGER NOT NULL,
    last_linked REAL              -- NULL: never
) STRICT;

CREATE TABLE members (
    author BLOB PRIMARY KEY,
    since REAL NOT NULL
) STRICT;

-- Invites that were issued here; those of others are known by who accepted them, and by what is kept for the inviter.
CREATE TABLE invites (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    token BLOB NOT NULL,
    expiry INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    makes_member INTEGER NOT NULL,
    created REAL NOT NULL
) STRICT;

CREATE TABLE acceptances (
    invite BLOB NOT NULL,         -- its id
    author BLOB NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (invite, author)
) STRICT;

CREATE TABLE kept_acceptances (
    row INTEGER PRIMARY KEY,
    inviter BLOB NOT NULL,
    invite_id BLOB NOT NULL,
    author BLOB NOT NULL,
    invite BLOB NOT NULL,         -- as it came
    acceptance BLOB NOT NULL,     -- as it came
    expiry INTEGER NOT NULL,
    UNIQUE (invite_id, author)
) STRICT;
CREATE INDEX kept_for_inviter ON kept_acceptances (inviter);
CREATE INDEX kept_in_time ON kept_acceptances (expiry);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
