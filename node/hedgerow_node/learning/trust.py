"""Trust: who is in scope beyond those whom the owner follows, the nearest first, and through whom.

By mass, where the owner follows `FEW_FOLLOWS` people or more; below that mass says little, and scope ends with those
whom a followed person vouches for. Follows and vouches are read from the store once, and again of whoever said
something that may have changed them.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hedgerow_node.config import FEW_FOLLOWS
from hedgerow_node.learning.graph import FollowGraph
from hedgerow_node.learning.mass import masses
from hedgerow_node.store.store import Store
from hedgerow_node.store.viewpoint import key_of
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message

TELLING = frozenset({Kind.RETRACT, Kind.FOLLOW, Kind.VOUCH})
"""Kinds of messages that may change who is in scope."""


@dataclass(frozen=True, slots=True)
class Further:
    """The people in scope whom the owner does not follow."""

    people: tuple[AuthorKey, ...] = ()
    """The nearest first."""
    through: Mapping[AuthorKey, AuthorKey] = field(default_factory=dict)
    """Who of those whom the owner follows leads to each of them."""
    by_mass: bool = False
    """Whether the owner follows enough people for mass to decide."""


class Trust:
    """Who is in scope of one store's owner."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._graph: FollowGraph | None = None
        self._stale: set[AuthorKey] = set()
        self._known: dict[tuple[frozenset[AuthorKey], frozenset[AuthorKey]], Further] = {}
        self._working = asyncio.Lock()

    def hear(self, messages: Iterable[Message]) -> None:
        """These were said."""
        telling = {message.header.author for message in messages if message.header.kind in TELLING}
        self._stale |= telling
        if telling:
            self._known.clear()

    def forget_all(self) -> None:
        """Anybody may follow others now."""
        self._graph = None
        self._known.clear()

    async def further(self, owner: AuthorKey, *, private: bool) -> Further:
        """Who is in scope beyond those whom the owner follows; of private follows only with `private`.

        What is shown to others must not depend on whom the owner follows privately. Raises `StoreError`.
        """
        library = self._store.library
        followed = await self._store.views.follows(owner) - {owner}
        if private:
            followed |= await library.private_follows()
        blocked = {key for did in await library.blocked() if (key := key_of(did)) is not None} - {owner}
        asked = frozenset(followed - blocked), frozenset(blocked)
        async with self._working:
            found = self._known.get(asked)
            if found is None:
                found = self._known[asked] = await self._work_out(owner, *asked)
            return found

    async def _work_out(
        self, owner: AuthorKey, followed: frozenset[AuthorKey], blocked: frozenset[AuthorKey]
    ) -> Further:
        if len(followed) < FEW_FOLLOWS:
            return _vouched(await self._store.ties.vouches(), owner, sorted(followed), blocked)
        graph = await self._read_graph()
        return await asyncio.to_thread(_by_mass, graph, owner, followed, blocked)

    async def _read_graph(self) -> FollowGraph:
        if self._graph is None:
            self._stale.clear()
            follows = await self._store.ties.follows()
            self._graph = FollowGraph()
            for author in sorted(follows):
                self._graph.set_follows(author, sorted(follows[author]))
        while self._stale:
            author = self._stale.pop()
            self._graph.set_follows(author, sorted(await self._store.views.follows(author)))
        return self._graph


def _vouched(
    vouches: Mapping[AuthorKey, Collection[AuthorKey]],
    owner: AuthorKey,
    followed: Sequence[AuthorKey],
    blocked: Collection[AuthorKey],
) -> Further:
    """Those for whom most of the followed stand come first."""
    known = {owner, *followed, *blocked}
    voices: Counter[AuthorKey] = Counter()
    through: dict[AuthorKey, AuthorKey] = {}
    for voucher in followed:
        for person in set(vouches.get(voucher, ())) - known:
            voices[person] += 1
            through.setdefault(person, voucher)
    return Further(tuple(sorted(voices, key=lambda one: (-voices[one], one))), through)


def _by_mass(
    graph: FollowGraph, owner: AuthorKey, followed: Collection[AuthorKey], blocked: Collection[AuthorKey]
) -> Further:
    numbers = [graph.number(one) for one in sorted(followed)]
    found = masses(graph, graph.number(owner), numbers, [graph.number(one) for one in blocked])
    direct = set(numbers)
    ranked = [one for one in found.ranked(graph) if one not in direct]
    through = {graph.key(one): graph.key(found.through[one]) for one in ranked}
    return Further(tuple([graph.key(one) for one in ranked]), through, by_mass=True)
