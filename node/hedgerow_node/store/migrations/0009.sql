-- What whoever runs this node took down. It stays down until it is undone, and the list of all of it is public.
CREATE TABLE takedowns (
    row INTEGER PRIMARY KEY,
    target TEXT NOT NULL,         -- a message, a person, or the address of a thing
    name TEXT NOT NULL,           -- what a person was called
    reason TEXT NOT NULL,
    at REAL NOT NULL,
    swept INTEGER NOT NULL,       -- 0 while what was here before is still being looked through
    undone REAL                   -- NULL: it stands
) STRICT;
CREATE UNIQUE INDEX takedowns_standing ON takedowns (target) WHERE undone IS NULL;

-- Messages without their bodies because they name an address that was taken down: the bodies could not tell any more.
CREATE TABLE withheld (
    row INTEGER PRIMARY KEY,
    message BLOB NOT NULL,        -- an id
    target TEXT NOT NULL,
    UNIQUE (message, target)
) STRICT;
CREATE INDEX withheld_by ON withheld (target);

-- 0: they were blocked when blocking only hid what was held.
ALTER TABLE blocks ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;
-- What they were called: their profile goes with all else that they said.
ALTER TABLE blocks ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- What peers told whoever runs this node: read here, shown to nobody else.
CREATE TABLE reports (
    row INTEGER PRIMARY KEY,
    device BLOB NOT NULL,
    author BLOB,                  -- NULL: it was not known whose device it is
    thing TEXT NOT NULL,
    label TEXT NOT NULL,
    reason TEXT NOT NULL,
    at REAL NOT NULL,
    settled REAL                  -- NULL: it waits
) STRICT;
CREATE INDEX reports_waiting ON reports (row) WHERE settled IS NULL;
CREATE INDEX reports_of_device ON reports (device, at);

-- Whose labels the owner uses, for which of their words, and what for.
CREATE TABLE label_lists (
    row INTEGER PRIMARY KEY,
    target TEXT NOT NULL,         -- a did
    label TEXT NOT NULL,
    effect TEXT NOT NULL,         -- hide or warn
    at REAL NOT NULL,
    UNIQUE (target, label)
) STRICT;
CREATE INDEX statements_of_labels ON statements (author, at) WHERE kind = 10;

-- Whom the policy of this node blocks, as it was when it last started.
CREATE TABLE policy_blocks (
    target TEXT PRIMARY KEY       -- a did
) STRICT;
