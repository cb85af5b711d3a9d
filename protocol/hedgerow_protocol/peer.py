"""A peer: every machine of a node's network side put together. Event and time in, list of effects out.

A connection becomes a link in three Noise messages (`handshake`); then each frame goes to the link's `LinkSync`.
What any link brings is judged once (`admission`), stored, and told to the other links. A link that breaks the
protocol is told why and closed; a device that keeps sending bad messages is kept away for a while.

The driver answers every `Load`, `Put` and `Verify` once, in any order, and calls `on_wake` at the last `WakeAt`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Admission, Carried
from hedgerow_protocol.conduct import Behaviour, Conduct
from hedgerow_protocol.discovery import next_links
from hedgerow_protocol.effects import Close, Effect, LinkId, Note, Send, Token, Verified, WakeAt
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.frame import Err, Frame, LinkFault, Messages, Mode, decode_frame, encode_frame
from hedgerow_protocol.handshake import Established, Handshake, Hello, OwnEnd, Role, Subprotocols
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.message import Message
from hedgerow_protocol.news import News
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.quota import USUAL, Allowances, Pool
from hedgerow_protocol.sync import LinkSync
from hedgerow_protocol.turns import Turn, Turns

HANDSHAKE_LATE = "handshake took too long"
FAULTS = {
    Behaviour.BAD_MESSAGE: LinkFault.BAD_SIGNATURES,
    Behaviour.BREACH: LinkFault.PROTOCOL,
    Behaviour.UNKEPT: LinkFault.OVERLOADED,
    Behaviour.MISS: LinkFault.OVERLOADED,
    Behaviour.REPEAT: LinkFault.OVERLOADED,
}
"""What a device is told that is kept away."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How a connection came about."""

    own: OwnEnd
    is_initiator: bool
    ephemeral: bytes = field(repr=False)
    """32 fresh bytes of entropy: the private half of a key that is used once."""
    expected: DeviceKey | None = None
    """The device that must answer; None for any. Only on the side that dialled."""
    asks_private: bool = False
    """Whether the owner lets this peer know whom it follows privately."""
    asks_everyone: bool = False
    """Whether this peer is asked for everything that it shows to everyone; only on the side that dialled, and only of
    use where everyone is carried."""
    takes_turns: bool = False
    """Whether of this link and others like it only one brings new messages whole; only on the side that dialled."""
    subprotocols: Subprotocols = field(default_factory=Subprotocols)


@dataclass(frozen=True, slots=True)
class LinkState:
    """What the owner may see of a link."""

    link: LinkId
    peer: Hello | None
    """None until the link is authenticated."""
    is_initiator: bool
    is_settled: bool
    is_scoped: bool
    """Whether the other side has said of all whom we want now whether it carries them."""
    refused: tuple[AuthorKey, ...]
    """Authors that we want and the other side does not carry."""


@dataclass(slots=True)
class _Open:
    """What there is of a link once it is authenticated."""

    established: Established
    sync: LinkSync


@dataclass(slots=True)
class _Link:
    is_initiator: bool
    asks_private: bool
    asks_everyone: bool
    takes_turns: bool
    connected: float
    handshake: Handshake | None
    """None once it is over: its keys are needed no more."""
    was_heard: bool = False
    open: _Open | None = None

    @property
    def patience(self) -> float:
        """Until when the link must be authenticated."""
        return self.connected + (limits.HANDSHAKE_TIMEOUT if self.was_heard else limits.HELLO_TIMEOUT)


