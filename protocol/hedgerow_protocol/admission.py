"""Admission: what comes in over links is checked in batches, authorised, stored, and told to the other links.

The order is: known already?, size, form, schema, signature (the driver, off its loop, with `checking`), then carried
here?, due?, authorised?, within its author's rate? (this machine), then stored. The batches of one link are judged in
the order in which they came, so that an author's log stands before what it authorises.

A message is accepted, rejected or ignored. It is rejected for what its bytes are, which is held against whoever brought
it; it is ignored for what is so here and now (`Ignored`), which is held against nobody.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from hedgerow_protocol import limits
from hedgerow_protocol.effects import Delivered, LinkId, Note, Put, Quarantine, Verified, Verify
from hedgerow_protocol.errors import Reason
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message, MessageId, checked_message
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.pacing import Pacing, Rated
from hedgerow_protocol.quota import USUAL, Allowances, Bucket, Pace


def judged(messages: Sequence[bytes], verdicts: Sequence[Reason | None], known: int) -> Verified:
    """The answer to a `Verify` of which `known` were held, and `check_batch` said this of the others."""
    held = [checked_message(data) for data, bad in zip(messages, verdicts, strict=True) if bad is None]
    return Verified(tuple(held), known, tuple([bad for bad in verdicts if bad is not None]))


@dataclass(frozen=True, slots=True)
class Carried:
    """Whose messages a node keeps. `private` authors are asked for and never named or served to others."""

    authors: frozenset[AuthorKey] = frozenset()
    private: frozenset[AuthorKey] = frozenset()
    held: frozenset[AuthorKey] = frozenset()
    """Others of whom bodies are held, and private ones: their retractions are honoured, whoever is carried."""
    concealed: frozenset[AuthorKey] = frozenset()
    """Of whom something is held only because they are followed privately, or were."""
    since: Mapping[AuthorKey, int] = field(default_factory=dict)
    """Of whom content is kept only from a time on, in Unix seconds: what is older was let go and is not taken again."""
    denied: frozenset[AuthorKey] = frozenset()
    """Of whom nothing at all is taken, served or asked for, whoever else names them; never among `authors` or
    `private`."""
    everyone: bool = False
    """Whether others than the authors named are taken and shown, too: all but those followed privately, or denied."""

    def shows(self, author: AuthorKey) -> bool:
        """Whether everyone who asks gets what is held of this author."""
        if author in self.authors:
            return True
        hidden = self.private, self.concealed, self.denied
        return self.everyone and not any(author in some for some in hidden)

    def is_near(self, author: AuthorKey) -> bool:
        """Whether this author is in the scope of this node: carried, for everyone to see or not."""
        return author in self.authors or author in self.private

    def takes(self, message: Message) -> bool:
        """Whether this message is kept when it comes."""
        header = message.header
        if header.author in self.denied:
            return False
        if self.keeps(header.author):
            return header.is_control or header.ts >= self.since.get(header.author, 0)
        return header.is_control and header.author in self.held

    def keeps(self, author: AuthorKey) -> bool:
        """Whether what this author says is kept when it comes."""
        if author in self.denied:
            return False
        return author in self.authors or author in self.private or self.everyone

    def sets_apart(self, message: Message) -> bool:
        """Whether this message is an outsider's, that may wait apart until he is carried."""
        author = message.header.author
        return not self.keeps(author) and author not in self.denied and not self.takes(message)

    def serves(self, message: Message, *, asks_private: bool = False) -> bool:
        """Whether this message is given to others; `asks_private` on a link that may know of private follows."""
        author = message.header.author
        if author in self.denied:
            return False
        if self.shows(author) or (asks_private and author in self.private):
            return True
        return (
            message.header.is_control
            and author in self.held
            and (asks_private or author not in self.concealed)
        )

    def hides(self, message: Message) -> bool:
        """Whether this message is here because its author is followed privately, or was."""
        author = message.header.author
        return author not in self.authors and (author in self.private or author in self.concealed)

    @property
    def hides_some(self) -> bool:
        """Whether anything may be here of which others must not know."""
        return bool(self.private or self.concealed)

    def named(self, *, asks_private: bool) -> frozenset[AuthorKey]:
        """Whom a link is asked about by name."""
        return self.authors | self.private if asks_private else self.authors

    def formerly(self, *, asks_private: bool) -> frozenset[AuthorKey]:
        """Of whom a link is asked for the control set alone.

        Who was known to be carried before is still among them when he is followed privately: that he is not any more
        would tell.
        """
        return self.held - self.authors - self.denied - (self.private if asks_private else self.concealed)


