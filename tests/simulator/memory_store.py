"""A store in memory that answers the effects of a `Peer` as a real one does."""

from collections.abc import Iterable, Mapping

from hedgerow_protocol.admission import judged
from hedgerow_protocol.checking import check_batch
from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.effects import (
    Chains,
    End,
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
    Verified,
)
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind, Retract, decode_body
from hedgerow_protocol.message import MAIN_NET, Header, Message, MessageId, claimed_id
from hedgerow_protocol.ranges import SortedIndex

PERMANENT = frozenset({Kind.IDENTITY, Kind.RETRACT})
"""Kinds that no retraction touches."""


class MemoryStore:
    """Messages by id; retractions erase bodies, before or after their target comes."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.messages: dict[MessageId, Message] = {}
        self.retracted: set[tuple[MessageId, AuthorKey]] = set()
        """Pairs of a message that a retraction names and the retraction's author."""
        self._selected: dict[tuple[Filter, Tier], list[Message]] = {}
        self.identities = Identities()
        """By these logs, where they are held, it is judged what is in the sets."""
        self.aside: dict[MessageId, Message] = {}
        """What the logs do not authorise, or not yet."""
        self.passed: dict[MessageId, Header] = {}
        """Of what was let go its place in a chain."""
        self.put(messages)

    def put(self, messages: Iterable[Message]) -> list[Message]:
        """Those that are new, or whose missing body came, as they are held."""
        given = list(messages)
        doubtful = [one for one in given if self.identities.is_doubtful(one)]
        logs = [one for one in given if one.header.kind == Kind.IDENTITY]
        judged_anew = dict.fromkeys(
            one.header.author for one in doubtful + logs if self.identities.has_history(one.header.author)
        )
        sound = given if not doubtful else [one for one in given if one not in doubtful]
        new = [message.id for message in sound if self._put_one(message)]
        for message in doubtful:
            if message.id in self.messages:
                new += [message.id] if self._put_one(message) else []
            elif message.body is not None or message.id not in self.aside:
                self.aside[message.id] = message
        for author in judged_anew:
            new += self.settle(author)
        return [self.messages[one] for one in dict.fromkeys(new) if one in self.messages]

    def settle(self, author: AuthorKey) -> list[MessageId]:
        """Make what is in the sets what the log of this author says; what came in."""
        held = [one for one in [*self.messages.values(), *self.aside.values()] if one.header.author == author]
        inside = self._inside(author, held)
        for one in held:
            if one.id not in inside and one.id in self.messages:
                self.aside[one.id] = self.messages.pop(one.id)
        self._selected.clear()
        self.retracted = {pair for pair in self.retracted if pair[1] != author}
        for one in held:
            is_known = one.body is not None and one.header.kind == Kind.RETRACT
            if is_known and one.id in inside and one.id in self.messages:
                self._erase(one)
        back = [one for one in held if one.id in inside and self.aside.pop(one.id, None) is not None]
        if self.identities.has_left(author):
            self.aside = {key: one for key, one in self.aside.items() if self._outlives(author, one)}
        return [one.id for one in back if self._put_one(one)]

    def _outlives(self, author: AuthorKey, message: Message) -> bool:
        return message.header.author != author or message.header.kind == Kind.IDENTITY

    def _inside(self, author: AuthorKey, held: list[Message]) -> set[MessageId]:
        inside = {one.id for one in held if self.identities.is_authorised(one)}
        by_device: dict[DeviceKey, list[Message]] = {}
        for one in held:
            if one.header.kind != Kind.IDENTITY:
                by_device.setdefault(one.header.device, []).append(one)
        for device, links in by_device.items():
            for cut in self.identities.cuts_of(author, device):
                reach = Reach(cut)
                for one in links:
                    reach.add(one.id, one.header)
                for key, header in self.passed.items():
                    if (header.author, header.device) == (author, device):
                        reach.add(key, header)
                inside |= {
                    one.id for one in links if reach.standing(one.id, one.header.seq) is Standing.AUTHORISED
                }
        return inside

    def _put_one(self, message: Message) -> bool:
        if message.header.kind == Kind.RETRACT and message.body is not None:
            self._erase(message)
        if self.is_erased(message):
            message = message.without_body()
        known = self.messages.get(message.id)
        if known is not None and (known.body is not None or message.body is None):
            return False
        self._keep(message)
        return True

    def _keep(self, message: Message) -> None:
        self.messages[message.id] = message
        self._selected.clear()

    def _erase(self, retraction: Message) -> None:
        assert retraction.body is not None
        content = decode_body(Kind.RETRACT, retraction.body).content
        assert isinstance(content, Retract)
        for target in content.targets:
            self.retracted.add((target, retraction.header.author))
            held = self.messages.get(target)
            if held is not None and self.is_erased(held):
                self._keep(held.without_body())

    def is_erased(self, message: Message) -> bool:
        """Whether its own author withdrew it."""
        is_named = (message.id, message.header.author) in self.retracted
        return is_named and message.header.kind not in PERMANENT

    def let_go(self, since: Mapping[AuthorKey, int]) -> set[MessageId]:
        """Drop the content of these authors that is older than their time, without any trace; its ids."""
        gone = {
            one.id
            for one in self.messages.values()
            if not one.header.is_control and one.header.ts < since.get(one.header.author, 0)
        }
        self.passed |= {key: self.messages[key].header for key in gone}
        self.messages = {key: one for key, one in self.messages.items() if key not in gone}
        self._selected.clear()
        return gone

    def verify(self, data: Iterable[bytes]) -> Verified:
        """What a driver does off its loop."""
        given = list(data)
        unknown = [one for one in given if not self._is_known(claimed_id(one))]
        return judged(unknown, check_batch(unknown, MAIN_NET), len(given) - len(unknown))

    def _is_known(self, message: MessageId | None) -> bool:
        """Whether it need not be asked for: held with its body, or erased."""
        held = self.messages.get(message) or self.aside.get(message) if message is not None else None
        return held is not None and (held.body is not None or self.is_erased(held))

    def load(self, effect: Load) -> object:
        """The answer to a load effect."""
        match effect:
            case LoadSum():
                return SetSum.of(one.id for one in self.select(effect.filter, effect.tier))
            case LoadItems():
                held = self.select(effect.filter, effect.tier)
                return Items(SortedIndex.of((one.header.ts, one.id) for one in held))
            case LoadUnknown():
                return [one for one in effect.ids if not self._is_known(one)]
            case LoadMessages():
                return [self.messages[one] for one in effect.ids if one in self.messages]
            case LoadRange():
                return self._page(effect)
            case LoadBodiless():
                return self._bodiless(effect)
            case LoadChains():
                return self._chains(effect)
            case LoadLinks():
                return self._links(effect)
            case LoadEnds():
                return self._ends(effect)

    def select(self, wanted: Filter, tier: Tier) -> list[Message]:
        """A set, in order of (ts, id)."""
        selected = self._selected.get((wanted, tier))
        if selected is None:
            held = [one for one in self.messages.values() if self._is_in(one, wanted, tier)]
            selected = sorted(held, key=lambda one: (one.header.ts, one.id))
            self._selected[wanted, tier] = selected
        return selected

    def _is_in(self, message: Message, wanted: Filter, tier: Tier) -> bool:
        return message.header.is_control == (tier == Tier.CONTROL) and wanted.matches(message.header)

    def _page(self, effect: LoadRange) -> Page:
        held = self.select(effect.filter, effect.tier)
        after = [one for one in held if (one.header.ts, one.id) > effect.after]
        page, size = [], 0
        for message in after[: effect.limit]:
            size += len(message.encode())
            if page and size > effect.max_bytes:
                break
            page.append(message)
        return Page(tuple(page), more=len(page) < len(after))

    def _links(self, effect: LoadLinks) -> list[Message]:
        found: list[Message] = []
        at = self.messages.get(effect.tip)
        while at is not None and at.header.seq > effect.down and len(found) < effect.limit:
            found.append(at)
            at = self.messages.get(at.header.prev) if at.header.prev is not None else None
        return found

    def _ends(self, effect: LoadEnds) -> list[End]:
        found: list[End] = []
        for author in effect.authors:
            for device in self.identities.chains_of(author):
                held = [*self.messages.values(), *self.aside.values()]
                links = [one for one in held if _is_of(one, author, device)]
                for cut in self.identities.cuts_of(author, device):
                    reach = Reach(cut)
                    for one in links:
                        reach.add(one.id, one.header)
                    for seq, wanted, bound in reach.ends:
                        if any(bound < one.header.seq < seq for one in self.aside.values() if one in links):
                            found.append(End(wanted, bound))
        return found[: effect.limit]

    def _chains(self, effect: LoadChains) -> Chains:
        heads: list[tuple[DeviceKey, int, MessageId]] = []
        missing: list[MessageId] = []
        for place, (author, device) in enumerate(effect.devices):
            since = effect.since[place] if effect.since else 0
            whole = [one for one in self.messages.values() if _is_of(one, author, device)]
            chain = [one for one in whole if one.header.is_control or one.header.ts >= since]
            if chain:
                last = max(chain, key=lambda one: (one.header.seq, one.id))
                heads.append((device, last.header.seq, last.id))
            kept = [one for one in chain if one.header.ts >= since]
            first = min([one.header.seq for one in kept], default=0) if since else 0
            named = [
                one.header.prev for one in kept if one.header.prev is not None and one.header.seq > first
            ]
            missing += [one for one in named if one not in self.messages and one not in self.aside]
        return Chains(tuple(heads), tuple(missing[: effect.limit]))

    def _bodiless(self, effect: LoadBodiless) -> list[MessageId]:
        held = [one for one in self.messages.values() if not self._is_known(one.id)]
        return [one.id for one in held if effect.filter.matches(one.header)][: effect.limit]


def _is_of(message: Message, author: AuthorKey, device: DeviceKey) -> bool:
    header = message.header
    return (header.author, header.device) == (author, device) and header.kind != Kind.IDENTITY
