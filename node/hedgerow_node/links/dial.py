"""Opening a connection to another node."""

import asyncio
from http import HTTPStatus

import aiohttp
from aiohttp import hdrs

from hedgerow_node.config import DIAL_TIMEOUT, GOODBYE_TIMEOUT
from hedgerow_node.links.outward import NOT_PUBLIC, Outward
from hedgerow_node.problems import Code, Problem, fault_words
from hedgerow_protocol import limits
from hedgerow_protocol.handshake import SUBPROTOCOL

BUSY = "it has no room for another connection now"
FULL = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})
"""What a door answers that is full, or a proxy in front of it."""


class Busy(Problem):
    """Somebody is there and took no more connections: to be tried again soon."""


class Dialler:
    """Dials WebSockets. Close it at the end."""

    def __init__(self, outward: Outward | None = None) -> None:
        """`outward` says where addresses may lead that others told of; without it none is dialled."""
        self._outward = outward
        self._session = _session(aiohttp.TCPConnector())
        # Names are resolved anew each time: what one led to yesterday says nothing.
        self._told = (
            _session(aiohttp.TCPConnector(socket_factory=outward.open_socket, use_dns_cache=False))
            if outward is not None
            else None
        )

    async def dial(self, address: str) -> aiohttp.ClientWebSocketResponse:
        """A connection to `address` (ws: or wss:); raises `Problem` (PEER_UNREACHABLE) with the reason in words."""
        return await _dial(self._session, address)

    async def dial_told(self, address: str) -> aiohttp.ClientWebSocketResponse:
        """The same to an address that others told of: only where `outward` lets it lead."""
        if self._told is None or self._outward is None or not self._outward.may_lead(address):
            raise Problem(Code.PEER_UNREACHABLE, f"{address}: {NOT_PUBLIC}")
        return await _dial(self._told, address)

    def answered(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        """The node that was told of is there: it may be dialled again."""
        peer = websocket.get_extra_info("peername")
        if self._outward is not None and peer:
            self._outward.answered(peer[0])

    async def close(self) -> None:
        """Give back what was open."""
        await self._session.close()
        if self._told is not None:
            await self._told.close()


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, connect=DIAL_TIMEOUT),
        trust_env=False,
        # Nothing by which a server could tell us apart beyond what the handshake says.
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent",),
        middlewares=(_go_nowhere_else,),
    )


async def _dial(session: aiohttp.ClientSession, address: str) -> aiohttp.ClientWebSocketResponse:
    try:
        async with asyncio.timeout(DIAL_TIMEOUT):
            websocket = await session.ws_connect(
                address,
                protocols=(SUBPROTOCOL,),
                compress=0,
                # One more than the largest: the library refuses what reaches its limit.
                max_msg_size=limits.MAX_NOISE_MESSAGE + 1,
                autoping=False,
                timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE_TIMEOUT),
            )
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        if _is_busy(error):
            raise Busy(Code.PEER_UNREACHABLE, f"{address}: {BUSY}") from None
        raise Problem(Code.PEER_UNREACHABLE, f"{address}: {why_unreachable(error)}") from None
    if websocket.protocol != SUBPROTOCOL:
        await websocket.close()
        raise Problem(Code.PEER_UNREACHABLE, f"{address}: it does not speak {SUBPROTOCOL}")
    return websocket


async def _go_nowhere_else(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A peer that answers with anything but a plain WebSocket is none: it must not send us on to another address,
    nor switch to an extension (HS-1)."""
    response = await handler(request)
    is_switching = response.status == HTTPStatus.SWITCHING_PROTOCOLS
    if not is_switching or hdrs.SEC_WEBSOCKET_EXTENSIONS in response.headers:
        response.close()
        raise aiohttp.WSServerHandshakeError(response.request_info, response.history, status=response.status)
    return response


def _is_busy(error: Exception) -> bool:
    """Whether the door was there and closed before anything was said, or said that it is full."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return error.status in FULL
    is_late = isinstance(error, aiohttp.ClientConnectorError)  # nobody was there at all
    return isinstance(error, aiohttp.ServerDisconnectedError | ConnectionResetError) and not is_late


def why_unreachable(error: Exception) -> str:
    """In words why a connection was not opened."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case aiohttp.WSServerHandshakeError(status=HTTPStatus.SWITCHING_PROTOCOLS):
            return "its WebSocket is not the one that was asked for"
        case aiohttp.WSServerHandshakeError():
            return f"it answers with HTTP status {error.status}"
        case aiohttp.ClientSSLError():
            return "its certificate (TLS) does not hold"
        case aiohttp.ClientConnectorError():
            return fault_words(error.os_error)
        case ValueError():
            return "not an address that can be dialled"
        case _:
            return "no connection"
