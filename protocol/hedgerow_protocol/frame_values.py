"""How the values of frames are checked, position by position (specs/07-frames.md)."""

from collections.abc import Callable
from enum import IntEnum
from typing import TypeAlias

from hedgerow_protocol import limits
from hedgerow_protocol.shape import (
    as_array,
    as_bytes,
    as_key,
    as_list,
    as_text,
    as_uint,
    ascends,
    out_of_range,
    wrong_shape,
)

Check: TypeAlias = Callable[[object, str], object]
"""Takes a decoded value and its name, returns it or raises `RemoteProtocolError`."""


def uint(bits: int) -> Check:
    """A check for an integer of so many bits."""
    return lambda value, what: as_uint(value, what, 2**bits - 1)


def one_of(names: type[IntEnum]) -> Check:
    """A check for a number of a closed list that counts from 0."""
    return lambda value, what: as_uint(value, what, max(names))


def bytes_up_to(most: int) -> Callable[[object, str], bytes]:
    """A check for at most so many bytes."""
    return lambda value, what: as_bytes(value, what, most=most)


def text_up_to(most: int) -> Check:
    """A check for text of at most so many bytes of UTF-8."""
    return lambda value, what: as_text(value, what, most)


def run_of(most: int) -> Callable[[object, str], bytes]:
    """A check for a run of at most so many ids."""

    def check(value: object, what: str) -> bytes:
        packed = as_bytes(value, what, most=most * limits.ID_SIZE)
        if len(packed) % limits.ID_SIZE:
            raise wrong_shape(f"{what} are not whole items of {limits.ID_SIZE} bytes")
        return packed

    return check


def as_authors(value: object, what: str) -> bytes:
    """A run of keys in ascending order, at most as many as a filter names."""
    packed = run_of(limits.MAX_FILTER_AUTHORS)(value, what)
    if not ascends(split_run(packed)):
        raise out_of_range(f"{what} do not ascend")
    return packed


def split_run(packed: bytes) -> list[bytes]:
    """The values of 32 bytes in a run."""
    return [packed[at : at + limits.ID_SIZE] for at in range(0, len(packed), limits.ID_SIZE)]


def as_fingerprint(value: object, what: str) -> bytes:
    """The fingerprint of a set."""
    return as_bytes(value, what, length=limits.FINGERPRINT_SIZE)


def as_carried(value: object, what: str) -> tuple[tuple[int, bytes], ...]:
    """Pairs of hops and a message's bytes."""
    return as_list(value, what, limits.MAX_FRAME_MESSAGES, _one_carried)


def _one_carried(value: object, what: str) -> tuple[int, bytes]:
    hop, message = as_array(value, what, 2)
    return as_uint(hop, what, 2**8 - 1), as_bytes(message, what, most=limits.MAX_MESSAGE)


def as_absent(value: object, what: str) -> tuple[tuple[bytes, int], ...]:
    """Pairs of an id and why its message does not come."""
    return as_list(value, what, limits.MAX_FRAME_MESSAGES, _one_absent)


def _one_absent(value: object, what: str) -> tuple[bytes, int]:
    absent, why = as_array(value, what, 2)
    return as_key(absent, what), as_uint(why, what, 2**8 - 1)


def as_steps(value: object, what: str) -> tuple[tuple[int, bytes], ...]:
    """Pairs of a time and a bit for each author, the times ascending."""
    steps = as_list(value, what, limits.MAX_SINCE_STEPS, _one_step)
    if not ascends([since for since, _ in steps]):
        raise out_of_range(f"the times of {what} do not ascend")
    return steps


def _one_step(value: object, what: str) -> tuple[int, bytes]:
    since, authors = as_array(value, what, 2)
    return as_uint(since, what, limits.MAX_TIMESTAMP), as_bytes(authors, what, most=AUTHOR_BITS)


def as_records(value: object, what: str) -> tuple[bytes, ...]:
    """Signed address records, as bytes."""
    return as_list(value, what, limits.MAX_FRAME_RECORDS, bytes_up_to(limits.MAX_ADDRESS_RECORD))


def as_heads(value: object, what: str) -> tuple[tuple[bytes, int, bytes], ...]:
    """Ends of chains: a device, the number of its last message, and that message's id."""
    return as_list(value, what, limits.MAX_HEADS, _one_head)


def _one_head(value: object, what: str) -> tuple[bytes, int, bytes]:
    device, seq, message = as_array(value, what, 3)
    return as_key(device, what), as_uint(seq, what, 2**32 - 1), as_key(message, what)


UINT8, UINT16, UINT32, COUNT = uint(8), uint(16), uint(32), uint(53)
NUMBER = UINT32
"""Of a question, session or subscription."""
IDS = run_of(limits.MAX_FRAME_MESSAGES)
AUTHOR_BITS = (limits.MAX_FILTER_AUTHORS + 7) // 8
"""Bytes of a bit for each author of a filter."""
