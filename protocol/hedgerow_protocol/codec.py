"""The canonical encoding: a subset of msgpack in which every value has exactly one form.

Allowed are non-negative integers up to 2^53 - 1, bytes, well-formed text without control characters (tab and
line feed excepted), booleans, nil and arrays. A decoder checks size, unpacks, walks the value, then encodes it
again and compares byte for byte: msgpack alone is no validator (specs/02-encoding.md).
"""

import re

import msgpack

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError

FORBIDDEN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""C0 without tab and line feed, delete, C1."""


def encode(value: object) -> bytes:
    """The one encoding of `value` (arrays as lists or tuples).

    Raises `LocalProtocolError` for anything that the encoding forbids.
    """
    try:
        _check(value, limits.MAX_DEPTH)
        return _pack(value)
    except RemoteProtocolError as error:
        raise LocalProtocolError(error.detail) from None
    except UnicodeEncodeError:
        raise LocalProtocolError("text that UTF-8 cannot hold") from None


def decode(data: bytes, max_size: int) -> object:
    """The value that `data` encodes, arrays as tuples.

    Raises `RemoteProtocolError` with `too_big` above `max_size` bytes and `not_canonical` for every other fault.
    """
    value = read(data, max_size)
    _check(value, limits.MAX_DEPTH)
    if _pack(value) != data:
        raise _refused("not the shortest form")
    return value


def read(data: bytes, max_size: int) -> object:
    """The value in `data`, whether or not this is the form it should have; raises as `decode` does.

    For bytes that were decoded before, and to look at what is decoded later.
    """
    if len(data) > max_size:
        raise RemoteProtocolError(Reason.TOO_BIG, f"{len(data)} bytes, at most {max_size}")
    try:
        return msgpack.unpackb(
            data, use_list=False, raw=False, max_array_len=limits.MAX_ARRAY, max_map_len=0, max_ext_len=0
        )
    except (ValueError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise _refused(f"not decodable: {type(error).__name__}") from None


def _pack(value: object) -> bytes:
    return msgpack.packb(value, use_bin_type=True)


def _check(value: object, depth: int) -> None:
    if type(value) is tuple or type(value) is list:
        _check_array(value, depth)
    elif type(value) is str:
        # Whatever version of Unicode says what is printable: control characters never are.
        if not value.isprintable() and FORBIDDEN_TEXT.search(value):
            raise _refused("a control character in text")
    elif isinstance(value, int):  # booleans and enumerations are integers too
        if not 0 <= value <= limits.MAX_UINT:
            raise _refused("an integer outside 0 to 2^53 - 1")
    elif type(value) is not bytes and value is not None:
        raise _refused(f"the type {type(value).__name__} is not allowed")


def _check_array(value: tuple[object, ...] | list[object], depth: int) -> None:
    if depth == 0:
        raise _refused(f"nested deeper than {limits.MAX_DEPTH}")
    if len(value) > limits.MAX_ARRAY:
        raise _refused(f"an array of more than {limits.MAX_ARRAY}")
    for item in value:
        # This walk is on the path of every message: what is most frequent costs no call.
        if type(item) is bytes or item is None or (type(item) is int and 0 <= item <= limits.MAX_UINT):
            continue
        if type(item) is str and item.isprintable():
            continue
        _check(item, depth - 1)


def _refused(detail: str) -> RemoteProtocolError:
    return RemoteProtocolError(Reason.NOT_CANONICAL, detail)
