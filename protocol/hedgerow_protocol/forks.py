"""Forks: two messages of one device at one place prove that its key was copied, or that it was set back.

The proof is the two headers with their signatures; whoever has them can show them to anybody
(specs/01-identity.md, ID-31).
"""

from hedgerow_protocol.message import Message, verify
from hedgerow_protocol.shape import wrong_shape


def is_fork(first: Message, second: Message) -> bool:
    """Whether both stand at one place of one chain; the signatures are not checked."""
    one, other = first.header, second.header
    places = [(header.net, header.author, header.device, header.seq) for header in (one, other)]
    return places[0] == places[1] and first.id != second.id


def check_fork(first: Message, second: Message) -> None:
    """Raises `RemoteProtocolError` unless these decoded messages, with bodies or without, prove a fork."""
    if not is_fork(first, second):
        raise wrong_shape("two messages that may stand beside each other")
    verify(first)
    verify(second)
