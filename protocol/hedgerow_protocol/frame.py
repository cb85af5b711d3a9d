"""Frames: the units on a link, `[type, req, …]` in canonical bytes (specs/07-frames.md).

`req` ties an answer to its question and later frames to a session or subscription. The side that dialled counts
1, 3, 5 …, the other 2, 4, 6 …, in the order of sending, so that a number names one thing on a link.
An unknown even type ends the link, an unknown odd type is ignored.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import ClassVar, TypeAlias

from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.frame_values import (
    AUTHOR_BITS,
    COUNT,
    IDS,
    NUMBER,
    UINT8,
    UINT16,
    UINT32,
    Check,
    as_absent,
    as_authors,
    as_carried,
    as_fingerprint,
    as_heads,
    as_records,
    as_steps,
    bytes_up_to,
    one_of,
    split_run,
    text_up_to,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.shape import as_array, as_bool, as_key, as_uint, line, wrong_shape
from hedgerow_protocol.things import as_thing


class Mode(IntEnum):
    """How a subscriber wants new messages."""

    OFF = 0
    EAGER = 1
    """Whole."""
    LAZY = 2
    """Announced by id."""


class Tier(IntEnum):
    """Which set of a filter: the control kinds, or everything else. Control is reconciled first."""

    CONTROL = 0
    CONTENT = 1


class Absence(IntEnum):
    """Why a message that was asked for does not come."""

    UNKNOWN = 0
    REFUSED = 1
    """It is held and not given away. Never said here: it would tell whom somebody follows privately."""
    LATER = 2
    """It did not fit into the answer: ask again."""


class SessionFault(IntEnum):
    """Why a responder ends a session."""

    TOO_BIG = 0
    BUSY = 1
    STALE = 2
    """Subscription or scope have changed; the new scope is under way."""


class Hearing(IntEnum):
    """What becomes of a report."""

    TAKEN = 0
    FULL = 1
    """Too many reports wait, or too many of this reporter: later."""
    NOT_HERE = 2
    """Nobody takes reports here."""


class LinkFault(IntEnum):
    """Why a side ends the link."""

    PROTOCOL = 0
    BAD_SIGNATURES = 1
    OVERLOADED = 2
    GOING_AWAY = 3


def pack_ids(ids: Iterable[bytes]) -> bytes:
    """Ids (or other values of 32 bytes) one after the other in one run of bytes."""
    return b"".join(ids)


def split_ids(packed: bytes) -> list[MessageId]:
    """The ids in a run of bytes."""
    return list(map(MessageId, split_run(packed)))


def split_authors(packed: bytes) -> tuple[AuthorKey, ...]:
    """The authors in a run of bytes."""
    return tuple(map(AuthorKey, split_run(packed)))


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there?"""

    type: ClassVar[int] = 2
    checks: ClassVar[tuple[Check, ...]] = (NUMBER,)
    req: int


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping, with its number. It only says that somebody is there, so the number is not checked."""

    type: ClassVar[int] = 4
    checks: ClassVar[tuple[Check, ...]] = (NUMBER,)
    req: int


@dataclass(frozen=True, slots=True)
class Err:
    """The sender ends the link and says why; `retry_after` in seconds."""

    type: ClassVar[int] = 6
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, UINT8, text_up_to(limits.MAX_ERROR_TEXT), UINT32)
    req: int
    code: int
    text: str
    retry_after: int


@dataclass(frozen=True, slots=True)
class Sub:
    """The sender wants what `filter` (its bytes) names; `req` names the subscription from here on."""

    type: ClassVar[int] = 8
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, bytes_up_to(limits.MAX_FILTER), one_of(Mode))
    req: int
    filter: bytes
    mode: int
    """A `Mode`."""


@dataclass(frozen=True, slots=True)
class Unsub:
    """The sender no longer wants it."""

    type: ClassVar[int] = 10
    checks: ClassVar[tuple[Check, ...]] = (NUMBER,)
    req: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The answer to a subscription, sent again when it changes: which of its authors the sender carries.

    Bit n of `carried` (the lowest bit of the first byte is bit 0) stands for author n of the filter.
    """

    type: ClassVar[int] = 12
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, UINT32, bytes_up_to(AUTHOR_BITS))
    req: int
    version: int
    """Counts up; a session names the version that it runs over."""
    carried: bytes


@dataclass(frozen=True, slots=True)
class GetHeads:
    """Where do the chains of some authors end? Of a scope, those from place `first` on, `HEADS_AUTHORS` at most."""

    type: ClassVar[int] = 48
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, NUMBER, UINT32, UINT16, as_fingerprint)
    req: int
    sub: int
    version: int
    first: int
    digest: bytes
    """Of where they end at the sender."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The answer: none where they end in the same places; in frames, each but the last with `more`."""

    type: ClassVar[int] = 50
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, as_heads, as_bool)
    req: int
    heads: tuple[tuple[bytes, int, bytes], ...]
    """Device, the number of its last message, and that message's id."""
    more: bool


