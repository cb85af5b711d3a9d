"""The backlog: messages that came in bulk, are stored, and wait to be indexed.

Indexing costs more than storing, so a few messages are indexed in the transaction that stores them, and of many only
the rows are noted there. `index_next` takes the oldest off the list and indexes them in one transaction: after a
crash nothing is left out, and nothing is done twice.

Whom people follow and what they are called is never put off: a node decides by it whom it carries.
"""

import sqlite3
from collections.abc import Sequence

from hedgerow_node.store import index
from hedgerow_node.store.index import Entry
from hedgerow_node.store.rows import COLUMNS, as_list, insert, messages_of
from hedgerow_protocol.kinds import Kind

AT_ONCE = 64
"""Up to so many messages of one put are indexed with it: what peers push as it is published."""
AT_A_TIME = 256
"""Messages that one transaction takes off the list: about 20 milliseconds, for which whoever writes may wait."""
PROMPT = frozenset({Kind.PROFILE, Kind.FOLLOW, Kind.INTRODUCE, Kind.VOUCH})

NEXT = f"""SELECT u.row, m.received, {COLUMNS} FROM unindexed AS u JOIN messages AS m ON m.row = u.row
    ORDER BY u.row LIMIT ?"""  # noqa: S608
INDEXED = "SELECT row FROM statements WHERE row IN (SELECT value FROM json_each(?))"
LENGTH = "SELECT count(*) FROM unindexed"
TAKE_OFF = "DELETE FROM unindexed WHERE row IN (SELECT value FROM json_each(?))"


def add(db: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Let these be indexed later, but for those by which a node decides whom it carries."""
    prompt = [entry for entry in entries if entry.message.header.kind in PROMPT]
    index.add(db, prompt)
    waiting = [(entry.row,) for entry in entries if entry.message.header.kind not in PROMPT]
    # A body that comes later puts a row on the list that may stand there for its header.
    insert(db, "INSERT OR IGNORE INTO unindexed (row)", waiting)


def index_next(db: sqlite3.Connection) -> bool:
    """Index the next few; whether more may wait."""
    rows = db.execute(NEXT, [AT_A_TIME]).fetchall()
    # A body that came with few others was indexed with them, while its header waited here.
    done = {row for (row,) in db.execute(INDEXED, [as_list(row for row, *_ in rows)])}
    entries = []
    for row, received, *columns in rows:
        if row in done:
            continue
        # A damaged one is left out here as everywhere; it is for the doctor to find.
        sound, _ = messages_of([tuple(columns)])
        entries += [Entry(row, message, received) for message in sound]
    index.add(db, entries)
    db.execute(TAKE_OFF, [as_list(row for row, *_ in rows)])
    return len(rows) == AT_A_TIME


def length(db: sqlite3.Connection) -> int:
    """How many messages wait."""
    (count,) = db.execute(LENGTH).fetchone()
    return int(count)
