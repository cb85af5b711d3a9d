-- Who says that a chain is held: what a receipt names, found by the device and the place in its chain.
CREATE TABLE receipts (
    row INTEGER PRIMARY KEY,      -- of the message
    author INTEGER NOT NULL,
    device BLOB NOT NULL,
    seq INTEGER NOT NULL,
    held BLOB NOT NULL            -- the id of the message with this place
) STRICT;
CREATE INDEX receipts_of_device ON receipts (device, seq);
CREATE INDEX receipts_of_author ON receipts (author, row);