@dataclass(frozen=True, slots=True)
class GetHeaders:
    """The links of a chain, from message `tip` down to above number `down`; answered by `Messages` without bodies."""

    type: ClassVar[int] = 60
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, as_key, UINT32, UINT16)
    req: int
    tip: bytes
    down: int
    limit: int


@dataclass(frozen=True, slots=True)
class SetMode:
    """The sender wants what a subscription of its own names in this way from now on; nothing answers it."""

    type: ClassVar[int] = 46
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, one_of(Mode))
    req: int
    mode: int
    """A `Mode`."""


@dataclass(frozen=True, slots=True)
class Authors:
    """The answer to a subscription without authors, sent again when it changes: whom the sender shows to everyone.

    Each frame is a part of the list, and the version of the subscription that names this part.
    """

    type: ClassVar[int] = 44
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, UINT32, as_authors, as_bool, as_bool, as_bool)
    req: int
    version: int
    """Counts up; a session over this part names it."""
    authors: bytes
    anew: bool
    """Whether the list begins here, and earlier parts are void."""
    more: bool
    """Whether the next part follows at once."""
    everyone: bool
    """Whether the sender would take whomever it is asked about by name, too."""


@dataclass(frozen=True, slots=True)
class NegOpen:
    """The initiator opens session `req` over a subscription of its own, narrowed to the authors carried."""

    type: ClassVar[int] = 14
    checks: ClassVar[tuple[Check, ...]] = (
        NUMBER,
        NUMBER,
        UINT32,
        one_of(Tier),
        UINT32,
        UINT32,
        COUNT,
        as_fingerprint,
    )
    req: int
    sub: int
    version: int
    tier: int
    """A `Tier`."""
    since: int
    """Only messages from this second on; 0 for all."""
    until: int
    """Only messages before this second; 0 for all."""
    count: int
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class NegSame:
    """The responder's set is the same; the session is over."""

    type: ClassVar[int] = 16
    checks: ClassVar[tuple[Check, ...]] = (NUMBER,)
    req: int


@dataclass(frozen=True, slots=True)
class NegDiffers:
    """The responder's set is another, of `count` items; the initiator goes on or streams it."""

    type: ClassVar[int] = 18
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, COUNT)
    req: int
    count: int


@dataclass(frozen=True, slots=True)
class NegMsg:
    """One message of the reconciliation, or a part of one; only a responder's has several parts."""

    type: ClassVar[int] = 20
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, bytes_up_to(limits.MAX_RECONCILIATION_MESSAGE), as_bool)
    req: int
    data: bytes
    more: bool = False
    """Whether further parts follow; then this one is full."""


@dataclass(frozen=True, slots=True)
class NegClose:
    """The initiator has what it wanted to know."""

    type: ClassVar[int] = 22
    checks: ClassVar[tuple[Check, ...]] = (NUMBER,)
    req: int


@dataclass(frozen=True, slots=True)
class NegErr:
    """The responder ends the session; `since` narrows it to what it would take (too_big)."""

    type: ClassVar[int] = 24
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, UINT8, UINT32)
    req: int
    fault: int
    since: int


@dataclass(frozen=True, slots=True)
class Get:
    """The sender wants these messages."""

    type: ClassVar[int] = 26
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, IDS)
    req: int
    ids: bytes


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages, as an answer (`req` of the question; `more` frames follow) or pushed (`req` 0).

    A message whose body was erased comes without it: its retraction is in the control set.
    """

    type: ClassVar[int] = 28
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, as_carried, as_bool)
    req: int
    messages: tuple[tuple[int, bytes], ...]
    """Pairs of hops so far and the message's bytes."""
    more: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """Of what was asked for, these do not come: (id, `Absence`). Precedes the last `Messages` of the answer."""

    type: ClassVar[int] = 30
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, as_absent)
    req: int
    absent: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Stream a tier of a subscription of the sender's, in order of (ts, id), from after a place in it."""

    type: ClassVar[int] = 32
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, NUMBER, UINT32, one_of(Tier), UINT32, as_key, UINT16)
    req: int
    sub: int
    version: int
    tier: int
    after_ts: int
    after_id: bytes
    limit: int


@dataclass(frozen=True, slots=True)
class IHave:
    """The sender has these; answered by `Want` with the same number."""

    type: ClassVar[int] = 34
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, IDS, bytes_up_to(limits.MAX_FRAME_MESSAGES))
    req: int
    ids: bytes
    hops: bytes
    """One byte an id."""


