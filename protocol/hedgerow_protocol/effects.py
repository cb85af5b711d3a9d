"""Effects: what a machine asks of its driver. A driver performs them in order and answers with events.

What lies on disk or costs processor time is asked by an effect with a token and answered, in any order, by the
event that the effect names.
"""

from dataclasses import dataclass
from typing import NewType, TypeAlias

from hedgerow_protocol.errors import Reason
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.ranges import Index

LinkId = NewType("LinkId", int)
"""A number that the driver gives a connection, from 1."""
Token = NewType("Token", int)
"""A number that ties an answer to the effect that asked."""


@dataclass(frozen=True, slots=True)
class Send:
    """Put `data` on the connection as one binary message."""

    link: LinkId
    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection after what was sent; `why` is a constant text for the log."""

    link: LinkId
    why: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Call `on_wake` at this time at the latest; a later `WakeAt` takes its place."""

    at: float


@dataclass(frozen=True, slots=True)
class Verify:
    """Decode these messages, check schema and signature; answer with `on_verified`. Those held may be dropped."""

    token: Token
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """Store these messages durably; answer with `on_stored` and those that are new, or whose body was missing.

    Those are answered, too, that were kept aside and that a log or a chain among these lets in, all as they are held:
    without the body that a retraction keeps out. What no live device of its author signed is judged by the chains that
    the store holds (`cuts`): what no cut reaches is in no set and not answered.
    """

    token: Token
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class LoadSum:
    """The sum of a set; answer with `on_loaded` and a `SetSum`."""

    token: Token
    filter: Filter
    tier: Tier


@dataclass(frozen=True, slots=True)
class LoadItems:
    """A set; answer with `on_loaded` and `Items`.

    Content of more than `limits.MAX_SESSION_ITEMS` items is not compared as it is but cut in two: of that the newest
    suffice, so many and one more.
    """

    token: Token
    filter: Filter
    tier: Tier


@dataclass(frozen=True, slots=True)
class LoadUnknown:
    """Which of these ids are not held; answer with `on_loaded` and a list of ids in the same order."""

    token: Token
    ids: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class LoadMessages:
    """These messages as far as they are held; answer with `on_loaded` and a list of `Message`."""

    token: Token
    ids: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class LoadRange:
    """The next messages of a set, in order, after a place; answer with `on_loaded` and a `Page`."""

    token: Token
    filter: Filter
    tier: Tier
    after: tuple[int, bytes]
    limit: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class LoadBodiless:
    """Messages of these authors whose body is missing but not retracted; answer with a list of ids."""

    token: Token
    filter: Filter
    limit: int


@dataclass(frozen=True, slots=True)
class LoadChains:
    """Where the chains of these devices end, and where they have holes; answer with `on_loaded` and `Chains`."""

    token: Token
    devices: tuple[tuple[AuthorKey, DeviceKey], ...]
    limit: int
    """Holes at most."""
    since: tuple[int, ...] = ()
    """For each chain the second from which on its content is kept; empty: all of it. What stood before the first that
    is kept is no hole."""


@dataclass(frozen=True, slots=True)
class LoadLinks:
    """A chain from a message on by `prev`, down to above a number; answer with a list of `Message`, in that order."""

    token: Token
    tip: MessageId
    down: int
    limit: int


@dataclass(frozen=True, slots=True)
class LoadEnds:
    """Where walks from cuts of these authors wait, and something depends on it; answer with a list of `End`."""

    token: Token
    authors: tuple[AuthorKey, ...]
    limit: int


Load: TypeAlias = (
    LoadSum
    | LoadItems
    | LoadUnknown
    | LoadMessages
    | LoadRange
    | LoadBodiless
    | LoadChains
    | LoadLinks
    | LoadEnds
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """These messages are new here, as they are stored; `link` brought them, 0 if they were here and did not count."""

    link: LinkId
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """These came unasked from the device at the other end of a link, and their authors are not carried here.

    They are proven, belong to no set and are served to nobody. Whoever performs this may keep them, within bounds,
    until their author is carried, and then gives them to `Peer.on_released`.
    """

    link: LinkId
    device: DeviceKey
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the owner may see or a log may keep: a constant text and a count or a key."""

    link: LinkId
    event: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A link met a limit; `limit` is its name in specs/12-limits.md."""

    link: LinkId
    limit: str


@dataclass(frozen=True, slots=True)
class Accepting:
    """A peer brings an acceptance of an invite; answer with `Peer.accepted` and a `Verdict`."""

    link: LinkId
    req: int
    invite: bytes
    acceptance: bytes


@dataclass(frozen=True, slots=True)
class AcceptanceAnswered:
    """The answer to an acceptance that we brought with `Peer.accept`."""

    link: LinkId
    req: int
    verdict: int


@dataclass(frozen=True, slots=True)
class Reporting:
    """A peer tells of a thing; answer with `Peer.reported` and a `Hearing`."""

    link: LinkId
    req: int
    thing: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportAnswered:
    """The answer to a report that we sent with `Peer.report`."""

    link: LinkId
    req: int
    verdict: int


@dataclass(frozen=True, slots=True)
class AddressesTold:
    """A link brought address records, within its quota; judge them and answer with `Peer.spread_addresses`."""

    link: LinkId
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AddressesAsked:
    """A peer would know some nodes; answer with `Peer.give_addresses`."""

    link: LinkId
    req: int


Effect: TypeAlias = (
    Send
    | Close
    | WakeAt
    | Verify
    | Put
    | Load
    | Delivered
    | Quarantine
    | Note
    | Hit
    | Accepting
    | AcceptanceAnswered
    | Reporting
    | ReportAnswered
    | AddressesTold
    | AddressesAsked
)


@dataclass(frozen=True, slots=True)
class Items:
    """An answer to `LoadItems`: a set in order of (ts, id)."""

    index: Index


@dataclass(frozen=True, slots=True)
class End:
    """Where the walk from a cut waits for a message that is not held."""

    wanted: MessageId
    bound: int
    """The number above which the walk ends."""


@dataclass(frozen=True, slots=True)
class Chains:
    """An answer to `LoadChains`."""

    heads: tuple[tuple[DeviceKey, int, MessageId], ...]
    """Of each device that signed a message in the sets, entries of logs apart: the number and id of the last."""
    missing: tuple[MessageId, ...]
    """Messages that others name as the one before them, and that are not held."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to `LoadRange`: messages in order, and whether more follow."""

    messages: tuple[Message, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """An answer to `Verify`: messages that hold, ids that were held already, and what failed."""

    messages: tuple[Message, ...]
    known: int
    bad: tuple[Reason, ...]
    """Why each of the others failed."""
