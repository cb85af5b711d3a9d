"""Who may stay at the peers' door: how many connections there are, from where, and how often they come.

A connection is a stranger's until its handshake is over, and unproven until it is known to belong to somebody whom
this node carries. Only unproven ones count against the networks they come from, so a school behind one address is
not shut out once its pupils are members. When too many strangers stand there, the one that has stood longest among
those of the most crowded network goes: that is seldom the honest one. Who has asked for something is spared while there
are others who have said nothing, and who came just now while others have stood for longer, since an honest handshake
takes no second. An address from which handshakes are broken
again and again is shut out, for minutes at most, since others may have it too.

No address is exempt. Connections from this computer itself are of one network with numbers of its own, unless
`counts_loopback` says that they count as anybody's: it is where one's own programs are, and where everybody comes from
when a proxy stands there that nobody named.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias, TypeVar

from hedgerow_node import config
from hedgerow_protocol.conduct import Tally
from hedgerow_protocol.quota import Bucket

Network: TypeAlias = IPv4Network | IPv6Network
T = TypeVar("T")
MINUTE = 60.0
LOOPBACK: Network = ip_network("127.0.0.0/8")
"""What this computer counts as, whichever of its own addresses is used."""
NAMES = {
    (4, 8): "MAX_OF_LOOPBACK",
    (4, 16): "MAX_OF_IPV4_16",
    (4, 24): "MAX_OF_IPV4_24",
    (4, 32): "MAX_OF_IPV4",
    (6, 48): "MAX_OF_IPV6_48",
    (6, 64): "MAX_OF_IPV6_64",
}
"""The limit of a network, by its version and the length of its prefix."""


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """What the door lets in; every number from `config`, where its reason stands."""

    header_deadline: float = config.HEADER_DEADLINE
    links: int = config.MAX_LINKS_IN
    strangers: int = config.MAX_UNPROVEN
    of_ipv4: int = config.MAX_OF_IPV4
    of_ipv4_24: int = config.MAX_OF_IPV4_24
    of_ipv4_16: int = config.MAX_OF_IPV4_16
    of_ipv6_64: int = config.MAX_OF_IPV6_64
    of_ipv6_48: int = config.MAX_OF_IPV6_48
    of_loopback: int = config.MAX_OF_LOOPBACK
    connects_a_minute: int = config.CONNECTS_A_MINUTE
    connects_of_loopback: int = config.CONNECTS_OF_LOOPBACK
    counts_loopback: bool = False
    """Whether addresses of this computer are treated as anybody's: so that tests can come from many."""


class Refusal(StrEnum):
    """Why a connection may not stay."""

    TOO_OFTEN = "too many connections a minute from there"
    TOO_MANY = "too many connections from there"
    SHUT_OUT = "too many broken handshakes from there"
    NO_ROOM = "no room for another connection"


