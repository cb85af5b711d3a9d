"""The address book: what is told and met, who keeps a place, what a restart and a restart without a home keep."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest

from hedgerow_node.config import BOOK_KEPT_VAIN, BOOK_MET_LATELY, BOOK_PAUSE, BOOK_VAIN
from hedgerow_node.store import book
from hedgerow_node.store.book import Told
from hedgerow_node.store.places import Place, Places, group_of
from hedgerow_node.store.store import Store
from hedgerow_protocol import keys, limits
from hedgerow_protocol.address_record import AddressRecord, SignedAddress, sign_record
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from node.store.opened import opened
from simulator.flood import START, empty_book

WEEK = 7 * 86_400
AUTHOR = AuthorKey(bytes([9]) * 32)


class OnePlace(Places):
    """Everybody wants the same place."""

    def in_new(self, group: str, via: str, device: bytes) -> Place:
        return Place(0, 0)

    def in_tried(self, group: str, device: bytes) -> Place:
        return Place(0, 0)


WIDE, NARROW = Places(bytes(32)), OnePlace(bytes(32))


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    made = empty_book()
    yield made
    made.close()


def signed(number: int, *addresses: str, ts: float = START, ttl: int = WEEK) -> SignedAddress:
    """The record of the node with this number."""
    seed = bytes([number]) * 32
    places = addresses or (f"ws://{number}.1.2.3:4545/peer",)
    return sign_record(AddressRecord(1, DeviceKey(keys.public_key(seed)), AUTHOR, places, int(ts), ttl), seed)


def told(one: SignedAddress, source: DeviceKey | None = None) -> Told:
    return Told(one, one.record.addresses, source, "198.51.0.0/16")


def learn(db: sqlite3.Connection, one: SignedAddress, places: Places = WIDE, now: float = START) -> bool:
    return book.learn(db, places, told(one), now)


def test_a_record_is_news_once_and_a_later_one_only_after_an_hour(db: sqlite3.Connection) -> None:
    assert learn(db, signed(1))
    assert not learn(db, signed(1))
    assert not learn(db, signed(1, ts=START + limits.ADDRESS_NEWS - 1))
    assert learn(db, signed(1, ts=START + limits.ADDRESS_NEWS))
    assert not learn(db, signed(1, ts=START - 5_000))


def test_a_place_in_new_is_kept_while_its_record_holds_and_is_dialled_with_success(
    db: sqlite3.Connection,
) -> None:
    first, second = signed(1), signed(2)
    assert learn(db, first, NARROW)
    assert not learn(db, second, NARROW)
    for _ in range(BOOK_VAIN):
        book.miss(db, first.record.device, first.record.addresses, START)
    assert learn(db, second, NARROW)
    assert book.find(db, first.record.device) is None
    assert learn(db, signed(3, ts=START + WEEK + 1), NARROW, now=START + WEEK + 1)


def test_who_answered_is_in_tried_and_a_holder_of_the_place_is_tested_before_it_goes(
    db: sqlite3.Connection,
) -> None:
    one, two = signed(1), signed(2)
    for each in (one, two):
        learn(db, each)
    assert book.meet(db, NARROW, one.record.device, one.record.addresses[0], START) is None
    # Who answered lately is sure to be there, and nobody is dialled for it.
    assert book.meet(db, NARROW, two.record.device, two.record.addresses[0], START + 1) is None
    assert not tried(db, two)
    later = START + BOOK_MET_LATELY + 1
    holder = book.meet(db, NARROW, two.record.device, two.record.addresses[0], later)
    assert holder is not None
    assert holder.device == one.record.device
    assert not tried(db, two)
    book.give_way(db, NARROW, holder.device, two.record.device, later)
    assert tried(db, two)
    assert book.find(db, one.record.device) is None


def tried(db: sqlite3.Connection, one: SignedAddress) -> bool:
    known = book.find(db, one.record.device)
    return known is not None and known.is_tried


def test_a_node_that_moves_has_to_be_met_again(db: sqlite3.Connection) -> None:
    learn(db, signed(1))
    book.meet(db, WIDE, signed(1).record.device, "ws://1.1.2.3:4545/peer", START)
    assert tried(db, signed(1))
    assert learn(db, signed(1, "ws://1.1.2.3:4545/peer", ts=START + 5_000))
    assert tried(db, signed(1))
    assert learn(db, signed(1, "ws://9.9.9.9:4545/peer", ts=START + 10_000))
    assert not tried(db, signed(1))


def test_the_addresses_of_a_node_take_turns_until_one_answers(db: sqlite3.Connection) -> None:
    both = signed(1, "ws://1.1.1.1:4545/", "ws://2.2.2.2:4545/")
    learn(db, both)
    device, addresses = both.record.device, both.record.addresses
    seen = []
    for _ in range(3):
        known = book.find(db, device)
        assert known is not None
        seen.append(known.address)
        book.miss(db, device, addresses, START)
    assert seen == [addresses[0], addresses[1], addresses[0]]


def test_pauses_double_with_each_try_in_vain(db: sqlite3.Connection) -> None:
    one = signed(1)
    learn(db, one)
    for vain in range(1, 4):
        book.miss(db, one.record.device, one.record.addresses, START)
        known = book.find(db, one.record.device)
        assert known is not None
        pause = BOOK_PAUSE * 2 ** (vain - 1)
        assert not known.may_be_dialled(START + pause - 1)
        assert known.may_be_dialled(START + pause)
        assert book.feeler(db, WIDE, Random(1), START + pause - 1) is None


def test_who_is_never_there_and_who_expired_untried_is_forgotten(db: sqlite3.Connection) -> None:
    for number in (1, 2, 3):
        learn(db, signed(number))
    for number in (1, 2):
        book.meet(db, WIDE, signed(number).record.device, f"ws://{number}.1.2.3:4545/peer", START)
    for _ in range(BOOK_KEPT_VAIN):
        book.miss(db, signed(1).record.device, (), START)
    book.prune(db, START + WEEK + 1)
    assert [book.find(db, signed(number).record.device) is not None for number in (1, 2, 3)] == [
        False,
        True,
        False,
    ]


def test_anchors_come_first_among_the_candidates(db: sqlite3.Connection) -> None:
    for number in range(1, 30):
        one = sign_record(
            AddressRecord(
                1,
                DeviceKey(keys.public_key(bytes([number]) * 32)),
                AuthorKey(bytes([number]) * 32),
                (f"ws://{number}.1.2.3:4545/peer",),
                int(START),
                WEEK,
            ),
            bytes([number]) * 32,
        )
        learn(db, one)
        book.meet(db, WIDE, one.record.device, one.record.addresses[0], START)
    chosen = [DeviceKey(keys.public_key(bytes([number]) * 32)) for number in (7, 11)]
    book.anchor(db, chosen)
    for seed in range(5):
        found = book.candidates(db, Random(seed), 4, (), (), START)
        assert {known.device for known in found[:2]} == set(chosen)
        assert len(found) == 4


def test_what_is_given_away_is_of_who_was_met_and_a_few_others_and_holds(db: sqlite3.Connection) -> None:
    for number in range(1, 41):
        learn(db, signed(number, ttl=WEEK if number % 2 else 60))
    for number in range(1, 11):
        book.meet(db, WIDE, signed(number).record.device, f"ws://{number}.1.2.3:4545/peer", START)
    given = book.sample(db, Random(1), 8, START + 61)
    met = {signed(number, ttl=WEEK).encoded for number in range(1, 11, 2)}
    assert met <= set(given)
    assert len(given) == len(met) + 2


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("ws://192.0.2.7:4545/peer", "192.0.0.0/16"),
        ("ws://[2001:db8:1:2::3]/peer", "2001:db8::/32"),
        ("ws://[::ffff:192.0.2.7]/peer", "192.0.0.0/16"),
        ("ws://[64:ff9b::192.0.2.7]/peer", "192.0.0.0/16"),
        ("ws://[2002:c000:207::1]/peer", "192.0.0.0/16"),
        ("wss://a.b.seed.example.org/peer", "example.org"),
        ("wss://example.org./peer", "example.org"),
        ("wss://seed/peer", "seed"),
    ],
)
def test_the_group_of_an_address_is_what_costs_something(address: str, group: str) -> None:
    assert group_of(address) == group


# --- The book of a node ---------------------------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def test_a_book_and_its_secret_survive_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.book.open(lambda length: bytes([7]) * length)
        assert await store.book.learn([told(signed(1)), told(signed(1))], START) == [signed(1).encoded]
        before = store.book.places.in_tried("a", b"k")
        assert await store.book.meet(signed(1).record.device, "ws://1.1.2.3:4545/peer", START) is None
        await store.book.tidy([signed(1).record.device], START)
    async with opened(tmp_path) as store:
        await store.book.open(lambda length: bytes([8]) * length)
        assert store.book.places.in_tried("a", b"k") == before
        [known] = await store.book.candidates(Random(1), 3, (), (), START)
        assert (known.device, known.is_anchor, known.is_tried) == (signed(1).record.device, True, True)
        assert await store.book.count() == 1


async def test_a_node_can_be_forgotten(store: Store) -> None:
    await store.book.open(bytes)
    await store.book.learn([told(signed(1))], START)
    assert await store.book.remove(signed(1).record.device)
    assert not await store.book.remove(signed(1).record.device)
    assert await store.book.all() == []
