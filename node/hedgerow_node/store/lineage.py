"""Lineage: what the headers of messages say of earlier versions, whether their texts are still here or not."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from hedgerow_node.store.rows import select_in
from hedgerow_protocol.message import Header, MessageId, decode_header
from hedgerow_protocol.things import message_id_of

MAX_EARLIER = 1_000
"""Earlier versions that are looked for at once."""
HEADERS = "SELECT row, id, header, author, erased, body IS NOT NULL, received FROM messages WHERE id IN ({})"


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of a message."""

    row: int
    id: MessageId
    header: Header
    author: int
    is_erased: bool
    has_body: bool
    received: float

    def is_version_of(self, other: "Held") -> bool:
        """Whether one of them may replace the other: nobody replaces what somebody else said."""
        return self.author == other.author and self.header.kind == other.header.kind


def held_among(db: sqlite3.Connection, ids: Iterable[MessageId]) -> dict[MessageId, Held]:
    """What is held of those of these messages that are here, be it only their headers."""
    return {
        MessageId(key): Held(
            row, MessageId(key), decode_header(header), author, bool(erased), bool(body), received
        )
        for row, key, header, author, erased, body, received in select_in(db, HEADERS, ids)
    }


def messages_named(things: Iterable[str]) -> list[MessageId]:
    """Those of these things that are messages."""
    return [MessageId(key) for thing in things if (key := message_id_of(thing)) is not None]


def earlier_versions(db: sqlite3.Connection, ids: Iterable[MessageId]) -> dict[MessageId, MessageId]:
    """Every version that is held and that one of these messages replaces, at once or by way of others.

    The value is the message of `ids` that it became; of several the one with the lowest id.
    """
    found: dict[MessageId, MessageId] = {}
    latest = [(held, key) for key, held in held_among(db, ids).items()]
    while latest and len(found) < MAX_EARLIER:
        named = held_among(db, {target for held, _ in latest for target in held.header.replaces})
        earlier: dict[MessageId, MessageId] = {}
        for later, head in latest:
            for target in later.header.replaces:
                held = named.get(target)
                if held is not None and held.is_version_of(later) and target not in found:
                    earlier.setdefault(target, head)
        found |= earlier
        latest = [(named[key], head) for key, head in earlier.items()]
    return found