class Peer:
    """The network side of one node; pure."""

    def __init__(
        self, random: Random, identities: Identities, carried: Carried, allowed: Allowances = USUAL
    ) -> None:
        """`allowed`: what authors may say live."""
        self._random = random
        self._outbox = Outbox()
        self._links: dict[LinkId, _Link] = {}
        self._conduct = Conduct()
        self._fallen: dict[DeviceKey, Behaviour] = {}
        self._touched: dict[LinkId, None] = {}
        self._news = News(allowed)
        self._wake_at = float("inf")
        self._pool = Pool(limits.MAX_COMPARED_ITEMS)
        self.turns = Turns(self._on_turn)
        """Which of the links that take turns bring new messages whole; to be looked at."""
        self._admission = Admission(self._outbox, identities, carried, allowed)
        self._admission.on_stored = self._on_admitted
        self._admission.on_unauthorised = self._on_unauthorised
        self._admission.on_bad = self._on_bad
        self._admission.on_room = self._on_room

    # --- Connections -------------------------------------------------------------------------------------

    def on_connected(self, now: float, link: LinkId, connection: Connection) -> list[Effect]:
        """A connection is open, in either direction; the side that dialled speaks first."""
        try:
            handshake = self._handshake(link, connection)
        except RemoteProtocolError as error:
            # What the other side offered in the upgrade stands in the prologue.
            self._outbox.add(Close(link, error.reason.value))
        else:
            self._links[link] = _Link(
                connection.is_initiator,
                connection.asks_private,
                connection.asks_everyone,
                connection.takes_turns,
                now,
                handshake,
            )
        return self._effects(now, link)

    def _handshake(self, link: LinkId, connection: Connection) -> Handshake:
        own, subprotocols, ephemeral = connection.own, connection.subprotocols, connection.ephemeral
        if not connection.is_initiator:
            return Handshake.respond(own, subprotocols, ephemeral)
        handshake, first = Handshake.initiate(own, subprotocols, ephemeral, connection.expected)
        self._outbox.add(Send(link, first))
        return handshake

    def on_data(self, now: float, link: LinkId, data: bytes) -> list[Effect]:
        """One binary message came over a connection."""
        entry = self._links.get(link)
        if entry is None:
            return []
        entry.was_heard = True
        try:
            self._take(now, link, entry, data)
        except RemoteProtocolError as error:
            self._on_breach(now, link, entry, error)
        return self._effects(now, link)

    def _on_breach(self, now: float, link: LinkId, entry: _Link, error: RemoteProtocolError) -> None:
        if error.limit:
            self._outbox.hit(link, error.limit)
        # What does not decrypt may come from somebody on the way.
        if entry.open is not None and not entry.open.established.channel.is_dead:
            self._blame(now, entry.open.established.peer.device, Behaviour.BREACH, 1)
        self._end(now, link, LinkFault.PROTOCOL, error.reason.value)

    def on_closed(self, now: float, link: LinkId) -> list[Effect]:
        """A connection is gone; what it brought before is still stored."""
        self._forget(now, link)
        return self._effects(now)

    def _forget(self, now: float, link: LinkId) -> None:
        entry = self._links.pop(link, None)
        if entry is not None:
            self._outbox.forget(link)
            self._admission.forget(now, link)
        if entry is not None and entry.open is not None:
            entry.open.sync.end()
            self.turns.end(now, link)

    def _take(self, now: float, link: LinkId, entry: _Link, data: bytes) -> None:
        if entry.open is None:
            self._shake_hands(now, link, entry, data)
            return
        packed = entry.open.established.channel.open(data)
        frame = decode_frame(packed) if packed is not None else None
        why = entry.open.sync.on_frame(now, frame) if frame is not None else None
        if why is not None:
            self._close(now, link, why)

    def _shake_hands(self, now: float, link: LinkId, entry: _Link, data: bytes) -> None:
        assert entry.handshake is not None
        step = entry.handshake.on_message(data, now)
        if step.reply is not None:
            self._outbox.add(Send(link, step.reply))
        if step.established is not None:
            self._establish(now, link, entry, step.established)

    def _establish(self, now: float, link: LinkId, entry: _Link, established: Established) -> None:
        device = established.peer.device
        if self._conduct.is_banned(now, device):
            self._outbox.hit(link, "BAN_SECONDS")
            self._close(now, link, "banned")
            return
        self._admission.begin(link, device)
        sync = LinkSync(
            link,
            lambda frame: self._send(link, established, frame),
            self._outbox,
            self._admission,
            self._pool,
            self._random,
            is_initiator=established.is_initiator,
            asks_private=entry.asks_private,
            asks_everyone=entry.asks_everyone,
            turn=Turn(self.turns, link) if entry.takes_turns else None,
            blame=lambda now, behaviour, times: self._blame(now, device, behaviour, times),
        )
        entry.handshake, entry.open = None, _Open(established, sync)
        self._outbox.add(Note(link, "established"))
        sync.start(now)

    def _send(self, link: LinkId, established: Established, frame: Frame) -> None:
        if isinstance(frame, Messages) and not frame.req:
            # A push is the same frame on every link; it is kept by whoever made it once until they are drained.
            packed = self._outbox.once(id(frame), lambda: encode_frame(frame))
        else:
            packed = encode_frame(frame)
        self._outbox.send(link, established.channel.seal(packed))

    def _end(self, now: float, link: LinkId, fault: LinkFault, why: str) -> None:
        entry = self._links[link]
        if entry.open is not None and not entry.open.established.channel.is_dead:
            self._send(link, entry.open.established, Err(0, fault, why, 0))
        self._close(now, link, why)

    def go_away(self, now: float, why: str) -> list[Effect]:
        """This node stops: every link is told so and ends, and is no failure of it; `why` is a constant."""
        for link, _ in list(self._open_links()):
            self._end(now, link, LinkFault.GOING_AWAY, why)
        return self._effects(now)

    def _close(self, now: float, link: LinkId, why: str) -> None:
        self._outbox.add(Close(link, why))
        self._forget(now, link)

    # --- Answers of the driver ---------------------------------------------------------------------------

    def on_loaded(self, now: float, token: Token, answer: object) -> list[Effect]:
        """The answer to a `Load` effect, of the type that it names."""
        return self._on_answer(now, token, answer)

    def on_stored(self, now: float, token: Token, new: list[Message], *, more: bool = False) -> list[Effect]:
        """The answer to `Put`: what is new here, now durable, as it is held.

        With `more` another such answer follows at once, and the links are told of all that is new together.
        """
        return self._on_answer(now, token, new, more=more)

    def on_verified(self, now: float, token: Token, verified: Verified) -> list[Effect]:
        """The answer to `Verify`."""
        return self._on_answer(now, token, verified)

    def _on_answer(self, now: float, token: Token, answer: object, *, more: bool = False) -> list[Effect]:
        link = self._outbox.link_of(token)
        try:
            self._outbox.answer(now, token, answer)
        except RemoteProtocolError as error:
            # A message of the reconciliation can only be judged once our set is loaded.
            assert link is not None
            self._on_breach(now, link, self._links[link], error)
        if not more:
            self._tell_news(now)
        return self._effects(now, link)

    # --- What changes on our side ------------------------------------------------------------------------

    def _open_links(self) -> Iterator[tuple[LinkId, LinkSync]]:
        return ((link, entry.open.sync) for link, entry in self._links.items() if entry.open is not None)

    def _sync_of(self, link: LinkId) -> LinkSync | None:
        entry = self._links.get(link)
        return entry.open.sync if entry is not None and entry.open is not None else None

    def on_published(self, now: float, messages: list[Message]) -> list[Effect]:
        """We published these; they are stored."""
        self._news.add(None, messages)
        self._tell_news(now)
        return self._effects(now)

    def on_carried(self, now: float, carried: Carried) -> list[Effect]:
        """Others are carried from now on."""
        if carried != self._admission.carried:
            self._admission.on_carried(carried)
            for link, sync in self._open_links():
                self._touched[link] = None
                sync.on_carried(now)
        return self._effects(now)

    def on_released(self, now: float, messages: Sequence[Message]) -> list[Effect]:
        """These were in quarantine, and their authors are carried now: they are judged as if they came."""
        self._admission.admit(now, tuple(messages))
        return self._effects(now)

    def set_backlog(self, link: LinkId, is_long: bool) -> None:
        """Whether much waits to be sent on a link: what is new is then announced on it and not pushed."""
        sync = self._sync_of(link)
        if sync is not None:
            sync.set_backlog(is_long)

    def accept(
        self, now: float, link: LinkId, invite: bytes, acceptance: bytes
    ) -> tuple[int | None, list[Effect]]:
        """Bring an acceptance to the peer; `AcceptanceAnswered` will carry the number. None: the link is gone."""
        sync = self._sync_of(link)
        request = sync.accept(now, invite, acceptance) if sync is not None else None
        return request, self._effects(now, link)

    def accepted(self, now: float, link: LinkId, request: int, verdict: int) -> list[Effect]:
        """The answer to `Accepting`."""
        sync = self._sync_of(link)
        if sync is not None:
            sync.accepted(request, verdict)
        return self._effects(now, link)

    def report(
        self, now: float, link: LinkId, thing: str, label: str, reason: str
    ) -> tuple[int | None, list[Effect]]:
        """Tell the peer of a thing; `ReportAnswered` will carry the number. None: the link is gone."""
        sync = self._sync_of(link)
        request = sync.report(thing, label, reason) if sync is not None else None
        return request, self._effects(now, link)

    def reported(self, now: float, link: LinkId, request: int, verdict: int) -> list[Effect]:
        """The answer to `Reporting`."""
        sync = self._sync_of(link)
        if sync is not None:
            sync.reported(request, verdict)
        return self._effects(now, link)

    def ask_addresses(self, now: float, link: LinkId) -> list[Effect]:
        """Ask this peer for nodes."""
        sync = self._sync_of(link)
        if sync is not None:
            sync.addresses.ask()
        return self._effects(now, link)

    def give_addresses(
        self, now: float, link: LinkId, records: Sequence[bytes], req: int = 0
    ) -> list[Effect]:
        """Give this peer records: unasked, or as the answer to `AddressesAsked`."""
        sync = self._sync_of(link)
        if sync is not None:
            sync.addresses.tell(now, records, req)
        return self._effects(now, link)

    def spread_addresses(
        self, now: float, source: LinkId, records: Sequence[bytes], bad: int = 0
    ) -> list[Effect]:
        """The answer to `AddressesTold`: what goes on of it, and how many were provably bad."""
        others = [link for link in self._core_links() if link != source]
        for link, chosen in next_links(others, records, self._random).items():
            if (sync := self._sync_of(link)) is not None:
                sync.addresses.tell(now, chosen)
        entry = self._links.get(source)
        if bad and entry is not None and entry.open is not None:
            self._on_bad(now, entry.open.established.peer.device, bad)
        return self._effects(now, source)

    def _core_links(self) -> list[LinkId]:
        """Links to nodes that pass on what they hear."""
        opened = ((link, entry.open) for link, entry in self._links.items())
        return [
            link for link, found in opened if found is not None and found.established.peer.role == Role.CORE
        ]

    def resync(self, now: float) -> list[Effect]:
        """Compare every set on every link that we dialled, now."""
        for _, sync in self._open_links():
            sync.resync(now)
        return self.on_wake(now)

    def on_wake(self, now: float) -> list[Effect]:
        """The time of the last `WakeAt` has come, or passed."""
        for link, entry in list(self._links.items()):
            why = self._overdue(now, link, entry)
            if why is not None:
                self._close(now, link, why)
        for link, message in self._admission.pacing.take_due(now):
            sync = self._sync_of(link)
            if sync is not None:
                sync.fetch(now, message)
        self._end_fallen(now)
        deadlines = [self._deadline(entry) for entry in self._links.values()]
        self._wake_at = min([*deadlines, self._admission.pacing.deadline])
        if self._wake_at < float("inf"):
            self._outbox.add(WakeAt(max(self._wake_at, now + limits.MIN_WAKE)))
        self._touched.clear()
        return self._outbox.drain()

    def links(self) -> list[LinkState]:
        """Every link, in the order in which it was opened."""
        return [_state(link, entry) for link, entry in self._links.items()]

    def link(self, link: LinkId) -> LinkState | None:
        """One link, unless it is gone."""
        entry = self._links.get(link)
        return _state(link, entry) if entry is not None else None

    def _overdue(self, now: float, link: LinkId, entry: _Link) -> str | None:
        if entry.open is None:
            if now < entry.patience:
                return None
            self._outbox.hit(link, "HANDSHAKE_TIMEOUT" if entry.was_heard else "HELLO_TIMEOUT")
            return HANDSHAKE_LATE
        if now >= entry.connected + limits.MAX_LINK_AGE:
            return "old: dial again"
        return entry.open.sync.on_wake(now)

    def _deadline(self, entry: _Link) -> float:
        if entry.open is None:
            return entry.patience
        return min(entry.open.sync.deadline, entry.connected + limits.MAX_LINK_AGE)

    def _effects(self, now: float, touched: LinkId | None = None) -> list[Effect]:
        self._end_fallen(now)
        if touched is not None:
            self._touched[touched] = None
        due = [self._deadline(self._links[link]) for link in self._touched if link in self._links]
        due.append(self._admission.pacing.deadline)
        self._touched.clear()
        if min(due) < self._wake_at:
            self._wake_at = min(due)
            self._outbox.add(WakeAt(max(self._wake_at, now)))
        return self._outbox.drain()

    # --- What admission tells ----------------------------------------------------------------------------

    def _on_admitted(self, now: float, source: LinkId, new: list[Message]) -> None:
        sync = self._sync_of(source)
        if sync is not None:
            self._touched[source] = None
            sync.on_stored(now, is_new=bool(new))
        if new:
            self._news.add(source, new)
            self.turns.timely(source)

    def _tell_news(self, now: float) -> None:
        opened = list(self._open_links()) if len(self._news) else []
        for telling in self._news.take(now, [link for link, _ in opened]):
            relayed = telling.relayed() if len(self.turns) else frozenset()
            for link, sync in opened:
                live, late = telling.for_link(link)
                if (live or late) and sync.on_new(now, live, relayed, late):
                    self._touched[link] = None

    def _on_turn(self, now: float, link: LinkId, mode: Mode) -> None:
        sync = self._sync_of(link)
        if sync is not None:
            self._touched[link] = None
            sync.set_mode(mode)

    def _on_room(self, now: float) -> None:
        for link, sync in self._open_links():
            self._touched[link] = None
            sync.on_room(now)

    def _on_unauthorised(self, now: float, link: LinkId, author: AuthorKey) -> None:
        sync = self._sync_of(link)
        if sync is not None:
            self._touched[link] = None
            sync.on_unauthorised(now, author)

    # --- What no honest device does ----------------------------------------------------------------------

    def _on_bad(self, now: float, device: DeviceKey, count: int) -> None:
        self._blame(now, device, Behaviour.BAD_MESSAGE, count)

    def _blame(self, now: float, device: DeviceKey, behaviour: Behaviour, times: int) -> None:
        if self._conduct.count(now, device, behaviour, times):
            self._fallen[device] = behaviour

    def _end_fallen(self, now: float) -> None:
        """End the links of devices that fell below a floor; not before what they did has been taken to its end."""
        while self._fallen:
            device, behaviour = self._fallen.popitem()
            for link, entry in list(self._links.items()):
                if entry.open is not None and entry.open.established.peer.device == device:
                    self._outbox.hit(link, behaviour.limit)
                    self._end(now, link, FAULTS[behaviour], behaviour.value)


def _state(link: LinkId, entry: _Link) -> LinkState:
    if entry.open is None:
        return LinkState(link, None, entry.is_initiator, is_settled=False, is_scoped=False, refused=())
    established, sync = entry.open.established, entry.open.sync
    refused = tuple(sync.refused())
    return LinkState(link, established.peer, entry.is_initiator, sync.is_settled, sync.is_scoped, refused)
