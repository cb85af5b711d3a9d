"""Where a node may dial because others told it to: nowhere that is not public, and nobody again and again (DI-10).

Anybody can write anybody's address into a record, under any number of names, ports and keys. So what counts is the IP
address that a dial leads to in the end, and every try counts as one in vain until a node has answered there.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from random import Random
from socket import socket
from typing import TypeAlias
from urllib.parse import urlsplit

from hedgerow_node.config import (
    LAST_TOLD_PAUSE,
    MAX_REMEMBERED_TARGETS,
    TOLD_FREE,
    TOLD_FREE_OF_NETWORK,
    TOLD_JITTER,
    TOLD_PAUSE,
    TOLD_PORTS,
)
from hedgerow_node.store.places import IP, unmapped
from hedgerow_protocol.address_record import is_place

AddressInfo: TypeAlias = "tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]"
FIRST_FREE_PORT = 1_024
LAST_PORT = 2**16 - 1
USUAL_PORTS = {"ws": 80, "wss": 443}
NOT_PUBLIC = "no public address"
LET_ALONE = "nobody answered there, so it is let alone for a while"


@dataclass(slots=True)
class _Target:
    """An address or a network, and how often it was dialled in vain."""

    vain: int = 0
    until: float = 0.0
    """Before this nobody is dialled there."""


class Outward:
    """What told addresses lead to, and when; times in seconds of any clock that does not jump."""

    def __init__(
        self,
        now: Callable[[], float],
        random: Random,
        *,
        allows_private: bool = False,
        pause: float = TOLD_PAUSE,
    ) -> None:
        """`allows_private`: addresses that are not public are treated like all others, for a closed network."""
        self._now = now
        self._random = random
        self._allows_private = allows_private
        self._pause = pause
        self._targets: OrderedDict[str, _Target] = OrderedDict()

    def may_lead(self, address: str) -> bool:
        """Whether ws://… or wss://… may be dialled as far as it can be told before its name is resolved."""
        if not is_place(address):
            return False
        try:
            parts = urlsplit(address)
            port = USUAL_PORTS[parts.scheme] if parts.port is None else parts.port
        except ValueError:
            return False
        return _is_free_port(port) and self._is_host(parts.hostname or "")

    def _is_host(self, host: str) -> bool:
        try:
            return self._is_public(ip_address(host))
        except ValueError:
            # A name of one label is one of this computer or its network, and a number is an address in disguise.
            last = host.rstrip(".").rpartition(".")[2]
            return self._allows_private or ("." in host.rstrip(".") and last.isalpha() and last != "local")

    def _is_public(self, ip: IP) -> bool:
        plain = unmapped(ip)
        return self._allows_private or (plain.is_global and not plain.is_multicast)

    def enter(self, host: str) -> None:
        """Somebody dials this IP address now. Raises `OSError` where it must not be."""
        ip = unmapped(ip_address(host.partition("%")[0]))
        if not self._is_public(ip):
            raise OSError(0, NOT_PUBLIC)
        targets = [(self._target(name), free) for name, free in _names(ip)]
        now = self._now()
        if any(now < target.until for target, _ in targets):
            raise OSError(0, LET_ALONE)
        for target, free in targets:
            target.vain += 1
            if target.vain > free:
                pause = min(self._pause * 2 ** (target.vain - free - 1), LAST_TOLD_PAUSE)
                target.until = now + pause * self._random.uniform(1.0, 1.0 + TOLD_JITTER)

    def answered(self, host: str) -> None:
        """A node answered at this IP address: what was in vain there before is forgotten."""
        for name, _ in _names(unmapped(ip_address(host.partition("%")[0]))):
            self._targets.pop(name, None)

    def open_socket(self, info: AddressInfo) -> socket:
        """A socket for a connection to this address; the last moment at which it is known. Raises `OSError`."""
        family, kind, protocol, _, target = info
        self.enter(target[0])
        return socket(family, kind, protocol)

    def _target(self, name: str) -> _Target:
        target = self._targets.setdefault(name, _Target())
        self._targets.move_to_end(name)
        if len(self._targets) > MAX_REMEMBERED_TARGETS:
            self._targets.popitem(last=False)
        return target


def _is_free_port(port: int) -> bool:
    return port in TOLD_PORTS or FIRST_FREE_PORT <= port <= LAST_PORT


def _names(ip: IP) -> list[tuple[str, int]]:
    """An address and its network, and how many tries in vain are free there."""
    network = ip_network((ip, 24 if ip.version == 4 else 48), strict=False)
    return [(str(ip), TOLD_FREE), (str(network), TOLD_FREE_OF_NETWORK)]
