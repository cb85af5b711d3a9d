"""Who may speak: ID-13, ID-24, ID-26 and ID-27, for all messages of one author that are held."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from model.belonging import Branch, Log
from model.clauses import Spec
from model.devices import Devices, devices
from model.held import IDENTITY, PUBLISH, Cut, Held


class State(Enum):
    """ID-27."""

    AUTHORISED = "authorised"
    UNDECIDED = "undecided"
    OFF = "off the log"


@dataclass(frozen=True)
class Gap:
    """A message that a walk named and that is not held, and the seq above which the walk ends."""

    missing: int
    end: int


class Standing:
    """What the logs say of the messages of one author."""

    def __init__(self, author: bytes, messages: Iterable[Held], spec: Spec) -> None:
        self.spec = spec
        self.messages = {one.id: one for one in messages}
        assert all(one.author == author for one in self.messages.values())
        self.log = Log([one.entry() for one in self.messages.values() if one.kind == IDENTITY], spec)
        self.belonging = self.log.belonging()
        self.branches = self.log.branches()
        self.has_left = self._has_left()
        self.devices = [devices(branch, author, spec) for branch in self.that_count()]
        self._walks = [
            {device: self.walk(device, cut) for device, cut in one.cuts.items()} for one in self.devices
        ]

    @property
    def open_branches(self) -> list[Branch]:
        """ID-22."""
        return [branch for branch in self.branches if branch.is_open]

    def that_count(self) -> list[Branch]:
        """ID-13 and ID-24: the branches whose devices speak."""
        if self.has_left:
            return []
        counting = self.open_branches if self.spec.says("ID-13 open branches only") else self.branches
        return counting if self.spec.says("ID-13 any open branch") else counting[:1]

    def _has_left(self) -> bool:
        """ID-24."""
        says, limit = self.spec.says, self.spec.limit
        number = len(self.open_branches)
        return (
            (number == 0 and says("ID-24 no open branch"))
            or (number > limit("MAX_BRANCHES") and says("ID-24 MAX_BRANCHES"))
            or (len(self.log.of_known_ops()) > limit("MAX_LOG_ENTRIES") and says("ID-24 MAX_LOG_ENTRIES"))
        )

    # --- Cuts ----------------------------------------------------------------------------------------------

    def walk(self, device: bytes, cut: Cut) -> tuple[frozenset[bytes], tuple[Gap, ...]]:
        """ID-26: ids of the messages that a cut reaches, and where it met one that is not held."""
        ends = [seq for seq, _ in cut[1:]] + [0]
        if not self.spec.says("ID-26 down to the next tip"):
            ends = [0] * len(cut)
        if not self.spec.says("ID-26 every tip"):
            cut = cut[:1]
        reached, gaps = frozenset[bytes](), ()
        for (seq, tip), end in zip(cut, ends, strict=False):
            more, gap = self._walk_from(device, seq, tip, end)
            reached, gaps = reached | more, (*gaps, *gap)
        return reached, gaps

    def _walk_from(
        self, device: bytes, seq: int, wanted: bytes | None, end: int
    ) -> tuple[frozenset[bytes], tuple[Gap, ...]]:
        reached = set[bytes]()
        while seq > end:
            found = self.messages.get(wanted or b"")
            if found is None or not self._is_step(found, device, seq):
                return frozenset(reached), (Gap(seq, end),)
            reached.add(found.id)
            seq, wanted = seq - 1, found.prev
            if not self.spec.says("ID-26 step by step"):
                break
        return frozenset(reached), ()

    def _is_step(self, found: Held, device: bytes, seq: int) -> bool:
        if found.kind == IDENTITY and self.spec.says("ID-26 no entry of the log"):
            return False
        is_same_device = found.device == device or not self.spec.says("ID-26 the same device")
        return is_same_device and (found.seq == seq or not self.spec.says("ID-26 seq one lower"))

    # --- States --------------------------------------------------------------------------------------------

    def state(self, message: Held) -> State:
        """ID-13 and ID-27."""
        if message.kind == IDENTITY:
            belongs = message.id in self.belonging or not self.spec.says("ID-13 an entry that belongs")
            return State.AUTHORISED if belongs else State.OFF
        places = list(zip(self.devices, self._walks, strict=True))
        if any(self._is_authorised(message, one, walks) for one, walks in places):
            return State.AUTHORISED
        if any(self._is_undecided(message, walks) for _, walks in places):
            return State.UNDECIDED
        return State.OFF

    def _is_authorised(
        self, message: Held, branch: Devices, walks: dict[bytes, tuple[frozenset[bytes], tuple[Gap, ...]]]
    ) -> bool:
        if message.device in branch.live:
            return bool(branch.live[message.device] & PUBLISH) or not self.spec.says("ID-13 the bit publish")
        reached, _ = walks.get(message.device, (frozenset(), ()))
        return message.id in reached and self.spec.says("ID-13 a cut that reaches")

    def _is_undecided(
        self, message: Held, walks: dict[bytes, tuple[frozenset[bytes], tuple[Gap, ...]]]
    ) -> bool:
        says = self.spec.says
        _, gaps = walks.get(message.device, (frozenset(), ()))
        return any(
            (message.seq < gap.missing or not says("ID-27 undecided below what is missing"))
            and (message.seq > gap.end or not says("ID-27 undecided above the end of the walk"))
            for gap in gaps
        )
