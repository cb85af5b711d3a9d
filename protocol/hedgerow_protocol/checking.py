"""What is asked of a message whoever brings it and whatever is held: form, network, schema, signature.

A function of the bytes alone, so it can be computed anywhere: drivers do so beside their loops, in batches.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.kinds import Kind, decode_body
from hedgerow_protocol.log_entry import decode_entry
from hedgerow_protocol.message import Message, decode_message, verify

T = TypeVar("T")
U = TypeVar("U")


def check_batch(messages: Iterable[bytes], net: int) -> list[Reason | None]:
    """Of each of these bytes: None where they are a message that holds (`check_message`), else why they are not."""
    # Step by step for all of them, not message by message: checking signatures drives all else out of the
    # processor's caches, which made decoding cost half as much again.
    decoded = _each(decode_message, messages)
    formed = _each(partial(_check_form, net), decoded)
    signed = _each(_check_signature, formed)
    return [one if isinstance(one, Reason) else None for one in signed]


def _each(step: Callable[[T], U], given: Iterable[T | Reason]) -> list[U | Reason]:
    """What the step makes of each; what was refused before stays refused."""
    results: list[U | Reason] = []
    for one in given:
        try:
            results.append(one if isinstance(one, Reason) else step(one))
        except RemoteProtocolError as error:
            results.append(error.reason)
    return results


def check_message(message: Message, net: int) -> None:
    """Raises `RemoteProtocolError` unless network, schema and signature of a decoded message hold."""
    _check_signature(_check_form(net, message))


def _check_form(net: int, message: Message) -> Message:
    if message.header.net != net:
        raise RemoteProtocolError(Reason.WRONG_NET, f"net {message.header.net}")
    if message.header.kind == Kind.IDENTITY:
        decode_entry(message)
    elif message.body is not None:
        decode_body(message.header.kind, message.body)
    return message


def _check_signature(message: Message) -> Message:
    verify(message)
    return message
