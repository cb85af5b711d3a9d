"""Forms as browsers send them, read within limits before anything is believed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from hedgerow_node.config import MAX_FIELDS, MAX_FORM, MAX_IMPORT
from hedgerow_node.problems import Code, Problem
from hedgerow_node.web.sessions import Upload

PROOF = "proof"
"""The field by which a form shows that it stems from these pages."""
URLENCODED = "application/x-www-form-urlencoded"
CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; each may come several times."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file: Upload | None = None

    def text(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        return self.fields.get(name, (default,))[0]

    def given(self, name: str) -> str | None:
        """The first value of a field; None where it is empty or was not sent."""
        return self.text(name).strip() or None

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return self.fields.get(name, ())

    def has(self, name: str) -> bool:
        """Whether a box was ticked, or a button pressed."""
        return name in self.fields

    def parts(self, name: str) -> tuple[str, ...]:
        """What stands between the commas (of any script) and line ends of a field."""
        words = self.text(name)
        for comma in ("،", "、", "，", "\n"):
            words = words.replace(comma, ",")
        return tuple([part.strip() for part in words.split(",") if part.strip()])


def form_of(pairs: list[tuple[str, str]], file: Upload | None = None) -> Form:
    """The form with these fields, in their order."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return Form(fields, file)


async def read_form(request: web.Request) -> Form:
    """The form that a request carries. Raises `Problem` for one that is too big, or no form at all."""
    match request.content_type:
        case kind if kind == URLENCODED:
            return form_of(_decoded(await _read(request)))
        case "multipart/form-data":
            return await _read_parts(request)
        case _:
            raise Problem(Code.REQUEST_WRONG, "this is not what a form sends")


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > MAX_FORM:
            raise Problem(Code.REQUEST_TOO_BIG, f"a form has at most {MAX_FORM} bytes")
    return bytes(body)


def _decoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise Problem(Code.REQUEST_TOO_BIG, f"a form has at most {MAX_FIELDS} fields") from None


async def _read_parts(request: web.Request) -> Form:
    pairs: list[tuple[str, str]] = []
    file: Upload | None = None
    room = MAX_FORM
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Problem(Code.REQUEST_WRONG, "this is not what a form sends")
            if part.filename is not None:
                file = Upload(part.filename, await _part(part, MAX_IMPORT, Code.FILE_TOO_BIG))
                continue
            value = await _part(part, room, Code.REQUEST_TOO_BIG)
            room -= len(value)
            pairs.append((part.name or "", value.decode("utf-8", "replace")))
            if len(pairs) > MAX_FIELDS:
                raise Problem(Code.REQUEST_TOO_BIG, f"a form has at most {MAX_FIELDS} fields")
    except (ValueError, HttpProcessingError):
        raise Problem(Code.REQUEST_WRONG, "this is not what a form sends") from None
    return form_of(pairs, file)


async def _part(part: BodyPartReader, most: int, code: Code) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        body += chunk
        if len(body) > most:
            raise Problem(code, f"at most {most} bytes")
    return bytes(body)


def kept_texts(form: Form) -> Iterator[tuple[str, str]]:
    """What somebody typed, to be shown again where the form itself cannot be."""
    for name, values in form.fields.items():
        if name != PROOF:
            yield from ((name, value) for value in values if value.strip())
