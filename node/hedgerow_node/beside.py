"""What runs beside a node at rest, as far as the node knows of it: the links to others."""

from typing import Protocol

from hedgerow_node.budgets import Budgets
from hedgerow_protocol.admission import Carried


class Links(Protocol):
    """Ends the links of a running node and brings them up anew, for they show whose they are."""

    async def pause(self) -> None:
        """End them."""

    async def resume(self) -> None:
        """Bring them up."""


class Network(Protocol):
    """What a node asks of the links that run beside it."""

    def links(self) -> list[dict[str, object]]:
        """The links that are open: {did, role, direction, state}."""

    async def carry_anew(self) -> None:
        """Work out now whom the node carries, so that no link goes on with others. Raises `StoreError`."""

    @property
    def budgets(self) -> Budgets:
        """How much is kept unless the owner said otherwise."""

    @property
    def is_full(self) -> bool:
        """Whether nothing is taken in from others because the disk is nearly full."""

    @property
    def carried(self) -> Carried:
        """Whom this node carries now."""

    def noted(self) -> list[dict[str, object]]:
        """What others did and was turned away, and how often: {event, why, times}."""

    def hits(self) -> dict[str, int]:
        """How often each limit was met, by the name of its constant."""

    @property
    def unnamed_proxy(self) -> str | None:
        """Where a proxy of the owner's seems to stand in front of the door that was not named."""
