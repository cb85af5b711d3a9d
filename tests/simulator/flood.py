"""A node's address book under a flood: honest nodes and an attacker of many keys and few networks, seeded.

The book is the real one, on a database in memory. Time is virtual. The attacker is as good as can be: all of his nodes
answer, at once and always.
"""

import sqlite3
from importlib import resources
from random import Random

from hedgerow_node.store import book
from hedgerow_node.store.book import Told
from hedgerow_node.store.places import Places, group_of
from hedgerow_protocol import limits
from hedgerow_protocol.address_record import AddressRecord, SignedAddress
from hedgerow_protocol.keys import AuthorKey, DeviceKey

START = 1_790_000_000.0
HOUR = 3_600.0
LIFE = limits.MAX_ADDRESS_LIFE
LINKS = 6
"""Of the node, of which as many are the attacker's as of all machines, rounded up."""


def empty_book() -> sqlite3.Connection:
    """A database that has the table of the book."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrations = resources.files("hedgerow_node.store").joinpath("migrations")
    [text] = [
        text
        for file in migrations.iterdir()
        if "CREATE TABLE book" in (text := file.read_text(encoding="utf-8"))
    ]
    db.executescript(text)
    return db


def record(device: bytes, address: str, ts: float = START) -> SignedAddress:
    """A record whose signature nobody checks."""
    said = AddressRecord(1, DeviceKey(device), AuthorKey(device), (address,), int(ts), LIFE)
    return SignedAddress(said, device)


def ip(random: Random, group: int) -> str:
    """An address in this group."""
    return (
        f"ws://{1 + group // 250}.{group % 250}.{random.randrange(256)}.{random.randrange(1, 255)}:4545/peer"
    )


class Flood:
    """One node, whose links are honest or the attacker's, and what becomes of its book."""

    def __init__(self, seed: int, places: Places, *, honest: int = 700, hostile: int = 300, groups: int = 32):
        """Of `honest` + `hostile` machines those of the attacker stand in so many `groups`."""
        self.random = Random(seed)
        self.places = places
        self.db = empty_book()
        self.now = START
        self.honest = {
            self.random.randbytes(32): ip(self.random, self.random.randrange(2_000)) for _ in range(honest)
        }
        self.groups = [2_000 + number for number in range(groups)]
        share = hostile / (honest + hostile)
        self.links = ["hostile" if number < LINKS * share else "honest" for number in range(LINKS)]
        self.vias = [
            group_of(ip(self.random, self.random.choice(self.groups)))
            if kind == "hostile"
            else group_of(self.random.choice(list(self.honest.values())))
            for kind in self.links
        ]
        self.hostile: set[bytes] = set()

    def forge(self) -> SignedAddress:
        """A new key of the attacker's at one of his machines."""
        device = self.random.randbytes(32)
        self.hostile.add(device)
        return record(device, ip(self.random, self.random.choice(self.groups)), self.now)

    def tell(self, link: int, signed: SignedAddress) -> None:
        """A record comes over a link."""
        address = signed.record.addresses
        book.learn(self.db, self.places, Told(signed, address, None, self.vias[link]), self.now)

    def begin(self) -> None:
        """What the links answer at first: honest ones some honest nodes, of whom 30 in 100 are the attacker's."""
        for link, kind in enumerate(self.links):
            for _ in range(200 if kind == "honest" else int(limits.ADDRESS_BURST)):
                is_hostile = kind == "hostile" or self.random.random() < 0.3
                self.tell(link, self.forge() if is_hostile else self._some_honest())

    def _some_honest(self) -> SignedAddress:
        device = self.random.choice(list(self.honest))
        return record(device, self.honest[device], self.now)

    def run(self, hours: float) -> None:
        """Feelers in their time, and on each link as much news as it may bring, 30 in 100 of it the attacker's
        where the link is honest, and all where it is not."""
        for _ in range(int(hours * HOUR / limits.FEELER_INTERVAL)):
            self.now += limits.FEELER_INTERVAL
            for link, kind in enumerate(self.links):
                for _ in range(int(limits.FEELER_INTERVAL * limits.ADDRESS_RATE)):
                    is_hostile = kind == "hostile" or self.random.random() < 0.3
                    self.tell(link, self.forge() if is_hostile else self._some_honest())
            self._feel()

    def _feel(self) -> None:
        known = book.feeler(self.db, self.places, self.random, self.now)
        if known is not None:
            # Everybody answers, so who holds a place in tried keeps it.
            book.meet(self.db, self.places, known.device, known.address, self.now)

    def share(self, *, is_tried: bool) -> float:
        """Of a table the part that is the attacker's."""
        held = [
            device for (device,) in self.db.execute("SELECT device FROM book WHERE is_tried = ?", (is_tried,))
        ]
        return sum(device in self.hostile for device in held) / max(1, len(held))

    def count(self, *, is_tried: bool) -> int:
        """How many nodes a table has."""
        return int(self.db.execute("SELECT count(*) FROM book WHERE is_tried = ?", (is_tried,)).fetchone()[0])
