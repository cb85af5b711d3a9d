"""The address book: nodes that this one was told of (new) and met (tried), each in one place (specs/11-discovery.md).

The functions work on a connection, so that a simulation can run them on a database in memory; `Book` offers them to the
node. What decides who keeps a place stands here; who is dialled and when, in `discovering`.
"""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

from hedgerow_node.config import (
    BOOK_ANCHORS,
    BOOK_DRAWN,
    BOOK_KEPT_VAIN,
    BOOK_MET_LATELY,
    BOOK_PAUSE,
    BOOK_UNMET_SHARE,
    BOOK_VAIN,
    LAST_BOOK_PAUSE,
)
from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database
from hedgerow_node.store.places import Place, Places, group_of
from hedgerow_node.store.settings import Settings
from hedgerow_protocol import limits
from hedgerow_protocol.address_record import SignedAddress
from hedgerow_protocol.keys import AuthorKey, DeviceKey

PLACES_UNDER = "what the places of the address book follow from"
COLUMNS = """device, author, record, ts, expiry, address, source, told, is_tried, bucket, place, vain,
    dialled, met, is_anchor"""
FIND = f"SELECT {COLUMNS} FROM book WHERE device = ?"  # noqa: S608
AT = f"SELECT {COLUMNS} FROM book WHERE is_tried = ? AND bucket = ? AND place = ?"  # noqa: S608
ALL = f"SELECT {COLUMNS} FROM book ORDER BY is_tried DESC, coalesce(met, 0) DESC, told DESC, row"  # noqa: S608
IN_BUCKET = f"SELECT {COLUMNS} FROM book WHERE is_tried = ? AND bucket = ? ORDER BY place"  # noqa: S608
BUCKETS = "SELECT DISTINCT bucket FROM book WHERE is_tried = ? ORDER BY bucket"
IN_TRIED = "SELECT count(*) FROM book WHERE is_tried = 1 AND bucket = ?"
ANCHORS = f"SELECT {COLUMNS} FROM book WHERE is_anchor = 1 ORDER BY row"  # noqa: S608
ADD = """INSERT INTO book (device, author, record, ts, expiry, address, source, via, told, is_tried, bucket, place)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)"""
RENEW = "UPDATE book SET record = ?, author = ?, ts = ?, expiry = ?, address = ? WHERE device = ?"
MOVE = """UPDATE book SET is_tried = 1, bucket = ?, place = ?, address = ?, vain = 0, met = ?, dialled = ?
    WHERE device = ?"""
MET = "UPDATE book SET vain = 0, met = ?, dialled = ? WHERE device = ?"
MISSED = "UPDATE book SET vain = vain + 1, dialled = ?, address = ? WHERE device = ?"
DROP = "DELETE FROM book WHERE device = ?"
PRUNE = "DELETE FROM book WHERE (is_tried = 0 AND expiry < ?) OR vain >= ?"


@dataclass(frozen=True, slots=True)
class Known:
    """A node in the book."""

    device: DeviceKey
    author: AuthorKey
    """Whose it claims to be."""
    record: bytes
    ts: int
    expiry: int
    address: str
    """Of its addresses the one whose turn it is, or that answered."""
    source: DeviceKey | None
    """Who told of it; None: the owner took it in."""
    told: float
    is_tried: bool
    place: Place
    vain: int
    """Tries in vain since it last answered."""
    dialled: float | None
    met: float | None
    """When it last answered, in Unix seconds."""
    is_anchor: bool

    def may_be_dialled(self, now: float) -> bool:
        """Whether its pause is over; it doubles with each try in vain."""
        if self.dialled is None or not self.vain:
            return True
        pause: float = min(BOOK_PAUSE * 2 ** (self.vain - 1), LAST_BOOK_PAUSE)
        return now >= self.dialled + pause

    def is_stale(self, now: float) -> bool:
        """Whether another may have its place in new."""
        return self.expiry < now or self.vain >= BOOK_VAIN


@dataclass(frozen=True, slots=True)
class Told:
    """A record that came in, judged and with an address that may be dialled."""

    signed: SignedAddress
    addresses: tuple[str, ...]
    """Those that may be dialled, at least one."""
    source: DeviceKey | None
    via: str
    """The group of who told of it."""


def learn(db: sqlite3.Connection, places: Places, told: Told, now: float) -> bool:
    """Keep what was told; whether it was news and found a place."""
    known = find(db, told.signed.record.device)
    if known is None:
        return _add(db, places, told, now)
    if told.signed.record.ts < known.ts + limits.ADDRESS_NEWS:
        return False
    if known.address not in told.addresses:
        # It moved: nobody has met it there.
        db.execute(DROP, (known.device,))
        return _add(db, places, told, now)
    record = told.signed.record
    values = (told.signed.encoded, record.author, record.ts, record.expiry, known.address, known.device)
    db.execute(RENEW, values)
    return True


