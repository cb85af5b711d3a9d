-- Messages that came in bulk and are not in the index yet.
CREATE TABLE unindexed (
    row INTEGER PRIMARY KEY       -- of the message
) STRICT;

-- Of whom something is held only because they are followed privately, or were: nobody is asked about them by name.
CREATE TABLE concealed (
    target TEXT PRIMARY KEY       -- a did
) STRICT;
INSERT INTO concealed (target) SELECT target FROM private_follows;