@dataclass(frozen=True, slots=True)
class Want:
    """Of what was announced, these are wanted; `Messages` with the same number brings them, none if none are."""

    type: ClassVar[int] = 36
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, IDS)
    req: int
    ids: bytes


@dataclass(frozen=True, slots=True)
class Changed:
    """More has changed under the receiver's subscription than is worth announcing: reconcile."""

    type: ClassVar[int] = 38
    checks: ClassVar[tuple[Check, ...]] = (NUMBER,)
    req: int


@dataclass(frozen=True, slots=True)
class Accept:
    """Somebody accepts an invite; sent by the joiner, and on to the inviter by whoever carries him."""

    type: ClassVar[int] = 40
    checks: ClassVar[tuple[Check, ...]] = (
        NUMBER,
        bytes_up_to(limits.MAX_INVITE),
        bytes_up_to(limits.MAX_INVITE),
    )
    req: int
    invite: bytes
    """A signed invite."""
    acceptance: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """What becomes of an acceptance: a `Verdict`."""

    type: ClassVar[int] = 42
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, UINT8)
    req: int
    verdict: int


@dataclass(frozen=True, slots=True)
class Since:
    """Of some authors of a subscription its sender keeps content only from a time on.

    Whoever subscribed says it behind SUB of the authors that this names, with the version 0, and behind each part of a
    list of that part; the other side in front of each scope or part. Bits are those of `Scope.carried`, or by the
    places of a part.
    """

    type: ClassVar[int] = 58
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, UINT32, as_steps)
    req: int
    """Of the SUB."""
    version: int
    """Of the scope or part; 0 for the filter itself."""
    steps: tuple[tuple[int, bytes], ...]
    """Pairs of a time in Unix seconds, ascending, and a bit for each author whom it holds for."""


@dataclass(frozen=True, slots=True)
class Report:
    """Somebody tells whoever runs the other node of a thing, and why; it goes no further (specs/15-safety.md)."""

    type: ClassVar[int] = 61
    checks: ClassVar[tuple[Check, ...]] = (
        NUMBER,
        as_thing,
        line(limits.MAX_WORD, least=1),
        text_up_to(limits.MAX_TEXT),
    )
    req: int
    thing: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What becomes of a report: a `Hearing`."""

    type: ClassVar[int] = 63
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, UINT8)
    req: int
    verdict: int


@dataclass(frozen=True, slots=True)
class Addr:
    """Address records: news (`req` 0), or the answer to GETADDR. A node can do without, so its number is odd."""

    type: ClassVar[int] = 53
    checks: ClassVar[tuple[Check, ...]] = (NUMBER, as_records)
    req: int
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Getaddr:
    """The sender would know some nodes."""

    type: ClassVar[int] = 55
    checks: ClassVar[tuple[Check, ...]] = (NUMBER,)
    req: int


Frame: TypeAlias = (
    Ping
    | Pong
    | Err
    | Sub
    | Unsub
    | Scope
    | Authors
    | SetMode
    | GetHeads
    | GetHeaders
    | Heads
    | NegOpen
    | NegSame
    | NegDiffers
    | NegMsg
    | NegClose
    | NegErr
    | Get
    | Messages
    | Missing
    | Range
    | IHave
    | Want
    | Changed
    | Accept
    | Accepted
    | Since
    | Report
    | Reported
    | Addr
    | Getaddr
)
FRAMES: dict[int, type[Frame]] = {known.type: known for known in Frame.__args__}


def encode_frame(frame: Frame) -> bytes:
    """The canonical bytes of `frame`; raises `LocalProtocolError` above the limit of a frame."""
    encoded = codec.encode([frame.type, *(getattr(frame, one.name) for one in fields(frame))])
    if len(encoded) > limits.MAX_FRAME:
        raise LocalProtocolError(f"a frame of {len(encoded)} bytes, at most {limits.MAX_FRAME}")
    return encoded


def decode_frame(data: bytes) -> Frame | None:
    """The frame in `data`, None for an unknown odd type; raises `RemoteProtocolError`."""
    values = as_array(codec.decode(data, limits.MAX_FRAME), "frame")
    if not values:
        raise wrong_shape("a frame begins with its type")
    number = as_uint(values[0], "type", 2**8 - 1)
    known = FRAMES.get(number)
    if known is None:
        if number % 2:
            return None
        raise RemoteProtocolError(Reason.UNKNOWN_FRAME, f"type {number}")
    return _as_frame(known, values[1:])


def _as_frame(known: type[Frame], values: tuple[object, ...]) -> Frame:
    names = [one.name for one in fields(known)]
    if len(values) != len(names):
        raise wrong_shape(f"{known.__name__} has {len(values)} values, not {len(names)}")
    checked = [check(value, name) for check, value, name in zip(known.checks, values, names, strict=True)]
    return known(*checked)  # type: ignore[arg-type]
