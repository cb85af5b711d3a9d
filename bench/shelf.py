"""A store in memory that only gives: what a load peer serves."""

from array import array
from bisect import bisect_right
from typing import TypeAlias

from bench.corpus import Author, Entry
from hedgerow_protocol import limits
from hedgerow_protocol.effects import (
    Chains,
    Items,
    Load,
    LoadBodiless,
    LoadChains,
    LoadEnds,
    LoadItems,
    LoadLinks,
    LoadMessages,
    LoadRange,
    LoadSum,
    LoadUnknown,
    Page,
)
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message
from hedgerow_protocol.ranges import SortedIndex


class Ready:
    """A message as its bytes, with as much of its header as serving it takes."""

    __slots__ = ("data", "header", "id", "place")

    def __init__(self, header: "Said", entry: Entry) -> None:
        ts, self.id, _, self.data = entry
        self.place = (ts, self.id)
        self.header = header

    def encode(self) -> bytes:
        """The bytes on a link."""
        return self.data


class Said:
    """What the headers of one author's content have in common, as far as serving it asks."""

    is_control = False

    def __init__(self, author: AuthorKey) -> None:
        self.author = author


class Shelf:
    """Messages in memory, in order of (ts, id), and the logs of their authors; answers the loads of a `Peer`."""

    def __init__(self, people: list[Author], held: list[Entry], more_logs: list[Message]) -> None:
        headers = [Said(author.key) for author in people]
        self._content = [Ready(headers[entry[2]], entry) for entry in held]
        logs = [*(author.inception for author in people), *more_logs]
        self._logs = sorted(logs, key=lambda log: (log.header.ts, log.id))
        own: dict[AuthorKey, list[bytes]] = {author.key: [] for author in people}
        for one in self._content:
            own[one.header.author].append(one.id)
        self._sums = {author: SetSum.of(ids) for author, ids in own.items()}

    @property
    def sum(self) -> SetSum:
        """Count and sum of all content."""
        return SetSum().union(*self._sums.values())

    def load(self, effect: Load) -> object:
        """The answer to a load."""
        match effect:
            case LoadSum(_, wanted, tier):
                return self._sum(wanted, tier)
            case LoadItems(_, wanted, tier):
                return _items(self._selected(wanted, tier))
            case LoadUnknown(_, ids):
                return []
            case LoadMessages(_, ids):
                chosen = set(ids)
                return [one for one in [*self._logs, *self._content] if one.id in chosen]
            case LoadRange():
                return self._page(effect)
            case LoadBodiless():
                return []
            case LoadEnds() | LoadLinks():
                return []
            case LoadChains():
                return Chains((), ())

    def _sum(self, wanted: Filter, tier: Tier) -> SetSum:
        if tier == Tier.CONTENT and wanted.since is None and wanted.until is None:
            return SetSum().union(*(self._sums.get(author, SetSum()) for author in wanted.authors or ()))
        return SetSum.of(one.id for one in self._selected(wanted, tier))

    def _selected(self, wanted: Filter, tier: Tier) -> list["Held"]:
        authors = set(wanted.authors or ())
        if tier == Tier.CONTROL:
            return [one for one in self._logs if one.header.author in authors]
        since, until = wanted.since or 0, wanted.until or limits.MAX_TIMESTAMP + 1
        if self._sums.keys() <= authors and not since and wanted.until is None:
            return self._content
        return [
            one for one in self._content if one.header.author in authors and since <= one.place[0] < until
        ]

    def _page(self, effect: LoadRange) -> Page:
        held = self._selected(effect.filter, effect.tier)
        start = bisect_right(held, effect.after, key=_place)
        page, room = [], effect.max_bytes
        for one in held[start : start + effect.limit]:
            room -= len(one.encode())
            if room < 0:
                break
            page.append(one)
        return Page(tuple(page), more=start + len(page) < len(held))


Held: TypeAlias = Ready | Message


def _place(one: Held) -> tuple[int, bytes]:
    return one.place if isinstance(one, Ready) else (one.header.ts, one.id)


def _items(held: list["Held"]) -> Items:
    timestamps = array("I", [_place(one)[0] for one in held])
    return Items(SortedIndex(b"".join(one.id for one in held), timestamps))
