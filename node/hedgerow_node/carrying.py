"""Whom this node carries, worked out from what its owner and its members have said."""

from hedgerow_node.store.store import Store
from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, key_of


async def carried_by(
    store: Store, owner: AuthorKey, *, is_listening: bool, trial: frozenset[AuthorKey]
) -> Carried:
    """The owner and whom he follows; with a listener also the members and whom they follow.

    Blocked people are left out, wherever they come from. `trial` are people whose invite is being accepted.
    """
    blocked = {key for did in await store.library.blocked() if (key := _key(did)) is not None} - {owner}
    public = {owner} | trial | await store.views.follows(owner)
    if is_listening:
        public |= await _of_members(store)
    public = set(sorted(public - blocked)[: limits.MAX_FILTER_AUTHORS]) | {owner}
    private = await store.library.private_follows() - public - blocked
    held = set(await store.messages.authors()) - public - private
    return Carried(
        frozenset(public), frozenset(private), frozenset(sorted(held)[: limits.MAX_FILTER_AUTHORS])
    )


async def _of_members(store: Store) -> set[AuthorKey]:
    members = await store.peers.members()
    carried = set(members)
    for member in members:
        carried |= await store.views.follows(member)
    return carried


def _key(did: str) -> AuthorKey | None:
    try:
        return key_of(did)
    except RemoteProtocolError:
        return None
