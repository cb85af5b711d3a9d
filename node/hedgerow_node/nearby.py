"""Nodes on the local network, for a node whose owner asked for that: who is there, and that this one is (DI-13)."""

from collections.abc import Callable
from dataclasses import dataclass

from hedgerow_node.invitations import PEER_PATH
from hedgerow_node.links.lan import Lan, Nearby, OwnService, own_ips
from hedgerow_node.links.noting import Noting
from hedgerow_node.node import Node


@dataclass(frozen=True, slots=True)
class Nearness:
    """How to look for nodes nearby."""

    interfaces: tuple[str, ...] = ()
    """IP addresses of the interfaces to use; none for all."""


class Neighbourhood:
    """The local network as one running node sees it; quiet where nobody asked for it."""

    def __init__(
        self, node: Node, near: Nearness | None, noting: Noting, on_change: Callable[[], None]
    ) -> None:
        self._node = node
        self._near = near
        self._noting = noting
        self._on_change = on_change
        self._listening: str | None = None
        self._lan: Lan | None = None
        self._ips: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether the local network is looked at: it was asked for, and there is one."""
        return self._lan is not None

    @property
    def own_address(self) -> str | None:
        """Where somebody nearby can dial this node, while the local network is looked at."""
        if self._lan is None or not self._ips or self._listening is None:
            return None
        ip, port = self._ips[0], self._listening.rpartition(":")[2]
        return f"ws://{f'[{ip}]' if ':' in ip else ip}:{port}{PEER_PATH}"

    def found(self) -> list[Nearby]:
        """Who is there now."""
        return [] if self._lan is None else self._lan.found()

    async def open(self, listening: str | None) -> None:
        """Begin, where it was asked for; `listening` is HOST:PORT of the peers' door."""
        self._listening = listening
        if self._near is None:
            return
        node = self._node
        lan = Lan(node.keys.inception.header.net, node.device, self._near.interfaces, self._on_change)
        try:
            await lan.open(await self._own())
        except OSError as error:
            # A computer without a network runs all the same.
            self._noting.failure("the local network cannot be looked at", error)
            await lan.close()
            return
        self._lan = lan

    async def again(self) -> None:
        """Begin anew: the computer may be on another network."""
        if self._near is not None:
            await self.close()
            await self.open(self._listening)

    async def close(self) -> None:
        """End it."""
        lan, self._lan = self._lan, None
        if lan is not None:
            await lan.close()

    async def _own(self) -> OwnService | None:
        if self._listening is None:
            return None
        host, _, port = self._listening.rpartition(":")
        self._ips = own_ips(host.strip("[]"))
        names = await self._node.store.views.names([self._node.author])
        return OwnService(names.get(self._node.author, ""), self._ips, int(port), PEER_PATH)
