"""Strangers who press at a door, as a process of their own: some say nothing, some flood.

python pressing.py HOST PORT SILENT FLOODING    goes on until it is ended.
"""

import asyncio
import contextlib
import sys

from hedgerow_protocol.frame import Get, Messages
from node.network.stranger import Closed, Stranger, stranger
from simulator.author import Author

Address = tuple[str, int]
LOST = (Closed, ConnectionError, OSError, asyncio.IncompleteReadError, TimeoutError)
NETWORKS = 40
"""Networks of 65,536 addresses from which strangers come."""


async def say_nothing(door: Address, number: int) -> None:
    """Hold a connection without a word; come again when it is cut."""
    local = f"127.{10 + number % NETWORKS}.{1 + number // NETWORKS}.1"
    while True:
        with contextlib.suppress(*LOST):
            async with stranger(door, local=local) as peer:
                await peer._reader.read(-1)
        await asyncio.sleep(1.0)


async def flood(door: Address, number: int) -> None:
    """Ask for nothing, push nonsense and repeat it, as fast as the link takes it; come again when it is cut."""
    author = Author(5_000 + number)
    nonsense = tuple((0, one.encode()) for one in author.resources(20))
    while True:
        with contextlib.suppress(*LOST):
            async with stranger(door, author, local=f"127.{90 + number}.1.1") as peer:
                await peer.link()
                reading = asyncio.create_task(swallow(peer))
                try:
                    for request in range(1, 10_001, 2):
                        await peer.put(Get(request, bytes(32 * 200)))
                        await peer.put(Messages(0, nonsense, more=False))
                        await asyncio.sleep(0.01)
                finally:
                    reading.cancel()
                    await asyncio.gather(reading, return_exceptions=True)
        await asyncio.sleep(0.2)


async def swallow(peer: Stranger) -> None:
    """Read what comes, so that nobody can say this one does not."""
    while await peer._reader.read(65_536):
        pass


async def press(door: Address, silent: int, flooding: int) -> None:
    """So many of each, until cancelled."""
    work = [say_nothing(door, number) for number in range(silent)]
    work += [flood(door, number) for number in range(flooding)]
    await asyncio.gather(*work)


if __name__ == "__main__":
    asyncio.run(press((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4])))
