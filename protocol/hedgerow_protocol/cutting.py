"""Which tips a cut names, by what is held of a device (specs/01-identity.md, ID-28)."""

from collections import defaultdict
from collections.abc import Iterable

from hedgerow_protocol import limits
from hedgerow_protocol.log_entry import Cut
from hedgerow_protocol.message import Header, MessageId


def cut_of(held: Iterable[tuple[MessageId, Header]], last: MessageId | None = None) -> Cut:
    """The cut that keeps what is held of one device, up to its message `last` where not all of it is believed.

    Of two messages at one place the one counts that a later one names, else the lower id. Where there are more holes
    than a cut can say, what lies lowest is left out.
    """
    links = dict(held)
    by_seq: defaultdict[int, list[MessageId]] = defaultdict(list)
    for message in sorted(links):
        by_seq[links[message].seq].append(message)
    tips: list[tuple[int, MessageId]] = []
    below = links[last].seq + 1 if last in links else max(by_seq, default=0) + 1
    while len(tips) < limits.MAX_CUT_TIPS and (seq := _highest(by_seq, below)):
        tip = last if not tips and last in links and last is not None else by_seq[seq][0]
        tips.append((seq, tip))
        below = _end_of_walk(links, tip)
    return tuple(tips)


def _highest(by_seq: dict[int, list[MessageId]], below: int) -> int:
    return max((seq for seq in by_seq if seq < below), default=0)


def _end_of_walk(links: dict[MessageId, Header], tip: MessageId) -> int:
    """The lowest seq that is reached from a tip through what is held."""
    header = links[tip]
    while (prev := header.prev) is not None and prev in links and links[prev].seq == header.seq - 1:
        header = links[prev]
    return header.seq