def _add(db: sqlite3.Connection, places: Places, told: Told, now: float) -> bool:
    record, address = told.signed.record, told.addresses[0]
    place = places.in_new(group_of(address), told.via, record.device)
    holder = _at(db, place, is_tried=False)
    if holder is not None and not holder.is_stale(now):
        return False
    if holder is not None:
        db.execute(DROP, (holder.device,))
    values = (record.device, record.author, told.signed.encoded, record.ts, record.expiry, address)
    db.execute(ADD, (*values, told.source, told.via, now, place.bucket, place.place))
    return True


def meet(db: sqlite3.Connection, places: Places, device: DeviceKey, address: str, now: float) -> Known | None:
    """This node answered at this address. Returns who holds its place in tried and has to be tested first."""
    known = find(db, device)
    if known is None or (known.is_tried and known.address == address):
        db.execute(MET, (now, now, device))
        return None
    place = places.in_tried(group_of(address), device)
    holder = _at(db, place, is_tried=True)
    if holder is not None and holder.device != device and holder.vain < BOOK_KEPT_VAIN:
        db.execute(MET, (now, now, device))
        is_sure = holder.met is not None and holder.met > now - BOOK_MET_LATELY
        return None if is_sure else holder
    if holder is not None and holder.device != device:
        db.execute(DROP, (holder.device,))
    db.execute(MOVE, (place.bucket, place.place, address, now, now, device))
    return None


def give_way(
    db: sqlite3.Connection, places: Places, holder: DeviceKey, device: DeviceKey, now: float
) -> None:
    """The holder of a place in tried was tested and did not answer: its place goes to this node."""
    known = find(db, device)
    if known is not None:
        db.execute(DROP, (holder,))
        meet(db, places, device, known.address, now)


def miss(db: sqlite3.Connection, device: DeviceKey, addresses: Sequence[str], now: float) -> None:
    """This node was dialled and did not answer; the next of its addresses has its turn."""
    known = find(db, device)
    if known is None:
        return
    at = addresses.index(known.address) if known.address in addresses else -1
    turn = known.address if known.is_tried or not addresses else addresses[(at + 1) % len(addresses)]
    db.execute(MISSED, (now, turn, device))


def feeler(db: sqlite3.Connection, places: Places, random: Random, now: float) -> Known | None:
    """Somebody in new to look after.

    A few are drawn, each bucket with the same chance, and the one is taken of whose network fewest were met: who has
    few networks gets no further, however many keys he makes.
    """
    buckets = _buckets(db, is_tried=False)
    random.shuffle(buckets)
    drawn: list[Known] = []
    for bucket in buckets:
        free = [known for known in _all(db, IN_BUCKET, False, bucket) if known.may_be_dialled(now)]
        drawn += [random.choice(free)] if free else []
        if len(drawn) == BOOK_DRAWN:
            break
    return min(drawn, key=lambda known: _met_nearby(db, places, known), default=None)


def _met_nearby(db: sqlite3.Connection, places: Places, known: Known) -> int:
    bucket = places.in_tried(group_of(known.address), known.device).bucket
    return int(db.execute(IN_TRIED, (bucket,)).fetchone()[0])


def candidates(
    db: sqlite3.Connection,
    random: Random,
    count: int,
    avoiding: Collection[AuthorKey],
    without: Collection[DeviceKey],
    now: float,
) -> list[Known]:
    """Nodes to link to, of as many operators: anchors first, then who was met, then who was told of."""
    anchors = [known for known in _all(db, ANCHORS) if known.may_be_dialled(now)]
    drawn = (_drawn(db, random, is_tried=is_tried, now=now) for is_tried in (True, False))
    found: list[Known] = []
    operators = set(avoiding)
    for known in chain(anchors, chain.from_iterable(drawn)):
        if len(found) == count:
            break
        if known.author not in operators and known.device not in without:
            operators.add(known.author)
            found.append(known)
    return found


