"""A process that checks messages, of which the node has some while much comes in.

In Python each signature gives up the interpreter's lock and takes it back, so that threads of one process wait for
each other and for the event loop; processes do not. On stdin come batches, on stdout leave verdicts in the same order.
Each is one canonical value behind its length in four bytes:

    batch     [net, [message, …]]
    verdicts  [nil or the reason of the refusal, for each message]

The end of stdin ends the process, so that it never outlives its node.
"""

import gc
import sys
from collections.abc import Sequence
from typing import BinaryIO, cast

import msgpack

from hedgerow_protocol.checking import check_batch
from hedgerow_protocol.errors import Reason

LENGTH = 4
"""Bytes before a value, which say how long it is."""
Verdict = Reason | None
"""None: the message holds."""


def pack(value: object) -> bytes:
    """What goes through a pipe for this value."""
    data: bytes = msgpack.packb(value)
    return len(data).to_bytes(LENGTH) + data


def pack_verdicts(verdicts: Sequence[Verdict]) -> bytes:
    """What a worker answers."""
    return pack([None if verdict is None else verdict.value for verdict in verdicts])


def unpack_verdicts(data: bytes) -> list[Verdict]:
    """The verdicts in an answer behind its length."""
    values = cast(list[str | None], msgpack.unpackb(data))
    return [None if value is None else Reason(value) for value in values]


def work(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer batches until there are no more."""
    while length := incoming.read(LENGTH):
        batch = cast(tuple[int, list[bytes]], msgpack.unpackb(incoming.read(int.from_bytes(length))))
        net, messages = batch
        outgoing.write(pack_verdicts(check_batch(messages, net)))
        outgoing.flush()


if __name__ == "__main__":
    gc.disable()  # checking leaves nothing that refers to itself
    work(sys.stdin.buffer, sys.stdout.buffer)
