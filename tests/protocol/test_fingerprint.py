"""The additive fingerprint: what sums of sets of ids keep, and what they refuse."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.fingerprint import SetSum, encode_varint, fingerprint, sum_of_ids

IDS = st.binary(min_size=32, max_size=32)
SETS = st.sets(IDS, max_size=40).map(sorted)


def numbered(count: int) -> list[bytes]:
    return [hashlib.sha256(b"id%d" % number).digest() for number in range(count)]


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8100"),
        (300, "822c"),
        (2**14, "818000"),
        (2**32, "9080808000"),
    ],
)
def test_a_varint_has_its_highest_digit_first_and_none_too_many(number: int, digits: str) -> None:
    assert encode_varint(number).hex() == digits


def test_the_fingerprint_of_nothing_hashes_a_sum_and_a_count_of_zero() -> None:
    assert SetSum().fingerprint() == hashlib.sha256(bytes(33)).digest()[:16]


def test_ids_are_little_endian_and_the_sum_is_taken_modulo_2_to_the_256() -> None:
    ids = [bytes([2]) + bytes(31), b"\xff" * 32]
    assert SetSum.of(ids).to_bytes() == bytes([1]) + bytes(31)
    assert SetSum.of(ids).fingerprint() == hashlib.sha256(bytes([1]) + bytes(31) + bytes([2])).digest()[:16]


def test_the_count_stands_in_the_fingerprint_as_a_varint() -> None:
    assert fingerprint(200, 0) == hashlib.sha256(bytes(32) + b"\x81\x48").digest()[:16]


def test_sets_of_one_sum_but_another_count_have_another_fingerprint() -> None:
    assert SetSum(1, 7).fingerprint() != SetSum(2, 7).fingerprint()


@given(SETS, st.randoms(use_true_random=False))
def test_the_sum_does_not_depend_on_the_order(ids: list[bytes], random) -> None:
    shuffled = list(ids)
    random.shuffle(shuffled)
    built = SetSum()
    for identifier in shuffled:
        built = built.add(identifier)
    assert built == SetSum.of(ids)


@given(SETS, IDS)
def test_removing_undoes_adding(ids: list[bytes], identifier: bytes) -> None:
    before = SetSum.of(ids)
    assert before.add(identifier).remove(identifier) == before


@given(st.lists(SETS, max_size=5))
def test_sums_of_disjoint_sets_add_up(sets: list[list[bytes]]) -> None:
    apart = [
        [hashlib.sha256(bytes((number,)) + one).digest() for one in ids] for number, ids in enumerate(sets)
    ]
    together = SetSum().union(*map(SetSum.of, apart))
    assert together == SetSum.of([identifier for ids in apart for identifier in ids])


@given(SETS)
def test_a_stored_sum_comes_back(ids: list[bytes]) -> None:
    kept = SetSum.of(ids)
    assert len(kept.to_bytes()) == 32
    assert SetSum.from_bytes(kept.count, kept.to_bytes()) == kept


@pytest.mark.parametrize("count", [0, 1, 2, 3, 31, 63, 64, 65, 127, 128, 129, 500])
def test_packed_ids_sum_up_like_single_ones(count: int) -> None:
    # Sums of the highest ids show a carry that is lost between two of them.
    for ids in (numbered(count), [b"\xff" * 32] * count, [bytes(31) + b"\x80"] * count):
        assert sum_of_ids(b"".join(ids)) == sum(int.from_bytes(one, "little") for one in ids)


@pytest.mark.parametrize("wrong", [b"", b"x" * 31, b"x" * 33])
def test_what_is_not_32_bytes_is_no_id_and_no_sum(wrong: bytes) -> None:
    for act in (SetSum(1, 1).add, SetSum(1, 1).remove, lambda data: SetSum.from_bytes(1, data)):
        with pytest.raises(LocalProtocolError):
            act(wrong)
    with pytest.raises(LocalProtocolError):
        SetSum.of([bytes(32), wrong])


def test_nothing_can_be_removed_from_the_empty_set() -> None:
    with pytest.raises(LocalProtocolError):
        SetSum().remove(bytes(32))


def test_a_fingerprint_has_16_bytes() -> None:
    assert len(SetSum.of(numbered(3)).fingerprint()) == limits.FINGERPRINT_SIZE == 16
