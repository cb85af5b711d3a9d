"""What can go wrong, by whose fault it is.

A decoder raises `RemoteProtocolError` and nothing else, whatever bytes it is given; an encoder that is asked
for something the protocol forbids raises `LocalProtocolError`.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why bytes from outside were refused: the closed list of the specs, `specs/errors.md`."""

    TOO_BIG = "too_big"
    NOT_CANONICAL = "not_canonical"
    WRONG_SHAPE = "wrong_shape"
    OUT_OF_RANGE = "out_of_range"
    WRONG_SLOT = "wrong_slot"
    UNSUPPORTED_VERSION = "unsupported_version"
    WRONG_NET = "wrong_net"
    BODY_MISMATCH = "body_mismatch"
    BAD_KEY = "bad_key"
    BAD_SIGNATURE = "bad_signature"
    BAD_HANDSHAKE = "bad_handshake"
    BAD_CERTIFICATE = "bad_certificate"
    WRONG_PEER = "wrong_peer"
    UNKNOWN_FRAME = "unknown_frame"
    UNEXPECTED_FRAME = "unexpected_frame"
    BAD_RECONCILIATION = "bad_reconciliation"


class HedgerowError(Exception):
    """The root of every error that Hedgerow raises on purpose."""


class ProtocolError(HedgerowError):
    """A rule of the protocol was broken."""


class LocalProtocolError(ProtocolError):
    """Our own side asked for something the protocol forbids; nothing was sent or stored."""


class RemoteProtocolError(ProtocolError):
    """Bytes from outside break a rule; `reason` says which, `detail` is for people and logs.

    `limit` is the name of the limit that they exceed, where how often that happens is counted.
    """

    def __init__(self, reason: Reason, detail: str = "", limit: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
        self.limit = limit
