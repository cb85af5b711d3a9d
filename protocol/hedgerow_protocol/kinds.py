"""What people say: the kinds of message and the schema of each body (specs/05-kinds.md).

A body is [nonce, topics, refs, content…, extra]. The content of a slot kind begins with its slot: the name under
which an author has one current statement. A kind that is not known here is carried and never interpreted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import ClassVar, TypeAlias

from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.message import CONTROL_KINDS, MessageId
from hedgerow_protocol.shape import (
    as_array,
    as_bool,
    as_bytes,
    as_key,
    as_list,
    as_text,
    as_uint,
    ascends,
    out_of_range,
    wrong_shape,
)
from hedgerow_protocol.things import as_thing

Check: TypeAlias = Callable[[object, str], object]


class Kind(IntEnum):
    """The numbers of the kinds that are known here."""

    IDENTITY = 0
    RETRACT = 1
    PROFILE = 2
    FOLLOW = 3
    RESOURCE = 4
    ENDORSE = 5
    CONNECT = 6
    COMMENT = 8


class Stance(IntEnum):
    """How an endorsement stands to its thing; an unknown number is carried without effect."""

    FOR = 0
    AGAINST = 1
    LIMITS = 2


class Relation(IntEnum):
    """How one thing leads to another; an unknown number is carried without effect."""

    NEEDS_FIRST = 0
    LEADS_TO = 1
    EXPLAINS = 2
    EXAMPLE_OF = 3
    PRACTICE_FOR = 4
    PART_OF = 5
    SAME_AS = 6
    NEWER_VERSION = 7
    TRANSLATION_OF = 8
    SUPPORTS = 9
    OPPOSES = 10
    LIMITS = 11
    RELATED = 12


class Role(IntEnum):
    """What a comment is; an unknown number is carried without effect."""

    COMMENT = 0
    QUESTION = 1
    ANSWER = 2
    REFLECTION = 3


class Reference(IntEnum):
    """How a message refers to another; an unknown number is carried without effect."""

    REPLY_TO = 0
    RESTS_ON = 1


class Withdrawal(IntEnum):
    """Why something was retracted; an unknown number is carried without effect."""

    UNSAID = 0
    MISTAKE = 1
    OUTDATED = 2
    PRIVATE = 3
    RIGHTS = 4


def text(most: int, least: int = 0) -> Callable[[object, str], str]:
    """A check for text that may run over several lines."""
    return lambda value, what: as_text(value, what, most, least)


def line(most: int, least: int = 0) -> Callable[[object, str], str]:
    """A check for text on one line, without tabs: a slot separates its parts with them."""

    def check(value: object, what: str) -> str:
        words = as_text(value, what, most, least)
        if "\t" in words or "\n" in words:
            raise out_of_range(f"{what} has a tab or a line feed")
        return words

    return check


def lines(most_items: int, most_bytes: int) -> Check:
    """A check for a list of one-line texts, none empty."""
    item = line(most_bytes, least=1)
    return lambda value, what: as_list(value, what, most_items, item)


def uint(most: int) -> Check:
    """A check for an integer from 0 to `most`."""
    return lambda value, what: as_uint(value, what, most)


def optional(check: Check) -> Check:
    """A check for nil or what `check` allows."""
    return lambda value, what: None if value is None else check(value, what)


NUMBER = uint(2**16 - 1)
WORD = line(limits.MAX_WORD)


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
class Retract:
    """The author withdraws messages of its own; no text, ever. `targets` ascend."""

    kind: ClassVar[Kind] = Kind.RETRACT
    targets: tuple[MessageId, ...]
    reason: int = Withdrawal.UNSAID


@dataclass(frozen=True, slots=True)
class Unknown:
    """The content of a kind that is not known here: carried, never interpreted."""

    kind: int
    values: tuple[object, ...]


Statement: TypeAlias = Profile | Follow | Resource | Endorse | Connect | Comment
Content: TypeAlias = Statement | Retract | Unknown
STATEMENTS: dict[int, type[Statement]] = {
    known.kind: known for known in (Profile, Follow, Resource, Endorse, Connect, Comment)
}
NAMES: dict[type[Statement], tuple[str, ...]] = {
    known: tuple([field.name for field in fields(known)]) for known in STATEMENTS.values()
}
"""What stands at each place of the content."""


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded body. `extra` is what newer versions add: pairs of number and value, numbers ascending."""

    nonce: bytes
    content: Content
    topics: tuple[str, ...] = ()
    refs: tuple[tuple[int, MessageId], ...] = ()
    extra: tuple[tuple[int, object], ...] = ()


