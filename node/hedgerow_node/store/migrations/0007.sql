-- What outsiders sent unasked: in no set, in no feed, served to nobody. It waits until its author is carried, somebody
-- decides, or its time is over.
CREATE TABLE quarantine (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    author BLOB NOT NULL,
    entry BLOB NOT NULL,          -- the device at the other end of the link that brought it
    size INTEGER NOT NULL,        -- bytes of the message
    received REAL NOT NULL,
    message BLOB NOT NULL         -- as it came
) STRICT;
CREATE INDEX quarantine_of_author ON quarantine (author, received);
CREATE INDEX quarantine_in_shares ON quarantine (received, entry, author, size);

-- Of whom the owner does not want to decide now; nobody else learns of it.
CREATE TABLE not_now (
    target TEXT PRIMARY KEY,      -- a did
    at REAL NOT NULL
) STRICT;

-- Who follows, introduces and vouches for whom, read as a whole: the first is the graph of follows.
CREATE INDEX statements_of_follows ON statements (author, thing) WHERE kind = 3;
CREATE INDEX statements_of_introductions ON statements (thing, other) WHERE kind = 11;
CREATE INDEX statements_of_vouches ON statements (thing, author) WHERE kind = 12;
