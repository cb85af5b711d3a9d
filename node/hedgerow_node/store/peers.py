"""What is kept of other nodes: those that this one dials, and the members whom it carries."""

from dataclasses import dataclass

from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database
from hedgerow_protocol.keys import AuthorKey, DeviceKey

COLUMNS = "device, address, author, name, asks_private, last_linked"
PEERS = f"SELECT {COLUMNS} FROM peers ORDER BY row"  # noqa: S608
ADD = f"""INSERT INTO peers ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (device) DO UPDATE SET address = excluded.address, name = excluded.name,
    asks_private = excluded.asks_private, author = coalesce(excluded.author, author)"""  # noqa: S608

LINKED = "UPDATE peers SET author = coalesce(?, author), last_linked = ? WHERE device = ?"


@dataclass(frozen=True, slots=True)
class KnownPeer:
    """Another node that this one dials."""

    device: DeviceKey
    address: str
    """ws://… or wss://….."""
    author: AuthorKey | None = None
    """Whose it is, once a link proved it."""
    name: str = ""
    asks_private: bool = False
    """Private follows may stand in what is asked of it."""
    last_linked: float | None = None
    """When a link to it last opened, in Unix seconds."""
    is_told: bool = False
    """Whether its address came out of the address book: then it is dialled with the care that needs."""


class Peers:
    """Peers and members in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, peer: KnownPeer) -> None:
        """Keep this peer. Of one that is kept, address, name and what it is asked change; when it linked stays."""
        values = (peer.device, peer.address, peer.author, peer.name, peer.asks_private, peer.last_linked)
        await self._database.write(lambda db: change(db, ADD, values))

    async def all(self) -> list[KnownPeer]:
        """Every peer, in the order of adding."""
        return await self._database.read(lambda db: [_peer(row) for row in db.execute(PEERS)])

    async def remove(self, device: DeviceKey) -> bool:
        """Drop this peer; whether it was kept."""
        return await self._database.write(
            lambda db: change(db, "DELETE FROM peers WHERE device = ?", (device,))
        )

    async def linked(self, device: DeviceKey, author: AuthorKey | None, at: float) -> None:
        """A link to this device opened, and proved whose it is or did not; a peer that is not kept is passed over."""
        await self._database.write(lambda db: change(db, LINKED, (author, at, device)))

    async def add_member(self, author: AuthorKey, at: float) -> None:
        """Carry this author's messages from now on; of a member, the time of joining stays."""
        await self._database.write(
            lambda db: change(db, "INSERT OR IGNORE INTO members (author, since) VALUES (?, ?)", (author, at))
        )

    async def remove_member(self, author: AuthorKey) -> bool:
        """End a membership; whether there was one."""
        return await self._database.write(
            lambda db: change(db, "DELETE FROM members WHERE author = ?", (author,))
        )

    async def joined(self) -> dict[AuthorKey, float]:
        """Every member with the Unix seconds of joining, the first first."""
        sql = "SELECT author, since FROM members ORDER BY since, author"
        return await self._database.read(
            lambda db: {AuthorKey(author): float(since) for author, since in db.execute(sql)}
        )

    async def members(self) -> set[AuthorKey]:
        """Every member."""
        return await self._database.read(
            lambda db: {AuthorKey(author) for (author,) in db.execute("SELECT author FROM members")}
        )


def _peer(row: tuple[bytes, str, bytes | None, str, int, float | None]) -> KnownPeer:
    device, address, author, name, asks_private, last_linked = row
    return KnownPeer(
        DeviceKey(device),
        address,
        None if author is None else AuthorKey(author),
        name,
        bool(asks_private),
        last_linked,
    )
