"""What a node holds, as the specs judge it: sets, erasures, statements (SY-2, KI-14 to KI-21)."""

from collections.abc import Iterable
from dataclasses import dataclass

from model.clauses import Spec
from model.held import CONTROL, IDENTITY, RETRACT, SLOT_KINDS, Held
from model.standing import Standing, State


@dataclass(frozen=True)
class Statement:
    """KI-16: ids of the heads and of the current one."""

    heads: frozenset[bytes]
    current: bytes


class World:
    """All messages that a node holds, of any author."""

    def __init__(self, messages: Iterable[Held], spec: Spec) -> None:
        self.spec = spec
        self.messages = {one.id: one for one in messages}
        authors = {one.author for one in self.messages.values()}
        self.standings = {author: Standing(author, self._of(author), spec) for author in authors}
        self.states = {one.id: self.standings[one.author].state(one) for one in self.messages.values()}
        self.authorised = [one for one in self.messages.values() if self.states[one.id] is State.AUTHORISED]
        self.superseded = self._superseded()

    def _of(self, author: bytes) -> list[Held]:
        return [one for one in self.messages.values() if one.author == author]

    # --- Sets ----------------------------------------------------------------------------------------------

    def _is_control(self, message: Held) -> bool:
        return message.kind in (CONTROL if self.spec.says("SY-2 the control kinds") else (IDENTITY, RETRACT))

    @property
    def control(self) -> frozenset[bytes]:
        """SY-2: ids in the control tier."""
        return frozenset(one.id for one in self.authorised if self._is_control(one))

    @property
    def content(self) -> frozenset[bytes]:
        """SY-2: ids in the content tier."""
        return frozenset(one.id for one in self.authorised if not self._is_control(one))

    # --- Withdrawal ----------------------------------------------------------------------------------------

    def is_erased(self, target: Held) -> bool:
        """KI-18: whether a retraction that is held has effect on a message."""
        if target.kind in (IDENTITY, RETRACT) and self.spec.says("KI-18 neither kind 0 nor 1"):
            return False
        return any(self._withdraws(one, target) for one in self.messages.values())

    def _withdraws(self, retraction: Held, target: Held) -> bool:
        says = self.spec.says
        is_authorised = self.states[retraction.id] is State.AUTHORISED
        return (
            retraction.kind == RETRACT
            and target.id in retraction.targets
            and (is_authorised or not says("KI-18 when it is authorised"))
            and (retraction.author == target.author or not says("KI-18 the same author"))
        )

    @property
    def erased(self) -> frozenset[bytes]:
        """Ids of the messages held whose bodies are withdrawn."""
        return frozenset(one.id for one in self.messages.values() if self.is_erased(one))

    # --- Statements ----------------------------------------------------------------------------------------

    def _superseded(self) -> frozenset[bytes]:
        """KI-15."""
        newer = list(self.messages.values())
        if self.spec.says("KI-15 of an authorised message"):
            newer = self.authorised
        if not self.spec.says("KI-15 retracted or not"):
            newer = [one for one in newer if not self.is_erased(one)]
        return frozenset(old for one in newer for old in one.replaces if self._supersedes(one, old))

    def _supersedes(self, newer: Held, old: bytes) -> bool:
        found = self.messages.get(old)
        if found is None:
            return False
        is_same_author = found.author == newer.author or not self.spec.says("KI-15 the same author")
        return is_same_author and (found.kind == newer.kind or not self.spec.says("KI-15 the same kind"))

    def statements(self) -> frozenset[Statement]:
        """KI-14 and KI-16: those that have heads."""
        found = [self._statement(group) for group in self._groups()]
        return frozenset(one for one in found if one is not None)

    def _groups(self) -> list[list[Held]]:
        """KI-14: authorised messages by statement."""
        groups: dict[tuple[bytes, int, str | bytes | None], list[Held]] = {}
        counting = self.authorised
        if not self.spec.says("KI-16 authorised heads"):
            counting = list(self.messages.values())
        for one in counting:
            if self._states(one):
                groups.setdefault((one.author, one.kind, self._name(one)), []).append(one)
        return list(groups.values())

    def _states(self, message: Held) -> bool:
        """Whether a message belongs to a statement."""
        is_stating = message.kind not in CONTROL or not self.spec.says("KI-14 kinds without statements")
        return is_stating and (message.body is not None or not self.spec.says("KI-16 none without a body"))

    def _name(self, message: Held) -> str | bytes | None:
        """What tells the statements of an author and kind apart."""
        if message.kind in SLOT_KINDS:
            return message.slot if self.spec.says("KI-14 one slot") else message.id
        if not self.spec.says("KI-14 joined by replaces"):
            return message.id
        return min(self._joined(message))

    def _joined(self, message: Held) -> set[bytes]:
        """Ids of the authorised messages of the same author and kind that `replaces` joins, itself among them."""
        alike = [one for one in self.authorised if (one.author, one.kind) == (message.author, message.kind)]
        found = {message.id}
        while more := {
            one.id
            for one in alike
            if one.id not in found
            and (found & {*one.replaces} or any(one.id in self.messages[known].replaces for known in found))
        }:
            found |= more
        return found

    def _statement(self, group: list[Held]) -> Statement | None:
        heads = [one for one in group if self._is_head(one)]
        if not heads:
            return None
        current = max(heads, key=self._rank)
        return Statement(frozenset(one.id for one in heads), current.id)

    def _is_head(self, message: Held) -> bool:
        is_old = message.id in self.superseded and self.spec.says("KI-16 not superseded")
        return not is_old and not (self.is_erased(message) and self.spec.says("KI-16 not retracted"))

    def _rank(self, message: Held) -> tuple[int, bytes]:
        ts = message.ts if self.spec.says("KI-16 the highest ts") else 0
        turned = bytes(255 - byte for byte in message.id)
        return ts, message.id if self.spec.says("KI-16 the highest id") else turned
