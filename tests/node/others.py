"""Somebody else: an identity that signs messages which a test puts into a node's store."""

import random

from hedgerow_node.node import Node
from hedgerow_protocol import keys
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Content, encode_body
from hedgerow_protocol.log_changes import make_inception
from hedgerow_protocol.message import FIRST, ChainPlace, Message, MessageId, sign_message


class Other:
    """An author with one device, decided by a seed."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self._device_seed = chance.randbytes(32)
        self._chance = chance
        self.inception = make_inception(
            genesis_seed=chance.randbytes(32),
            root=keys.public_key(chance.randbytes(32)),
            device=DeviceKey(keys.public_key(self._device_seed)),
            recovery=keys.public_key(chance.randbytes(32)),
            nonce=chance.randbytes(16),
            ts=1_790_000_000,
        )
        self.device = DeviceKey(keys.public_key(self._device_seed))
        self.author = AuthorKey(self.inception.header.author)
        self.did = keys.did_of(self.author)
        self._place: ChainPlace = FIRST

    def say(
        self,
        content: Content,
        *,
        ts: int = 1_790_000_000,
        topics: tuple[str, ...] = (),
        replaces: tuple[MessageId, ...] = (),
    ) -> Message:
        """The next message of this author."""
        message = sign_message(
            seed=self._device_seed,
            author=self.author,
            place=self._place,
            kind=content.kind,
            ts=ts,
            body=encode_body(Body(self._chance.randbytes(16), content, topics)),
            replaces=replaces,
        )
        self._place = ChainPlace(self._place.seq + 1, message.id)
        return message

    async def tell(self, node: Node, *contents: Content) -> list[Message]:
        """Put the inception and what is said into the node's store, as if a peer had brought them."""
        messages = [self.say(content) for content in contents]
        await node.store.messages.put([self.inception, *messages], received=node.clock.now())
        return messages
