"""From what went wrong to an HTTP answer: the only place that knows both (RFC 9457).

The API answers with problem JSON, everything else with a plain page. What nobody expected is logged with a
reference that the answer repeats; its text stays in neither, for it may quote what somebody wrote.
"""

import html
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from hedgerow_node.api.unexpected import unexpected
from hedgerow_node.logs import Log
from hedgerow_node.problems import Code, Problem

PROBLEM_JSON = "application/problem+json"
API = "/api/"
TYPE = "urn:hedgerow:problem:"
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>{detail}</p>
<p>{next}</p>
<p>{code}</p>
</html>
"""
log = Log("api")


def problem_of(error: BaseException) -> Problem:
    """What people read of any error; one that nobody expected goes to the log."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPException):
        return _problem_of_http(error)
    return unexpected(log, error)


def problem_json(problem: Problem) -> dict[str, object]:
    """{type, title, status, detail, code, next}."""
    return {"type": TYPE + problem.code, "status": problem.status, **problem.as_json()}


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer of the API."""
    return web.Response(
        status=problem.status,
        headers=_headers_of(problem, headers),
        body=msgspec.json.encode(problem_json(problem)),
        content_type=PROBLEM_JSON,
    )


def page_response(problem: Problem, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer to a browser where no page of ours answers."""
    words = {name: html.escape(str(value)) for name, value in problem.as_json().items()}
    return web.Response(
        status=problem.status,
        headers=_headers_of(problem, headers),
        text=PAGE.format_map(words),
        content_type="text/html",
    )


@web.middleware
async def answer_with_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The API's answer to whatever goes wrong within."""
    try:
        return await handler(request)
    except ConnectionError:
        raise  # whoever asked is gone: there is nobody to answer
    except Exception as error:
        return _options(request, error) or problem_response(problem_of(error), _allowed(error))


@web.middleware
async def answer_with_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The plain answer to what goes wrong outside the API, and to what the outer door refuses."""
    try:
        return await handler(request)
    except (ConnectionError, web.HTTPRedirection):
        raise
    except Exception as error:
        return _options(request, error) or refusal(request, problem_of(error), _allowed(error))


def refusal(
    request: web.BaseRequest, problem: Problem, headers: Mapping[str, str] | None = None
) -> web.Response:
    """The answer in the form that the address asks for: problem JSON under /api, else a page."""
    respond = problem_response if request.path.startswith(API) else page_response
    return respond(problem, headers)


def _problem_of_http(error: web.HTTPException) -> Problem:
    match error.status:
        case HTTPStatus.NOT_FOUND:
            return Problem(Code.NO_SUCH_ROUTE)
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return Problem(Code.METHOD_WRONG)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Problem(Code.REQUEST_TOO_BIG)
        case _:
            return Problem(Code.HTTP_WRONG)


def _options(request: web.Request, error: Exception) -> web.Response | None:
    """The answer to a question for the methods of an address; it allows nothing to other origins."""
    is_asked = request.method == hdrs.METH_OPTIONS and isinstance(error, web.HTTPMethodNotAllowed)
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=_allowed(error)) if is_asked else None


def _allowed(error: Exception) -> Mapping[str, str]:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return {hdrs.ALLOW: ", ".join(sorted(error.allowed_methods))}
    return {}


def _headers_of(problem: Problem, headers: Mapping[str, str] | None) -> dict[str, str]:
    challenge = {hdrs.WWW_AUTHENTICATE: "Bearer"} if problem.status == HTTPStatus.UNAUTHORIZED else {}
    return challenge | dict(headers or {})
