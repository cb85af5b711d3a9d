"""Forgetting an author of whom nothing but a log is held, as if he had never been here.

Such is the identity that a first run makes, on a computer that then becomes a device of another one.
"""

import sqlite3

from hedgerow_node.store import index
from hedgerow_node.store.store import Store
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import MessageId

AUTHOR = "SELECT row FROM authors WHERE key = ?"
HELD = "SELECT row, id, kind FROM messages WHERE author = ?"
WITHOUT_ROW = ("messages", "aside", "sums", "weeks", "passed", "settled", "ends")
"""Tables in which a row belongs to an author."""


async def forget(store: Store, author: AuthorKey) -> bool:
    """Forget this author; False where he has said something, and then nothing was changed. Raises `StoreError`."""
    await store.messages.finish()
    gone: set[MessageId] = set()
    if not await store.database.write(lambda db: _forget(db, author, gone)):
        return False
    await store.database.alone(lambda _: store.journal.rewrite(dropped=gone))
    return True


def _forget(db: sqlite3.Connection, author: AuthorKey, gone: set[MessageId]) -> bool:
    found = db.execute(AUTHOR, [author]).fetchone()
    held = [] if found is None else db.execute(HELD, found).fetchall()
    if any(kind != Kind.IDENTITY for _, _, kind in held):
        return False
    gone.update(MessageId(key) for _, key, _ in held)
    index.forget(db, [row for row, _, _ in held])
    for table in WITHOUT_ROW if found is not None else ():
        db.execute(f"DELETE FROM {table} WHERE author = ?", found)  # noqa: S608
    db.execute("DELETE FROM authors WHERE key = ?", [author])
    return True
