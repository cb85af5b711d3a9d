"""Cursors: where a list goes on, as text that only the list itself reads.

A cursor holds the place of the last result, not a number of results passed over, so that what is added or removed
meanwhile neither repeats a result nor skips one. It also holds the highest row that the first page knew: what came
later belongs to a new beginning.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar

import msgspec

from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import limits

MAX_CURSOR = 4_096
"""Letters: the longest holds a thing of 2,048 bytes."""

Number = Annotated[int, msgspec.Meta(ge=0, le=limits.MAX_UINT)]
"""A time or a row: within what SQLite takes."""


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The base of what a list remembers; each list names its places."""


class TimeCursor(Cursor, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After the result in this row of this time, among rows up to `top`."""

    at: Number
    row: Number
    top: Number


C = TypeVar("C", bound=Cursor)


def write(cursor: Cursor) -> str:
    """The cursor as text that may stand in an address."""
    return urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def read(text: str | None, kind: type[C]) -> C | None:
    """The cursor behind `text`, None at the beginning; raises `Problem` for what no such list wrote."""
    if not text:
        return None
    try:
        if len(text) > MAX_CURSOR:
            raise ValueError
        padded = text + "=" * (-len(text) % 4)
        return msgspec.msgpack.decode(urlsafe_b64decode(padded.encode("ascii")), type=kind)
    except (ValueError, msgspec.MsgspecError):
        raise Problem(Code.CURSOR_WRONG) from None
