"""The branches of an identity log: what all entries held of one author say together (specs/01-identity.md).

Theory of operation. An *opening*, an inception or a rotate, begins an epoch; updates signed by its root follow it. A
recovery key opens the next epoch, after any entry of the one before. Which entries belong to an author follows from
keys alone: an inception proves itself, a rotate is signed by a key that an opening committed to, an update by the root
of an opening. Which of them have effect follows from their order: from each opening the chains of its rotates, or where
there is none the lowest id at each step. Each end of a chain is a branch, and what any open branch authorises counts.

Everything is worked out from the set of entries, never from the order in which they came, so nodes that hold the same
entries say the same. Entries that have no effect now may get one by what comes later, so a holder keeps them aside.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey, DeviceKey, commitment
from hedgerow_protocol.log_entry import Cut, DeviceGrant, LaterEntry, LogEntry, Operation
from hedgerow_protocol.message import FIRST, ChainPlace, MessageId


@dataclass(frozen=True, slots=True)
class Signed:
    """An entry with what its header says; its signature was verified."""

    id: MessageId
    signer: DeviceKey
    seq: int
    entry: LogEntry


@dataclass(frozen=True, slots=True)
class SignedLater:
    """An entry that this revision cannot read."""

    id: MessageId
    signer: DeviceKey
    entry: LaterEntry | LogEntry


@dataclass(frozen=True, slots=True)
class Branch:
    """What holds after one entry of a log, which is the last of its branch unless it was asked for by name."""

    author: AuthorKey
    opening: MessageId
    """The inception or rotate that began the epoch."""
    head: MessageId
    """The last entry: what the next one names in log_prev."""
    index: int
    """Its idx."""
    root: bytes
    """The public key that signs updates."""
    next: bytes | None
    """The commitment to the key that may rotate; None when the branch is closed."""
    devices: Mapping[DeviceKey, int]
    """Live devices and what they may do."""
    cuts: Mapping[DeviceKey, Cut]
    """Removed devices, which are never live again on this branch."""
    barred: frozenset[bytes]
    """Genesis, root and recovery keys, which are never devices."""
    root_place: ChainPlace
    """Where the next update goes in the chain of the root."""


@dataclass(frozen=True, slots=True)
class Log:
    """What the entries held of an author say."""

    counted: frozenset[MessageId] = frozenset()
    """The entries that belong to the log: they are in the control set."""
    is_known: bool = False
    """Whether there is an inception."""
    is_contested: bool = False
    """Whether there is more than one open branch."""
    branches: tuple[Branch, ...] = ()
    """The open branches, by the ids of their openings; none when the author has left the sets."""

    signers: frozenset[bytes] = frozenset()
    """The roots that openings name, and the commitments to recovery keys."""

    def may_sign(self, key: DeviceKey) -> bool:
        """Whether an entry that this key signed may have an effect some day, whatever else comes."""
        return key in self.signers or commitment(key) in self.signers

    @property
    def has_left(self) -> bool:
        """Whether all branches are closed, or are too many: nothing but the log is in the sets any more."""
        return self.is_known and not self.branches

    def devices(self) -> dict[DeviceKey, int]:
        """The live devices, and what all open branches together let each of them do."""
        devices: dict[DeviceKey, int] = {}
        for branch in self.branches:
            for device, capabilities in branch.devices.items():
                devices[device] = devices.get(device, 0) | capabilities
        return devices

    def cuts_of(self, device: DeviceKey) -> tuple[Cut, ...]:
        """How far a device that may not publish any more counts, by each open branch that lets it count at all."""
        cuts = {branch.cuts.get(device, ()) for branch in self.branches}
        return tuple(sorted(cut for cut in cuts if cut))


def read_log(author: AuthorKey, held: Iterable[Signed | SignedLater]) -> Log:
    """The log in these entries of one author, whatever their order."""
    return _Reader(author, held).read()


def branch_at(author: AuthorKey, held: Iterable[Signed | SignedLater], entry: MessageId) -> Branch | None:
    """What holds after this entry, on a branch now or not; None where its chain is not held whole."""
    return _Reader(author, held).branch_at(entry)


Epoch = tuple[Signed, list[Signed]]
"""An opening and the updates on it that count, oldest first."""


class _Reader:
    def __init__(self, author: AuthorKey, held: Iterable[Signed | SignedLater]) -> None:
        self._author = author
        self._held: dict[MessageId, Signed] = {}
        self._later: list[SignedLater] = []
        self._rotates: defaultdict[bytes, list[Signed]] = defaultdict(list)
        self._updates: defaultdict[MessageId | None, list[Signed]] = defaultdict(list)
        for one in held:
            self._sort_in(one)
        self._openings = self._find_openings()
        self._epochs = {(one.entry.root, one.entry.next) for one in self._openings.values()}
        self._before: dict[MessageId, Epoch] = {}
        """By a rotate whose chain is held: the epoch before it, up to the entry that it names."""
        self._rotated: defaultdict[MessageId, list[Signed]] = defaultdict(list)
        """By an opening: the rotates that end its epoch."""

    def _sort_in(self, one: Signed | SignedLater) -> None:
        if isinstance(one, SignedLater):
            self._later.append(one)
            return
        self._held[one.id] = one
        if one.entry.operation == Operation.ROTATE:
            self._rotates[commitment(one.signer)].append(one)
        elif one.entry.operation == Operation.UPDATE:
            self._updates[one.entry.previous].append(one)

    def _find_openings(self) -> dict[MessageId, Signed]:
        found = {one.id: one for one in self._held.values() if one.entry.operation == Operation.INCEPTION}
        waiting = list(found.values())
        while waiting:
            following = waiting.pop().entry.next
            for rotate in self._rotates.get(following, ()) if following is not None else ():
                if rotate.id not in found:
                    found[rotate.id] = rotate
                    waiting.append(rotate)
        return found

    def read(self) -> Log:
        counted = self._count()
        ends = self._open_ends()
        has_left = len(counted) > limits.MAX_LOG_ENTRIES or len(ends) > limits.MAX_BRANCHES
        return Log(
            counted=frozenset([*counted, *self._later_counted(counted)]),
            is_known=bool(self._openings),
            is_contested=len(ends) > 1,
            branches=() if has_left else self._branches(ends),
            signers=frozenset(key for epoch in self._epochs for key in epoch if key is not None),
        )

    def _count(self) -> dict[MessageId, Signed]:
        """What belongs to the log; where it is too much, one more than a log has, so that whoever gets it sees it."""
        counted = dict(self._openings)
        for rotate in self._openings.values():
            if rotate.entry.operation == Operation.ROTATE:
                counted.update((one.id, one) for one in self._link(rotate))
        if len(counted) > limits.MAX_LOG_ENTRIES + 1:
            return self._taken_in_turn()
        tails = [
            one
            for opening in self._openings.values()
            if opening.id not in self._rotated
            for one in self._tail(opening)
        ]
        for one in sorted(tails, key=lambda one: (one.entry.index, one.id)):
            if len(counted) <= limits.MAX_LOG_ENTRIES:
                counted[one.id] = one
        return counted

    def _taken_in_turn(self) -> dict[MessageId, Signed]:
        """Each time the entry of the lowest id among those that the ones taken before let in."""
        taken: dict[MessageId, Signed] = {}
        epochs: set[tuple[bytes, bytes | None]] = set()
        waiting: defaultdict[tuple[bytes, bytes | None], list[Signed]] = defaultdict(list)
        heap = [one.id for one in self._openings.values() if one.entry.operation == Operation.INCEPTION]
        heapify(heap)
        while heap and len(taken) <= limits.MAX_LOG_ENTRIES:
            one = self._held[heappop(heap)]
            if one.id in taken:
                continue
            taken[one.id] = one
            let_in = self._led_to(one)
            if one.entry.operation != Operation.UPDATE:
                epochs.add((one.entry.root, one.entry.next))
                let_in += waiting.pop((one.entry.root, one.entry.next), [])
            for other in let_in:
                epoch = (other.entry.root, other.entry.next)
                if other.entry.operation == Operation.UPDATE and epoch not in epochs:
                    waiting[epoch].append(other)
                else:
                    heappush(heap, other.id)
        return taken

    def _led_to(self, one: Signed) -> list[Signed]:
        """The rotates that an opening committed to, and the update behind a rotate or an update."""
        found: list[Signed] = []
        if one.entry.operation != Operation.UPDATE and one.entry.next is not None:
            found += self._rotates.get(one.entry.next, ())
        before = self._previous(one)
        wanted = commitment(one.signer) if one.entry.operation == Operation.ROTATE else one.entry.next
        if before is not None and (before.entry.operation, before.entry.next) == (Operation.UPDATE, wanted):
            found.append(before)
        return found

    def _later_counted(self, counted: Mapping[MessageId, Signed]) -> list[MessageId]:
        openings = [one for one in counted.values() if one.entry.operation != Operation.UPDATE]
        roots = {one.entry.root for one in openings}
        commitments = {one.entry.next for one in openings}
        found = [
            one.id for one in self._later if one.signer in roots or commitment(one.signer) in commitments
        ]
        return sorted(found)[: limits.MAX_LATER_ENTRIES]

    def _link(self, rotate: Signed) -> list[Signed]:
        """The updates behind a rotate, newest first; notes whose epoch it ends if they lead to an opening."""
        wanted = commitment(rotate.signer)
        chain: list[Signed] = []
        one = self._previous(rotate)
        while one is not None and one.entry.next == wanted and one.entry.operation == Operation.UPDATE:
            if (one.entry.root, wanted) not in self._epochs:
                return chain
            chain.append(one)
            one = self._previous(one)
        if one is not None and one.id in self._openings and _is_epoch(one, chain, wanted):
            self._before[rotate.id] = (one, chain[::-1])
            self._rotated[one.id].append(rotate)
        return chain

    def _previous(self, one: Signed) -> Signed | None:
        """The entry that this one follows, if it is held and the numbers fit."""
        previous = one.entry.previous
        found = self._held.get(previous) if previous is not None else None
        return found if found is not None and found.entry.index == one.entry.index - 1 else None

    def _tail(self, opening: Signed) -> list[Signed]:
        """From an opening that no rotate follows, the update of the lowest id at each step."""
        chain: list[Signed] = []
        last = opening
        while fitting := [one for one in self._updates.get(last.id, ()) if self._fits(one, last)]:
            last = min(fitting, key=lambda one: one.id)
            chain.append(last)
        return chain

    def _fits(self, update: Signed, last: Signed) -> bool:
        before, entry = last.entry, update.entry
        return (entry.index, entry.root, entry.next) == (before.index + 1, before.root, before.next)

    def _branches(self, ends: Iterable[Signed]) -> tuple[Branch, ...]:
        in_order = sorted(ends, key=lambda one: one.id)
        return tuple(self._branch([*self._path(one), *self._tail(one)]) for one in in_order)

    def _open_ends(self) -> list[Signed]:
        ends: list[Signed] = []
        waiting = [one for one in self._openings.values() if one.entry.operation == Operation.INCEPTION]
        while waiting and len(ends) <= limits.MAX_BRANCHES:
            opening = waiting.pop()
            if opening.id in self._rotated:
                waiting += self._rotated[opening.id]
            elif opening.entry.next is not None:
                ends.append(opening)
        return ends

    def _path(self, opening: Signed) -> list[Signed]:
        """Every entry with effect from the inception to this opening."""
        path = [opening]
        while path[-1].id in self._before:
            before, chain = self._before[path[-1].id]
            path += [*reversed(chain), before]
        return path[::-1]

    def branch_at(self, entry: MessageId) -> Branch | None:
        self._count()
        chain: list[Signed] = []
        one = self._held.get(entry)
        while one is not None and one.entry.operation == Operation.UPDATE:
            chain.append(one)
            before = self._previous(one)
            one = before if before is not None and self._fits(one, before) else None
        if one is None or one.id not in self._openings:
            return None
        path = self._path(one)
        if path[0].entry.operation != Operation.INCEPTION:
            return None
        return self._branch([*path, *reversed(chain)])

    def _branch(self, path: Sequence[Signed]) -> Branch:
        state = Devices({self._author})
        opening = path[0]
        for one in path:
            state.take(one.signer, one.entry)
            if one.entry.operation != Operation.UPDATE:
                opening = one
        head = path[-1]
        return Branch(
            author=self._author,
            opening=opening.id,
            head=head.id,
            index=head.entry.index,
            root=opening.entry.root,
            next=opening.entry.next,
            devices=state.live,
            cuts=state.cuts,
            barred=frozenset(state.barred),
            root_place=self._place_after(opening.entry.root),
        )

    def _place_after(self, root: bytes) -> ChainPlace:
        signed = [(one.seq, one.id) for one in self._held.values() if one.signer == root]
        if not signed:
            return FIRST
        seq, last = max(signed)
        return ChainPlace(seq + 1, last)


def _is_epoch(opening: Signed, updates: Iterable[Signed], following: bytes) -> bool:
    """Whether the updates, each behind the other, stand on this opening, which commits to `following`."""
    root = opening.entry.root
    return opening.entry.next == following and all(one.entry.root == root for one in updates)


@dataclass(slots=True)
class Devices:
    """The devices of a branch, entry by entry. `barred` holds keys that are never devices."""

    barred: set[bytes]
    live: dict[DeviceKey, int] = field(default_factory=dict)
    cuts: dict[DeviceKey, Cut] = field(default_factory=dict)

    def take(self, signer: DeviceKey, entry: LogEntry) -> None:
        """One more entry has effect."""
        if entry.operation != Operation.UPDATE:
            self._open(signer, entry)
        for device, cut in entry.removals:
            if device not in self.barred:
                self.live.pop(device, None)
                self.cuts[device] = cut
        for grant in entry.devices:
            self._grant(grant)

    def _open(self, signer: DeviceKey, entry: LogEntry) -> None:
        self.barred |= {signer, entry.root}
        staying = {grant.device for grant in entry.devices}
        for device in list(self.live):
            if device not in staying:
                # Named neither among those that stay nor among the removed: nothing of it counts.
                del self.live[device]
                self.cuts[device] = ()
        for key in (signer, DeviceKey(entry.root)):
            self.cuts.pop(key, None)

    def _grant(self, grant: DeviceGrant) -> None:
        device = grant.device
        if device in self.live or device in self.cuts or device in self.barred:
            return
        if len(self.live) < limits.MAX_DEVICES:
            self.live[device] = int(grant.capabilities)