class Ignored(StrEnum):
    """Why a message that holds is not taken in now: a closed list."""

    NOT_CARRIED = "refused: not carried here"
    EARLY = "its time has not come"
    UNAUTHORISED = "the log does not authorise it"
    TOO_FAST = "its author is ahead of the rate"
    TOO_MUCH = "too much from outside the scope"


BLAMELESS = frozenset({Reason.UNSUPPORTED_VERSION, Reason.WRONG_NET})
"""Reasons that say nothing against whoever brought the message: it is from a newer or another network."""

NO_LINK = LinkId(0)
"""The number of no link: what came out of quarantine has it as its source."""

StillHolds: TypeAlias = Callable[[float], bool]
"""Whether the ground of a refusal holds at a time."""
OnStored: TypeAlias = Callable[[float, LinkId, list[Message]], None]
OnUnauthorised: TypeAlias = Callable[[float, LinkId, AuthorKey], None]
OnKnown: TypeAlias = Callable[[float], None]
OnRoom: TypeAlias = Callable[[float], None]
OnBad: TypeAlias = Callable[[float, DeviceKey, int], None]


@dataclass(slots=True)
class _Batch:
    size: int
    is_live: bool
    """Whether it came because it is new, not because it was asked for."""
    on_known: OnKnown | None = None
    verified: Verified | None = None

    def tell_known(self, now: float) -> None:
        """It had been held before: whoever wants to know it is told once."""
        on_known, self.on_known = self.on_known, None
        if on_known is not None:
            on_known(now)


@dataclass(slots=True)
class _Inflow:
    """What one link has brought and is not yet stored."""

    device: DeviceKey
    """Who is at the other end: blamed for what is bad even when the link is gone by then."""
    queue: deque[_Batch] = field(default_factory=deque)
    size: int = 0
    """Bytes that wait to be verified or stored."""
    outside: Bucket = field(default_factory=lambda: Bucket(limits.OUTSIDE_RATE, limits.OUTSIDE_BURST))
    is_gone: bool = False


