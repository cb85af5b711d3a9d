"""Reading: what a stored message says, if it is still what was signed.

A disk that changes a byte can hide a statement from every view; it cannot put other words into anybody's mouth.
"""

from hedgerow_node.store.faults import DamagedRow
from hedgerow_node.store.rows import MessageRow, message_of
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.kinds import Body, decode_body
from hedgerow_protocol.message import Message


def read_message(row: MessageRow) -> tuple[Message, Body] | None:
    """The message in a row of `rows.COLUMNS` with what it says; None when its body is gone or damaged."""
    try:
        message = message_of(row)
        return None if message.body is None else (message, decode_body(message.header.kind, message.body))
    except (DamagedRow, RemoteProtocolError):
        return None