@dataclass(frozen=True, slots=True)
class Refused:
    """That a connection may not stay, and the name of the limit that it met."""

    why: Refusal
    limit: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection comes from."""

    networks: tuple[Network, ...]
    """Those that its address belongs to, the narrowest first."""
    is_loopback: bool
    is_proxy: bool
    """One of ours: who stands behind it is told later."""

    @classmethod
    def of(cls, address: str, *, is_proxy: bool = False) -> "Origin":
        """Raises `ValueError` for what is no address."""
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        prefixes = (32, 24, 16) if found.version == 4 else (64, 48)
        networks = [ip_network((found, prefix), strict=False) for prefix in prefixes]
        return cls(tuple(networks), found.is_loopback, is_proxy)


class Ticket:
    """The place of one connection."""

    def __init__(self, gate: "Gate", now: float, origin: Origin, cut: Callable[[str], None]) -> None:
        self._gate = gate
        self.came = now
        self.origin = origin
        self.cut = cut
        """Ends the connection at once, for the limit of this name."""
        self.is_silent = True
        self.is_stranger = True
        self.is_proven = False

    def speak(self) -> None:
        """A whole request came over the connection."""
        self.is_silent = False

    def authenticate(self) -> None:
        """The handshake is over."""
        self.is_stranger = False

    def prove(self, is_proven: bool) -> None:
        """Whether the connection belongs to somebody whom this node carries; may change at any time."""
        if is_proven != self.is_proven and self._gate.holds(self):
            self.is_proven = is_proven
            self._gate.count(self, -1 if is_proven else 1)

    def move(self, now: float, origin: Origin) -> Refused | None:
        """The connection comes from elsewhere, as the proxy in front says; why it may not stay."""
        return self._gate.move(self, now, origin)

    def fault(self, now: float) -> None:
        """Its handshake broke the protocol."""
        self._gate.fault(now, self.origin)

    def leave(self) -> None:
        """The connection is gone; may be said more than once."""
        self._gate.leave(self)


@dataclass(slots=True)
class _Faults:
    """Broken handshakes from one address."""

    tally: Tally = field(default_factory=Tally)
    banned_until: float = 0.0
    ban: float = config.ADDRESS_BAN


class Gate:
    """The places at the door; pure, times in seconds of any clock that does not jump."""

    def __init__(self, limits: DoorLimits) -> None:
        self._limits = limits
        self._tickets: dict[Ticket, None] = {}
        self._crowds: Counter[Network] = Counter()
        self._rates: OrderedDict[Network, Bucket] = OrderedDict()
        self._faults: OrderedDict[Network, _Faults] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tickets)

    def enter(self, now: float, origin: Origin, cut: Callable[[str], None]) -> Ticket | Refused:
        """A place for a connection from there, for which another one may be cut; or why there is none."""
        refused = self._refused(now, origin) or self._make_room(now)
        if refused is not None:
            return refused
        ticket = Ticket(self, now, origin, cut)
        self._tickets[ticket] = None
        self.count(ticket, 1)
        return ticket

    def move(self, ticket: Ticket, now: float, origin: Origin) -> Refused | None:
        """See `Ticket.move`."""
        refused = self._refused(now, origin)
        self.count(ticket, -1)
        ticket.origin = origin
        self.count(ticket, 1)
        return refused

    def leave(self, ticket: Ticket) -> None:
        """See `Ticket.leave`."""
        if ticket in self._tickets:
            del self._tickets[ticket]
            if not ticket.is_proven:
                self.count(ticket, -1)

    def fault(self, now: float, origin: Origin) -> None:
        """See `Ticket.fault`."""
        network = self._networks(origin)[0]
        if network == LOOPBACK or origin.is_proxy:
            return  # nobody knows who stood behind it
        faults = _remembered(self._faults, network, _Faults)
        if faults.tally.add(now, 1) >= config.MAX_FAULTS_OF_ADDRESS:
            faults.tally = Tally()
            faults.banned_until = now + faults.ban
            faults.ban = min(2 * faults.ban, config.LAST_ADDRESS_BAN)

    def holds(self, ticket: Ticket) -> bool:
        """Whether this connection still has its place."""
        return ticket in self._tickets

    def count(self, ticket: Ticket, change: int) -> None:
        """Let an unproven connection count, or no longer, against the networks that it comes from."""
        if ticket.origin.is_proxy:
            return
        for network in self._networks(ticket.origin):
            self._crowds[network] += change
            if not self._crowds[network]:
                del self._crowds[network]

    def _networks(self, origin: Origin) -> tuple[Network, ...]:
        is_own = origin.is_loopback and not self._limits.counts_loopback
        return (LOOPBACK,) if is_own else origin.networks

    def _refused(self, now: float, origin: Origin) -> Refused | None:
        if origin.is_proxy:
            return None
        networks = self._networks(origin)
        faults = self._faults.get(networks[0])
        if faults is not None and faults.banned_until > now:
            return Refused(Refusal.SHUT_OUT, "MAX_FAULTS_OF_ADDRESS")
        for network in networks:
            if self._crowds[network] >= self._most(network):
                return Refused(Refusal.TOO_MANY, NAMES[network.version, network.prefixlen])
        # Last, so that who is turned away for another reason may come again soon.
        if not self._rate_of(networks[0]).take(now):
            is_own = networks[0] == LOOPBACK
            return Refused(Refusal.TOO_OFTEN, "CONNECTS_OF_LOOPBACK" if is_own else "CONNECTS_A_MINUTE")
        return None

    def _rate_of(self, network: Network) -> Bucket:
        limits = self._limits
        most = limits.connects_of_loopback if network == LOOPBACK else limits.connects_a_minute
        return _remembered(self._rates, network, lambda: Bucket(most / MINUTE, most))

    def _most(self, network: Network) -> int:
        limits = self._limits
        of_ipv4 = {8: limits.of_loopback, 16: limits.of_ipv4_16, 24: limits.of_ipv4_24, 32: limits.of_ipv4}
        of_ipv6 = {64: limits.of_ipv6_64, 48: limits.of_ipv6_48}
        return (of_ipv4 if network.version == 4 else of_ipv6)[network.prefixlen]

    def _make_room(self, now: float) -> Refused | None:
        strangers = [ticket for ticket in self._tickets if ticket.is_stranger]
        if len(strangers) >= self._limits.strangers:
            self._drop_one(_spared_least(now, strangers), "MAX_UNPROVEN")
        elif len(self._tickets) >= self._limits.links:
            unproven = [ticket for ticket in self._tickets if not ticket.is_proven]
            if not unproven:
                return Refused(Refusal.NO_ROOM, "MAX_LINKS_IN")
            self._drop_one(unproven, "MAX_LINKS_IN")
        return None

    def _drop_one(self, tickets: list[Ticket], limit: str) -> None:
        crowds = Counter(ticket.origin.networks[-1] for ticket in tickets)
        most = max(crowds.values())
        oldest = next(ticket for ticket in tickets if crowds[ticket.origin.networks[-1]] == most)
        self.leave(oldest)
        oldest.cut(limit)


def _spared_least(now: float, strangers: list[Ticket]) -> list[Ticket]:
    """Those of whom one goes first: who has said nothing, and has stood for longer than anybody honest."""
    silent = [ticket for ticket in strangers if ticket.is_silent]
    patient = [ticket for ticket in silent or strangers if ticket.came <= now - config.STRANGER_GRACE]
    return patient or silent or strangers


def _remembered(known: OrderedDict[Network, T], network: Network, make: Callable[[], T]) -> T:
    """What is known of a network, from now on if it was not; the one not seen for longest is forgotten."""
    found = known.get(network)
    if found is None:
        found = known[network] = make()
    known.move_to_end(network)
    if len(known) > config.MAX_REMEMBERED_ADDRESSES:
        known.popitem(last=False)
    return found
