"""A slow line: a TCP proxy that lets so many bytes a second through, in a thread of its own."""

import asyncio
import threading

STEP = 0.02
"""Seconds between two portions."""


class SlowLine:
    """Forwards connections on `address` to a port on this computer; `rate` may be changed while it runs."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        """Bytes a second, each way and each connection."""
        self.target = 0
        self.address = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def open(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._take, "127.0.0.1", 0))
        host, port = self._server.sockets[0].getsockname()
        self.address = f"{host}:{port}"

    def close(self) -> None:
        """End everything."""
        assert self._server is not None
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        there = asyncio.create_task(self._pump(reader, onward_writer))
        back = asyncio.create_task(self._pump(onward_reader, writer))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # The end of the test: asyncio would report a cancelled connection as an error.
            return
        finally:
            for task in (there, back):
                task.cancel()
            for end in (writer, onward_writer):
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(max(1, int(self.rate * STEP))):
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(len(data) / self.rate)
        except OSError:
            return
