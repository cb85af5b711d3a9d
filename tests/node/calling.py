"""Calling operations by name, as the command line and the API do."""

from hedgerow_node.commands.operation import Download, Json
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.node import Node, OnProgress, ignore_progress


async def call(node: Node, name: str, on_progress: OnProgress = ignore_progress, /, **fields: object) -> Json:
    """What the operation answers to these fields; `from_` stands for the field `from`."""
    operation = BY_NAME[name]
    values = {field.rstrip("_"): value for field, value in fields.items()}
    answer = await operation(node, operation.request_of(values), on_progress)
    assert isinstance(answer, dict)
    return answer


async def download(node: Node, name: str, /, **fields: object) -> bytes:
    """The file that the operation answers."""
    operation = BY_NAME[name]
    answer = await operation(node, operation.request_of(fields))
    assert isinstance(answer, Download)
    return b"".join([chunk async for chunk in answer.chunks])
