"""The answering side of one link with a store, without a network: a frame in, the frames that answer it out."""

from collections.abc import Iterable
from random import Random

from hedgerow_protocol.admission import Admission, Carried
from hedgerow_protocol.effects import (
    LinkId,
    LoadBodiless,
    LoadChains,
    LoadEnds,
    LoadItems,
    LoadLinks,
    LoadMessages,
    LoadRange,
    LoadSum,
    LoadUnknown,
)
from hedgerow_protocol.frame import Frame, encode_frame
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.quota import Pool
from hedgerow_protocol.sync import LinkSync
from simulator.memory_store import MemoryStore

LINK = LinkId(1)
LOADS = (
    LoadChains,
    LoadEnds,
    LoadLinks,
    LoadSum,
    LoadItems,
    LoadUnknown,
    LoadMessages,
    LoadRange,
    LoadBodiless,
)
ANY_ITEMS = 2**20


class Responder:
    """Holds messages and answers at once."""

    def __init__(self, carried: Carried, messages: Iterable[Message]) -> None:
        self.store = MemoryStore(messages)
        self._outbox = Outbox()
        self._sent: list[bytes] = []
        admission = Admission(self._outbox, _logs_of(self.store), carried)
        admission.begin(LINK, DeviceKey(bytes(32)))
        self._sync = LinkSync(
            LINK,
            lambda frame: self._sent.append(encode_frame(frame)),
            self._outbox,
            admission,
            Pool(ANY_ITEMS),
            Random(1),
            is_initiator=False,
        )
        self._sync.start(0.0)

    def send(self, frame: Frame) -> list[bytes]:
        """The bytes of the frames that answer this one; raises `RemoteProtocolError`."""
        self._sync.on_frame(0.0, frame)
        while effects := self._outbox.drain():
            for effect in effects:
                if isinstance(effect, LOADS):
                    self._outbox.answer(0.0, effect.token, self.store.load(effect))
        sent, self._sent[:] = list(self._sent), []
        return sent


def _logs_of(store: MemoryStore) -> Identities:
    identities = Identities()
    for message in store.messages.values():
        if message.header.kind == Kind.IDENTITY:
            identities.learn(message)
    return identities
