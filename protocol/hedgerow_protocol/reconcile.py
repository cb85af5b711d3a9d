"""Set reconciliation by ranges: the two machines of Negentropy V1 (specs/08-reconciliation.md).

The initiator speaks first and is the only one who learns anything. It cuts its set into ranges and sends the
fingerprint of each; whoever gets a fingerprint that is not its own answers with the range cut further, or, below
32 items, with its ids; whoever gets the ids of the other side compares them (initiator) or answers with its own
(responder). Ranges that agree are not mentioned again, and a message that would mention nothing ends the
session. So cost follows the difference and each step cuts ranges to a sixteenth.

Neither machine keeps anything between messages: a message carries its own ends, and the set is the index given
at the start, which does not change. The work for one message is linear in its length and in the index, because
ranges must ascend and so cannot overlap; how many messages a peer may send is the session's to bound.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.fingerprint import fingerprint
from hedgerow_protocol.range_codec import (
    FingerprintRange,
    IdRange,
    RangeWriter,
    SkipRange,
    decode_ranges,
    decode_version,
)
from hedgerow_protocol.ranges import INFINITY, Bound, Index

EMPTY = fingerprint(0, 0)


@dataclass(frozen=True, slots=True)
class Step:
    """What one message taught the initiator."""

    reply: bytes | None
    """The next message to the responder, or None: reconciliation is complete."""
    have: list[bytes]
    """Ids that we have and the responder lacks, ascending by (ts, id)."""
    need: list[bytes]
    """Ids that the responder says it has where we do not; a liar can name ids that we have elsewhere, or twice."""


class Initiator:
    """The side that asks, and learns the difference."""

    def __init__(
        self,
        index: Index,
        frame_limit: int = limits.MAX_RECONCILIATION_MESSAGE,
        max_message: int = limits.MAX_RECONCILIATION_ANSWER,
    ) -> None:
        """Reconcile `index`; messages sent keep to `frame_limit` bytes (0: any size), those taken to `max_message`.

        Raises `LocalProtocolError` when the frame limit is not 0 and below `limits.MIN_FRAME_LIMIT`.
        """
        self._index = index
        self._frame_limit = _checked_limit(frame_limit)
        self._max_message = max_message

    def start(self) -> bytes:
        """The first message."""
        reply = _Reply(self._index, self._frame_limit)
        reply.tell(0, len(self._index), INFINITY)
        return reply.message()

    def on_message(self, data: bytes) -> Step:
        """Take the responder's answer; raises `RemoteProtocolError` with `bad_reconciliation`, `too_big` or,
        when it offers another version, `unsupported_version`."""
        version = decode_version(data, self._max_message)
        if version != limits.RECONCILIATION_VERSION:
            raise RemoteProtocolError(Reason.UNSUPPORTED_VERSION, f"Negentropy version {version - 0x60}")
        have: list[bytes] = []
        need: list[bytes] = []

        def learn(reply: _Reply, start: int, stop: int, part: IdRange) -> None:
            # Dictionaries, not sets: the order of the answer must not depend on the process.
            ours = dict.fromkeys(_apart(self._index.ids(start, stop)))
            theirs = dict.fromkeys(_apart(part.ids))
            have.extend([identifier for identifier in ours if identifier not in theirs])
            need.extend([identifier for identifier in theirs if identifier not in ours])
            reply.skip(part.end)

        reply = _answer(self._index, self._frame_limit, data, learn)
        return Step(reply if len(reply) > 1 else None, have, need)


class Responder:
    """The side that answers, and learns nothing."""

    def __init__(
        self,
        index: Index,
        frame_limit: int = limits.MAX_RECONCILIATION_ANSWER,
        max_message: int = limits.MAX_RECONCILIATION_MESSAGE,
    ) -> None:
        """Answer from `index`; the limits are those of `Initiator`."""
        self._index = index
        self._frame_limit = _checked_limit(frame_limit)
        self._max_message = max_message

    def on_message(self, data: bytes) -> bytes:
        """The answer to a message: to one of another version, the version byte we speak and nothing else.

        Raises `RemoteProtocolError` with `bad_reconciliation` or `too_big`.
        """
        if decode_version(data, self._max_message) != limits.RECONCILIATION_VERSION:
            return bytes((limits.RECONCILIATION_VERSION,))
        return _answer(self._index, self._frame_limit, data, _Reply.list_ids)


class _Reply:
    """A message in the making. Ranges arrive in ascending order until the frame limit closes it."""

    def __init__(self, index: Index, frame_limit: int) -> None:
        self.closed = False
        self._index = index
        self._room = frame_limit - limits.FRAME_LIMIT_RESERVE if frame_limit else sys.maxsize
        self._writer = RangeWriter()
        self._skipped: Bound | None = None
        self._told = 0

    def message(self) -> bytes:
        return bytes(self._writer.data)

    def skip(self, end: Bound) -> None:
        # Written only when something follows: the end of a message counts as skipped.
        self._skipped = end

    def compare(self, start: int, stop: int, part: FingerprintRange) -> None:
        if part.fingerprint == fingerprint(stop - start, self._index.total(start, stop)):
            self.skip(part.end)
            return
        size_before = len(self._writer.data)
        self._write_skipped()
        self.tell(start, stop, part.end)
        if len(self._writer.data) <= self._room:
            self._told = stop
            return
        del self._writer.data[size_before:]
        # Negentropy's reference leaves the range just dropped out of the closing fingerprint. That costs nothing,
        # as it then differs, but for one case: a peer that has no item there could agree and never hear of ours.
        self._close(self._told if part.fingerprint == EMPTY else stop)

    def list_ids(self, start: int, stop: int, part: IdRange) -> None:
        end = part.end
        fitting = 1 + (self._room - len(self._writer.data)) // limits.ID_SIZE
        self._write_skipped()
        if stop - start > fitting:
            stop = start + fitting
            end = Bound(*self._index.item(stop))
        self._writer.ids(end, self._index.ids(start, stop))
        self._told = stop
        if len(self._writer.data) > self._room:
            self._close(stop)

    def tell(self, start: int, stop: int, end: Bound) -> None:
        """Say what we have there: the ids when they are few, else the fingerprints of 16 parts."""
        if stop - start < limits.RECONCILIATION_SPLIT:
            self._writer.ids(end, self._index.ids(start, stop))
            return
        size, longer = divmod(stop - start, limits.RECONCILIATION_BUCKETS)
        for bucket in range(limits.RECONCILIATION_BUCKETS):
            until = start + size + (bucket < longer)
            bound = end if until == stop else self._bound_before(until)
            self._writer.fingerprint(bound, fingerprint(until - start, self._index.total(start, until)))
            start = until

    def _write_skipped(self) -> None:
        if self._skipped is not None:
            self._writer.skip(self._skipped)
            self._skipped = None

    def _close(self, start: int) -> None:
        size = len(self._index)
        self._writer.fingerprint(INFINITY, fingerprint(size - start, self._index.total(start, size)))
        self.closed = True

    def _bound_before(self, rank: int) -> Bound:
        """The shortest bound between the item at `rank` and the one before it."""
        timestamp, identifier = self._index.item(rank)
        timestamp_before, identifier_before = self._index.item(rank - 1)
        if timestamp != timestamp_before:
            return Bound(timestamp, b"")
        shared = 0
        while identifier[shared] == identifier_before[shared]:
            shared += 1
        return Bound(timestamp, identifier[: shared + 1])


def _answer(
    index: Index, frame_limit: int, data: bytes, on_ids: Callable[[_Reply, int, int, IdRange], None]
) -> bytes:
    """The answer to a message of our version; `on_ids` treats a list of ids as the role demands."""
    reply = _Reply(index, frame_limit)
    stop = 0
    for part in decode_ranges(data):
        start, stop = stop, index.lower_bound(part.end, stop)
        match part:
            case SkipRange():
                reply.skip(part.end)
            case FingerprintRange():
                reply.compare(start, stop, part)
            case IdRange():
                on_ids(reply, start, stop, part)
            case _:
                assert_never(part)
        if reply.closed:
            break
    return reply.message()


def _apart(ids: bytes) -> list[bytes]:
    return [ids[start : start + limits.ID_SIZE] for start in range(0, len(ids), limits.ID_SIZE)]


def _checked_limit(frame_limit: int) -> int:
    if frame_limit != 0 and frame_limit < limits.MIN_FRAME_LIMIT:
        raise LocalProtocolError(f"a frame limit of {frame_limit}, at least {limits.MIN_FRAME_LIMIT}")
    return frame_limit
