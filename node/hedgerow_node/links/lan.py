"""Nodes nearby, by DNS-SD over multicast DNS: who is there is shown to the owner and nothing more (DI-13).

Whoever is near can say anything, so nothing here is dialled, kept or believed. A node that was found is joined like any
other, by an invite that its owner gives out. The library is imported only when somebody asks for this.
"""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from hedgerow_node.config import MAX_NEARBY, NEARBY_PATIENCE
from hedgerow_node.logs import Log
from hedgerow_protocol import keys, limits
from hedgerow_protocol.keys import DeviceKey

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE = "_hedgerow._tcp.local."
VERSION = "1"
log = Log("lan")


@dataclass(frozen=True, slots=True)
class Nearby:
    """A node on the local network, by its own word."""

    device: DeviceKey
    name: str
    addresses: tuple[str, ...]
    """ws://…, at least one."""


@dataclass(frozen=True, slots=True)
class OwnService:
    """What this node says of itself on the local network."""

    name: str
    ips: tuple[str, ...]
    port: int
    path: str


class Lan:
    """Looks for nodes on the local network, and says that this one is there if it lets others in."""

    def __init__(
        self, net: int, device: DeviceKey, interfaces: Sequence[str], on_change: Callable[[], None]
    ) -> None:
        """`interfaces`: IP addresses of those to use; none for all of them."""
        self._net = net
        self._device = device
        self._interfaces = interfaces
        self._on_change = on_change
        self._found: dict[str, Nearby] = {}
        self._zeroconf: AsyncZeroconf | None = None
        self._own: AsyncServiceInfo | None = None
        self._asking: set[asyncio.Task[None]] = set()

    def found(self) -> list[Nearby]:
        """Who is there now, in the order of being found; each device once."""
        return list({nearby.device: nearby for nearby in self._found.values()}.values())

    async def open(self, own: OwnService | None) -> None:
        """Begin; `own` is None for a node that lets nobody in. Raises `OSError` where there is no network."""
        from zeroconf import InterfaceChoice, NonUniqueNameException
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        self._zeroconf = AsyncZeroconf(interfaces=list(self._interfaces) or InterfaceChoice.All)
        AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=[self._on_state])
        if own is None:
            return
        self._own = self._service(own)
        with suppress(NonUniqueNameException):  # somebody claims our key: then he is seen in our place
            await (await self._zeroconf.async_register_service(self._own))

    async def close(self) -> None:
        """Say goodbye and look no more."""
        zeroconf, self._zeroconf = self._zeroconf, None
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()
        self._found.clear()

    def _service(self, own: OwnService) -> "AsyncServiceInfo":
        from zeroconf.asyncio import AsyncServiceInfo

        label = keys.did_of(self._device).removeprefix("did:key:")
        said = {
            "v": VERSION,
            "net": str(self._net),
            "device": urlsafe_b64encode(self._device).decode().rstrip("="),
            "path": own.path,
            "name": own.name,
        }
        return AsyncServiceInfo(
            SERVICE,
            f"{label}.{SERVICE}",
            port=own.port,
            parsed_addresses=list(own.ips),
            properties=said,
            server=f"{label}.local.",
        )

    # --- What others say ---------------------------------------------------------------------------------

    def _on_state(
        self, zeroconf: "Zeroconf", service_type: str, name: str, state_change: "ServiceStateChange"
    ) -> None:
        if state_change.name == "Removed":
            self._found.pop(name, None)
            self._on_change()
        elif len(self._asking) < MAX_NEARBY:
            task = asyncio.create_task(self._ask(zeroconf, name))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, zeroconf: "Zeroconf", name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(SERVICE, name)
        try:
            is_there = await info.async_request(zeroconf, NEARBY_PATIENCE * 1_000)
        except Exception as error:  # what a stranger says may trip the library
            log.failure("somebody nearby was not understood", error)
            return
        nearby = self._read(info) if is_there else None
        if nearby is None or nearby.device == self._device:
            return
        if name not in self._found and len(self._found) >= MAX_NEARBY:
            del self._found[next(iter(self._found))]
        self._found[name] = nearby
        self._on_change()

    def _read(self, info: "AsyncServiceInfo") -> Nearby | None:
        """What a service says; None where it is no node of our network."""
        said = {_text(key): _text(value or b"") for key, value in info.properties.items()}
        device = _key(said.get("device", ""))
        if (said.get("v"), said.get("net")) != (VERSION, str(self._net)) or device is None:
            return None
        path = said.get("path", "")
        if not path.startswith("/") or not path.isascii() or not path.isprintable() or info.port is None:
            return None
        hosts = [_host(address) for address in info.parsed_addresses()]
        addresses = tuple([f"ws://{host}:{info.port}{path}" for host in hosts])
        label = said.get("name", "").encode()[: limits.MAX_ADDRESS_LABEL].decode(errors="ignore")
        return Nearby(device, label, addresses) if addresses else None


def own_ips(host: str) -> tuple[str, ...]:
    """The addresses at which a listener on this IP address is reached: all of this computer for the unspecified one."""
    if not ip_address(host).is_unspecified:
        return (host,)
    from ifaddr import get_adapters

    ips = [ip.ip for adapter in get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    return tuple([ip for ip in ips if not ip_address(ip).is_loopback])


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


def _key(text: str) -> DeviceKey | None:
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        return None
    return DeviceKey(key) if len(key) == 32 and keys.is_strict_point(key) else None
