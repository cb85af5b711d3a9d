"""A reverse proxy as a process of its own: passes WebSockets on, and says who calls unless it is told not to.

python proxying.py TARGET for|nothing    TARGET is HOST:PORT; prints its own address on one line.
"""

import asyncio
import sys

import aiohttp
from aiohttp import hdrs, web


async def proxied(request: web.Request, target: str, names: str) -> web.StreamResponse:
    """Pass a request on, and both directions of its WebSocket."""
    headers = {"X-Forwarded-For": request.remote or ""} if names == "for" else {}
    offered = [name.strip() for name in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    async with aiohttp.ClientSession() as session:
        try:
            behind = await session.ws_connect(
                f"ws://{target}{request.path}", protocols=offered, headers=headers, autoping=False
            )
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        except aiohttp.ClientError:
            return web.Response(status=502)
        before = web.WebSocketResponse(protocols=offered, autoping=False, timeout=0.1)
        await before.prepare(request)
        both = [asyncio.create_task(carry(before, behind)), asyncio.create_task(carry(behind, before))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        await behind.close()
        await before.close()
        return before


async def carry(
    one: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    other: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> None:
    """What comes on one side goes out on the other, until it ends."""
    async for message in one:
        if message.type == aiohttp.WSMsgType.BINARY:
            await other.send_bytes(message.data)


async def serve(target: str, names: str) -> None:
    app = web.Application()
    app.router.add_get("/peer", lambda request: proxied(request, target, names))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
