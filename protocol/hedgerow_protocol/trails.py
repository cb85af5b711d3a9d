"""Trails: a way through things in steps, and patterns, which are trails with roles that nobody has filled yet.

The slot of a trail is stated, not derived: its title and every step may change, and it stays the same trail
(specs/05-kinds.md).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from hedgerow_protocol import base58, limits
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.shape import (
    Check,
    as_array,
    as_bool,
    as_key,
    as_list,
    ascends,
    line,
    optional,
    out_of_range,
    text,
    uint,
)
from hedgerow_protocol.things import as_thing
from hedgerow_protocol.vocabulary import Kind


class Step(NamedTuple):
    """One step of a trail. Without a thing it is a role that nobody has filled yet."""

    thing: str | None
    role: str = ""
    """What the step is for, in a word; never empty without a thing."""
    note: str = ""
    requires: tuple[int, ...] = ()
    """Places of earlier steps that come first, counted from 0, ascending."""
    minutes: int | None = None
    optional: bool = False


def trail_slot(entropy: bytes) -> str:
    """The slot of a new trail; `entropy` is `TRAIL_SLOT` random bytes."""
    return base58.encode(entropy)


def _as_slot(value: object, what: str) -> str:
    if not isinstance(value, str) or not _is_slot(value):
        raise RemoteProtocolError(Reason.WRONG_SLOT, f"the slot is not {limits.TRAIL_SLOT} bytes in base58")
    return value


def _is_slot(text: str) -> bool:
    try:
        return len(base58.decode(text)) == limits.TRAIL_SLOT
    except RemoteProtocolError:
        return False


_as_target = optional(as_thing)
_as_role = line(limits.MAX_TOPIC)
_as_note = text(limits.MAX_SUMMARY)
_as_place = uint(limits.MAX_STEPS - 1)
_as_minutes = optional(uint(limits.MAX_MINUTES))


def _as_steps(value: object, what: str) -> tuple[Step, ...]:
    steps = as_list(value, what, limits.MAX_STEPS, _as_step)
    for place, step in enumerate(steps):
        _check_order(place, step.requires)
    return steps


def _as_step(value: object, what: str) -> Step:
    thing, role, note, requires, minutes, is_optional = as_array(value, what, len(Step._fields))
    step = Step(
        _as_target(thing, what),
        _as_role(role, what),
        _as_note(note, what),
        as_list(requires, what, limits.MAX_STEPS, _as_place),
        _as_minutes(minutes, what),
        as_bool(is_optional, what),
    )
    if step.thing is None and not step.role:
        raise out_of_range("a step has neither a thing nor a role")
    return step


def _check_order(place: int, requires: tuple[int, ...]) -> None:
    if not ascends(requires):
        raise out_of_range(f"what step {place} requires does not ascend")
    if requires and requires[-1] >= place:
        raise out_of_range(f"step {place} requires one that does not come before it")


def _as_lineage(value: object, what: str) -> tuple[bytes, ...]:
    return as_list(value, what, limits.MAX_LINEAGE, as_key)


@dataclass(frozen=True, slots=True)
class Trail:
    """A way through things; `trail_slot` names a new one."""

    kind: ClassVar[Kind] = Kind.TRAIL
    checks: ClassVar[tuple[Check, ...]] = (
        _as_slot,
        line(limits.MAX_TITLE, least=1),
        text(limits.MAX_SUMMARY),
        _as_steps,
        _as_lineage,
    )
    slot: str
    title: str
    summary: str = ""
    steps: tuple[Step, ...] = ()
    lineage: tuple[MessageId, ...] = ()
    """The version that it was forked from, then what that one was forked from, and so on."""

    @property
    def is_pattern(self) -> bool:
        """Whether a role waits for its thing."""
        return any(step.thing is None for step in self.steps)
