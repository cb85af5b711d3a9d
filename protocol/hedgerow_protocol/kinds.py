"""The kinds of message: the opening that all bodies share, and which schema reads the rest (specs/05-kinds.md).

A body is [nonce, topics, refs, content…, extra]. The content of a slot kind begins with its slot: the name under
which an author has one current statement. A kind that is not known here is carried and never interpreted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, TypeAlias, get_args

from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.message import MAX_BYTES, MessageId
from hedgerow_protocol.shape import (
    Check,
    as_array,
    as_bytes,
    as_key,
    as_list,
    as_uint,
    ascends,
    line,
    out_of_range,
    wrong_shape,
)
from hedgerow_protocol.statements import (
    NUMBER,
    Attest,
    Comment,
    Connect,
    Endorse,
    Follow,
    Introduce,
    Label,
    Profile,
    Receipt,
    Resource,
    Vouch,
)
from hedgerow_protocol.trails import Step, Trail, trail_slot
from hedgerow_protocol.vocabulary import Claim, Kind, Reference, Relation, Role, Stance, Withdrawal

__all__ = [
    "NAMES",
    "STATEMENTS",
    "Attest",
    "Body",
    "Claim",
    "Comment",
    "Connect",
    "Content",
    "Endorse",
    "Follow",
    "Introduce",
    "Kind",
    "Label",
    "Profile",
    "Receipt",
    "Reference",
    "Relation",
    "Resource",
    "Retract",
    "Role",
    "Stance",
    "Statement",
    "Step",
    "Trail",
    "Unknown",
    "Vouch",
    "Withdrawal",
    "decode_body",
    "decode_extra",
    "encode_body",
    "trail_slot",
]


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


Statement: TypeAlias = (
    Profile
    | Follow
    | Resource
    | Endorse
    | Connect
    | Trail
    | Comment
    | Attest
    | Label
    | Introduce
    | Vouch
    | Receipt
)
Content: TypeAlias = Statement | Retract | Unknown
STATEMENTS: dict[int, type[Statement]] = {known.kind: known for known in get_args(Statement)}
NAMES: dict[type[Statement], tuple[str, ...]] = {
    known: tuple([field.name for field in fields(known)]) for known in STATEMENTS.values()
}
"""What stands at each place of the content, behind a slot that follows from it."""


@dataclass(frozen=True, slots=True)
class Schema:
    """How the content of one kind is read: worked out once, because it is used for each message that comes in."""

    make: type[Statement]
    checks: tuple[tuple[Check, str], ...]
    has_slot: bool
    """Whether a slot that follows from the content stands before it."""
    length: int
    """Positions behind refs, with slot and extra."""


def _schema(known: type[Statement]) -> Schema:
    names = NAMES[known]
    has_slot = known in DERIVED_SLOT
    return Schema(known, tuple(zip(known.checks, names, strict=True)), has_slot, len(names) + has_slot + 1)


DERIVED_SLOT = frozenset({Profile, Follow, Resource, Endorse, Connect, Label, Vouch})
SCHEMAS = {kind: _schema(known) for kind, known in STATEMENTS.items()}


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
            return [*opening, *_content_positions(content), body.extra]


def _content_positions(content: Statement) -> list[object]:
    slot = [content.slot] if type(content) in DERIVED_SLOT else []
    values = [getattr(content, name) for name in NAMES[type(content)]]
    if isinstance(content, Trail):
        values[NAMES[Trail].index("steps")] = [tuple(step) for step in content.steps]
    return [*slot, *values]


def decode_body(kind: int, data: bytes) -> Body:
    """The body of a message of `kind`; raises `RemoteProtocolError`. Kind 0 is decoded by `identity`."""
    values = as_array(codec.decode(data, MAX_BYTES.get(kind, limits.MAX_BODY)), "body")
    if len(values) < 3:
        raise wrong_shape("a body begins with nonce, topics, refs")
    nonce = as_bytes(values[0], "nonce", length=limits.NONCE)
    topics = as_list(values[1], "topics", limits.MAX_TOPICS, _as_topic)
    refs = as_list(values[2], "refs", limits.MAX_REFS, _as_ref)
    schema = SCHEMAS.get(kind)
    if schema is not None:
        content, extra = _decode_statement(schema, values[3:])
        return Body(nonce, content, topics, refs, extra)
    if kind == Kind.RETRACT:
        return Body(nonce, _decode_retract(values), topics, refs)
    return Body(nonce, Unknown(kind, values[3:]), topics, refs)


def _decode_statement(
    schema: Schema, values: Sequence[object]
) -> tuple[Statement, tuple[tuple[int, object], ...]]:
    if len(values) != schema.length:
        raise wrong_shape(f"the content has {len(values)} values, not {schema.length}")
    own = values[schema.has_slot : -1]
    checked = [check(value, name) for (check, name), value in zip(schema.checks, own, strict=True)]
    content = schema.make(*checked)  # type: ignore[arg-type]
    if schema.has_slot and values[0] != content.slot:
        raise RemoteProtocolError(Reason.WRONG_SLOT, "the slot does not say what the content says")
    return content, decode_extra(values[-1])


def _decode_retract(values: tuple[object, ...]) -> Retract:
    _, topics, refs, targets, reason = as_array(values, "a retraction", 5)
    if topics or refs:
        raise wrong_shape("a retraction has neither topics nor refs")
    ids = as_list(targets, "targets", limits.MAX_TARGETS, as_key)
    if not ids or not ascends(ids):
        raise out_of_range("targets are none, or not ascending")
    return Retract(tuple(map(MessageId, ids)), NUMBER(reason, "reason"))


_as_topic = line(limits.MAX_TOPIC, least=1)


def _as_ref(value: object, what: str) -> tuple[int, MessageId]:
    relation, target = as_array(value, what, 2)
    return NUMBER(relation, what), MessageId(as_key(target, what))


def decode_extra(value: object) -> tuple[tuple[int, object], ...]:
    """The open end of a body or an invite: at most 16 pairs of number and value, numbers ascending."""
    pairs = as_list(value, "extra", limits.MAX_EXTRA, _as_extra_pair)
    if not ascends([key for key, _ in pairs]):
        raise out_of_range("the keys of extra are not ascending")
    return pairs


def _as_extra_pair(value: object, what: str) -> tuple[int, object]:
    key, content = as_array(value, what, 2)
    return as_uint(key, what, limits.MAX_UINT), content
