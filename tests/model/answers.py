"""The same answers twice: from the model, and from the code that it holds to the specs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_entry import Cut
from hedgerow_protocol.message import Message, MessageId
from model import standing
from model.clauses import Spec
from model.held import held

STATES = {
    Standing.AUTHORISED: standing.State.AUTHORISED,
    Standing.UNDECIDED: standing.State.UNDECIDED,
    Standing.OFF_LOG: standing.State.OFF,
}


@dataclass(frozen=True)
class Ending:
    """An open branch at its end: its last entry, its live devices and the cuts of the removed ones."""

    head: bytes
    live: frozenset[tuple[bytes, int]]
    cuts: frozenset[tuple[bytes, standing.Cut]]


@dataclass(frozen=True)
class Answer:
    """What is said of one author."""

    belonging: frozenset[bytes]
    has_left: bool
    is_contested: bool
    endings: frozenset[Ending]
    states: frozenset[tuple[bytes, standing.State]]


def by_author(messages: Iterable[Message]) -> dict[AuthorKey, list[Message]]:
    """Messages of each author."""
    found: dict[AuthorKey, list[Message]] = {}
    for one in messages:
        found.setdefault(one.header.author, []).append(one)
    return found


def of_model(author: AuthorKey, messages: Collection[Message], spec: Spec) -> Answer:
    """By the specs."""
    found = standing.Standing(author, map(held, messages), spec)
    ends = zip(found.that_count(), found.devices, strict=True)
    return Answer(
        belonging=found.belonging,
        has_left=found.has_left,
        is_contested=len(found.open_branches) > 1,
        endings=frozenset(
            Ending(branch.entries[-1].id, frozenset(at.live.items()), frozenset(at.cuts.items()))
            for branch, at in ends
        ),
        states=frozenset((one.id, found.state(one)) for one in found.messages.values()),
    )


def of_code(author: AuthorKey, messages: Collection[Message], known: Identities | None = None) -> Answer:
    """By hedgerow_protocol: `known` has learned the entries among the messages; None lets them be learned here."""
    known = learned(messages) if known is None else known
    log = known.log(author)
    return Answer(
        belonging=frozenset(log.counted),
        has_left=not log.branches,
        is_contested=known.is_contested(author),
        endings=frozenset(
            Ending(branch.head, frozenset(branch.devices.items()), frozenset(branch.cuts.items()))
            for branch in log.branches
        ),
        states=frozenset((one, STATES[state]) for one, state in standings(known, messages).items()),
    )


def learned(messages: Iterable[Message]) -> Identities:
    """What the entries among these say, in the order in which they stand."""
    known = Identities()
    for one in messages:
        if one.header.kind == Kind.IDENTITY:
            known.learn(one)
    return known


def standings(known: Identities, messages: Iterable[Message]) -> dict[MessageId, Standing]:
    """What the code says of each of these, which are all that is held, of any author."""
    chains: dict[tuple[AuthorKey, bytes], list[Message]] = {}
    for one in messages:
        chains.setdefault((one.header.author, one.header.device), []).append(one)
    found = {}
    for (author, device), chain in chains.items():
        reaches = [reach_of(cut, chain) for cut in known.cuts_of(author, DeviceKey(device))]
        found.update({one.id: _standing(known, reaches, one) for one in chain})
    return found


def reach_of(cut: Cut, chain: Iterable[Message]) -> Reach:
    """How far a cut reaches in what is held of a device."""
    reach = Reach(cut)
    for one in chain:
        reach.add(one.id, one.header)
    return reach


def _standing(known: Identities, reaches: Iterable[Reach], judged: Message) -> Standing:
    if judged.header.kind == Kind.IDENTITY or known.is_authorised(judged):
        return Standing.AUTHORISED if known.is_authorised(judged) else Standing.OFF_LOG
    found = {reach.standing(judged.id, judged.header.seq) for reach in reaches}
    return next((one for one in Standing if one in found and one != Standing.OFF_LOG), Standing.OFF_LOG)
