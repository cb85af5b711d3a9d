"""The independent writer: canonical msgpack by hand, and the JSON form of cases.

In a vector, bytes are hexadecimal parts with spaces between them; a part may end in `*` and how often it stands.
"""

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = dict[str, object]

RUN = re.compile(rb"(.)\1{31,}", re.DOTALL)
LONG = 32
"""From this length on, what repeats is written once with a count."""
UNREADABLE = re.compile("[\x7f-\xa0\xad\u034f\u061c\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")


@dataclass(frozen=True)
class Raw:
    """Bytes that stand in a packed value as they are: a form that the encoding forbids, for example."""

    data: bytes


def pack(value: object) -> bytes:
    """The shortest msgpack form of nil, booleans, integers, bytes, text and arrays."""
    match value:
        case Raw(data):
            return data
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _pack_integer(value)
        case bytes():
            return _length((None, 0xC4, 0xC5, 0xC6), len(value)) + value
        case str():
            data = value.encode()
            return _length(((0xA0, 32), 0xD9, 0xDA, 0xDB), len(data)) + data
        case list() | tuple():
            return _length(((0x90, 16), None, 0xDC, 0xDD), len(value)) + b"".join(map(pack, value))
    raise TypeError(type(value).__name__)


def _pack_integer(value: int) -> bytes:
    if value < 128:
        return bytes([value])
    for tag, form, limit in ((0xCC, ">B", 2**8), (0xCD, ">H", 2**16), (0xCE, ">I", 2**32)):
        if value < limit:
            return bytes([tag]) + struct.pack(form, value)
    return b"\xcf" + struct.pack(">Q", value)


def _length(tags: tuple[object, object, object, object], length: int) -> bytes:
    short, *longer = tags
    if isinstance(short, tuple) and length < short[1]:
        return bytes([short[0] + length])
    for tag, form, limit in zip(longer, (">B", ">H", ">I"), (2**8, 2**16, 2**32), strict=True):
        if isinstance(tag, int) and length < limit:
            return bytes([tag]) + struct.pack(form, length)
    raise ValueError(length)


def hex_of(data: bytes) -> str:
    """`data` in hexadecimal, long runs of one byte written as `hh*count`."""
    parts, end = [], 0
    for run in RUN.finditer(data):
        parts += [data[end : run.start()].hex(), f"{run[1].hex()}*{len(run[0])}"]
        end = run.end()
    return " ".join(part for part in [*parts, data[end:].hex()] if part)


def shown(value: object) -> object:
    """`value` in JSON: bytes as {"bytes"}, and long repetitions as {"item"} or {"text"} with {"times"}."""
    match value:
        case bytes():
            return {"bytes": hex_of(value)}
        case str() if len(value) >= LONG and len(set(value)) == 1:
            return {"text": value[0], "times": len(value)}
        case list() if len(value) >= LONG and all(item == value[0] for item in value):
            return {"item": shown(value[0]), "times": len(value)}
        case list():
            return [shown(item) for item in value]
    return value


def ok(rule: str, name: str, **fields: object) -> Json:
    """A case that must be accepted, with the results among its fields."""
    return {"name": name, "rule": rule, "expect": "ok"} | {
        key: _field(value) for key, value in fields.items()
    }


def refused(rule: str, reason: str, name: str, **fields: object) -> Json:
    """A case that must be refused for this reason."""
    return ok(rule, name, **fields) | {"expect": reason}


def _field(value: object) -> object:
    return hex_of(value) if isinstance(value, bytes) else value


def text_of(spec: str, inputs: Sequence[str], cases: Sequence[Json]) -> str:
    """The text of a vector file; `inputs` say where in a case what is put in stands."""
    text = json.dumps({"spec": spec, "inputs": inputs, "cases": cases}, ensure_ascii=False, indent=1)
    return UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
