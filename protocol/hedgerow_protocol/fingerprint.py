"""The fingerprint of a set of message ids: additive, so that it can be kept up to date and put together.

The ids are summed as little-endian integers modulo 2^256; sum and count are hashed (Negentropy V1;
specs/08-reconciliation.md, RC-4). Equal fingerprints are a hint and no proof: whoever chooses ids can make two
sets collide (Wagner's generalised birthday), so nothing may be refused or erased because of one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError

ONE_DIGIT = tuple(bytes((number,)) for number in range(0x80))


def encode_varint(number: int) -> bytes:
    """`number` ≥ 0 in base 128, highest digit first, every byte but the last with its top bit set."""
    if number < 0x80:
        return ONE_DIGIT[number]
    digits = bytearray((number & 0x7F,))
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    digits.reverse()
    return bytes(digits)


def fingerprint(count: int, total: int) -> bytes:
    """The 16-byte fingerprint of `count` ids whose sum is `total`, which need not be reduced."""
    total_bytes = (total % limits.ID_MODULUS).to_bytes(limits.ID_SIZE, "little")
    return sha256(total_bytes + encode_varint(count)).digest()[: limits.FINGERPRINT_SIZE]


def sum_of_ids(ids: bytes) -> int:
    """The sum, not reduced, of ids that stand in `ids` one after another, 32 bytes each."""
    block = limits.INDEX_BLOCK * limits.ID_SIZE
    if len(ids) <= block:
        return _sum_of_block(ids)
    return sum(_sum_of_block(ids[start : start + block]) for start in range(0, len(ids), block))


@dataclass(frozen=True, slots=True)
class SetSum:
    """Count and sum of a set of ids: what has to be kept to know the fingerprint of the set.

    Sets are not looked into: adding an id that is in the set, or removing one that is not, gives the sum of
    no set at all.
    """

    count: int = 0
    """Ids in the set."""
    total: int = 0
    """Their sum modulo 2^256."""

    @classmethod
    def of(cls, ids: Iterable[bytes]) -> Self:
        """The sum of distinct ids of 32 bytes each."""
        packed = [_checked(identifier) for identifier in ids]
        return cls(len(packed), sum_of_ids(b"".join(packed)) % limits.ID_MODULUS)

    @classmethod
    def from_bytes(cls, count: int, data: bytes) -> Self:
        """The sum that `to_bytes` wrote; `LocalProtocolError` when it is not 32 bytes."""
        return cls(count, int.from_bytes(_checked(data), "little"))

    def to_bytes(self) -> bytes:
        """The sum without the count, 32 bytes, lowest first."""
        return self.total.to_bytes(limits.ID_SIZE, "little")

    def add(self, identifier: bytes) -> Self:
        """The sum with one id of 32 bytes more."""
        added = int.from_bytes(_checked(identifier), "little")
        return type(self)(self.count + 1, (self.total + added) % limits.ID_MODULUS)

    def with_ids(self, ids: Sequence[bytes]) -> Self:
        """The sum with these ids of 32 bytes more."""
        return self.add(ids[0]) if len(ids) == 1 else self.union(self.of(ids))

    def remove(self, identifier: bytes) -> Self:
        """The sum without one id of 32 bytes; `LocalProtocolError` when the set is empty."""
        if self.count == 0:
            raise LocalProtocolError("an empty set has nothing to remove")
        removed = int.from_bytes(_checked(identifier), "little")
        return type(self)(self.count - 1, (self.total - removed) % limits.ID_MODULUS)

    def union(self, *others: Self) -> Self:
        """The sum of this set and `others`, all of them disjoint."""
        count = self.count + sum([other.count for other in others])
        total = self.total + sum([other.total for other in others])
        return type(self)(count, total % limits.ID_MODULUS)

    def fingerprint(self) -> bytes:
        """The 16-byte fingerprint of the set."""
        return fingerprint(self.count, self.total)


def _checked(identifier: bytes) -> bytes:
    if len(identifier) != limits.ID_SIZE:
        raise LocalProtocolError(f"an id has {len(identifier)} bytes, not {limits.ID_SIZE}")
    return identifier


def _halvings() -> tuple[tuple[int, int], ...]:
    # An id's sum takes a few bits more than the id, so every sum gets the room of two ids.
    slot = 2 * 8 * limits.ID_SIZE
    slots = limits.INDEX_BLOCK // 2
    shifts = [slot * (slots >> step) for step in range(1, slots.bit_length())]
    return tuple([(shift, (1 << shift) - 1) for shift in shifts])


EVERY_SECOND = int.from_bytes(
    (b"\xff" * limits.ID_SIZE + bytes(limits.ID_SIZE)) * (limits.INDEX_BLOCK // 2), "little"
)
HALVINGS = _halvings()


def _sum_of_block(ids: bytes) -> int:
    # All ids are read as one integer and its halves added up until one slot is left: a few operations on
    # long integers, four times as fast as one conversion an id.
    number = int.from_bytes(ids, "little")
    number = (number & EVERY_SECOND) + (number >> 8 * limits.ID_SIZE & EVERY_SECOND)
    for shift, mask in HALVINGS:
        number = (number & mask) + (number >> shift)
    return number
