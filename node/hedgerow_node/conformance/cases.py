"""The vectors as cases: what of each is put to a program, and what it must answer (specs/conformance.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hedgerow_node.conformance.shown import Json
from hedgerow_node.problems import Code, Problem

VECTORS = Path(__file__).parent / "vectors"
TOLD = frozenset({"name", "rule", "expect"})
REMARKS = frozenset({"references", "closing"})
"""What a vector says to people."""
KIND_FILES = "05-kinds/"
OPTIONAL = frozenset({"frame"})
"""Results that a program may leave out: names of this code."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its answer."""

    file: str
    """The file of vectors, such as 02-encoding/values."""
    name: str
    rule: str
    expect: str
    inputs: Json
    results: Json


def vector_files(folder: Path = VECTORS) -> list[str]:
    """The names of all files of vectors, without their ending; raises `Problem` where there are none."""
    found = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.json"))
    if not found:
        raise Problem(Code.FILE_UNREADABLE, f"no vectors in {folder}")
    return found


def cases_of(file: str, folder: Path = VECTORS) -> list[Case]:
    """The cases of one file; raises `Problem` where it is no file of vectors."""
    try:
        vectors = msgspec.json.decode((folder / f"{file}.json").read_bytes(), type=dict[str, object])
    except (OSError, msgspec.MsgspecError):
        raise Problem(Code.FILE_UNREADABLE, str(folder / f"{file}.json")) from None
    paths, cases = vectors.get("inputs"), vectors.get("cases")
    if not isinstance(paths, list) or not isinstance(cases, list):
        raise Problem(Code.FILE_UNREADABLE, str(folder / f"{file}.json"))
    return [one for vector in cases for one in _cases(file, paths, vector)]


def _cases(file: str, paths: list[str], vector: Json) -> Iterator[Case]:
    """One case, or one for each of its roles; `paths` say where the inputs are."""
    roles = vector.get("roles")
    if isinstance(roles, list) and len(roles) > 1:
        for role in roles:
            yield from _cases(file, paths, {**vector, "roles": [role]})
        return
    inputs: Json = {}
    for path in paths:
        inputs |= _fields(vector, path.split(".")) if path not in REMARKS else {}
    results = {name: value for name, value in vector.items() if name not in TOLD and name not in paths}
    rule, expect, name = (str(vector.get(key)) for key in ("rule", "expect", "name"))
    # To an initiator the reply means that there is nothing more to say.
    yield Case(file, name, rule, expect, inputs, {} if roles == ["initiator"] else results)


def _fields(value: Json, path: list[str]) -> Json:
    name, *rest = path
    return {name: _part(value[name], rest)} if name in value else {}


def _part(value: object, path: list[str]) -> object:
    """What stands at the end of a path, and of what is around it no more than that."""
    match value, path:
        case dict(), [_, *_]:
            return _fields(value, path)
        case list(), ["*", *rest]:
            return [_part(one, rest) for one in value]
        case list(), [place, *rest]:
            return [_part(value[int(place)], rest)]
    return value
