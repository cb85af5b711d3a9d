"""Which entries belong to a log, and its branches: ID-19 to ID-22, slow and word for word."""

from collections.abc import Iterable
from dataclasses import dataclass

from model.clauses import Spec
from model.held import INCEPTION, ROTATE, UPDATE, Entry, commitment

KNOWN_OPS = (INCEPTION, UPDATE, ROTATE)


@dataclass(frozen=True)
class Branch:
    """ID-22: the entries from an inception to the end of a branch."""

    entries: tuple[Entry, ...]
    is_open: bool


class Log:
    """All entries of one author that are held."""

    def __init__(self, entries: Iterable[Entry], spec: Spec) -> None:
        self.spec = spec
        self.held = {entry.id: entry for entry in entries}
        self.openings = self._openings()

    def _of(self, op: int) -> list[Entry]:
        return sorted((entry for entry in self.held.values() if entry.op == op), key=lambda one: one.id)

    def inceptions(self) -> list[Entry]:
        """ID-19, point 1."""
        found = self._of(INCEPTION)
        return found if self.spec.says("ID-19 every inception") else found[:1]

    def _openings(self) -> list[Entry]:
        """ID-19, points 1 and 2: the inceptions, and the rotates that an opening commits to."""
        openings = self.inceptions()
        while more := [
            one for one in self._of(ROTATE) if one not in openings and self._is_led_to(one, openings)
        ]:
            openings = openings + more
            if not self.spec.says("ID-19 a rotate of a rotate"):
                break
        return openings

    def _is_led_to(self, rotate: Entry, openings: list[Entry]) -> bool:
        if not self.spec.says("ID-19 a rotate by the key that is committed to"):
            return True
        return any(opening.next == commitment(rotate.signer) for opening in openings)

    # --- Epochs --------------------------------------------------------------------------------------------

    def way_back(self, rotate: Entry) -> tuple[Entry, tuple[Entry, ...]] | None:
        """ID-20: the opening that a rotate is joined to, and the updates between; None where there is none."""
        between: tuple[Entry, ...] = ()
        entry = self._before(rotate)
        while entry is not None and entry.op == UPDATE and self.spec.says("ID-20 through updates"):
            between = (entry, *between)
            entry = self._before(entry)
        if not self.spec.says("ID-20 log_prev leads to the opening"):
            entry = next(one for one in self.openings if one.next == commitment(rotate.signer))
        return (entry, between) if entry in self.openings and self._holds(rotate, entry, between) else None

    def _before(self, entry: Entry) -> Entry | None:
        """The entry that this one follows, one lower in idx."""
        found = self.held.get(entry.log_prev or b"")
        is_lower = found is not None and found.idx == entry.idx - 1
        return found if is_lower or not self.spec.says("ID-20 idx one higher") else None

    def _holds(self, rotate: Entry, opening: Entry, between: tuple[Entry, ...]) -> bool:
        is_same = all((one.root, one.next) == (opening.root, opening.next) for one in between)
        is_led_to = opening.next == commitment(rotate.signer)
        return (is_same or not self.spec.says("ID-20 root and next of the opening")) and (
            is_led_to or not self.spec.says("ID-20 next of the signer")
        )

    def joined(self, opening: Entry) -> list[tuple[Entry, tuple[Entry, ...]]]:
        """The rotates joined to an opening, each with the updates between."""
        found = [(rotate, self.way_back(rotate)) for rotate in self.openings if rotate.op == ROTATE]
        return [(rotate, way[1]) for rotate, way in found if way is not None and way[0] == opening]

    def tail(self, opening: Entry) -> tuple[Entry, ...]:
        """ID-21, without the opening."""
        found: tuple[Entry, ...] = ()
        last = opening
        while more := [one for one in self._of(UPDATE) if self._follows(one, last, opening)]:
            last = more[0] if self.spec.says("ID-21 lowest id") else more[-1]
            found = (*found, last)
        return found

    def _follows(self, update: Entry, last: Entry, opening: Entry) -> bool:
        is_next = update.idx == last.idx + 1 or not self.spec.says("ID-21 idx one higher")
        is_same = (update.root, update.next) == (opening.root, opening.next)
        is_same = is_same or not self.spec.says("ID-21 root and next of the opening")
        return update.log_prev == last.id and is_next and is_same

    # --- Belonging -----------------------------------------------------------------------------------------

    def by_keys(self) -> set[Entry]:
        """ID-19, points 1 to 3."""
        found = {*self.openings}
        for opening in self.openings:
            if opening.op == ROTATE and self.spec.says("ID-19 updates that a rotate follows"):
                found |= {*self._followed(opening)}
        return found

    def of_known_ops(self) -> list[Entry]:
        """ID-19, points 1 to 4, in the order (idx, id)."""
        found = self.by_keys()
        for opening in self.openings:
            if self.spec.says("ID-19 updates on the tail") and self._has_tail(opening):
                found |= {*self.tail(opening)}
        return sorted(found, key=lambda one: (one.idx, one.id))

    def _has_tail(self, opening: Entry) -> bool:
        return not self.joined(opening) or not self.spec.says("ID-19 no tail where a rotate is joined")

    def _followed(self, rotate: Entry) -> list[Entry]:
        """ID-19, point 3."""
        found: list[Entry] = []
        later, entry = rotate, self.held.get(rotate.log_prev or b"")
        while entry is not None and self._is_followed(entry, later, rotate):
            found.append(entry)
            later, entry = entry, self.held.get(entry.log_prev or b"")
        return found

    def _is_followed(self, entry: Entry, later: Entry, rotate: Entry) -> bool:
        says = self.spec.says
        has_opening = any((one.root, one.next) == (entry.root, entry.next) for one in self.openings)
        return (
            entry.op == UPDATE
            and (entry.idx == later.idx - 1 or not says("ID-19 idx one lower"))
            and (entry.next == commitment(rotate.signer) or not says("ID-19 next of the rotate's signer"))
            and (has_opening or not says("ID-19 an opening with root and next"))
        )

    def belonging(self) -> frozenset[bytes]:
        """ID-19: ids of the entries that belong to the log."""
        first = self._first()
        return frozenset(one.id for one in [*first, *self._of_later_ops(first)])

    def _first(self) -> list[Entry]:
        """ID-19, below the points: all of points 1 to 4, or so many of too many."""
        known, most = self.of_known_ops(), self.spec.limit("MAX_LOG_ENTRIES") + 1
        if len(known) <= most or not self.spec.says("ID-19 so many of too many"):
            return known
        taken = self._taken(most) if self.spec.says("ID-19 one at a time") else []
        return [*taken, *(one for one in known if one not in taken)][:most]

    def _taken(self, most: int) -> list[Entry]:
        taken: list[Entry] = []
        while len(taken) < most:
            coming = [one for one in self.held.values() if one not in taken and self._is_let_in(one, taken)]
            if not coming:
                break
            coming.sort(key=lambda one: one.id, reverse=not self.spec.says("ID-19 the lowest id let in"))
            taken.append(coming[0])
        return taken

    def _is_let_in(self, entry: Entry, taken: list[Entry]) -> bool:
        """Whether points 1 to 3 let an entry in beside these."""
        return entry in Log([*taken, entry], self.spec).by_keys()

    def _of_later_ops(self, first: list[Entry]) -> list[Entry]:
        """ID-19, point 5."""
        openings = [one for one in first if one.op != UPDATE]
        keys, commitments = set[bytes](), set[bytes | None]()
        if self.spec.says("ID-19 another op by a root"):
            keys = {one.root for one in openings}
        if self.spec.says("ID-19 another op by a committed key"):
            commitments = {one.next for one in openings}
        others = [one for one in self.held.values() if one.op not in KNOWN_OPS]
        signed = [one for one in others if one.signer in keys or commitment(one.signer) in commitments]
        is_lowest = self.spec.says("ID-19 the lowest of another op")
        signed.sort(key=lambda one: one.id, reverse=not is_lowest)
        return signed[: self.spec.limit("MAX_LATER_ENTRIES")]

    # --- Branches ------------------------------------------------------------------------------------------

    def branches(self) -> list[Branch]:
        """ID-22: from each inception on."""
        return [branch for one in self.inceptions() for branch in self._from(one, (one,))]

    def _from(self, opening: Entry, way: tuple[Entry, ...]) -> list[Branch]:
        rotates = self.joined(opening)
        if not self.spec.says("ID-22 each rotate a branch"):
            rotates = rotates[:1]
        if not rotates:
            is_open = opening.next is not None or not self.spec.says("ID-22 closed without next")
            return [Branch((*way, *self.tail(opening)), is_open)]
        return [
            branch
            for rotate, between in rotates
            for branch in self._from(rotate, (*way, *self._of_epoch(opening, between), rotate))
        ]

    def _of_epoch(self, opening: Entry, between: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """The updates with effect in an epoch that a rotate ended: those that it follows."""
        if self.spec.says("ID-20 else void"):
            return between
        return (*between, *(one for one in self.tail(opening) if one not in between))
