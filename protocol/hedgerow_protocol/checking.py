"""What is asked of a message whoever brings it and whatever is held: form, network, schema, signature.

A function of the bytes alone, so it can be computed anywhere: drivers do so beside their loops, in batches.
"""

from collections.abc import Iterable

from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.kinds import Kind, decode_body
from hedgerow_protocol.log_entry import decode_entry
from hedgerow_protocol.message import Message, decode_message, verify


def check_batch(messages: Iterable[bytes], net: int) -> list[Reason | None]:
    """Of each of these bytes: None where they are a message that holds (`check_message`), else why they are not."""
    return [_reason_against(data, net) for data in messages]


def _reason_against(data: bytes, net: int) -> Reason | None:
    try:
        check_message(decode_message(data), net)
    except RemoteProtocolError as error:
        return error.reason
    return None


def check_message(message: Message, net: int) -> None:
    """Raises `RemoteProtocolError` unless network, schema and signature of a decoded message hold."""
    if message.header.net != net:
        raise RemoteProtocolError(Reason.WRONG_NET, f"net {message.header.net}")
    if message.header.kind == Kind.IDENTITY:
        decode_entry(message)
    elif message.body is not None:
        decode_body(message.header.kind, message.body)
    verify(message)
