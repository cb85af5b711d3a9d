-- Messages that came in bulk and are not in the index yet.
CREATE TABLE unindexed (
    row INTEGER PRIMARY KEY       -- of the message
) STRICT;
