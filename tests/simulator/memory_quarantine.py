"""A quarantine in memory, bounded as that of a node is: what outsiders sent waits for their author to be carried."""

from collections.abc import Iterable

from hedgerow_node.config import QUARANTINE_MESSAGES
from hedgerow_node.store.shares import Piece, surplus
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.message import Message, MessageId


class MemoryQuarantine:
    """Messages of outsiders by id, each with the device that brought it."""

    def __init__(self, most: int = QUARANTINE_MESSAGES) -> None:
        self.most = most
        self.messages: dict[MessageId, tuple[DeviceKey, Message]] = {}
        self.dropped = 0
        self.fullest = 0

    def put(self, device: DeviceKey, messages: Iterable[Message]) -> None:
        """Keep these; what is too much goes by shares."""
        for message in messages:
            self.messages.setdefault(message.id, (device, message))
        if len(self.messages) > self.most:
            self._make_room()
        self.fullest = max(self.fullest, len(self.messages))

    def _make_room(self) -> None:
        held = list(self.messages.values())
        pieces = [Piece(row, device, one.header.author, one.size) for row, (device, one) in enumerate(held)]
        for row in surplus(pieces, self.most * 19 // 20, sum(one.size for one in pieces), ()):
            del self.messages[held[row][1].id]
            self.dropped += 1

    def take(self, carried: Carried) -> list[Message]:
        """What is carried now leaves."""
        released = [message for _, message in self.messages.values() if carried.takes(message)]
        for message in released:
            del self.messages[message.id]
        return released
