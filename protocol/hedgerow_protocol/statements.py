"""What people say of things and of each other: the content of each kind of statement (specs/05-kinds.md).

Each is a value with the checks of its fields, in the order of their positions. The content of a slot kind begins on
the wire with its slot: the name under which an author has one current statement.
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from hedgerow_protocol import limits
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.shape import (
    Check,
    as_bool,
    as_key,
    as_uint,
    line,
    lines,
    optional,
    out_of_range,
    text,
    uint,
    wrong_shape,
)
from hedgerow_protocol.things import as_thing
from hedgerow_protocol.vocabulary import Kind, Stance

NUMBER = uint(2**16 - 1)
WORD = line(limits.MAX_WORD)
TIME = uint(limits.MAX_TIMESTAMP)
Value: TypeAlias = bool | int | str
"""What an attestation gives for its claim."""


def as_value(value: object, what: str) -> Value:
    """`value` as a truth, a number or words: which of them a claim takes is no ground for refusal."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _VALUE_WORDS(value, what)
    if isinstance(value, int):
        return as_uint(value, what, limits.MAX_UINT)
    raise wrong_shape(f"{what} is neither a truth nor a number nor text")


_VALUE_WORDS = line(limits.MAX_THING)


def as_seq(value: object, what: str) -> int:
    """`value` as a place in a device's chain, which begins at 1."""
    seq = as_uint(value, what, 2**32 - 1)
    if seq == 0:
        raise out_of_range(f"{what} is 0, and chains begin at 1")
    return seq


@dataclass(frozen=True, slots=True)
class Profile:
    """How somebody wants to be known; `machine` says that nobody types here."""

    kind: ClassVar[Kind] = Kind.PROFILE
    checks: ClassVar[tuple[Check, ...]] = (line(limits.MAX_NAME), text(limits.MAX_SUMMARY), as_bool)
    name: str
    about: str = ""
    machine: bool = False

    @property
    def slot(self) -> str:
        """One profile an author."""
        return ""


@dataclass(frozen=True, slots=True)
class Follow:
    """The author carries and shows `target`; ends with its retraction."""

    kind: ClassVar[Kind] = Kind.FOLLOW
    checks: ClassVar[tuple[Check, ...]] = (as_thing, text(limits.MAX_TEXT))
    target: str
    reason: str = ""

    @property
    def slot(self) -> str:
        """One follow a target."""
        return self.target


@dataclass(frozen=True, slots=True)
class Resource:
    """A description of a thing; empty text means not said, minutes may be None."""

    kind: ClassVar[Kind] = Kind.RESOURCE
    checks: ClassVar[tuple[Check, ...]] = (
        as_thing,
        line(limits.MAX_TITLE),
        text(limits.MAX_SUMMARY),
        WORD,
        WORD,
        WORD,
        WORD,
        lines(limits.MAX_WORDS, limits.MAX_TOPIC),
        line(limits.MAX_TITLE),
        optional(uint(limits.MAX_MINUTES)),
        lines(limits.MAX_WORDS, limits.MAX_NAME),
    )
    thing: str
    title: str
    summary: str = ""
    language: str = ""
    """A BCP 47 tag."""
    type: str = ""
    level: str = ""
    audience: str = ""
    teaches: tuple[str, ...] = ()
    licence: str = ""
    minutes: int | None = None
    authors: tuple[str, ...] = ()

    @property
    def slot(self) -> str:
        """One description a thing."""
        return self.thing


@dataclass(frozen=True, slots=True)
class Endorse:
    """A thing helped (or did not, or helps within limits), for whom, and why."""

    kind: ClassVar[Kind] = Kind.ENDORSE
    checks: ClassVar[tuple[Check, ...]] = (
        as_thing,
        NUMBER,
        WORD,
        WORD,
        text(limits.MAX_TEXT),
        line(limits.MAX_TOPIC),
    )
    thing: str
    stance: int = Stance.FOR
    level: str = ""
    audience: str = ""
    reason: str = ""
    topic: str = ""
    """For what a person is endorsed."""

    @property
    def slot(self) -> str:
        """One endorsement a thing and topic."""
        return f"{self.thing}\t{self.topic}" if self.topic else self.thing


@dataclass(frozen=True, slots=True)
class Connect:
    """From one thing to another, how, and why."""

    kind: ClassVar[Kind] = Kind.CONNECT
    checks: ClassVar[tuple[Check, ...]] = (as_thing, NUMBER, as_thing, text(limits.MAX_TEXT))
    origin: str
    relation: int
    to: str
    reason: str = ""

    @property
    def slot(self) -> str:
        """One connection for two things and a relation."""
        return f"{self.origin}\t{self.relation}\t{self.to}"


@dataclass(frozen=True, slots=True)
class Comment:
    """Words on a thing; a reply also names its message in refs. Not a slot kind."""

    kind: ClassVar[Kind] = Kind.COMMENT
    checks: ClassVar[tuple[Check, ...]] = (as_thing, NUMBER, text(limits.MAX_TEXT, least=1))
    thing: str
    role: int
    text: str

    @property
    def slot(self) -> None:
        """None: one may comment as often as one likes."""
        return None


@dataclass(frozen=True, slots=True)
class Attest:
    """What somebody found a thing to be when it was looked at. Not a slot kind: what was found stays dated."""

    kind: ClassVar[Kind] = Kind.ATTEST
    checks: ClassVar[tuple[Check, ...]] = (as_thing, NUMBER, as_value, TIME)
    thing: str
    claim: int
    value: Value
    checked_at: int
    """Unix seconds."""

    @property
    def slot(self) -> None:
        """None: each look at a thing is a statement of its own."""
        return None


@dataclass(frozen=True, slots=True)
class Label:
    """A word that the author puts on a thing, and why."""

    kind: ClassVar[Kind] = Kind.LABEL
    checks: ClassVar[tuple[Check, ...]] = (as_thing, line(limits.MAX_WORD, least=1), text(limits.MAX_TEXT))
    thing: str
    label: str
    reason: str = ""

    @property
    def slot(self) -> str:
        """One statement a thing and label."""
        return f"{self.thing}\t{self.label}"


@dataclass(frozen=True, slots=True)
class Introduce:
    """The author brings two people together, and says why. Not a slot kind."""

    kind: ClassVar[Kind] = Kind.INTRODUCE
    checks: ClassVar[tuple[Check, ...]] = (as_thing, as_thing, text(limits.MAX_TEXT))
    one: str
    other: str
    reason: str = ""

    @property
    def slot(self) -> None:
        """None: the same two may be introduced again, for another reason."""
        return None


@dataclass(frozen=True, slots=True)
class Vouch:
    """The author stands for `target`: a person, and no bot or stranger's farm; ends with its retraction."""

    kind: ClassVar[Kind] = Kind.VOUCH
    checks: ClassVar[tuple[Check, ...]] = (as_thing, text(limits.MAX_TEXT))
    target: str
    reason: str = ""

    @property
    def slot(self) -> str:
        """One vouch a target."""
        return self.target


@dataclass(frozen=True, slots=True)
class Receipt:
    """A seed says that it has held a device's chain up to this message. Not a slot kind."""

    kind: ClassVar[Kind] = Kind.RECEIPT
    checks: ClassVar[tuple[Check, ...]] = (as_key, as_seq, as_key, TIME)
    device: DeviceKey
    seq: int
    id: MessageId
    held_since: int
    """Unix seconds."""

    @property
    def slot(self) -> None:
        """None: each day's receipt stands for itself."""
        return None
