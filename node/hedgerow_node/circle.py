"""The circle: whom a running node carries, worked out anew when something may have changed it.

What changes it comes in bursts (a seed hears many follows at once), so it is worked out at once and then at most once
in `config.RECARRY_PAUSE`, and only what may have changed is read again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from hedgerow_node.budgets import Standings, standings_of
from hedgerow_node.carrying import NOBODY_BEYOND, Beyond, Following, beyond, carried_by, reach_of
from hedgerow_node.config import RECARRY_PAUSE
from hedgerow_node.learning.trust import TELLING
from hedgerow_node.links.noting import Noting
from hedgerow_node.logs import Log
from hedgerow_node.node import Node
from hedgerow_node.policy import USUAL, Policy
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message

log = Log("circle")


class Circle:
    """Whom one node carries. `run` it beside, and `refresh` it before anything needs it."""

    def __init__(
        self,
        node: Node,
        on_carried: Callable[[Carried], None],
        *,
        has_members: bool,
        policy: Policy = USUAL,
    ) -> None:
        self._node = node
        self._on_carried = on_carried
        self._has_members = has_members
        self._policy = policy
        self._members: set[AuthorKey] = set()
        self._following = Following(node.store)
        self._trial: Counter[AuthorKey] = Counter()
        self._due = asyncio.Event()
        self._working = asyncio.Lock()
        self._noting = Noting(log, node.clock.monotonic)
        self._reaches = False
        self.carried = Carried()
        """As last worked out."""

    @property
    def has_members(self) -> bool:
        """Whether this node takes links in, and so carries for others."""
        return self._has_members

    async def standings(self) -> Standings:
        """Where people stand, by who follows them now."""
        store, owner = self._node.store, self._node.author
        direct = await self._following.of(owner) | await store.library.private_follows()
        near = self._members | self._policy.allowed
        return standings_of(owner, direct, near, self.carried.keeps)

    def changed(self) -> None:
        """The owner did something that may have changed anything; worked out soon."""
        self._following.forget_all()
        self._due.set()

    def hear(self, messages: Sequence[Message]) -> None:
        """These were said; follows of the owner and of members change whom we carry, and of others who is near."""
        telling = {message.header.author for message in messages if message.header.kind in TELLING}
        concerned = telling & (self._members | {self._node.author})
        if concerned:
            self._following.forget(concerned)
        if concerned or (telling and self._reaches):
            self._due.set()

    @asynccontextmanager
    async def trial(self, author: AuthorKey) -> AsyncIterator[None]:
        """Inside, this author's log is asked for: their invite is being accepted."""
        self._trial[author] += 1
        try:
            await self.refresh()
            yield
        finally:
            self._trial[author] -= 1
            self._due.set()

    async def run(self) -> None:
        """Work out what is due, until cancelled."""
        while True:
            await self._due.wait()
            try:
                await self.refresh()
            except Exception as error:
                self._noting.failure("whom this node carries could not be worked out", error)
                self._due.set()
            await asyncio.sleep(RECARRY_PAUSE)

    async def refresh(self) -> None:
        """Work it out now. Raises `StoreError`."""
        async with self._working:
            self._due.clear()
            if self._has_members:
                self._members = await self._node.store.peers.members()
            further = await self._further()
            self._reaches = self._policy.reaches_follows and await reach_of(self._node.store) > 0
            self.carried = await carried_by(
                self._node.store,
                self._following,
                self._node.author,
                self._members,
                +self._trial,
                self._policy,
                further,
            )
            await self._reveal()
            self._on_carried(self.carried)

    async def _further(self) -> Beyond:
        if not self._policy.reaches_follows:
            return NOBODY_BEYOND
        return await beyond(self._node.store, self._node.trust, self._node.author)

    async def _reveal(self) -> None:
        """Whoever is carried for everyone to see is concealed no more, also when that ends."""
        library = self._node.store.library
        if known := await library.concealed() & self.carried.authors:
            await library.reveal(known)
