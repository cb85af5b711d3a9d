"""Telling systemd how the node is: one datagram for each word (sd_notify(3)), nothing where nobody asks."""

import asyncio
import socket
from contextlib import suppress

from hedgerow_node.config import notify_socket, watchdog_seconds

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
ABSTRACT = "@"
"""How the name of a socket begins that is no file."""


def tell(state: str) -> None:
    """Send a state, if somebody wants to know; that nobody takes it is no fault of the node's."""
    name = notify_socket()
    if name is None:
        return
    address = "\0" + name[1:] if name.startswith(ABSTRACT) else name
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.connect(address)
        out.send(state.encode())


async def stay_awake() -> None:
    """Say from time to time that the event loop goes round, until cancelled; at once over where nobody asks."""
    pause = watchdog_seconds()
    while pause is not None:
        tell(ALIVE)
        await asyncio.sleep(pause / 2)
