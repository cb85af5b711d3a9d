"""A node of a schedule: the messages that it holds, and what the code under test says of its logs."""

from collections.abc import Iterable
from itertools import groupby
from random import Random

from hedgerow_protocol import limits
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.message import Message, MessageId


class Node:
    """Everything that came, in the order in which it came."""

    def __init__(self) -> None:
        self.messages: dict[MessageId, Message] = {}
        self.identities = Identities()

    def hold(self, messages: Iterable[Message]) -> None:
        """Take these in, whatever the logs say; a body fills a header that came alone."""
        for one in messages:
            known = self.messages.get(one.id)
            if known is None or known.body is None:
                self.messages[one.id] = one
            if one.header.kind == Kind.IDENTITY:
                self.identities.learn(one)

    def of(self, author: AuthorKey, *, kinds: Iterable[int] | None = None) -> list[Message]:
        """The messages of an author, of some kinds only."""
        wanted = None if kinds is None else set(kinds)
        return [
            one
            for one in self.messages.values()
            if one.header.author == author and (wanted is None or one.header.kind in wanted)
        ]

    def last_of(self, author: AuthorKey, device: bytes) -> Message | None:
        """The message with the highest seq of a chain."""
        chain = [one for one in self.of(author) if one.header.device == device]
        return max(chain, key=lambda one: (one.header.seq, one.id), default=None)

    def branch(self, author: AuthorKey, random: Random) -> Branch | None:
        """A branch: mostly an open one, at times what held after any entry."""
        branches = self.identities.log(author).branches
        entries = self.of(author, kinds=[Kind.IDENTITY])
        if entries and (not branches or random.random() < 0.25):
            return self.identities.branch_at(author, random.choice(entries).id)
        return random.choice(branches) if branches else None

    def cut(self, author: AuthorKey, device: bytes) -> tuple[tuple[int, MessageId], ...]:
        """The tips of what is held of a device, one below each hole, highest first (ID-28)."""
        chain = [one for one in self.of(author) if one.header.device == device]
        chain.sort(key=lambda one: (one.header.seq, one.id), reverse=True)
        tips: list[tuple[int, MessageId]] = []
        wanted = None
        for _, group in groupby(chain, lambda one: one.header.seq):
            there = list(group)
            step = next((one for one in there if one.id == wanted), None)
            if step is None:
                step = there[0]
                tips.append((step.header.seq, step.id))
            wanted = step.header.prev
        return tuple(tips[: limits.MAX_CUT_TIPS])