def encode_body(body: Body) -> bytes:
    """The canonical bytes of `body`; raises `LocalProtocolError` if a rule forbids it."""
    encoded = codec.encode(_positions(body))
    try:
        decode_body(body.content.kind, encoded)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    return encoded


def _positions(body: Body) -> list[object]:
    content = body.content
    if body.extra and isinstance(content, Retract | Unknown):
        raise LocalProtocolError(
            "a retraction has no extra, and what is not known here keeps it in its values"
        )
    opening: list[object] = [body.nonce, body.topics, body.refs]
    match content:
        case Retract():
            return [*opening, content.targets, content.reason]
        case Unknown():
            return [*opening, *content.values]
        case _:
            slot = [] if content.slot is None else [content.slot]
            values = [getattr(content, name) for name in NAMES[type(content)]]
            return [*opening, *slot, *values, body.extra]


def decode_body(kind: int, data: bytes) -> Body:
    """The body of a message of `kind`; raises `RemoteProtocolError`. Kind 0 is decoded by `identity`."""
    most = limits.MAX_CONTROL_BODY if kind in CONTROL_KINDS else limits.MAX_BODY
    values = as_array(codec.decode(data, most), "body")
    if len(values) < 3:
        raise wrong_shape("a body begins with nonce, topics, refs")
    nonce = as_bytes(values[0], "nonce", length=limits.NONCE)
    topics = as_list(values[1], "topics", limits.MAX_TOPICS, _as_topic)
    refs = as_list(values[2], "refs", limits.MAX_REFS, _as_ref)
    known = STATEMENTS.get(kind)
    if known is not None:
        content, extra = _decode_statement(known, values[3:])
        return Body(nonce, content, topics, refs, extra)
    if kind == Kind.RETRACT:
        return Body(nonce, _decode_retract(values), topics, refs)
    return Body(nonce, Unknown(kind, values[3:]), topics, refs)


def _decode_statement(
    known: type[Statement], values: Sequence[object]
) -> tuple[Statement, tuple[tuple[int, object], ...]]:
    has_slot = known is not Comment
    names = NAMES[known]
    expected = len(names) + has_slot + 1
    if len(values) != expected:
        raise wrong_shape(f"the content has {len(values)} values, not {expected}")
    own = values[has_slot:-1]
    checked = [check(value, name) for check, value, name in zip(known.checks, own, names, strict=True)]
    content = known(*checked)  # type: ignore[arg-type]
    if has_slot and values[0] != content.slot:
        raise RemoteProtocolError(Reason.WRONG_SLOT, "the slot does not say what the content says")
    return content, decode_extra(values[-1])


def _decode_retract(values: tuple[object, ...]) -> Retract:
    _, topics, refs, targets, reason = as_array(values, "a retraction", 5)
    if topics or refs:
        raise wrong_shape("a retraction has neither topics nor refs")
    ids = as_list(targets, "targets", limits.MAX_TARGETS, as_key)
    if not ids or not ascends(ids):
        raise out_of_range("targets are none, or not ascending")
    return Retract(tuple(map(MessageId, ids)), as_uint(reason, "reason", 2**16 - 1))


_as_topic = line(limits.MAX_TOPIC, least=1)


def _as_ref(value: object, what: str) -> tuple[int, MessageId]:
    relation, target = as_array(value, what, 2)
    return as_uint(relation, what, 2**16 - 1), MessageId(as_key(target, what))


def decode_extra(value: object) -> tuple[tuple[int, object], ...]:
    """The open end of a body or an invite: at most 16 pairs of number and value, numbers ascending."""
    pairs = as_list(value, "extra", limits.MAX_EXTRA, _as_extra_pair)
    if not ascends([key for key, _ in pairs]):
        raise out_of_range("the keys of extra are not ascending")
    return pairs


def _as_extra_pair(value: object, what: str) -> tuple[int, object]:
    key, content = as_array(value, what, 2)
    return as_uint(key, what, limits.MAX_UINT), content
