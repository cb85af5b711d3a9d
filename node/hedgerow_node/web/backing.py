"""A backup into a file of this computer that the operator named, while the pages go on."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

from hedgerow_node.commands.operation import Download, Json
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.durable import fresh_file
from hedgerow_node.keystore import check_passphrase
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.problems import Code, Problem


def write_backup(
    node: Node, file: str, passphrase: str, again: str
) -> Callable[[OnProgress], Awaitable[Json]]:
    """What writes the backup, sealed where a passphrase is given; raises `Problem` where it must not begin."""
    path = _checked(file)
    if passphrase != again:
        raise Problem(Code.REQUEST_WRONG, "the two passphrases differ", "Type the same one twice, or none.")
    if passphrase:
        check_passphrase(passphrase)

    async def write(on_progress: OnProgress) -> Json:
        operation = BY_NAME["seed backup"]
        answer = await operation(node, operation.request_of({"passphrase": passphrase}))
        assert isinstance(answer, Download)
        with fresh_file(path) as opened:
            written = await _write(answer, opened, node.store.size(), on_progress)
        return {"file": str(path), "bytes": written, "sealed": bool(passphrase)}

    return write


async def _write(answer: Download, opened: BinaryIO, expected: int, on_progress: OnProgress) -> int:
    written = 0
    async for chunk in answer.chunks:
        written += await asyncio.to_thread(opened.write, chunk)
        on_progress(written, max(written, expected))
    # A disk may take seconds for it, in which the node has to answer others.
    await asyncio.to_thread(_sync, opened)
    return written


def _sync(opened: BinaryIO) -> None:
    opened.flush()
    os.fsync(opened.fileno())


def _checked(file: str) -> Path:
    """The path that somebody typed: a new file in a folder that is there."""
    path = Path(file.strip())
    if "\0" in file or not path.is_absolute() or not path.name:
        raise Problem(
            Code.REQUEST_WRONG,
            "the file needs a whole path",
            "Begin with /, as in /var/backups/seed.tar.",
        )
    if path.exists():
        raise Problem(Code.FILE_THERE, str(path), "Choose another name.")
    if not path.parent.is_dir():
        raise Problem(Code.FILE_UNWRITABLE, f"{path.parent} is no folder")
    return path
