"""From an HTTP request to the fields of an operation's request: path, query, or one JSON object.

The body is read under a limit and a deadline before anything looks at it. Only `application/json` is read: a form
or plain text is what a page of another site can send without asking.
"""

import asyncio
from collections.abc import Mapping

import msgspec
from aiohttp import hdrs, web

from hedgerow_node.commands.operation import Operation, Request
from hedgerow_node.config import BODY_DEADLINE, MAX_REQUEST
from hedgerow_node.problems import Code, Problem

JSON_TYPE = "application/json"
IN_QUERY = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_DELETE})
"""Methods whose fields stand in the address: what a body would mean there HTTP leaves open (RFC 9110, 9.3)."""


async def request_of(operation: Operation, request: web.Request) -> Request:
    """The request that `operation` is asked; raises `Problem`."""
    if request.method in IN_QUERY:
        if request.body_exists:
            raise Problem(Code.HTTP_WRONG, f"the fields of a {request.method} stand in its address")
        values = query_values(operation, request) | dict(request.match_info)
        return operation.request_of(values, from_text=True)
    limit = operation.max_request or MAX_REQUEST
    return operation.request_of({**await json_object(request, limit), **request.match_info})


def query_values(operation: Operation, request: web.Request) -> dict[str, object]:
    """The fields in the query: a list where the field is one, else one text; raises `Problem` for more."""
    many = _list_fields(operation.request)
    values: dict[str, object] = {}
    for name in request.query:
        given = request.query.getall(name)
        if name not in many and len(given) > 1:
            raise Problem(Code.REQUEST_WRONG, f"{name} is given {len(given)} times")
        values[name] = given if name in many else given[0]
    return values


async def json_object(request: web.Request, limit: int) -> Mapping[str, object]:
    """The object in the body, or an empty one where there is no body; raises `Problem`."""
    if not request.body_exists:
        return {}
    if request.content_type != JSON_TYPE or hdrs.CONTENT_ENCODING in request.headers:
        raise Problem(Code.NOT_JSON)
    try:
        value = msgspec.json.decode(await _body(request, limit))
    # Text that is no UTF-8 is a ValueError, too many brackets a RecursionError.
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Problem(Code.JSON_WRONG, _reason(error)) from None
    if not isinstance(value, dict):
        raise Problem(Code.JSON_WRONG)
    return value


async def _body(request: web.Request, limit: int) -> bytes:
    if (request.content_length or 0) > limit:
        raise Problem(Code.REQUEST_TOO_BIG, f"{request.content_length} bytes, at most {limit}")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise Problem(Code.REQUEST_TOO_BIG, f"at most {limit} bytes")
    except TimeoutError:
        raise Problem(Code.REQUEST_SLOW) from None
    except (web.RequestPayloadError, ConnectionError):
        raise Problem(Code.HTTP_WRONG) from None
    return bytes(body)


def _reason(error: Exception) -> str:
    match error:
        case msgspec.MsgspecError():
            return str(error)
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return "it is not UTF-8"


def _list_fields(request: type[Request]) -> frozenset[str]:
    shape = msgspec.inspect.type_info(request)
    fields = shape.fields if isinstance(shape, msgspec.inspect.StructType) else ()
    return frozenset(field.encode_name for field in fields if _is_list(field.type))


def _is_list(shape: msgspec.inspect.Type) -> bool:
    if isinstance(shape, msgspec.inspect.UnionType):
        return any(_is_list(one) for one in shape.types)
    return isinstance(shape, (msgspec.inspect.VarTupleType, msgspec.inspect.ListType))
