"""Authors with seeded keys, who write messages without a node."""

from random import Random

from hedgerow_protocol import keys
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Content, Kind, Resource, Retract, encode_body
from hedgerow_protocol.log_changes import make_inception
from hedgerow_protocol.message import (
    FIRST,
    MAIN_NET,
    ChainPlace,
    Header,
    Message,
    MessageId,
    body_hash,
    encode_header,
    message_id,
    sign_message,
)

EPOCH = 1_780_000_000
"""The time of an author's inception."""


class Author:
    """Somebody with one device, whose chain this object keeps."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        genesis, root, self.device_seed = (random.randbytes(32) for _ in range(3))
        self.random = random
        self.device = DeviceKey(keys.public_key(self.device_seed))
        self.inception = make_inception(
            genesis_seed=genesis,
            root=keys.public_key(root),
            device=self.device,
            recovery=keys.public_key(keys.recovery_seed(random.randbytes(32), 1)),
            nonce=random.randbytes(16),
            ts=EPOCH,
        )
        self.key: AuthorKey = self.inception.header.author
        self.place: ChainPlace = FIRST
        """Where the next message goes."""

    def say(self, content: Content, ts: int, *, replaces: tuple[MessageId, ...] = ()) -> Message:
        """The next message of this author."""
        body = encode_body(Body(self.random.randbytes(16), content))
        message = sign_message(
            seed=self.device_seed,
            author=self.key,
            place=self.place,
            kind=content.kind,
            ts=ts,
            body=body,
            replaces=replaces,
        )
        self.place = ChainPlace(self.place.seq + 1, message.id)
        return message

    def resources(self, count: int, *, start: int = EPOCH) -> list[Message]:
        """Descriptions of different things, a second apart."""
        return [
            self.say(Resource(f"https://example.org/{number}", f"Title {number}"), start + number)
            for number in range(1, count + 1)
        ]

    def retract(self, *targets: Message, ts: int) -> Message:
        """A retraction of messages of this author."""
        return self.say(Retract(tuple(sorted(target.id for target in targets))), ts)

    def unsigned(self, count: int, *, start: int = EPOCH) -> list[Message]:
        """Messages a second apart that no check would pass: for large sets that both sides hold already."""
        body = encode_body(Body(bytes(16), Resource("https://example.org/", "One of many")))
        described = body_hash(body)
        return [self._unsigned(start + number, body, described) for number in range(1, count + 1)]

    def _unsigned(self, ts: int, body: bytes, described: bytes) -> Message:
        seq, prev = self.place.seq, self.place.prev
        header = Header(
            MAIN_NET, Kind.RESOURCE, self.key, self.device, seq, prev, ts, len(body), described, replaces=()
        )
        header_bytes = encode_header(header)
        self.place = ChainPlace(seq + 1, message_id(header_bytes))
        return Message(message_id(header_bytes), header, header_bytes, bytes(64), body)
