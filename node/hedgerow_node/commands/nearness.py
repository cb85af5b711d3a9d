"""Whose words a feed shows: of those near, and of those further away to whom they lead."""

from collections.abc import Mapping

from hedgerow_node.carrying import Following, beyond, carried_by
from hedgerow_node.node import Node
from hedgerow_node.policy import USUAL
from hedgerow_protocol.keys import AuthorKey


async def near(node: Node) -> set[AuthorKey] | None:
    """The owner, whom he follows, and whom his node carries by decision; None where that is everybody.

    Who is in scope only through others is not near, and who was unfollowed is not from then on.
    """
    store = node.store
    followed = await node.followed() | {node.author}
    members = await store.peers.members()
    if node.network is not None:
        if node.network.carried.everyone:
            return None
        let_in = node.network.carried.authors | node.network.carried.private
    else:
        found = await carried_by(store, Following(store), node.author, members, (), USUAL)
        let_in = found.authors | found.private
    apart = await beyond(store, node.trust, node.author)
    return followed | members | (let_in - {*apart.public, *apart.private})


async def further(node: Node) -> Mapping[AuthorKey, AuthorKey]:
    """Who is in scope beyond those near, as far as the node reaches, and through whom."""
    apart = await beyond(node.store, node.trust, node.author)
    through = (await node.trust.further(node.author, private=True)).through
    return {one: through[one] for one in (*apart.public, *apart.private) if one in through}
