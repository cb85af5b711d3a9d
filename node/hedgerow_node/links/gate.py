"""Who may stay at the peers' door: how many connections there are, from where, and how often they come.

A connection is a stranger's until its handshake is over, and unproven until it is known to belong to somebody whom
this node carries. Only unproven ones count against the networks they come from, so a school behind one address is
not shut out once its pupils are members. When too many strangers stand there, the one that has stood longest among
those of the most crowded network goes: that is seldom the honest one.

Connections from this computer itself are of no network unless `counts_loopback` says so (a proxy may stand there);
all other limits hold for them too.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from hedgerow_node import config
from hedgerow_protocol.quota import Bucket

Network: TypeAlias = IPv4Network | IPv6Network
MINUTE = 60.0


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
    connects_a_minute: int = config.CONNECTS_A_MINUTE
    counts_loopback: bool = False
    """Whether addresses of this computer are treated as anybody's: so that tests can come from many."""


class Refusal(StrEnum):
    """Why a connection may not stay."""

    TOO_OFTEN = "too many connections a minute from there"
    TOO_MANY = "too many connections from there"
    NO_ROOM = "no room for another connection"


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

    def __init__(self, gate: "Gate", origin: Origin, cut: Callable[[], None]) -> None:
        self._gate = gate
        self.origin = origin
        self.cut = cut
        """Ends the connection at once."""
        self.is_stranger = True
        self.is_proven = False

    def authenticate(self) -> None:
        """The handshake is over."""
        self.is_stranger = False

    def prove(self, is_proven: bool) -> None:
        """Whether the connection belongs to somebody whom this node carries; may change at any time."""
        if is_proven != self.is_proven and self._gate.holds(self):
            self.is_proven = is_proven
            self._gate.count(self, -1 if is_proven else 1)

    def move(self, now: float, origin: Origin) -> Refusal | None:
        """The connection comes from elsewhere, as the proxy in front says; why it may not stay."""
        return self._gate.move(self, now, origin)

    def leave(self) -> None:
        """The connection is gone; may be said more than once."""
        self._gate.leave(self)


class Gate:
    """The places at the door; pure, times in seconds of any clock that does not jump."""

    def __init__(self, limits: DoorLimits) -> None:
        self._limits = limits
        self._tickets: dict[Ticket, None] = {}
        self._crowds: Counter[Network] = Counter()
        self._rates: OrderedDict[Network, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tickets)

    def enter(self, now: float, origin: Origin, cut: Callable[[], None]) -> Ticket | Refusal:
        """A place for a connection from there, for which another one may be cut; or why there is none."""
        refusal = self._refusal(now, origin) or self._make_room()
        if refusal is not None:
            return refusal
        ticket = Ticket(self, origin, cut)
        self._tickets[ticket] = None
        self.count(ticket, 1)
        return ticket

    def move(self, ticket: Ticket, now: float, origin: Origin) -> Refusal | None:
        """See `Ticket.move`."""
        refusal = self._refusal(now, origin)
        self.count(ticket, -1)
        ticket.origin = origin
        self.count(ticket, 1)
        return refusal

    def leave(self, ticket: Ticket) -> None:
        """See `Ticket.leave`."""
        if ticket in self._tickets:
            del self._tickets[ticket]
            if not ticket.is_proven:
                self.count(ticket, -1)

    def holds(self, ticket: Ticket) -> bool:
        """Whether this connection still has its place."""
        return ticket in self._tickets

    def count(self, ticket: Ticket, change: int) -> None:
        """Let an unproven connection count, or no longer, against the networks that it comes from."""
        for network in ticket.origin.networks:
            self._crowds[network] += change
            if not self._crowds[network]:
                del self._crowds[network]

    def _refusal(self, now: float, origin: Origin) -> Refusal | None:
        if origin.is_proxy or (origin.is_loopback and not self._limits.counts_loopback):
            return None
        if not self._rate_of(origin.networks[0]).take(now):
            return Refusal.TOO_OFTEN
        if any(self._crowds[network] >= self._most(network) for network in origin.networks):
            return Refusal.TOO_MANY
        return None

    def _rate_of(self, network: Network) -> Bucket:
        most = self._limits.connects_a_minute
        bucket = self._rates.setdefault(network, Bucket(most / MINUTE, most))
        self._rates.move_to_end(network)
        if len(self._rates) > config.MAX_REMEMBERED_ADDRESSES:
            self._rates.popitem(last=False)
        return bucket

    def _most(self, network: Network) -> int:
        limits = self._limits
        of_ipv4 = {32: limits.of_ipv4, 24: limits.of_ipv4_24, 16: limits.of_ipv4_16}
        of_ipv6 = {64: limits.of_ipv6_64, 48: limits.of_ipv6_48}
        return (of_ipv4 if network.version == 4 else of_ipv6)[network.prefixlen]

    def _make_room(self) -> Refusal | None:
        strangers = [ticket for ticket in self._tickets if ticket.is_stranger]
        if len(strangers) >= self._limits.strangers:
            self._drop_one(strangers)
        elif len(self._tickets) >= self._limits.links:
            unproven = [ticket for ticket in self._tickets if not ticket.is_proven]
            if not unproven:
                return Refusal.NO_ROOM
            self._drop_one(unproven)
        return None

    def _drop_one(self, tickets: list[Ticket]) -> None:
        crowds = Counter(ticket.origin.networks[-1] for ticket in tickets)
        most = max(crowds.values())
        oldest = next(ticket for ticket in tickets if crowds[ticket.origin.networks[-1]] == most)
        self.leave(oldest)
        oldest.cut()
