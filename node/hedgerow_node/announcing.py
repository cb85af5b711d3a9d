"""The address record of one's own node: only of one that lets others in, where everybody can dial it (DI-7)."""

from collections.abc import Callable

from hedgerow_node.config import OWN_ADDRESS_LIFE, OWN_ADDRESS_USE
from hedgerow_node.links.outward import Outward
from hedgerow_node.node import Node
from hedgerow_protocol import limits
from hedgerow_protocol.address_record import AddressRecord, SignedAddress, sign_record


class Announcing:
    """Makes the record of one running node, anew each day."""

    def __init__(
        self, node: Node, outward: Outward, own_address: Callable[[], str | None], *, is_listed: bool
    ) -> None:
        self._node = node
        self._outward = outward
        self._own_address = own_address
        self._is_listed = is_listed
        self._own: SignedAddress | None = None

    async def record(self) -> SignedAddress | None:
        """What to tell others of this node; None where not everybody can dial it, or its owner forbids it."""
        address = self._own_address() if self._is_listed else None
        if address is None or not self._outward.may_lead(address):
            return None
        if not self._is_fresh(address):
            self._own = await self._make(address)
        return self._own

    def _is_fresh(self, address: str) -> bool:
        if self._own is None:
            return False
        record, now = self._own.record, self._node.clock.now()
        is_ours = (record.device, record.addresses) == (self._node.device, (address,))
        return is_ours and record.ts <= now < record.ts + OWN_ADDRESS_USE

    async def _make(self, address: str) -> SignedAddress:
        node = self._node
        names = await node.store.views.names([node.author])
        record = AddressRecord(
            net=node.keys.inception.header.net,
            device=node.device,
            author=node.author,
            addresses=(address,),
            ts=int(node.clock.now()),
            ttl=OWN_ADDRESS_LIFE,
            label=_shortened(names.get(node.author, "")),
        )
        return sign_record(record, node.keys.device_seed)


def _shortened(name: str) -> str:
    """As much of a name as a label may hold, whole letters."""
    return name.encode()[: limits.MAX_ADDRESS_LABEL].decode(errors="ignore")
