"""An authenticated peer that keeps to no rule: it sends what a test tells it to, and shows what came back."""

from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.frame import Frame, decode_frame, encode_frame
from hedgerow_protocol.handshake import Established, Handshake
from simulator.author import Author
from simulator.network import End, Network, SimulatedNode


class Stranger:
    """The other end of one link to a node."""

    def __init__(
        self,
        network: Network,
        node: SimulatedNode,
        author: Author,
        *,
        dials: bool = True,
        asks_everyone: bool = False,
        takes_turns: bool = False,
    ) -> None:
        """Connect to `node`, or with `dials` false be dialled by it; the handshake takes a few hundredths."""
        self.network = network
        self.node = node
        self.frames: list[Frame] = []
        """What the node sent, in order."""
        self.established: Established | None = None
        ours, theirs = network.ends(self, LinkId(0), node, LinkId(len(node.ends) + 1))
        self.end: End = ours
        self.their_end: End = theirs
        own = network.connection(author, is_initiator=dials)
        theirs_connection = network.connection(
            node.author,
            is_initiator=not dials,
            expected=None if dials else author.device,
            asks_everyone=asks_everyone,
            takes_turns=takes_turns,
        )
        if dials:
            self._handshake, first = Handshake.initiate(own.own, own.subprotocols, own.ephemeral, None)
            node.connected(theirs, theirs_connection)
            network.carry(ours, first)
        else:
            self._handshake = Handshake.respond(own.own, own.subprotocols, own.ephemeral)
            node.connected(theirs, theirs_connection)

    @property
    def closed(self) -> str | None:
        """Why the node ended the link; None while it is open."""
        return self.their_end.closed

    def receive(self, link: LinkId, data: bytes) -> None:
        if self.established is None:
            step = self._handshake.on_message(data, self.network.now)
            self.established = step.established
            if step.reply is not None:
                self.network.carry(self.end, step.reply)
            return
        packed = self.established.channel.open(data)
        frame = decode_frame(packed) if packed is not None else None
        if frame is not None:
            self.frames.append(frame)

    def lose(self, link: LinkId) -> None:
        """Nothing is kept that would have to go."""

    def send(self, *frames: Frame) -> None:
        """Send frames, whatever they are."""
        for frame in frames:
            self.send_bytes(encode_frame(frame))

    def send_bytes(self, packed: bytes) -> None:
        """Send the bytes of a frame, whatever they are."""
        assert self.established is not None
        for chunk in self.established.channel.seal(packed):
            self.network.carry(self.end, chunk)

    def send_noise(self, data: bytes) -> None:
        """Send what is no message of the channel."""
        self.network.carry(self.end, data)