class Admission:
    """Judges what links bring; pure, one for all links of a peer."""

    def __init__(
        self, outbox: Outbox, identities: Identities, carried: Carried, allowed: Allowances = USUAL
    ) -> None:
        self._outbox = outbox
        self._identities = identities
        self.carried = carried
        self.pacing = Pacing(Pace(allowed))
        self._inflows: dict[LinkId, _Inflow] = {}
        self._waiting = 0
        self._refused: dict[MessageId, StillHolds] = {}
        self.on_stored: OnStored = lambda now, link, messages: None
        self.on_unauthorised: OnUnauthorised = lambda now, link, author: None
        self.on_bad: OnBad = lambda now, device, count: None
        self.on_room: OnRoom = lambda now: None

    def begin(self, link: LinkId, device: DeviceKey) -> None:
        """A link is there, with this device at its other end."""
        self._inflows[link] = _Inflow(device)

    def forget(self, now: float, link: LinkId) -> None:
        """The link is gone; what it brought before is still stored, but does not stand in anybody's way."""
        inflow = self._inflows.pop(link, None)
        if inflow is not None:
            inflow.is_gone = True
            self._release(now, inflow.size)
            self.pacing.forget(link)

    def chains_of(self, authors: Iterable[AuthorKey]) -> tuple[tuple[AuthorKey, DeviceKey], ...]:
        """Every device that the logs of these authors name."""
        return tuple(
            [(author, device) for author in authors for device in self._identities.chains_of(author)]
        )

    def waiting(self, link: LinkId) -> int:
        """Bytes from this link that are not yet stored."""
        inflow = self._inflows.get(link)
        return inflow.size if inflow else 0

    def has_room(self, link: LinkId) -> bool:
        """Whether this link, and all of them together, may bring more."""
        return self.waiting(link) < limits.CREDIT and self._waiting < limits.MAX_WAITING

    def is_refused(self, message: MessageId, now: float) -> bool:
        """Whether fetching this message now would only refuse it again."""
        still_holds = self._refused.get(message)
        return still_holds is not None and still_holds(now)

    def on_carried(self, carried: Carried) -> None:
        """Others are carried from now on: what was refused before is judged anew."""
        self.carried = carried
        self._refused.clear()
        self.pacing.forget_all()

    def take(
        self,
        link: LinkId,
        messages: tuple[bytes, ...],
        on_known: OnKnown | None = None,
        *,
        is_live: bool = False,
    ) -> None:
        """One batch of message bytes from a link that has begun; `on_known` hears that some were held already, or all
        by the time it was stored.

        `is_live` where nobody asked for it.
        """
        if not messages:
            return
        batch = _Batch(sum(map(len, messages)), is_live, on_known)
        inflow = self._inflows[link]
        inflow.queue.append(batch)
        inflow.size += batch.size
        self._waiting += batch.size

        def then(now: float, verified: Verified) -> None:
            batch.verified = verified
            if verified.known:
                batch.tell_known(now)
            self._judge_in_order(now, link, inflow)

        self._outbox.ask(lambda token: Verify(token, messages), Verified, then)

    def _judge_in_order(self, now: float, link: LinkId, inflow: _Inflow) -> None:
        while inflow.queue and (verified := inflow.queue[0].verified) is not None:
            self._judge(now, link, inflow, inflow.queue.popleft(), verified)

    def _judge(self, now: float, link: LinkId, inflow: _Inflow, batch: _Batch, verified: Verified) -> None:
        faults = [reason for reason in verified.bad if reason not in BLAMELESS]
        if faults:
            self.on_bad(now, inflow.device, len(faults))
        self._set_apart(now, link, inflow, batch, verified.messages)
        learned = self._learn(verified.messages)
        accepted = self._accepted(now, link, inflow, batch, verified.messages)
        if learned:
            accepted = tuple({one.id: one for one in (*accepted, *learned)}.values())

        def then(now: float, new: list[Message]) -> None:
            self._leave_out(accepted, new)
            ids = {one.id for one in accepted}
            own = [one for one in new if one.id in ids]
            if not own:
                batch.tell_known(now)
            self._on_put(now, link, inflow, batch, own)
            if back := [one for one in new if one.id not in ids]:
                self._on_returned(now, back)

        if accepted:
            self._outbox.ask(lambda token: Put(token, accepted), list, then)
        else:
            self._on_put(now, link, inflow, batch, [])

    def _set_apart(
        self, now: float, link: LinkId, inflow: _Inflow, batch: _Batch, messages: Iterable[Message]
    ) -> None:
        """What outsiders sent is judged no further; it may wait for their author to be carried."""
        outside = [
            one
            for one in messages
            if self.carried.sets_apart(one)
            and one.header.ts <= now + limits.FUTURE_SECONDS
            and (not batch.is_live or self._bears(now, link, inflow, one))
        ]
        if outside:
            self._outbox.add(Quarantine(link, inflow.device, tuple(outside)))

    def admit(self, now: float, messages: tuple[Message, ...]) -> None:
        """Judge and store what was in quarantine, now that its authors are carried; no link brought it."""
        nobody = _Inflow(DeviceKey(bytes(32)), is_gone=True)
        self._judge(now, NO_LINK, nobody, _Batch(0, is_live=False), Verified(messages, 0, ()))

    def _learn(self, messages: Iterable[Message]) -> list[Message]:
        """Take entries of logs before what they authorise; those, and earlier ones that they let in, that are new."""
        return [
            one
            for message in messages
            if message.header.kind == Kind.IDENTITY and self.carried.takes(message)
            for one in self._identities.learn(message)
        ]

    def _on_put(self, now: float, link: LinkId, inflow: _Inflow, batch: _Batch, new: list[Message]) -> None:
        if new:
            self._outbox.add(Delivered(link, tuple(new)))
        if len(self.pacing):
            for message in new:
                self.pacing.came(message.header, message.id)
        inflow.size -= batch.size
        self.on_stored(now, link, new)
        if not inflow.is_gone:
            self._release(now, batch.size)

    def _on_returned(self, now: float, back: list[Message]) -> None:
        """A log let in what was here and did not count: news for every link, also for the one that brought the log."""
        self._outbox.add(Delivered(NO_LINK, tuple(back)))
        self.on_stored(now, NO_LINK, back)

    def _leave_out(self, accepted: tuple[Message, ...], new: list[Message]) -> None:
        """What the store did not take into the sets is not fetched again before its author's log changes."""
        doubtful = self._identities.by_no_live_device(accepted)
        if not doubtful:
            return
        taken = {one.id for one in new}
        for one in doubtful:
            if one.id not in taken and one.header.kind != Kind.IDENTITY:
                self._refuse(one.id, self._until_log_changes(one.header.author))

    def _until_log_changes(self, author: AuthorKey) -> StillHolds:
        log = self._identities.log(author)
        return lambda now: self._identities.log(author) is log

    def _release(self, now: float, size: int) -> None:
        was_full = self._waiting >= limits.MAX_WAITING
        self._waiting -= size
        if was_full and self._waiting < limits.MAX_WAITING:
            self.on_room(now)

    def _accepted(
        self, now: float, link: LinkId, inflow: _Inflow, batch: _Batch, messages: tuple[Message, ...]
    ) -> tuple[Message, ...]:
        taken = []
        for message in messages:
            why = self._why_not(now, link, message)
            if why is None and batch.is_live:
                why = self._why_late(now, link, inflow, message)
            if why is None:
                taken.append(message)
            else:
                self._outbox.add(Note(link, why.value))
        return tuple(taken)

    def _why_not(self, now: float, link: LinkId, message: Message) -> Ignored | None:
        header = message.header
        if not self.carried.takes(message) and not self._is_link(message):
            self._refuse(message.id, lambda now: True)
            return Ignored.NOT_CARRIED
        if not header.is_control and header.ts > now + limits.FUTURE_SECONDS:
            self._refuse(message.id, lambda now: header.ts > now + limits.FUTURE_SECONDS)
            self._outbox.hit(link, "FUTURE_SECONDS")
            return Ignored.EARLY
        if not self._identities.is_authorised(message):
            if self._identities.may_count(message):
                return None  # the store has the chains that decide
            if header.kind != Kind.IDENTITY:  # an entry is judged with those that are held each time it comes
                self._refuse(message.id, self._until_log_changes(header.author))
            self.on_unauthorised(now, link, header.author)
            return Ignored.UNAUTHORISED
        return None

    def _why_late(self, now: float, link: LinkId, inflow: _Inflow, message: Message) -> Ignored | None:
        """Why a message that came live has to come later; what speaks for an author is bounded by his log."""
        if message.header.kind == Kind.IDENTITY:
            return None
        if not self.carried.is_near(message.header.author):
            return None if self._bears(now, link, inflow, message) else Ignored.TOO_MUCH
        whose = Rated.of(message.header, is_near=True)
        if self.pacing.lets_in(now, whose):
            return None
        self.pacing.delay(now, whose, message.id, link)
        self._outbox.hit(link, "AUTHOR_HOUR")
        return Ignored.TOO_FAST

    def _bears(self, now: float, link: LinkId, inflow: _Inflow, message: Message) -> bool:
        """Whether one more message of somebody outside the scope is borne, of its author and of all on this link."""
        if not inflow.outside.take(now):
            self._outbox.hit(link, "OUTSIDE_RATE")
            return False
        if not self.pacing.lets_in(now, Rated.of(message.header, is_near=False)):
            self._outbox.hit(link, "OUTSIDER_HOUR")
            return False
        return True

    def _is_link(self, message: Message) -> bool:
        """Whether this only shows how far a removed device's chain counts, of somebody whose withdrawals are taken."""
        header, carried = message.header, self.carried
        is_bare = message.body is None and not header.is_control and header.author not in carried.denied
        is_known = header.author in carried.held or header.author in carried.since
        return is_bare and is_known and self._identities.may_count(message)

    def _refuse(self, message: MessageId, still_holds: StillHolds) -> None:
        if message not in self._refused and len(self._refused) >= limits.MAX_REFUSED:
            del self._refused[next(iter(self._refused))]
        self._refused[message] = still_holds
