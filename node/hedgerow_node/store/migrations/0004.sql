-- The things that the steps of trails name, and the trails that others were forked from.
CREATE TABLE trail_things (
    thing INTEGER NOT NULL,
    is_origin INTEGER NOT NULL,   -- 1: the version that it was forked from
    row INTEGER NOT NULL,         -- of the trail's statement
    PRIMARY KEY (thing, is_origin, row)
) STRICT, WITHOUT ROWID;
CREATE INDEX things_of_trail ON trail_things (row);
CREATE INDEX statements_of_trails ON statements (at) WHERE kind = 7;

-- What the owner has done of what trails lead through; nobody else learns of it.
CREATE TABLE done (
    target TEXT PRIMARY KEY,      -- a thing
    at REAL NOT NULL
) STRICT;

-- What came before these kinds were known here waits to be indexed.
INSERT OR IGNORE INTO unindexed (row)
SELECT row FROM messages WHERE kind IN (7, 9, 10, 11, 12, 13) AND body IS NOT NULL;
