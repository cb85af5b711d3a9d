"""Checks of decoded values: each takes an `object`, returns it typed, or raises `RemoteProtocolError`.

`wrong_shape` is a value of another type or an array of another length; `out_of_range` is a value of the right
type beyond a limit.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeAlias, TypeVar

from hedgerow_protocol.errors import Reason, RemoteProtocolError

T = TypeVar("T")
Check: TypeAlias = Callable[[object, str], object]
"""Takes a value and what it is called; returns it or raises."""


def wrong_shape(detail: str) -> RemoteProtocolError:
    """The error for a value of another type or length than the rule asks for."""
    return RemoteProtocolError(Reason.WRONG_SHAPE, detail)


def out_of_range(detail: str, limit: str = "") -> RemoteProtocolError:
    """The error for a value of the right type that breaks a limit."""
    return RemoteProtocolError(Reason.OUT_OF_RANGE, detail, limit)


def as_array(value: object, what: str, length: int | None = None) -> tuple[object, ...]:
    """`value` as an array, of exactly `length` items unless that is None."""
    if not isinstance(value, tuple):
        raise wrong_shape(f"{what} is not an array")
    if length is not None and len(value) != length:
        raise wrong_shape(f"{what} has {len(value)} items, not {length}")
    return value


def as_list(value: object, what: str, most: int, item: Callable[[object, str], T]) -> tuple[T, ...]:
    """`value` as an array of at most `most` items, each checked by `item`."""
    values = as_array(value, what)
    if len(values) > most:
        raise out_of_range(f"{what} has {len(values)} items, at most {most}")
    return tuple([item(one, what) for one in values]) if values else ()


def as_uint(value: object, what: str, most: int) -> int:
    """`value` as an integer from 0 to `most`."""
    if type(value) is not int:
        raise wrong_shape(f"{what} is not an integer")
    if not 0 <= value <= most:
        raise out_of_range(f"{what} is {value}, not from 0 to {most}")
    return value


def as_bool(value: object, what: str) -> bool:
    """`value` as true or false."""
    if not isinstance(value, bool):
        raise wrong_shape(f"{what} is neither true nor false")
    return value


def as_bytes(value: object, what: str, length: int | None = None, most: int | None = None) -> bytes:
    """`value` as bytes, of exactly `length` or at most `most`."""
    if not isinstance(value, bytes):
        raise wrong_shape(f"{what} is not bytes")
    if length is not None and len(value) != length:
        raise wrong_shape(f"{what} has {len(value)} bytes, not {length}")
    if most is not None and len(value) > most:
        raise out_of_range(f"{what} has {len(value)} bytes, at most {most}")
    return value


def as_text(value: object, what: str, most: int, least: int = 0) -> str:
    """`value` as text of `least` to `most` bytes of UTF-8."""
    if not isinstance(value, str):
        raise wrong_shape(f"{what} is not text")
    try:
        # ASCII needs no second copy to be measured.
        size = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError:
        raise wrong_shape(f"{what} holds half of a surrogate pair") from None
    if not least <= size <= most:
        raise out_of_range(f"{what} has {size} bytes, allowed are {least} to {most}")
    return value


def ascends(values: Iterable[bytes] | Iterable[int]) -> bool:
    """Whether each value is above the one before: sorted, and none twice."""
    return all(first < second for first, second in pairwise(values))  # type: ignore[operator]


def as_key(value: object, what: str) -> bytes:
    """`value` as 32 bytes: a key or an id."""
    return as_bytes(value, what, length=32)


def text(most: int, least: int = 0) -> Callable[[object, str], str]:
    """A check for text that may run over several lines."""
    return lambda value, what: as_text(value, what, most, least)


def line(most: int, least: int = 0) -> Callable[[object, str], str]:
    """A check for text on one line, without tabs: a slot separates its parts with them."""

    def check(value: object, what: str) -> str:
        words = as_text(value, what, most, least)
        if "\t" in words or "\n" in words:
            raise out_of_range(f"{what} has a tab or a line feed")
        return words

    return check


def lines(most_items: int, most_bytes: int) -> Check:
    """A check for a list of one-line texts, none empty."""
    item = line(most_bytes, least=1)
    return lambda value, what: as_list(value, what, most_items, item)


def uint(most: int) -> Callable[[object, str], int]:
    """A check for an integer from 0 to `most`."""
    return lambda value, what: as_uint(value, what, most)


def optional(check: Callable[[object, str], T]) -> Callable[[object, str], T | None]:
    """A check for nil or what `check` allows."""
    return lambda value, what: None if value is None else check(value, what)
