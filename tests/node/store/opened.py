"""Stores for tests: opened, looked into, and searched for what should be gone."""

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from hedgerow_node.store import schema
from hedgerow_node.store.folding import fold
from hedgerow_node.store.store import Store
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.message import Message, MessageId
from simulator.author import EPOCH, Author

NOW = float(EPOCH + 1_000_000)
DATABASE = "hedgerow.db"
EVERYTHING = 10**9
FULL_TEXT = ("words", "grams")


@asynccontextmanager
async def opened(folder: Path, *, check: bool | None = None) -> AsyncIterator[Store]:
    """The store of a folder, closed at the end."""
    store = await Store.open(folder, check=check)
    try:
        yield store
    finally:
        await store.close()


def of_schema(number: int, new: Path, old: Path) -> None:
    """Make a folder that holds the messages of another one in a database of an earlier schema."""
    old.mkdir()
    known = schema.known_migrations()
    schema.migrate(old / DATABASE, {one: sql for one, sql in known.items() if one <= number})
    with closing(sqlite3.connect(old / DATABASE)) as db, db:
        db.execute("ATTACH ? AS new", [str(new / DATABASE)])
        for table in ("authors", "devices", "messages", "sums"):
            columns = ", ".join(name for _, name, *_ in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")


def ids_of(messages: Iterable[Message]) -> list[MessageId]:
    """Their ids, in order."""
    return [message.id for message in messages]


def cut_up(ids: bytes) -> list[MessageId]:
    """The single ids in a row of them."""
    return [MessageId(ids[at : at + limits.ID_SIZE]) for at in range(0, len(ids), limits.ID_SIZE)]


async def sums_hold(store: Store, authors: Collection[Author]) -> bool:
    """Whether the sums that are kept are those of the sets that are held."""
    for author in authors:
        for control in (True, False):
            _, ids = await store.messages.items(Filter.of_authors({author.key}), control)
            kept = (await store.messages.sums([author.key], control)).get(author.key, SetSum())
            if kept != SetSum.of(cut_up(ids)):
                return False
    return True


def traces(folder: Path, texts: Iterable[str]) -> list[str]:
    """Where these texts, or any word of them, still stand below a folder that no store has open."""
    words = sorted({word for text in texts for word in [text, *text.split()]})
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        found += [f"{file.name}: {word}" for word in words if word.encode() in content]
        found += [f"{file.name}: {word} folded" for word in words if fold(word).encode() in content]
    database = folder / DATABASE
    return found + (_indexed(database, words) if database.exists() else [])


def _indexed(database: Path, words: Iterable[str]) -> list[str]:
    """Words, and parts of three letters, that the full-text indexes know; only long words are told from others."""
    found = []
    with closing(sqlite3.connect(database)) as db:
        for name in FULL_TEXT:
            db.execute(f"CREATE VIRTUAL TABLE temp.known_{name} USING fts5vocab(main, {name}, 'row')")
        for word in {fold(word) for word in words}:
            parts = {word[at : at + 3] for at in range(len(word) - 2)}
            if db.execute("SELECT 1 FROM known_words WHERE term = ?", [word]).fetchone():
                found.append(f"words: {word}")
            if any(
                db.execute("SELECT 1 FROM known_grams WHERE term = ?", [part]).fetchone() for part in parts
            ):
                found.append(f"grams: {word}")
    return found
