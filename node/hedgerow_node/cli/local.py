"""A session in this process: the folder is opened for one command and closed after it."""

import asyncio
from collections.abc import Mapping
from typing import BinaryIO

import msgspec

from hedgerow_node.cli.logfile import start_log
from hedgerow_node.cli.session import NOTHING, Json, OnProgress, Running, ignore
from hedgerow_node.clock import Clock
from hedgerow_node.commands.operation import Answer, Download
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.config import Home
from hedgerow_node.node import Node


class Local:
    """See `Session`. Opens the home when it is made; raises `Problem`."""

    def __init__(self, home: Home, passphrase: str | None) -> None:
        self.running: Running | None = None
        start_log(home)
        self._runner = asyncio.Runner()
        try:
            self._node = self._runner.run(Node.open(home, Clock(), passphrase))
        except BaseException:
            self._runner.close()
            raise

    def call(
        self, name: str, values: Mapping[str, object] = NOTHING, on_progress: OnProgress = ignore
    ) -> Json:
        """Run the operation of this name on these fields."""
        answer = self._runner.run(self._run(name, values, on_progress))
        assert isinstance(answer, dict)
        # What comes out is what the API's callers get: lists where Python has tuples.
        plain: Json = msgspec.json.decode(msgspec.json.encode(answer))
        return plain

    def download(
        self, name: str, values: Mapping[str, object], to: BinaryIO, on_progress: OnProgress
    ) -> None:
        """Run an operation that answers with a file, and write that."""
        self._runner.run(self._download(name, values, to, on_progress))

    def close(self) -> None:
        """End what the command began, and free the folder."""
        try:
            self._runner.run(self._node.close())
        finally:
            self._runner.close()

    async def _run(self, name: str, values: Mapping[str, object], on_progress: OnProgress) -> Answer:
        operation = BY_NAME[name]
        given = {field: value for field, value in values.items() if value is not None}
        return await operation(self._node, operation.request_of(given), on_progress)

    async def _download(
        self, name: str, values: Mapping[str, object], to: BinaryIO, on_progress: OnProgress
    ) -> None:
        answer = await self._run(name, values, ignore)
        assert isinstance(answer, Download)
        done = 0
        async for chunk in answer.chunks:
            to.write(chunk)
            done += len(chunk)
            on_progress(done, 0)