def sample(db: sqlite3.Connection, random: Random, count: int, now: float) -> list[bytes]:
    """Records to give to somebody who asks: of who was met, and a few of who was only told of."""
    drawn = (_drawn(db, random, is_tried=is_tried, now=now) for is_tried in (True, False))
    tried, new = ([known.record for known in part if now <= known.expiry] for part in drawn)
    return [*tried, *new[: count // BOOK_UNMET_SHARE]][:count]


def find(db: sqlite3.Connection, device: DeviceKey) -> Known | None:
    """This node, if it is in the book."""
    return next(iter(_all(db, FIND, device)), None)


def anchor(db: sqlite3.Connection, devices: Sequence[DeviceKey]) -> None:
    """Remember the first of these as those to dial first after a restart."""
    db.execute("UPDATE book SET is_anchor = 0 WHERE is_anchor = 1")
    for device in devices[:BOOK_ANCHORS]:
        db.execute("UPDATE book SET is_anchor = 1 WHERE device = ?", (device,))


def prune(db: sqlite3.Connection, now: float) -> None:
    """Forget who was only told of and has expired, and who is never there."""
    db.execute(PRUNE, (now, BOOK_KEPT_VAIN))


def _drawn(db: sqlite3.Connection, random: Random, *, is_tried: bool, now: float) -> list[Known]:
    """Who may be dialled now, in an order by chance in which each bucket has the same share."""
    queues = [_all(db, IN_BUCKET, is_tried, bucket) for bucket in _buckets(db, is_tried=is_tried)]
    for queue in queues:
        random.shuffle(queue)
    drawn: list[Known] = []
    while queues:
        random.shuffle(queues)
        drawn += [queue.pop() for queue in queues]
        queues = [queue for queue in queues if queue]
    return [known for known in drawn if known.may_be_dialled(now)]


def _buckets(db: sqlite3.Connection, *, is_tried: bool) -> list[int]:
    return [bucket for (bucket,) in db.execute(BUCKETS, (is_tried,))]


def _at(db: sqlite3.Connection, place: Place, *, is_tried: bool) -> Known | None:
    return next(iter(_all(db, AT, is_tried, place.bucket, place.place)), None)


def _all(db: sqlite3.Connection, sql: str, *values: object) -> list[Known]:
    return [_known(*row) for row in db.execute(sql, values)]


def _known(
    device: bytes,
    author: bytes,
    record: bytes,
    ts: int,
    expiry: int,
    address: str,
    source: bytes | None,
    told: float,
    is_tried: int,
    bucket: int,
    place: int,
    vain: int,
    dialled: float | None,
    met: float | None,
    is_anchor: int,
) -> Known:
    return Known(
        DeviceKey(device),
        AuthorKey(author),
        record,
        ts,
        expiry,
        address,
        None if source is None else DeviceKey(source),
        told,
        bool(is_tried),
        Place(bucket, place),
        vain,
        dialled,
        met,
        bool(is_anchor),
    )


class Book:
    """The address book in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places: Places | None = None

    async def open(self, entropy: Callable[[int], bytes]) -> None:
        """Have the secret under which places follow, made on the first call."""
        settings = Settings(self._database)
        secret = await settings.get(PLACES_UNDER)
        if secret is None:
            secret = entropy(32).hex()
            await settings.put(PLACES_UNDER, secret)
        self._places = Places(bytes.fromhex(secret))

    @property
    def places(self) -> Places:
        """Where nodes stand; the book is open."""
        assert self._places is not None
        return self._places

    async def learn(self, told: Sequence[Told], now: float) -> list[bytes]:
        """Keep what was told; the records of it that were news and found a place."""

        def work(db: sqlite3.Connection) -> list[bytes]:
            return [one.signed.encoded for one in told if learn(db, self.places, one, now)]

        return await self._database.write(work)

    async def meet(self, device: DeviceKey, address: str, now: float) -> Known | None:
        """A node answered at this address. Returns who holds its place in tried and has to be tested first."""
        return await self._database.write(lambda db: meet(db, self.places, device, address, now))

    async def give_way(self, holder: DeviceKey, device: DeviceKey, now: float) -> None:
        """The holder of a place in tried did not answer: its place goes to this node."""
        await self._database.write(lambda db: give_way(db, self.places, holder, device, now))

    async def miss(self, device: DeviceKey, addresses: Sequence[str], now: float) -> None:
        """A node did not answer; the next of these, its addresses that may be dialled, has its turn."""
        await self._database.write(lambda db: miss(db, device, addresses, now))

    async def feeler(self, random: Random, now: float) -> Known | None:
        """Somebody to look after whether he is there."""
        return await self._database.read(lambda db: feeler(db, self.places, random, now))

    async def candidates(
        self,
        random: Random,
        count: int,
        avoiding: Collection[AuthorKey],
        without: Collection[DeviceKey],
        now: float,
    ) -> list[Known]:
        """Nodes to link to, of as many operators, none of those `avoiding` names."""
        return await self._database.read(lambda db: candidates(db, random, count, avoiding, without, now))

    async def sample(self, random: Random, count: int, now: float) -> list[bytes]:
        """Records to give to somebody who asks."""
        return await self._database.read(lambda db: sample(db, random, count, now))

    async def find(self, device: DeviceKey) -> Known | None:
        """This node, if it is in the book."""
        return await self._database.read(lambda db: find(db, device))

    async def all(self) -> list[Known]:
        """Everybody in the book, who answered last first."""
        return await self._database.read(lambda db: _all(db, ALL))

    async def count(self) -> int:
        """How many nodes are in the book."""
        return await self._database.read(
            lambda db: int(db.execute("SELECT count(*) FROM book").fetchone()[0])
        )

    async def remove(self, device: DeviceKey) -> bool:
        """Forget this node; whether it was in the book."""
        return await self._database.write(lambda db: change(db, DROP, (device,)))

    async def tidy(self, anchors: Sequence[DeviceKey], now: float) -> None:
        """Forget who is gone; where there are `anchors`, remember these as those to dial first after a restart."""

        def work(db: sqlite3.Connection) -> None:
            prune(db, now)
            if anchors:
                anchor(db, anchors)

        await self._database.write(work)
