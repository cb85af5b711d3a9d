"""Receipts of a seed: for its members, that what they said is held; never for reading (specs/16-seeds.md)."""

import asyncio
from collections.abc import Sequence

from hedgerow_node.config import RECEIPT_AFTER, RECEIPT_CHECK
from hedgerow_node.logs import Log
from hedgerow_node.node import Draft, Node
from hedgerow_node.problems import Problem
from hedgerow_node.store.receipts import Chain
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Receipt
from hedgerow_protocol.message import Message

log = Log("receipts")


class Receipts:
    """Gives receipts while a seed runs: one a day to each member of whom something came."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._heard: set[AuthorKey] | None = None
        """Of whom something came since they were last looked at; None for anybody, before the first look."""
        node.on_delivered.append(self._on_delivered)

    async def run(self) -> None:
        """Look from time to time whether a receipt is due, until cancelled."""
        try:
            while True:
                try:
                    await self.give()
                except Problem as problem:
                    log.failure("receipts could not be given", problem)
                await asyncio.sleep(RECEIPT_CHECK)
        finally:
            self._node.on_delivered.remove(self._on_delivered)

    async def give(self) -> int:
        """Publish the receipts that are due now; how many. Raises `Problem`, and then they stay due."""
        members = await self._node.store.peers.members()
        waiting = members if self._heard is None else members & self._heard
        self._heard = set(waiting)
        since = self._node.clock.now() - RECEIPT_AFTER
        lately = await self._node.store.receipts.given_since(self._node.author, since)
        due: dict[AuthorKey, Chain] = {}
        for author in sorted(waiting):
            chains = await self._node.store.receipts.chains(author)
            if not any(chain.device in lately for chain in chains):
                due |= await self._due(author, chains)
        if due:
            await self._node.publish_many([Draft(_receipt(chain)) for chain in due.values()])
        self._heard -= due.keys()
        return len(due)

    async def _due(self, author: AuthorKey, chains: Sequence[Chain]) -> dict[AuthorKey, Chain]:
        if not chains or await self._node.store.receipts.has_given(self._node.author, chains[-1]):
            return {}
        return {author: chains[-1]}

    def _on_delivered(self, messages: Sequence[Message]) -> None:
        if self._heard is not None:
            self._heard.update(message.header.author for message in messages)


def _receipt(chain: Chain) -> Receipt:
    return Receipt(chain.device, chain.seq, chain.id, int(chain.since))
