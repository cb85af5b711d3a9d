"""Cases of specs/07-frames.md: filters, whom they narrow to, and which messages pass."""

import re
from collections.abc import Sequence

from specs.message_vectors.actors import AUTHOR, LAPTOP_KEY, STRANGER_KEY, TIME, header, ids
from specs.message_vectors.writer import Json, ok, pack, refused, shown

KEYS = sorted([AUTHOR, LAPTOP_KEY, STRANGER_KEY])
ALL = b"".join(KEYS)


def _named(count: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in range(count))


def _short(data: bytes) -> str:
    """`data` in hexadecimal, written short although no run in it is long."""
    parts = re.split(rb"(\0{29,})", data)
    return " ".join(
        f"00*{len(part)}" if place % 2 else part.hex() for place, part in enumerate(parts) if part
    )


def filter_cases() -> list[Json]:
    """What is a filter, what it narrows to, what passes it, and what is none."""
    return [*_allowed(), *_narrowed(), *_passing(), *_refused()]


def _filter(name: str, values: list[object], rule: str = "FR-10") -> Json:
    data = pack(values)
    return ok(rule, name, bytes=data, values=shown(values))


def _allowed() -> list[Json]:
    return [
        _filter("everything", [None, None, None, None]),
        _filter("nobody", [b"", None, None, None]),
        _filter("one author", [AUTHOR, None, None, None]),
        _filter("three authors", [ALL, None, None, None]),
        _filter("some kinds and times", [AUTHOR, [0, 8, 65_535], 0, 2**32 - 1]),
        ok("FR-10", "5,000 authors", bytes=_short(pack([_named(5_000), None, None, None]))),
        _filter("64 kinds", [None, list(range(64)), None, None]),
        _filter("an end before the beginning, which nothing passes", [None, None, 5, 3]),
        _filter("no kind, for the control set alone", [ALL, [], None, None], "FR-11"),
    ]


def _narrowed() -> list[Json]:
    rows: list[tuple[str, bytes, Sequence[bytes]]] = [
        ("no bit", b"", []),
        ("the first bit", b"\x01", KEYS[:1]),
        ("the second and third bit", b"\x06", KEYS[1:]),
        ("every bit and more", b"\xff\xff", KEYS),
        ("bits beyond the authors alone", b"\xf8\x01", []),
    ]
    return [
        ok(
            "FR-12",
            f"narrowed by {name}",
            bytes=pack([ALL, None, None, None]),
            carried=bits,
            narrowed=b"".join(kept),
        )
        for name, bits, kept in rows
    ]


def _passing() -> list[Json]:
    rows: list[tuple[str, list[object], dict[str, object], bool]] = [
        ("its author is named", [AUTHOR, None, None, None], {}, True),
        ("another author is named", [STRANGER_KEY, None, None, None], {}, False),
        ("nobody is named", [b"", None, None, None], {}, False),
        ("its kind is named", [None, [3, 8], None, None], {}, True),
        ("another kind is named", [None, [3], None, None], {}, False),
        ("no kind is named", [None, [], None, None], {}, False),
        ("no kind is named, but it is a retraction", [None, [], None, None], {"kind": 1}, True),
        ("another kind is named, but it is of kind 99", [None, [3], None, None], {"kind": 99}, True),
        ("another kind is named, and it is of kind 100", [None, [3], None, None], {"kind": 100}, False),
        ("the time begins with it", [None, None, TIME, None], {}, True),
        ("the time begins after it", [None, None, TIME + 1, None], {}, False),
        ("the time ends after it", [None, None, None, TIME + 1], {}, True),
        ("the time ends with it", [None, None, None, TIME], {}, False),
        ("the time ends before all", [None, None, None, 0], {"ts": 0}, False),
        ("the time begins after it, but it is of kind 0", [None, None, TIME + 1, None], {"kind": 0}, True),
        ("an entry of somebody else's log", [STRANGER_KEY, None, None, None], {"kind": 0}, False),
        ("author, kind and time fit", [ALL, [8], TIME, TIME + 1], {}, True),
        ("author and kind fit, the time does not", [ALL, [8], TIME - 9, TIME], {}, False),
    ]
    return [
        ok(
            "FR-11",
            f"passed or not: {name}",
            bytes=pack(values),
            header=pack(header(**changes)),
            passes=passes,
        )
        for name, values, changes, passes in rows
    ]


def _refused() -> list[Json]:
    rows: list[tuple[str, str, object]] = [
        ("wrong_shape", "three positions", [None, None, None]),
        ("wrong_shape", "five positions", [None, None, None, None, None]),
        ("wrong_shape", "no array", b"filter"),
        ("wrong_shape", "authors of 31 bytes", [bytes(31), None, None, None]),
        ("wrong_shape", "authors as an array", [[AUTHOR], None, None, None]),
        ("out_of_range", "an author twice", [AUTHOR * 2, None, None, None]),
        ("out_of_range", "authors that do not ascend", [b"".join(KEYS[::-1]), None, None, None]),
        ("wrong_shape", "one kind that is no array", [None, 8, None, None]),
        ("out_of_range", "a kind twice", [None, [8, 8], None, None]),
        ("out_of_range", "kinds that do not ascend", [None, [8, 3], None, None]),
        ("out_of_range", "the kind 65,536", [None, [65_536], None, None]),
        ("out_of_range", "65 kinds", [None, list(range(65)), None, None]),
        ("out_of_range", "a beginning at 2^32", [None, None, 2**32, None]),
        ("out_of_range", "an end at 2^32", [None, None, None, 2**32]),
        ("wrong_shape", "a beginning that is false", [None, None, False, None]),
        ("wrong_shape", "an id where a time should be", [None, None, None, ids(1)[0]]),
    ]
    return [
        *(refused("FR-10", reason, name, bytes=pack(values)) for reason, name, values in rows),
        refused(
            "FR-10", "out_of_range", "5,001 authors", bytes=_short(pack([_named(5_001), None, None, None]))
        ),
        refused(
            "FR-4",
            "out_of_range",
            "5,000 authors and a byte",
            bytes=_short(pack([_named(5_000) + b"\0", None, None, None])),
        ),
        refused("FR-10", "too_big", "160,513 bytes", bytes=bytes(160_513)),
        refused("FR-10", "not_canonical", "a nil in a longer form", bytes=b"\x94\xc0\xc0\xc0\xd0\x05"),
    ]
