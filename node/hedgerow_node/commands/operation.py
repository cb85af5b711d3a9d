"""An operation: its name, where the API offers it, the shape of its request, and what runs it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypeVar

import msgspec

from hedgerow_node.config import MAX_PAGE
from hedgerow_node.misshapen import in_words
from hedgerow_node.node import Node, OnProgress, ignore_progress
from hedgerow_node.problems import Code, Problem

Json: TypeAlias = dict[str, object]
"""What JSON can hold: text, numbers, booleans, None, lists and dictionaries of them."""


Limit: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
"""How many results a page may have."""


class Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of every request: unknown fields are errors, so that a typing mistake is not silently ignored."""


@dataclass(frozen=True, slots=True)
class Download:
    """A result that is a file. `chunks` can be run through once."""

    name: str
    """How the file might be called."""
    media_type: str
    chunks: AsyncIterator[bytes]


Answer: TypeAlias = Json | Download
R = TypeVar("R", bound=Request)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that people can do."""

    name: str
    """Its words on the command line: "share", "identity words"."""
    method: str
    path: str
    """Under /api/v1; `{field}` stands for a field of the request."""
    request: type[Request]
    run: Callable[[Node, Request, OnProgress], Awaitable[Answer]]
    summary: str
    """What it does, in one sentence."""
    is_long: bool = False
    """Whether it may take more than a second, and tells its progress."""
    max_request: int | None = None
    """Bytes that a request may have where that is not the usual."""

    def request_of(self, values: Mapping[str, object], *, from_text: bool = False) -> Request:
        """The request with these fields; `from_text` where they come out of an address, where all is text.

        Raises `Problem` naming the field that is wrong.
        """
        try:
            _check_texts(values)
            return msgspec.convert(values, self.request, strict=not from_text)
        except msgspec.ValidationError as error:
            raise Problem(Code.REQUEST_WRONG, in_words(str(error))) from None
        except UnicodeEncodeError:
            raise Problem(Code.REQUEST_WRONG, "a text has letters that UTF-8 cannot hold") from None

    async def __call__(
        self, node: Node, request: Request, on_progress: OnProgress = ignore_progress
    ) -> Answer:
        """Do it. Raises `Problem`."""
        return await self.run(node, request, on_progress)


def operation(
    name: str, method: str, path: str, request: type[R], run: Callable[[Node, R], Awaitable[Answer]]
) -> Operation:
    """An operation that is done at once; its summary is the first line of `run`'s docstring."""

    async def checked(node: Node, given: Request, on_progress: OnProgress) -> Answer:
        return await run(node, _of_type(given, request))

    return Operation(name, method, path, request, checked, _summary(run))


def long_operation(
    name: str,
    method: str,
    path: str,
    request: type[R],
    run: Callable[[Node, R, OnProgress], Awaitable[Answer]],
    max_request: int | None = None,
) -> Operation:
    """An operation that takes its time and tells its progress."""

    async def checked(node: Node, given: Request, on_progress: OnProgress) -> Answer:
        return await run(node, _of_type(given, request), on_progress)

    return Operation(
        name, method, path, request, checked, _summary(run), is_long=True, max_request=max_request
    )


def _check_texts(value: object) -> None:
    """Raises `UnicodeEncodeError` for half a surrogate pair, which Python's text may hold and nothing else can."""
    match value:
        case str():
            value.encode()
        case Mapping():
            for name, one in value.items():
                _check_texts(name)
                _check_texts(one)
        case list() | tuple():
            for one in value:
                _check_texts(one)
        case _:
            pass


def _of_type(given: Request, expected: type[R]) -> R:
    if not isinstance(given, expected):
        raise TypeError(f"the request is a {type(given).__name__}, not a {expected.__name__}")
    return given


def _summary(run: Callable[..., object]) -> str:
    return (run.__doc__ or "").partition("\n")[0]
