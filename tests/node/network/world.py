"""Several people with real nodes in one process: real stores, real sockets on this computer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from hedgerow_node.budgets import LEARNER
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.invitations import Terms, read_invite
from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.links.room import Room
from hedgerow_node.nearby import Nearness
from hedgerow_node.network import Network
from hedgerow_node.node import Draft, Node
from hedgerow_node.policy import USUAL
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.invite import SignedInvite
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Resource
from hedgerow_protocol.message import Message

PATIENCE = 60.0
"""Seconds after which something that should happen is given up: no test waits for it when all is well."""


class ShiftedClock(Clock):
    """This computer's clock, set back or forward."""

    shift = 0

    def now(self) -> float:
        """Unix seconds."""
        return super().now() + self.shift


class Person:
    """Somebody with a home of their own, whose node can be stopped and started."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.home = Home(folder / name)
        self.clock = ShiftedClock()
        self.listen: str | None = None
        self.door: DoorLimits | None = None
        self.budgets = LEARNER
        self.policy = USUAL
        self.free = 10**12
        """Bytes that this person's disk has left."""
        self.allows_private = False
        """Whether addresses of private networks are taken from others."""
        self.is_listed = True
        """Whether other nodes are told where this one is."""
        self.near: Nearness | None = None
        """How to look for nodes on the local network."""
        self.has_disk = True
        """Whether the system can say how much that is."""
        self._node: Node | None = None
        self._network: Network | None = None

    @property
    def node(self) -> Node:
        """The open node."""
        assert self._node is not None, f"{self.name}'s node is not running"
        return self._node

    @property
    def network(self) -> Network:
        """Its links."""
        assert self._network is not None, f"{self.name}'s node is not running"
        return self._network

    @property
    def author(self) -> AuthorKey:
        """Who this is."""
        return self.node.author

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the peers' door."""
        assert self.network.address is not None
        host, _, port = self.network.address.rpartition(":")
        return host, int(port)

    async def open(self) -> None:
        """Open the node without links."""
        self._node = await Node.open(self.home, self.clock)

    async def start(self) -> None:
        """Open the node and bring its links up."""
        if self._node is None:
            await self.open()
        room = Room(self.home.path, self._free)
        self._network = await Network.open(
            self.node,
            listen=self.listen,
            is_kept=True,
            door=self.door,
            room=room,
            policy=self.policy,
            allows_private=self.allows_private,
            budgets=self.budgets,
            near=self.near,
            is_listed=self.is_listed,
        )
        # A listener comes back where it was, for others know it there.
        self.listen = self.network.address

    def _free(self, folder: Path) -> int:
        if not self.has_disk:
            raise OSError(f"{folder} is not there")
        return self.free

    async def stop(self) -> None:
        """End the links and close the node."""
        if self._network is not None:
            await self._network.close()
        if self._node is not None:
            await self._node.close()
        self._network = self._node = None

    # --- Saying --------------------------------------------------------------------------------------------

    async def share(self, count: int, start: int = 0) -> list[Message]:
        """Describe `count` different pages."""
        return await self.node.publish_many(
            [Draft(Resource(f"https://{self.name}.example/{start + n}", f"Page {n}")) for n in range(count)]
        )

    async def share_since(self, count: int, seconds: int, start: int = 0) -> list[Message]:
        """Describe pages at times that lie so far apart, the last of them now; only while no links are up."""
        said = []
        for place in range(count):
            self.clock.shift = (place + 1 - count) * seconds
            said += await self.share(1, start + place)
        return said

    async def invite(self, **terms: object) -> SignedInvite:
        """Make an invite."""
        return await self.network.inviting.issue(Terms(**terms))  # type: ignore[arg-type]

    async def accept(self, invite: SignedInvite | str) -> None:
        """Join, as the command does."""
        text = invite if isinstance(invite, str) else invite.to_text()
        await self.network.joining.accept(read_invite(text, self.node))

    async def join(self, other: "Person", **terms: object) -> None:
        """Accept an invite that the other makes for it."""
        await self.accept(await other.invite(**terms))

    # --- What is here --------------------------------------------------------------------------------------

    async def sums(self, author: AuthorKey) -> list[SetSum]:
        """Count and fingerprint of both sets of an author."""
        found = [await self.node.store.messages.sums([author], control) for control in (True, False)]
        return [one.get(author, SetSum()) for one in found]

    async def count(self, author: AuthorKey) -> int:
        """How many messages of an author are here."""
        return sum(one.count for one in await self.sums(author))

    async def has_all_of(self, other: "Person") -> bool:
        """Whether everything of the other is here, by fingerprint."""
        return await self.sums(other.author) == await other.sums(other.author)


class World:
    """The people of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.people: list[Person] = []

    async def person(self, name: str, *, listens: bool = False, door: DoorLimits | None = None) -> Person:
        """Somebody new, whose node runs."""
        person = Person(name, self.folder)
        person.listen = "127.0.0.1:0" if listens else None
        person.door = door
        self.people.append(person)
        await person.start()
        return person

    async def seed(self, name: str = "seed", *, door: DoorLimits | None = None) -> Person:
        """Somebody new who lets others in."""
        return await self.person(name, listens=True, door=door)

    async def close(self) -> None:
        """Stop everybody."""
        for person in self.people:
            await person.stop()


async def eventually(
    is_so: Callable[[], Awaitable[bool] | bool], what: str = "", patience: float = PATIENCE
) -> float:
    """Wait until something is so; returns how many seconds that took, fails when it takes too long."""
    began = time.monotonic()
    while True:
        found = is_so()
        if found if isinstance(found, bool) else await found:
            return time.monotonic() - began
        assert time.monotonic() - began < patience, f"not within {patience} s: {what or is_so}"
        await asyncio.sleep(0.02)


async def have_each_others(*people: Person) -> None:
    """Wait until everybody has everything of everybody else."""
    for one in people:
        for other in people:
            await eventually(lambda a=one, b=other: a.has_all_of(b), f"{one.name} has all of {other.name}")


def files_with(folder: Path, words: list[str]) -> list[tuple[str, str]]:
    """The files below a folder that hold one of these words in UTF-8, in either case."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes().lower()
            found += [(path.name, word) for word in words if word.lower().encode() in data]
    return found
