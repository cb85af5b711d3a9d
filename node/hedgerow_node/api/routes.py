"""The routes of the API: every operation of the table, the events, its own description, a link to the page."""

from collections.abc import Callable, Sequence
from importlib import resources

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from hedgerow_node.api.answering import answer, answer_with_progress, json_response, wants_progress
from hedgerow_node.api.errors import answer_with_problems
from hedgerow_node.api.events import Events, send_events
from hedgerow_node.api.guard import Hosts, guard_api
from hedgerow_node.api.reading import request_of
from hedgerow_node.commands.operation import Json, Operation
from hedgerow_node.node import Node

VERSION = "/v1"
DESCRIPTION_TYPE = "application/yaml"


def make_api(
    node: Node,
    operations: Sequence[Operation],
    *,
    hosts: Hosts,
    token: str,
    events: Events,
    page_link: Callable[[], str],
) -> web.Application:
    """The application that stands under /api. `page_link` makes a fresh address for the owner's browser."""
    api = web.Application(middlewares=[answer_with_problems, guard_api(hosts, token)])
    for operation in operations:
        _add(api, operation.method, VERSION + operation.path, _handler(node, operation, events))
    _add(api, hdrs.METH_GET, VERSION + "/operations", _listing(operations))
    _add(api, hdrs.METH_GET, VERSION + "/openapi.yaml", _describe)
    _add(api, hdrs.METH_POST, VERSION + "/page-link", _linking(page_link))
    api.router.add_get(VERSION + "/events", _streaming(events), allow_head=False)
    return api


def description() -> bytes:
    """The OpenAPI document, as YAML."""
    return resources.files("hedgerow_node.api").joinpath("openapi.yaml").read_bytes()


def _add(api: web.Application, method: str, path: str, handler: Handler) -> None:
    if method == hdrs.METH_GET:
        api.router.add_get(path, handler)
    else:
        api.router.add_route(method, path, handler)


def _handler(node: Node, operation: Operation, events: Events) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        given = await request_of(operation, request)
        respond = answer_with_progress if wants_progress(operation, request) else answer
        return await respond(node, operation, given, request, events)

    return handle


def _listing(operations: Sequence[Operation]) -> Handler:
    listed: Json = {
        "operations": [
            {
                "name": one.name,
                "method": one.method,
                "path": one.path,
                "is_long": one.is_long,
                "summary": one.summary,
            }
            for one in operations
        ]
    }

    async def list_operations(request: web.Request) -> web.StreamResponse:
        return json_response(listed)

    return list_operations


def _streaming(events: Events) -> Handler:
    async def stream(request: web.Request) -> web.StreamResponse:
        return await send_events(request, events)

    return stream


def _linking(page_link: Callable[[], str]) -> Handler:
    async def link(request: web.Request) -> web.StreamResponse:
        return json_response({"url": page_link()})

    return link


async def _describe(request: web.Request) -> web.StreamResponse:
    return web.Response(body=description(), content_type=DESCRIPTION_TYPE)
