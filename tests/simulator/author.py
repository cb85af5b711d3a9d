"""Authors with seeded keys, who write messages without a node."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from random import Random

from hedgerow_protocol import keys
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Content, Kind, Resource, Retract, encode_body
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.log_changes import make_close, make_inception, make_rotate, make_update
from hedgerow_protocol.log_entry import Cut, DeviceGrant
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


@dataclass
class Secrets:
    """What an author's devices share in these tests: the root, the words, and his log as he knows it."""

    root: bytes
    words: bytes
    history: Identities = field(default_factory=Identities)
    restored: int = 0
    """How often the words were used."""


class Author:
    """Somebody with one device, whose chain this object keeps; `another_device` is the same person with another."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        genesis, root, self.device_seed = (random.randbytes(32) for _ in range(3))
        self.secrets = Secrets(root, random.randbytes(32))
        self.random = random
        self.device = DeviceKey(keys.public_key(self.device_seed))
        self.inception = make_inception(
            genesis_seed=genesis,
            root=keys.public_key(root),
            device=self.device,
            recovery=keys.public_key(keys.recovery_seed(self.secrets.words, 1)),
            nonce=random.randbytes(16),
            ts=EPOCH,
        )
        self.key: AuthorKey = self.inception.header.author
        self.place: ChainPlace = FIRST
        """Where the next message goes."""
        self.secrets.history.learn(self.inception)

    def another_device(self) -> "Author":
        """The same person with a device that the log does not name yet."""
        other = copy(self)
        other.device_seed = self.random.randbytes(32)
        other.device = DeviceKey(keys.public_key(other.device_seed))
        other.place = FIRST
        return other

    @property
    def branch(self) -> Branch:
        """Where the log stands, as its author knows it."""
        return self.secrets.history.log(self.key).branches[0]

    def update(
        self,
        *,
        added: Iterable["Author"] = (),
        removed: Mapping[DeviceKey, Cut] | None = None,
        after: Branch | None = None,
    ) -> Message:
        """An update of the log."""
        made = make_update(
            after or self.branch,
            root_seed=self.secrets.root,
            added=[DeviceGrant(one.device) for one in added],
            removed=removed or {},
            nonce=self.random.randbytes(16),
            ts=EPOCH,
        )
        self.secrets.history.learn(made)
        return made

    def restore(
        self,
        kept: Iterable["Author"],
        removed: Mapping[DeviceKey, Cut] | None = None,
        after: Branch | None = None,
    ) -> Message:
        """A rotate by the words; live devices that are not kept are removed, by the empty cut unless it is given."""
        branch, secrets = after or self.branch, self.secrets
        secrets.restored += 1
        fresh = self.random.randbytes(32)
        staying = [one.device for one in kept]
        out: dict[DeviceKey, Cut] = dict.fromkeys(branch.devices.keys() - set(staying), ())
        made = make_rotate(
            branch,
            recovery_seed=keys.recovery_seed(secrets.words, secrets.restored),
            root=keys.public_key(fresh),
            recovery=keys.public_key(keys.recovery_seed(secrets.words, secrets.restored + 1)),
            devices=[DeviceGrant(device) for device in staying],
            removed={**out, **(removed or {})},
            nonce=self.random.randbytes(16),
            ts=EPOCH,
        )
        secrets.root = fresh
        secrets.history.learn(made)
        return made

    def close(self) -> Message:
        """The end of the log."""
        seed = keys.recovery_seed(self.secrets.words, self.secrets.restored + 1)
        made = make_close(self.branch, recovery_seed=seed, nonce=self.random.randbytes(16), ts=EPOCH)
        self.secrets.history.learn(made)
        return made

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
