"""From an operation's answer to HTTP: JSON, a file, or a stream of progress that ends in the result."""

import asyncio
from typing import assert_never

import msgspec
from aiohttp import hdrs, web

from hedgerow_node.api.errors import problem_json, problem_of
from hedgerow_node.api.events import EVENT_STREAM, STILL_HERE, Event, Events, Listener, open_stream
from hedgerow_node.api.reading import JSON_TYPE
from hedgerow_node.commands.operation import Answer, Download, Json, Operation, Request
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem


def wants_progress(operation: Operation, request: web.Request) -> bool:
    """Whether the caller asked to see how a long operation goes on."""
    accepted = request.headers.get(hdrs.ACCEPT, "")
    return operation.is_long and accepted.partition(";")[0].strip() == EVENT_STREAM


async def answer(
    node: Node, operation: Operation, given: Request, request: web.Request, events: Events
) -> web.StreamResponse:
    """Run the operation and answer with its result; others may follow its progress as events."""

    def tell(done: int, total: int) -> None:
        events.tell("progress", {"operation": operation.name, "done": done, "total": total})

    match await operation(node, given, tell):
        case Download() as download:
            return await _send_file(download, request)
        case dict() as result:
            return json_response(result)
        case other:
            assert_never(other)


async def answer_with_progress(
    node: Node, operation: Operation, given: Request, request: web.Request, events: Events
) -> web.StreamResponse:
    """Run the operation and stream `progress`, then `result` or `problem`."""
    listener = Listener()

    def tell(done: int, total: int) -> None:
        listener.put(Event("progress", {"done": done, "total": total}))
        events.tell("progress", {"operation": operation.name, "done": done, "total": total})

    def finish(work: asyncio.Future[Answer]) -> None:
        listener.close()
        # Whoever asked may be gone: the work goes on, and an error that nobody fetches is reported as a leak.
        _ = work.cancelled() or work.exception()

    work = asyncio.ensure_future(operation(node, given, tell))
    work.add_done_callback(finish)
    try:
        response = await open_stream(request)
        async for event in listener.events():
            await response.write(STILL_HERE if event is None else event.encode())
    except asyncio.CancelledError:
        work.cancel()
        raise
    await response.write(_outcome(work).encode())
    return response


def json_response(result: Json) -> web.Response:
    """A result as JSON."""
    return web.Response(body=msgspec.json.encode(result), content_type=JSON_TYPE)


def _outcome(work: asyncio.Future[Answer]) -> Event:
    if (error := work.exception()) is not None:
        return Event("problem", problem_json(problem_of(error)))
    match work.result():
        case Download():
            return Event(
                "problem", problem_json(Problem(Code.REQUEST_WRONG, "a file does not come as events"))
            )
        case dict() as result:
            return Event("result", result)
        case other:
            assert_never(other)


async def _send_file(download: Download, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: download.media_type,
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{download.name}"',
        }
    )
    await response.prepare(request)
    try:
        if request.method != hdrs.METH_HEAD:
            async for chunk in download.chunks:
                await response.write(chunk)
    except Exception as error:
        # The header is gone: only a connection that breaks off tells the other side that the file is not whole.
        problem_of(error)
        if request.transport is not None:
            request.transport.abort()
    return response
