-- Nodes that this one was told of or met (specs/11-discovery.md). Each has one place in one bucket of one of two tables.
CREATE TABLE book (
    row INTEGER PRIMARY KEY,
    device BLOB NOT NULL UNIQUE,
    author BLOB NOT NULL,         -- whose it claims to be
    record BLOB NOT NULL,         -- as it was signed
    ts INTEGER NOT NULL,
    expiry INTEGER NOT NULL,
    address TEXT NOT NULL,        -- of its addresses the one whose turn it is, or that answered
    source BLOB,                  -- the device that told of it; NULL: the owner
    via TEXT NOT NULL,            -- the group of whoever told of it
    told REAL NOT NULL,
    is_tried INTEGER NOT NULL,    -- 0: new, 1: it answered a handshake
    bucket INTEGER NOT NULL,
    place INTEGER NOT NULL,
    vain INTEGER NOT NULL DEFAULT 0,  -- tries in vain since it last answered
    dialled REAL,
    met REAL,                     -- when it last answered
    is_anchor INTEGER NOT NULL DEFAULT 0,
    UNIQUE (is_tried, bucket, place)
) STRICT;
