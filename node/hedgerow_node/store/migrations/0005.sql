-- Messages that the logs held do not authorise, or not yet, and entries of logs that have no effect: in no set, found by
-- nobody, kept in case that a link of a chain or another entry brings them in (specs/01-identity.md).
CREATE TABLE aside (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    author INTEGER NOT NULL,
    device INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    crc INTEGER NOT NULL,
    body BLOB,                    -- NULL: erased, or not here yet
    erased INTEGER NOT NULL,
    received REAL NOT NULL,
    own INTEGER NOT NULL,
    since REAL NOT NULL           -- when it was put aside
) STRICT;
CREATE INDEX aside_of_device ON aside (author, device, seq);
CREATE INDEX aside_in_time ON aside (since) WHERE own = 0;

-- Where the walk from each tip of a cut stands: which message of the device it waits for, and above which seq it ends.
CREATE TABLE ends (
    author INTEGER NOT NULL,
    device INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    wanted BLOB NOT NULL,
    bound INTEGER NOT NULL,
    PRIMARY KEY (author, device, seq, wanted, bound)
) STRICT, WITHOUT ROWID;

-- By which log what is in the sets, aside and the ends was worked out: the hash of the ids of its entries.
CREATE TABLE settled (
    author INTEGER PRIMARY KEY,
    log BLOB NOT NULL
) STRICT;
