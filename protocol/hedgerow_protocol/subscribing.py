"""What we ask for on a link that we dialled: subscriptions, and which of their authors the other side carries.

Usually authors are named, and the other side says which of them it carries. Who carries everyone asks without names;
the other side then lists whom it shows to everyone, in parts, and only whom that list lacks is named besides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Admission
from hedgerow_protocol.comparing import Task
from hedgerow_protocol.filter import NOBODY, Filter, Steps, has_bit
from hedgerow_protocol.frame import Authors, Mode, Scope, SetMode, Since, Sub, Tier, Unsub, split_authors
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Header
from hedgerow_protocol.shape import out_of_range
from hedgerow_protocol.wire import Wire, unexpected

EVERYONE = Filter()


@dataclass(slots=True)
class Subscription:
    """One filter of ours."""

    whole: Filter
    """From when on we keep each of its authors, too."""
    version: int = 0
    """Of the last scope; 0 until the first one came."""
    is_known: bool = False
    """Whether the other side has said whom it carries."""
    parts: dict[int, Filter] = field(default_factory=dict)
    """The filter with only authors whom the other side carries, from when on both keep them: by the version of the
    scope that named them."""
    lists: dict[int, Filter] = field(default_factory=dict)
    """The same of a list, from when on the other side keeps them."""
    told: dict[int, Steps] = field(default_factory=dict)
    """From when on we keep whom of a list, as we said last."""
    listed: set[AuthorKey] = field(default_factory=set)
    """The authors of all parts."""
    carried: bytes = b""
    announced: Steps = ()
    """From when on the other side keeps whom, as it said in front of the scope that follows."""
    takes_everyone: bool = False
    """Whether the other side would take others than those, were they named."""

    @property
    def tiers(self) -> list[Tier]:
        """The sets to compare, in their order."""
        return [Tier.CONTROL] if self.whole.kinds == () else [Tier.CONTROL, Tier.CONTENT]

    def matches(self, header: Header) -> bool:
        """Whether the other side said that it carries the author, and this asks for the message."""
        if header.author not in self.listed:
            return False
        return any(part.matches(header) for part in self.parts.values())

    def refused(self) -> Iterator[AuthorKey]:
        """Authors that are named and that the other side does not carry."""
        authors = self.whole.authors or ()
        return (author for place, author in enumerate(authors) if not has_bit(self.carried, place))

    def take(self, frame: Scope | Authors) -> None:
        """Whom the other side carries, or one more part of that."""
        if frame.version <= self.version:
            raise unexpected("a scope's version does not go up")
        self.version = frame.version
        if isinstance(frame, Scope):
            self._clear()
            self.carried, self.is_known = frame.carried, True
            self._add(self.whole.kept_in(self.announced).narrowed(frame.carried))
            self.announced = ()
        elif self.whole.authors is None:
            self._take_part(frame)
        else:
            raise unexpected("a list of authors for those who were named")

    def _take_part(self, frame: Authors) -> None:
        if frame.anew:
            self._clear()
        if len(self.parts) >= limits.MAX_AUTHOR_PARTS:
            raise out_of_range("a list of authors in too many parts")
        self.is_known, self.takes_everyone = not frame.more, frame.everyone
        part = replace(self.whole, authors=split_authors(frame.authors)).kept_in(self.announced)
        self.announced = ()
        self._add(part)
        self.lists[self.version] = part

    def would_tell(self, since: Mapping[AuthorKey, int]) -> bool:
        """Whether we keep whom a list names from other seconds on than was told."""
        return any(
            replace(part, sinces=()).kept_since(since).steps() != self.told.get(version, ())
            for version, part in self.lists.items()
        )

    def keep_lists(self, since: Mapping[AuthorKey, int]) -> list[tuple[int, Steps]]:
        """We keep whom a list names from these seconds on; by its version, what of that was not told yet."""
        changed = []
        for version, part in self.lists.items():
            steps = replace(part, sinces=()).kept_since(since).steps()
            if part.authors:
                self.parts[version] = part.kept_in(steps)
            if steps != self.told.get(version, ()):
                changed.append((version, steps))
                self.told[version] = steps
        return changed

    def _clear(self) -> None:
        for known in (self.parts, self.lists, self.told):
            known.clear()
        self.listed.clear()

    def _add(self, part: Filter) -> None:
        if part.authors:
            self.parts[self.version] = part
            self.listed.update(part.authors)


class Subscribing:
    """The subscriptions of the side that dialled; pure."""

    def __init__(self, wire: Wire, admission: Admission, *, asks_private: bool, asks_everyone: bool) -> None:
        self._wire = wire
        self._admission = admission
        self._asks_private = asks_private
        self._asks_everyone = asks_everyone
        self.mode = Mode.EAGER
        """How new messages are to come."""
        self._all: dict[int, Subscription] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._all

    # --- Asking ------------------------------------------------------------------------------------------

    @property
    def is_enough(self) -> bool:
        """Whether whom we want now was asked for already, so that a list that grows asks for nothing anew."""
        everything = self._everything()
        if everything is None or everything.would_tell(self._admission.carried.since):
            return False
        return all(self._named(tier) <= self._named_before(tier) for tier in Tier)

    def _named_before(self, tier: Tier) -> set[AuthorKey]:
        return {
            author
            for one in self._all.values()
            if one.tiers[-1] is tier
            for author in one.whole.authors or ()
        }

    def set_mode(self, mode: Mode) -> None:
        """Let new messages come in this way from now on."""
        self.mode = mode
        for number in self._all:
            self._wire.send(SetMode(number, mode))

    def subscribe(self, now: float) -> None:
        """Ask for what is carried here now, in place of what was asked for before."""
        kept = [number for number, one in self._all.items() if one.whole == EVERYONE]
        for number in [number for number in self._all if number not in kept]:
            self._wire.patience.end(now, number)
            self._wire.send(Unsub(number))
            del self._all[number]
        for number in kept:
            self._tell_since(number)
        for whole in self._filters()[len(kept) :]:
            self._ask(now, whole)

    def _ask(self, now: float, whole: Filter) -> None:
        number = self._wire.next_request()
        self._all[number] = Subscription(whole)
        self._wire.patience.begin(now, number)
        self._wire.send(Sub(number, whole.encode(), self.mode))
        if steps := whole.steps():
            self._wire.send(Since(number, 0, steps))

    def _tell_since(self, number: int) -> None:
        for version, steps in self._all[number].keep_lists(self._admission.carried.since):
            self._wire.send(Since(number, version, steps))

    def _everything(self) -> Subscription | None:
        """The subscription without names, if there is one."""
        return next((one for one in self._all.values() if one.whole == EVERYONE), None)

    def _filters(self) -> list[Filter]:
        wanted = self._all_of_everyone() if self._asks_everyone else self._by_name()
        return list(islice(wanted, limits.MAX_SUBSCRIPTIONS))

    def _by_name(self) -> Iterator[Filter]:
        carried = self._admission.carried
        named = _cut(carried.named(asks_private=self._asks_private)) or [NOBODY]
        yield from [whole.kept_since(carried.since) for whole in named]
        for whole in _cut(carried.formerly(asks_private=self._asks_private)):
            yield replace(whole, kinds=())

    def _all_of_everyone(self) -> Iterator[Filter]:
        yield EVERYONE
        since = self._admission.carried.since
        yield from [whole.kept_since(since) for whole in _cut(self._named(Tier.CONTENT))]
        for whole in _cut(self._named(Tier.CONTROL)):
            yield replace(whole, kinds=())

    def _named(self, tier: Tier) -> frozenset[AuthorKey]:
        """Whom to name besides asking for everyone: whose content, or whose control set alone."""
        everything, carried = self._everything(), self._admission.carried
        if everything is None or not everything.is_known:
            return frozenset()
        if tier is Tier.CONTROL:
            return carried.formerly(asks_private=self._asks_private) - everything.listed
        if not everything.takes_everyone:
            return frozenset()
        return carried.named(asks_private=self._asks_private) - everything.listed

    # --- What the other side says ------------------------------------------------------------------------

    def on_scope(self, now: float, frame: Scope | Authors) -> bool:
        """Which authors of a subscription the other side carries; false for one that we gave up.

        Raises `RemoteProtocolError` when the version does not go up, or a list does not end.
        """
        subscription = self._all.get(frame.req)
        if subscription is None:
            return False
        subscription.take(frame)
        self._tell_since(frame.req)
        if subscription.is_known:
            self._wire.patience.end(now, frame.req)
        else:
            self._wire.patience.progress(now)
        if subscription.is_known and self._asks_everyone and not self.is_enough:
            self.subscribe(now)
        return True

    def on_since(self, frame: Since) -> None:
        """From when on the other side keeps whom; it holds from its next scope on."""
        if (subscription := self._all.get(frame.req)) is not None:
            subscription.announced = frame.steps

    @property
    def are_known(self) -> bool:
        """Whether the other side has said of every one what it carries."""
        return bool(self._all) and all(one.is_known for one in self._all.values())

    def refused(self) -> list[AuthorKey]:
        """Authors that we want and the other side does not carry."""
        refused = [author for one in self._all.values() if one.is_known for author in one.refused()]
        everything = self._everything()
        if everything is None or not everything.is_known or everything.takes_everyone:
            return refused
        wanted = self._admission.carried.named(asks_private=self._asks_private)
        return refused + sorted(wanted - everything.listed)

    def carries(self, header: Header) -> bool:
        """Whether the other side said that it carries the author of this message."""
        return any(one.matches(header) for one in self._all.values())

    def carried(self) -> frozenset[AuthorKey]:
        """Everyone whom the other side carries of those whom we want."""
        return frozenset(author for one in self._all.values() for author in one.listed)

    def lists(self, author: AuthorKey) -> bool:
        """Whether the other side carries this author."""
        return any(author in one.listed for one in self._all.values())

    # --- What to compare ---------------------------------------------------------------------------------

    def parts(self) -> Iterator[Filter]:
        """Every part of what we ask for that the other side carries."""
        return (part for one in self._all.values() for part in one.parts.values())

    def scopes(self) -> Iterator[tuple[int, int, Filter]]:
        """Every scope: the number of its subscription, its version, and whom of it the other side carries."""
        for number, one in self._all.items():
            for version, part in one.parts.items():
                yield number, version, part

    def versions(self, number: int) -> Iterable[int]:
        """The scopes of a subscription that hold."""
        subscription = self._all.get(number)
        return () if subscription is None else subscription.parts.keys()

    def part(self, number: int, version: int) -> Filter:
        """What a scope of a subscription carries; nothing where that is void."""
        subscription = self._all.get(number)
        return NOBODY if subscription is None else subscription.parts.get(version, NOBODY)

    def tasks(self, number: int, version: int) -> list[Task]:
        """The sets of one scope to compare, in their order."""
        subscription = self._all[number]
        return [Task(number, version, tier) for tier in subscription.tiers if version in subscription.parts]

    def all_tasks(self) -> list[Task]:
        """All sets to compare, in their order."""
        return [
            task
            for number, one in self._all.items()
            for version in one.parts
            for task in self.tasks(number, version)
        ]


def _cut(authors: "frozenset[AuthorKey] | set[AuthorKey]") -> list[Filter]:
    """Filters that together name these authors."""
    each = sorted(authors)
    most = limits.MAX_FILTER_AUTHORS
    return [Filter(tuple(each[at : at + most])) for at in range(0, len(each), most)]
