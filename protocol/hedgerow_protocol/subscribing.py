"""What we ask for on a link that we dialled: subscriptions, and which of their authors the other side carries."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Admission
from hedgerow_protocol.filter import NOBODY, Filter, Steps, has_bit
from hedgerow_protocol.frame import Mode, Scope, Since, Sub, Tier, Unsub
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Header
from hedgerow_protocol.wire import Wire, unexpected


@dataclass(slots=True)
class Subscription:
    """One filter of ours."""

    whole: Filter
    """From when on we keep each of its authors, too."""
    version: int = 0
    """Of the last scope; 0 until the first one came."""
    carried: bytes = b""
    narrow: Filter = NOBODY
    """The filter with only the authors that the other side carries, from when on both sides keep them."""
    announced: Steps = ()
    """From when on the other side keeps whom, as it said in front of the scope that follows."""

    @property
    def tiers(self) -> list[Tier]:
        """The sets to compare, in their order."""
        if not self.narrow.authors:
            return []
        return [Tier.CONTROL] if self.whole.kinds == () else [Tier.CONTROL, Tier.CONTENT]

    def refused(self) -> Iterator[AuthorKey]:
        """Authors that the other side does not carry."""
        authors = self.whole.authors or ()
        return (author for place, author in enumerate(authors) if not has_bit(self.carried, place))


class Subscribing:
    """The subscriptions of the side that dialled; pure."""

    def __init__(self, wire: Wire, admission: Admission, *, asks_private: bool) -> None:
        self._wire = wire
        self._admission = admission
        self._asks_private = asks_private
        self._all: dict[int, Subscription] = {}

    def __iter__(self) -> Iterator[tuple[int, Subscription]]:
        return iter(self._all.items())

    def __getitem__(self, number: int) -> Subscription:
        return self._all[number]

    def __contains__(self, number: int) -> bool:
        return number in self._all

    @property
    def are_known(self) -> bool:
        """Whether the other side has said of every one what it carries."""
        return bool(self._all) and all(one.version for one in self._all.values())

    def subscribe(self, now: float, mode: Mode) -> None:
        """Ask for what is carried here now, in place of what was asked for before."""
        for number in self._all:
            self._wire.patience.end(now, number)
            self._wire.send(Unsub(number))
        self._all.clear()
        for whole in islice(self._filters(), limits.MAX_SUBSCRIPTIONS):
            number = self._wire.next_request()
            self._all[number] = Subscription(whole)
            self._wire.patience.begin(now, number)
            self._wire.send(Sub(number, whole.encode(), mode))
            if steps := whole.steps():
                self._wire.send(Since(number, steps))

    def _filters(self) -> Iterator[Filter]:
        carried = self._admission.carried
        named = _cut(carried.named(asks_private=self._asks_private)) or [NOBODY]
        yield from [whole.kept_since(carried.since) for whole in named]
        for whole in _cut(carried.formerly(asks_private=self._asks_private)):
            yield replace(whole, kinds=())

    def on_scope(self, now: float, frame: Scope) -> bool:
        """Which authors of a subscription the other side carries; false for one that we gave up.

        Raises `RemoteProtocolError` when the version does not go up.
        """
        subscription = self._all.get(frame.req)
        if subscription is None:
            return False
        if frame.version <= subscription.version:
            raise unexpected("a scope's version does not go up")
        self._wire.patience.end(now, frame.req)
        subscription.version, subscription.carried = frame.version, frame.carried
        subscription.narrow = subscription.whole.kept_in(subscription.announced).narrowed(frame.carried)
        subscription.announced = ()
        return True

    def on_since(self, frame: Since) -> None:
        """From when on the other side keeps whom; it holds from its next scope on."""
        if (subscription := self._all.get(frame.req)) is not None:
            subscription.announced = frame.steps

    def refused(self) -> list[AuthorKey]:
        """Authors that we want and the other side does not carry."""
        return [author for one in self._all.values() if one.version for author in one.refused()]

    def carries(self, header: Header) -> bool:
        """Whether the other side said that it carries the author of this message."""
        return any(one.narrow.matches(header) for one in self._all.values())


def _cut(authors: frozenset[AuthorKey]) -> list[Filter]:
    """Filters that together name these authors."""
    each = sorted(authors)
    most = limits.MAX_FILTER_AUTHORS
    return [Filter(tuple(each[at : at + most])) for at in range(0, len(each), most)]
