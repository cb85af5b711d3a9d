"""Looking whether a node is where it is said to be: half a handshake, after which it has shown its device (DI-9).

The second message proves who is there; the third would name us, and is not sent.
"""

import asyncio

from aiohttp import ClientWebSocketResponse, WSMsgType

from hedgerow_node.clock import Clock
from hedgerow_node.config import KNOCK_TIMEOUT
from hedgerow_node.links.dial import Dialler
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.handshake import Handshake, Hello, OwnEnd, Subprotocols
from hedgerow_protocol.keys import DeviceKey


async def knock(dialler: Dialler, address: str, device: DeviceKey, own: OwnEnd, clock: Clock) -> Hello:
    """What the node at this address, which others told of, says of itself; raises `Problem` unless it is `device`."""
    socket = await dialler.dial_told(address)
    try:
        async with asyncio.timeout(KNOCK_TIMEOUT):
            hello = await _second_message(socket, device, own, clock)
    except TimeoutError:
        raise Problem(Code.PEER_UNREACHABLE, f"{address}: it does not answer") from None
    except RemoteProtocolError as error:
        code = Code.WRONG_PEER if error.reason is Reason.WRONG_PEER else Code.PEER_UNREACHABLE
        raise Problem(code, f"{address}: {error.reason.value}") from None
    else:
        dialler.answered(socket)
        return hello
    finally:
        await socket.close()


async def _second_message(
    socket: ClientWebSocketResponse, device: DeviceKey, own: OwnEnd, clock: Clock
) -> Hello:
    handshake, first = Handshake.initiate(own, Subprotocols(), clock.entropy(32), device)
    await socket.send_bytes(first)
    answer = await socket.receive()
    if answer.type != WSMsgType.BINARY:
        raise RemoteProtocolError(Reason.BAD_HANDSHAKE, "no binary message")
    established = handshake.on_message(answer.data, clock.now()).established
    assert established is not None
    return established.peer
