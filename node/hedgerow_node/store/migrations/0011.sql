-- What is kept of whom: how much of each author stands where in time, and what was let go.

ALTER TABLE messages ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;  -- 1: a superseded body that was let go
DROP INDEX messages_bodiless;
CREATE INDEX messages_bodiless ON messages (author) WHERE body IS NULL AND erased = 0 AND dropped = 0;
CREATE INDEX messages_dropped ON messages (author) WHERE dropped = 1;

-- Count, bytes and sum of each author's content by the week of its time: what is kept from a time on is compared, and let
-- go, without a look at each message. A body that is neither here nor erased nor let go counts as if it were here.
CREATE TABLE weeks (
    author INTEGER NOT NULL,
    week INTEGER NOT NULL,        -- ts / 604800
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,       -- of headers, signatures and bodies
    total BLOB NOT NULL,          -- 32 bytes, lowest first
    PRIMARY KEY (author, week)
) STRICT, WITHOUT ROWID;
INSERT INTO weeks (author, week, count, bytes, total)
SELECT author, ts / 604800, count(*), sum(length(header) + length(signature) + CASE
    WHEN body IS NOT NULL THEN length(body) WHEN erased THEN 0 ELSE body_length(header) END), sum_of_ids(id)
FROM messages WHERE control = 0 GROUP BY author, ts / 604800;

-- From when on content of an author is kept, and how much of what is older was let go.
CREATE TABLE since (
    author BLOB PRIMARY KEY,
    since INTEGER NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

-- People whom nobody here follows any more, or ever did, and of whom all was let go.
CREATE TABLE forgotten (
    row INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    count INTEGER NOT NULL        -- messages
) STRICT;

-- The links of chains that messages which were let go were: a cut that comes later is followed through them.
CREATE TABLE passed (
    device INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    author INTEGER NOT NULL,
    prev BLOB,                    -- NULL for the first of a chain
    PRIMARY KEY (device, seq, id)
) STRICT, WITHOUT ROWID;
