"""What the initiator of a comparison computes when it holds a million and ten on each side differ; in memory."""

import time
from array import array
from random import Random

from bench.measuring import spread
from hedgerow_protocol.limits import ID_SIZE
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator, Responder

DIFFERENT = 10
FIRST_TS = 1_700_000_000


def million(runs: int, count: int) -> dict[str, object]:
    """Seconds that the initiator's part takes, its index given, and how large the transcript is."""
    ours, theirs = _sides(count)
    seconds, size, trips = [], 0, 0
    for _ in range(runs):
        spent, size, trips = _compare(ours, theirs)
        seconds.append(spent)
    return {
        "held": count,
        "different": [DIFFERENT, DIFFERENT],
        "initiator_seconds": spread(seconds),
        "bytes": size,
        "round_trips": trips,
    }


def _sides(count: int) -> tuple[SortedIndex, SortedIndex]:
    """Two indexes of `count` items each, a second apart; every so many items only one side has its next."""
    whole = count + DIFFERENT
    ids = Random(count).randbytes(whole * ID_SIZE)
    step = whole // DIFFERENT
    only_ours = set(range(0, step * DIFFERENT, step))
    only_theirs = set(range(1, step * DIFFERENT, step))
    return _index(ids, whole, only_theirs), _index(ids, whole, only_ours)


def _index(ids: bytes, whole: int, without: set[int]) -> SortedIndex:
    held = [place for place in range(whole) if place not in without]
    columns = array("I", [FIRST_TS + place for place in held])
    return SortedIndex(b"".join([ids[at * ID_SIZE : (at + 1) * ID_SIZE] for at in held]), columns)


def _compare(ours: SortedIndex, theirs: SortedIndex) -> tuple[float, int, int]:
    responder = Responder(theirs)
    began = time.monotonic()
    initiator = Initiator(ours)
    message: bytes | None = initiator.start()
    spent, size, trips, found = time.monotonic() - began, 0, 0, 0
    while message is not None:
        answer = responder.on_message(message)
        size, trips = size + len(message) + len(answer), trips + 1
        began = time.monotonic()
        step = initiator.on_message(answer)
        spent += time.monotonic() - began
        message, found = step.reply, found + len(step.have) + len(step.need)
    assert found == 2 * DIFFERENT, found
    return spent, size, trips
