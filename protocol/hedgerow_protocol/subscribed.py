"""What the other side of a link subscribed to, and what of it we carry: said as a scope, or as a list of authors.

Authors that a filter names are answered by a bit each. A filter without authors is answered by the list of those whom
we show to everyone, in parts that have a version each: what is added later is one more part, and only when somebody
is shown no more the list begins anew.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from hedgerow_protocol import limits
from hedgerow_protocol.filter import NOBODY, Filter, Steps, decode_filter, has_bit, pack_bits
from hedgerow_protocol.frame import Authors, Changed, Mode, Scope, SetMode, Since, Sub, pack_ids
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.message import Header
from hedgerow_protocol.shape import out_of_range


@dataclass(slots=True)
class Subscription:
    """One filter of the other side."""

    whole: Filter
    mode: Mode
    version: int
    carried: bytes = b""
    narrow: Filter = NOBODY
    """The filter with only authors whom we carry, from when on both sides keep them, where it names some."""
    kept: Steps = ()
    """From when on we keep whom of it, as we said last."""
    parts: dict[int, Filter] = field(default_factory=dict)
    """The same, or each part of a list, by the version of the scope that names it."""
    lists: dict[int, tuple[Filter, Steps, Steps]] = field(default_factory=dict)
    """The parts of a list, from when on we keep whom of them, as we said, and the other side, as it said."""
    listed: frozenset[AuthorKey] = frozenset()
    """The authors of all parts, where the filter names none."""
    was_everyone: bool = False
    """What was said last of whether we take everyone."""
    is_told_changed: bool = False
    """Whether CHANGED was said since the other side last compared: once is enough."""


class Subscribed:
    """The subscriptions of the other side; pure."""

    def __init__(self, parts: LinkParts, on_stale: Callable[[int], None]) -> None:
        """`on_stale` gets the number of a subscription of which no earlier scope holds any more."""
        self._wire = parts.wire
        self._admission = parts.admission
        self._asks_private = parts.asks_private
        self._on_stale = on_stale
        self._all: dict[int, Subscription] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._all

    def wants(self, header: Header) -> Mode:
        """How the other side wants to hear of a new message; OFF if not at all."""
        modes = [
            one.mode for one in self._all.values() if one.mode != Mode.OFF and self._asks_for(one, header)
        ]
        return min(modes, default=Mode.OFF)

    def _asks_for(self, one: Subscription, header: Header) -> bool:
        if one.whole.authors is None:
            # Also of somebody who is not on the list yet.
            if header.author not in one.listed:
                return self._admission.carried.shows(header.author) and one.whole.matches(header)
            return any(part.matches(header) for part in one.parts.values())
        return one.narrow.matches(header)

    def part(self, number: int, version: int) -> Filter | None:
        """The set that a scope of a subscription names; None if there is none, or no more."""
        subscription = self._all.get(number)
        return subscription.parts.get(version) if subscription is not None else None

    def parts(self) -> Iterator[Filter]:
        """Every part of what the other side asks for that we carry."""
        return (part for one in self._all.values() for part in one.parts.values())

    def compared(self, number: int) -> None:
        """The other side compares this subscription."""
        self._all[number].is_told_changed = False

    def on_sub(self, frame: Sub) -> None:
        """The other side subscribes, or changes a subscription; it is told what is carried."""
        before = self._all.get(frame.req)
        if before is None and len(self._all) >= limits.MAX_SUBSCRIPTIONS:
            raise out_of_range("too many subscriptions", "MAX_SUBSCRIPTIONS")
        whole = decode_filter(frame.filter)
        version = before.version if before is not None else 0
        self._all[frame.req] = Subscription(whole, Mode(frame.mode), version)
        self._tell(frame.req)

    def on_since(self, frame: Since) -> None:
        """From when on the other side keeps the authors of its subscription; one that is over is passed over."""
        subscription = self._all.get(frame.req)
        if subscription is None:
            return
        if frame.version in subscription.lists:
            part, ours, _ = subscription.lists[frame.version]
            self._keep_list(subscription, frame.version, part, ours, frame.steps)
        elif subscription.whole.authors is not None:
            subscription.whole = replace(subscription.whole, sinces=()).kept_in(frame.steps)
            self._narrow(subscription)
        self._on_stale(frame.req)

    def _keep_list(self, one: Subscription, version: int, part: Filter, ours: Steps, theirs: Steps) -> None:
        one.lists[version] = part, ours, theirs
        one.parts[version] = part.kept_in(ours).kept_in(theirs)

    def on_mode(self, frame: SetMode) -> None:
        """The other side wants to hear of new messages in another way."""
        subscription = self._all.get(frame.req)
        if subscription is not None:
            subscription.mode = Mode(frame.mode)

    def on_unsub(self, number: int) -> None:
        """The other side no longer wants what this subscription names."""
        self._all.pop(number, None)
        self._on_stale(number)

    def tell_changed(self) -> None:
        """Let the other side reconcile rather than name what is new."""
        for number, subscription in self._all.items():
            if not subscription.is_told_changed:
                subscription.is_told_changed = True
                self._wire.send(Changed(number))

    # --- Scopes ------------------------------------------------------------------------------------------

    def on_carried(self) -> None:
        """Others are carried from now on: each subscription for which that changes anything is told."""
        for number, subscription in self._all.items():
            if subscription.whole.authors is None:
                self._update_list(number, subscription)
            elif self._scope_of(subscription.whole) != (subscription.carried, subscription.kept):
                self._tell(number)

    def _tell(self, number: int) -> None:
        subscription = self._all[number]
        if subscription.whole.authors is None:
            self._tell_list(number, subscription)
            return
        subscription.carried, subscription.kept = self._scope_of(subscription.whole)
        subscription.version += 1
        self._narrow(subscription)
        if subscription.kept:
            self._wire.send(Since(number, subscription.version, subscription.kept))
        self._wire.send(Scope(number, subscription.version, subscription.carried))
        self._on_stale(number)

    def _narrow(self, one: Subscription) -> None:
        one.narrow = one.whole.kept_in(one.kept).narrowed(one.carried)
        one.parts = {one.version: one.narrow}

    def _scope_of(self, whole: Filter) -> tuple[bytes, Steps]:
        carried = self._carried_of(whole)
        return carried, self._kept_of(whole, carried)

    def _carried_of(self, whole: Filter) -> bytes:
        carried = self._admission.carried
        others: frozenset[AuthorKey] = frozenset()
        # A filter for no kind asks for the control set alone, which is kept for whoever's bodies are held.
        if whole.kinds == ():
            others = carried.formerly(asks_private=self._asks_private)
        return pack_bits([carried.shows(author) or author in others for author in whole.authors or ()])

    def _kept_of(self, whole: Filter, carried: bytes) -> Steps:
        """From when on we keep those whom the other side is told of, and of nobody else."""
        if whole.kinds == ():
            return ()
        kept = replace(whole, sinces=()).kept_since(self._admission.carried.since)
        sinces = [since if has_bit(carried, place) else 0 for place, since in enumerate(kept.sinces)]
        return replace(kept, sinces=tuple(sinces)).steps()

    # --- Lists -------------------------------------------------------------------------------------------

    def _update_list(self, number: int, subscription: Subscription) -> None:
        carried = self._admission.carried
        added = carried.authors - subscription.listed
        is_void = bool(subscription.listed - carried.authors) or subscription.was_everyone != carried.everyone
        is_void = is_void or any(
            self._steps_of(part) != ours for part, ours, _ in subscription.lists.values()
        )
        if is_void or len(subscription.parts) + len(_pieces(added)) > limits.MAX_AUTHOR_PARTS:
            self._tell_list(number, subscription)
        elif added:
            self._tell_parts(number, subscription, added)

    def _steps_of(self, part: Filter) -> Steps:
        """From when on we keep the authors of a part of a list."""
        return () if part.kinds == () else part.kept_since(self._admission.carried.since).steps()

    def _tell_list(self, number: int, subscription: Subscription) -> None:
        subscription.parts.clear()
        subscription.lists.clear()
        subscription.listed = frozenset()
        self._tell_parts(number, subscription, self._admission.carried.authors)
        self._on_stale(number)

    def _tell_parts(self, number: int, subscription: Subscription, authors: frozenset[AuthorKey]) -> None:
        carried, is_anew = self._admission.carried, not subscription.parts
        pieces = _pieces(authors)[: limits.MAX_AUTHOR_PARTS]
        for place, piece in enumerate(pieces, 1):
            subscription.version += 1
            part = replace(subscription.whole, authors=piece)
            ours = self._steps_of(part)
            self._keep_list(subscription, subscription.version, part, ours, ())
            if ours:
                self._wire.send(Since(number, subscription.version, ours))
            self._wire.send(
                Authors(
                    number,
                    subscription.version,
                    pack_ids(piece),
                    anew=is_anew and place == 1,
                    more=place < len(pieces),
                    everyone=carried.everyone,
                )
            )
        subscription.listed |= authors
        subscription.was_everyone = carried.everyone


def _pieces(authors: Iterable[AuthorKey]) -> list[tuple[AuthorKey, ...]]:
    """These authors in parts of a list; one part where there are none."""
    each, most = sorted(authors), limits.MAX_FILTER_AUTHORS
    return [tuple(each[at : at + most]) for at in range(0, len(each), most)] or [()]
