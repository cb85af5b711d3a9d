"""Address records on links: what one link may bring and be given, and where news goes on (specs/11-discovery.md).

A record is news to a node once. From whom it has it, and whether it is worth keeping, is the address book's to judge,
which lies on disk: so records leave by an effect, and those that were new come back to be passed on. Each goes to few
links, chosen by chance, so that nobody can tell who announced it and a flood dies out where no book has room for it.
"""

from collections.abc import Sequence
from random import Random

from hedgerow_protocol import limits
from hedgerow_protocol.effects import AddressesAsked, AddressesTold, LinkId
from hedgerow_protocol.frame import Addr, Getaddr
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.quota import Bucket
from hedgerow_protocol.wire import Wire, unexpected


class LinkAddresses:
    """The address records of one link; pure."""

    def __init__(self, wire: Wire, outbox: Outbox) -> None:
        self._wire = wire
        self._outbox = outbox
        self._brought = Bucket(limits.ADDRESS_RATE, limits.ADDRESS_BURST)
        self._given = Bucket(limits.ADDRESS_RATE, limits.ADDRESS_BURST)
        self._asked: int | None = None
        self._has_answered = False

    def ask(self) -> None:
        """Ask the other side for nodes, once a link. It need not answer."""
        if self._asked is None:
            self._asked = self._wire.next_request()
            self._wire.send(Getaddr(self._asked))

    def tell(self, now: float, records: Sequence[bytes], req: int = 0) -> None:
        """Give the other side records, as far as the quota allows."""
        allowed = _within(self._given, now, records)
        for start in range(0, len(allowed), limits.MAX_FRAME_RECORDS):
            self._wire.send(Addr(req, allowed[start : start + limits.MAX_FRAME_RECORDS]))

    def on_told(self, now: float, frame: Addr) -> None:
        """The other side gives us records."""
        if frame.req not in (0, self._asked):
            raise unexpected("addresses that answer nothing")
        allowed = _within(self._brought, now, frame.records)
        if len(allowed) < len(frame.records):
            self._outbox.hit(self._wire.link, "ADDRESS_BURST")
        if allowed:
            self._outbox.add(AddressesTold(self._wire.link, allowed))

    def on_asked(self, frame: Getaddr) -> None:
        """The other side asks. Who could ask again and again would read the whole book."""
        if not self._has_answered:
            self._has_answered = True
            self._outbox.add(AddressesAsked(self._wire.link, frame.req))


def _within(bucket: Bucket, now: float, records: Sequence[bytes]) -> tuple[bytes, ...]:
    """The first of these records, as many as the bucket allows."""
    return tuple([record for record in records if bucket.take(now)])


def next_links(
    links: Sequence[LinkId], records: Sequence[bytes], random: Random
) -> dict[LinkId, list[bytes]]:
    """To which of these links each record goes on."""
    chosen: dict[LinkId, list[bytes]] = {}
    for record in records:
        for link in random.sample(links, min(limits.ADDRESS_LINKS, len(links))):
            chosen.setdefault(link, []).append(record)
    return chosen
