"""A second device of the person whose node it is: it signs, and the node's own log names it and removes it."""

from collections.abc import Sequence

from hedgerow_node.keystore import Secret
from hedgerow_node.node import Node
from hedgerow_protocol import keys
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import Body, Comment, Role, encode_body
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.log_changes import make_update
from hedgerow_protocol.message import ChainPlace, Message, sign_message

PHONE = b"the private seed of ana's phone."
PHONE_KEY = DeviceKey(keys.public_key(PHONE))


def branch_of(node: Node) -> Branch:
    """The only branch of the owner's log."""
    [branch] = node.store.messages.identities.log(node.author).branches
    return branch


def by_phone(node: Node, count: int) -> list[Message]:
    """What the phone says, from its first message on."""
    said: list[Message] = []
    for number in range(count):
        place = ChainPlace(number + 1, said[-1].id if said else None)
        body = encode_body(Body(bytes(16), Comment("https://example.org/", Role.COMMENT, f"quince {number}")))
        net, ts = node.keys.inception.header.net, int(node.clock.now())
        said.append(
            sign_message(seed=PHONE, author=node.author, place=place, kind=8, ts=ts, body=body, net=net)
        )
    return said


def update(node: Node, **changes: object) -> Message:
    """An update of the owner's log, as `make_update` takes it."""
    return make_update(
        branch_of(node),
        root_seed=node.keys.secrets()[Secret.ROOT],
        nonce=node.clock.entropy(16),
        ts=int(node.clock.now()),
        net=node.keys.inception.header.net,
        **changes,  # type: ignore[arg-type]
    )


async def publish(node: Node, messages: Sequence[Message]) -> None:
    """What the phone, or the keeper of the log, published by way of this node."""
    new = await node.store.messages.put(messages, received=node.clock.now(), own=True)
    for tell in node.on_published:
        tell(new)
