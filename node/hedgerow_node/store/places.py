"""Where in the address book a node stands: bucket and place, which only this node can foretell (DI-8).

Whoever floods the book has many keys and few networks. So the bucket follows from the group of the address, and in new
from the group of who told of it, under a secret; the key decides the place alone.
"""

import hmac
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

from hedgerow_node.config import (
    BOOK_NEW_BUCKETS,
    BOOK_NEW_BUCKETS_OF_SOURCE,
    BOOK_NEW_PLACES,
    BOOK_TRIED_BUCKETS,
    BOOK_TRIED_PLACES,
)

IP: TypeAlias = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")
IPV4_BITS = 2**32 - 1
IPV4_GROUP = 16
IPV6_GROUP = 32
NAME_GROUP = 2
"""Labels at the end of a name: what lies before them costs nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of one bucket."""

    bucket: int
    place: int


class Places:
    """The places of one node's book, under its secret of 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def in_new(self, group: str, via: str, device: bytes) -> Place:
        """For a node of this group that somebody of the group `via` told of."""
        part = self._draw(BOOK_NEW_BUCKETS_OF_SOURCE, "part", via, group)
        bucket = self._draw(BOOK_NEW_BUCKETS, "new", via, str(part))
        return Place(bucket, self._draw(BOOK_NEW_PLACES, "new", str(bucket), device.hex()))

    def in_tried(self, group: str, device: bytes) -> Place:
        """For a node of this group that answered."""
        bucket = self._draw(BOOK_TRIED_BUCKETS, "tried", group)
        return Place(bucket, self._draw(BOOK_TRIED_PLACES, "tried", str(bucket), device.hex()))

    def _draw(self, count: int, *words: str) -> int:
        digest = hmac.digest(self._secret, "\n".join(words).encode(), "sha256")
        return int.from_bytes(digest[:8]) % count


def group_of(address: str) -> str:
    """The group of the host of ws://… or wss://…."""
    host = urlsplit(address).hostname or ""
    try:
        return group_of_ip(ip_address(host))
    except ValueError:
        return ".".join(host.rstrip(".").split(".")[-NAME_GROUP:])


def group_of_ip(ip: IP) -> str:
    """The group of an IP address, as the network that it is."""
    plain = unmapped(ip)
    prefix = IPV4_GROUP if plain.version == 4 else IPV6_GROUP
    return str(ip_network((plain, prefix), strict=False))


def unmapped(ip: IP) -> IP:
    """An address of IPv4 that is written as one of IPv6 (mapped, 6to4, NAT64) as what it is."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & IPV4_BITS)
    return ip.ipv4_mapped or ip.sixtofour or ip
