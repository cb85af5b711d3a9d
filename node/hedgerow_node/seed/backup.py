"""A whole node in one file while it runs: keys, what its operator decided, journal, database (specs/16-seeds.md).

The database is copied as it was at one moment, the journal after that, so each own message in the one is in the other.
Until the file is made, the copies lie in a folder of the home, which needs as much room again as the store has.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec

from hedgerow_node import durable
from hedgerow_node.config import BACKUP_GATHERED, MIN_FREE_DISK, Home
from hedgerow_node.links.room import free_bytes
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed.copies import make_folder
from hedgerow_node.seed.packing import KEYS, Part, packed
from hedgerow_node.seed.sealing import SALT, sealed
from hedgerow_node.store import database as databases
from hedgerow_node.store import journal as journals
from hedgerow_node.store.snapshot import copy_database, newest_schema

FORMAT = "hedgerow-backup"
VERSION = 1
ABOUT = "backup.json"


class About(msgspec.Struct, kw_only=True):
    """The first part of a backup: what it is."""

    format: str
    version: int
    did: str
    made: int
    """Unix seconds."""
    schema: int
    """The number of the database's schema."""
    seed: bool
    """Whether a file seed.toml is in it."""


async def backed_up(node: Node, passphrase: str) -> AsyncIterator[bytes]:
    """The bytes of a backup, sealed where a passphrase is given. Raises `Problem`."""
    _check_room(node)
    folder = await asyncio.to_thread(make_folder, node.home)
    try:
        parts = await _parts(node, folder)
        chunks = packed(parts, int(node.clock.now()))
        if passphrase:
            chunks = sealed(chunks, passphrase, node.clock.entropy(SALT))
        while chunk := await asyncio.to_thread(_several, chunks):
            yield chunk
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _parts(node: Node, folder: Path) -> list[Part]:
    about = About(
        format=FORMAT,
        version=VERSION,
        did=node.keys.did,
        made=int(node.clock.now()),
        schema=newest_schema(),
        seed=node.home.seed.exists(),
    )
    database, journal = folder / databases.FILE, folder / journals.FILE
    await asyncio.to_thread(copy_database, node.store.database.path, database)
    await node.store.database.alone(lambda _: _copied(node.home.journal, journal))
    keys = await asyncio.to_thread(node.keys.files)
    return [
        Part(ABOUT, msgspec.json.encode(about)),
        *_decided(node.home),
        *(Part(KEYS + name, data) for name, data in keys.items()),
        Part(journals.FILE, journal),
        Part(databases.FILE, database),
    ]


def _check_room(node: Node) -> None:
    needed = node.store.size() + MIN_FREE_DISK
    if free_bytes(node.home.path) < needed:
        raise Problem(Code.STORE_FULL, f"a backup needs {needed:,} bytes beside the library until it is made")


def _copied(path: Path, to: Path) -> None:
    durable.write_new(to, b"")
    shutil.copyfile(path, to)


def _decided(home: Home) -> list[Part]:
    return [Part(home.seed.name, home.seed)] if home.seed.exists() else []


def _several(chunks: Iterator[bytes]) -> bytes:
    """Some chunks in one, so that not each of them changes threads; nothing at the end."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        if len(gathered) >= BACKUP_GATHERED:
            break
    return bytes(gathered)
