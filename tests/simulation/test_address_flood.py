"""Eclipse: who floods the address book with keys gets as far as his networks reach, and no further."""

from random import Random

import pytest

from hedgerow_node.store import book
from hedgerow_node.store.places import Place, Places
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from simulator.flood import Flood

MOST = 0.4
"""Of the tried table: what an attacker may hold who runs 30 of 100 machines and answers always."""


class ByKeyAlone(Places):
    """The defence switched off: a key decides where a node stands, and keys are free."""

    def in_new(self, group: str, via: str, device: bytes) -> Place:
        return super().in_new(device.hex(), device.hex(), device)

    def in_tried(self, group: str, device: bytes) -> Place:
        return super().in_tried(device.hex(), device)


def flooded(seed: int, places: type[Places], hours: float) -> Flood:
    flood = Flood(seed, places(bytes([seed % 256]) * 32))
    flood.begin()
    flood.run(hours)
    return flood


@pytest.mark.parametrize("seed", [1, 2])
def test_a_flood_of_three_in_ten_holds_at_most_two_fifths_of_who_was_met(seed: int) -> None:
    flood = flooded(seed, Places, 5)
    assert flood.share(is_tried=True) <= MOST
    assert flood.count(is_tried=True) > 100


def test_with_buckets_switched_off_the_same_flood_takes_the_table() -> None:
    assert flooded(1, ByKeyAlone, 3).share(is_tried=True) > MOST


def test_whom_it_would_link_to_are_mostly_honest_although_it_was_told_mostly_of_others() -> None:
    flood = flooded(1, Places, 5)
    assert flood.share(is_tried=False) > MOST
    draws = [book.candidates(flood.db, Random(seed), 8, (), (), flood.now) for seed in range(200)]
    hostile = [sum(known.device in flood.hostile for known in chosen) for chosen in draws]
    assert all(len(chosen) == 8 for chosen in draws)
    assert sum(hostile) <= 0.3 * 8 * len(draws)
    assert sum(count <= 4 for count in hostile) >= 0.97 * len(draws)
    assert max(hostile) < 8


def test_the_book_never_grows_beyond_its_places() -> None:
    flood = flooded(3, Places, 1)
    for _ in range(3_000):
        flood.tell(0, flood.forge())
    assert flood.count(is_tried=False) <= 4_096
    # One link alone reaches a sixteenth of it.
    alone = Flood(4, Places(bytes(32)))
    for _ in range(5_000):
        alone.tell(0, alone.forge())
    assert alone.count(is_tried=False) <= 16 * 16


def test_places_follow_from_a_secret() -> None:
    one, other = Places(bytes(32)), Places(bytes([1]) * 32)
    groups = [f"10.{number}.0.0/16" for number in range(50)]
    moved = [group for group in groups if one.in_tried(group, b"k") != other.in_tried(group, b"k")]
    assert len(moved) > 40


def test_operators_are_told_apart_and_those_that_are_to_be_avoided_are() -> None:
    flood = flooded(5, Places, 1)
    first = book.candidates(flood.db, flood.random, 3, (), (), flood.now)
    avoided = {known.author for known in first}
    others = book.candidates(flood.db, flood.random, 3, avoided, (), flood.now)
    assert not avoided & {known.author for known in others}
    devices = {DeviceKey(known.device) for known in others}
    assert not devices & {
        known.device for known in book.candidates(flood.db, flood.random, 9, (), devices, flood.now)
    }
    assert AuthorKey(b"") not in avoided


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_a_flood_of_three_days_holds_at_most_two_fifths_of_who_was_met(seed: int) -> None:
    assert flooded(seed, Places, 72).share(is_tried=True) <= MOST
