"""Cases of specs/07-frames.md: every frame, at its limits and one over, and what is no frame."""

from specs.message_vectors.actors import ids
from specs.message_vectors.writer import Json, ok, pack, refused, shown

U32, U53 = 2**32 - 1, 2**53 - 1
ID, OTHER = b"\x11" * 32, ids(1)[0]
PRINT = bytes(range(16))
MESSAGE = b"\x93\xc0\xc0\xc0"
MAX_MESSAGE = 32_768 + 512 + 128

FRAMES: list[tuple[str, str, list[object]]] = [
    ("PING", "FR-3", [2, 1]),
    ("PING", "FR-3", [2, U32]),
    ("PONG", "FR-3", [4, 1]),
    ("ERR", "FR-6", [6, 0, 1, "bad_signature", 0]),
    ("ERR", "FR-6", [6, 0, 255, "x" * 256, U32]),
    ("SUB", "FR-7", [8, 1, pack([ID, None, None, None]), 0]),
    ("SUB", "FR-7", [8, 1, b"", 1]),
    ("SUB", "FR-7", [8, 1, bytes(160_512), 2]),
    ("UNSUB", "FR-3", [10, 1]),
    ("SCOPE", "FR-12", [12, 1, 1, b"\x05"]),
    ("SCOPE", "FR-12", [12, 1, U32, bytes(625)]),
    ("NEG_OPEN", "FR-7", [14, 3, 1, 1, 0, 0, 0, 0, PRINT]),
    ("NEG_OPEN", "FR-7", [14, 3, 1, U32, 1, U32, U32, U53, PRINT]),
    ("NEG_SAME", "FR-3", [16, 3]),
    ("NEG_DIFFERS", "FR-3", [18, 3, 0]),
    ("NEG_DIFFERS", "FR-3", [18, 3, U53]),
    ("NEG_MSG", "FR-3", [20, 3, b"\x61", False]),
    ("NEG_MSG", "FR-3", [20, 3, bytes(196_608), True]),
    ("NEG_CLOSE", "FR-3", [22, 3]),
    ("NEG_ERR", "FR-8", [24, 3, 0, 1_700_000_000]),
    ("NEG_ERR", "FR-8", [24, 3, 255, U32]),
    ("GET", "FR-4", [26, 5, b""]),
    ("GET", "FR-4", [26, 5, ID + OTHER]),
    ("GET", "FR-4", [26, 5, ID * 256]),
    ("MESSAGES", "FR-9", [28, 0, [[0, MESSAGE]], False]),
    ("MESSAGES", "FR-9", [28, 5, [], False]),
    ("MESSAGES", "FR-9", [28, 5, [[255, bytes(MAX_MESSAGE)]], True]),
    ("MESSAGES", "FR-9", [28, 5, [[0, b""]] * 256, True]),
    ("MISSING", "FR-8", [30, 5, [[ID, 0], [OTHER, 2]]]),
    ("MISSING", "FR-8", [30, 5, [[ID, 255]] * 256]),
    ("RANGE", "FR-7", [32, 7, 1, 1, 0, 0, bytes(32), 2_000]),
    ("RANGE", "FR-7", [32, 7, 1, U32, 1, U32, b"\xff" * 32, 65_535]),
    ("IHAVE", "FR-4", [34, 9, ID + OTHER, b"\x00\x03"]),
    ("IHAVE", "FR-4", [34, 9, ID * 256, bytes(256)]),
    ("WANT", "FR-4", [36, 9, ID]),
    ("WANT", "FR-4", [36, 9, b""]),
    ("CHANGED", "FR-3", [38, 1]),
    ("ACCEPT", "FR-15", [40, 11, bytes(8_192), bytes(8_192)]),
    ("ACCEPTED", "FR-17", [42, 11, 0]),
    ("ACCEPTED", "FR-17", [42, 11, 255]),
    ("SINCE", "FR-22", [58, 1, 0, []]),
    ("SINCE", "FR-22", [58, 1, U32, [[0, b""], [U32, bytes(625)]]]),
    ("SINCE", "FR-22", [58, 1, 1, [[time, b"\x01"] for time in range(8)]]),
    ("REPORT", "FR-1", [61, 13, "https://example.org/", "x", ""]),
    ("REPORT", "FR-1", [61, 13, "x:" + "y" * 2_046, "x" * 64, "x" * 16_384]),
    ("REPORTED", "FR-1", [63, 13, 0]),
    ("REPORTED", "FR-1", [63, 13, 255]),
    ("ADDR", "FR-2", [53, 0, []]),
    ("ADDR", "FR-2", [53, 1, [bytes(1_024)] * 200]),
    ("GETADDR", "FR-2", [55, 1]),
    ("GET_HEADS", "FR-3", [48, 3, 1, 1, 0, PRINT]),
    ("GET_HEADS", "FR-3", [48, U32, U32, U32, 65_535, bytes(16)]),
    ("GET_HEADERS", "FR-3", [60, 3, ID, 0, 1]),
    ("GET_HEADERS", "FR-3", [60, U32, ID, U32, 65_535]),
    ("HEADS", "FR-3", [50, 3, [], False]),
    ("HEADS", "FR-3", [50, 3, [[ID, U32, OTHER]] * 1_000, True]),
    ("SET_MODE", "FR-7", [46, 1, 0]),
    ("SET_MODE", "FR-7", [46, U32, 2]),
    ("AUTHORS", "FR-23", [44, 1, 1, b"", True, False, False]),
    ("AUTHORS", "FR-23", [44, 1, U32, OTHER + b"\xff" * 32, False, True, True]),
]

REFUSED: list[tuple[str, str, str, object]] = [
    ("FR-1", "wrong_shape", "no position", []),
    ("FR-1", "wrong_shape", "no array", 2),
    ("FR-1", "wrong_shape", "a type that is text", ["2", 1]),
    ("FR-1", "wrong_shape", "a type that is true", [True, 1]),
    ("FR-1", "out_of_range", "the type 256", [256, 1]),
    ("FR-1", "wrong_shape", "PING without a number", [2]),
    ("FR-1", "wrong_shape", "PING with a position too many", [2, 1, 1]),
    ("FR-1", "out_of_range", "PING with the number 2^32", [2, 2**32]),
    ("FR-1", "wrong_shape", "PONG with the number nil", [4, None]),
    ("FR-2", "unknown_frame", "the type 0", [0, 1]),
    ("FR-2", "unknown_frame", "the type 62", [62, 1]),
    ("FR-2", "unknown_frame", "the type 254", [254]),
    ("FR-6", "out_of_range", "ERR with a text of 257 bytes", [6, 0, 0, "x" * 257, 0]),
    ("FR-6", "out_of_range", "ERR with the code 256", [6, 0, 256, "", 0]),
    ("FR-6", "out_of_range", "ERR to be tried again after 2^32 seconds", [6, 0, 0, "", 2**32]),
    ("FR-1", "wrong_shape", "ERR with a text of bytes", [6, 0, 0, b"", 0]),
    ("FR-7", "out_of_range", "SUB with the mode 3", [8, 1, b"", 3]),
    ("FR-1", "out_of_range", "SUB with a filter of 160,513 bytes", [8, 1, bytes(160_513), 1]),
    ("FR-1", "wrong_shape", "SUB with a filter that is not packed", [8, 1, [None, None, None, None], 1]),
    ("FR-12", "out_of_range", "SCOPE with 626 bytes", [12, 1, 1, bytes(626)]),
    ("FR-1", "out_of_range", "SCOPE with the version 2^32", [12, 1, 2**32, b""]),
    ("FR-1", "out_of_range", "GET_HEADS from the place 65,536 on", [48, 3, 1, 1, 65_536, PRINT]),
    ("FR-1", "wrong_shape", "GET_HEADS with a digest of 32 bytes", [48, 3, 1, 1, 0, ID]),
    ("FR-1", "wrong_shape", "GET_HEADERS from an id of 31 bytes on", [60, 3, ID[1:], 0, 1]),
    ("FR-1", "out_of_range", "GET_HEADERS of 65,536", [60, 3, ID, 0, 65_536]),
    ("FR-1", "out_of_range", "HEADS with 1,001 heads", [50, 3, [[ID, 1, OTHER]] * 1_001, False]),
    ("FR-1", "out_of_range", "HEADS with the number 2^32", [50, 3, [[ID, 2**32, OTHER]], False]),
    ("FR-1", "wrong_shape", "HEADS with a head of two positions", [50, 3, [[ID, 1]], False]),
    ("FR-7", "out_of_range", "SET_MODE to the mode 3", [46, 1, 3]),
    ("FR-1", "wrong_shape", "SET_MODE without a mode", [46, 1]),
    ("FR-23", "out_of_range", "AUTHORS with a key twice", [44, 1, 1, ID + ID, True, False, False]),
    ("FR-23", "out_of_range", "AUTHORS that descend", [44, 1, 1, ID + bytes(32), True, False, False]),
    ("FR-23", "out_of_range", "AUTHORS with 5,001 keys", [44, 1, 1, ID * 5_001, True, False, False]),
    ("FR-23", "wrong_shape", "AUTHORS with 33 bytes", [44, 1, 1, bytes(33), True, False, False]),
    ("FR-1", "wrong_shape", "AUTHORS that does not say whether more come", [44, 1, 1, ID, True, None, False]),
    ("FR-7", "out_of_range", "NEG_OPEN of the tier 2", [14, 3, 1, 1, 2, 0, 0, 0, PRINT]),
    ("FR-1", "wrong_shape", "NEG_OPEN with a fingerprint of 15 bytes", [14, 3, 1, 1, 0, 0, 0, 0, PRINT[1:]]),
    (
        "FR-1",
        "wrong_shape",
        "NEG_OPEN with a fingerprint of 17 bytes",
        [14, 3, 1, 1, 0, 0, 0, 0, PRINT + b"0"],
    ),
    ("FR-1", "out_of_range", "NEG_OPEN until 2^32", [14, 3, 1, 1, 0, 0, 2**32, 0, PRINT]),
    ("FR-1", "wrong_shape", "NEG_OPEN without a fingerprint", [14, 3, 1, 1, 0, 0, 0, 0]),
    ("FR-1", "out_of_range", "NEG_MSG with 196,609 bytes", [20, 3, bytes(196_609), False]),
    ("FR-1", "wrong_shape", "NEG_MSG that says neither more nor last", [20, 3, b"\x61"]),
    ("FR-8", "out_of_range", "NEG_ERR with the fault 256", [24, 3, 256, 0]),
    ("FR-4", "wrong_shape", "GET with 33 bytes", [26, 5, bytes(33)]),
    ("FR-4", "out_of_range", "GET with 257 ids", [26, 5, ID * 257]),
    ("FR-4", "out_of_range", "GET with 256 ids and 33 bytes", [26, 5, ID * 256 + bytes(33)]),
    ("FR-4", "wrong_shape", "GET with an array of ids", [26, 5, [ID]]),
    ("FR-9", "wrong_shape", "MESSAGES that says neither more nor last", [28, 0, [[0, MESSAGE]], None]),
    ("FR-9", "out_of_range", "MESSAGES with 257 messages", [28, 0, [[0, b""]] * 257, False]),
    (
        "FR-9",
        "out_of_range",
        "MESSAGES with one byte too many",
        [28, 0, [[0, bytes(MAX_MESSAGE + 1)]], False],
    ),
    ("FR-9", "out_of_range", "MESSAGES over 256 links", [28, 0, [[256, MESSAGE]], False]),
    ("FR-9", "wrong_shape", "MESSAGES without hops", [28, 0, [[MESSAGE]], False]),
    ("FR-9", "wrong_shape", "MESSAGES with a message that is text", [28, 0, [[0, "text"]], False]),
    ("FR-8", "wrong_shape", "MISSING with an id of 31 bytes", [30, 5, [[ID[:31], 0]]]),
    ("FR-8", "wrong_shape", "MISSING without a reason", [30, 5, [[ID]]]),
    ("FR-8", "out_of_range", "MISSING with the reason 256", [30, 5, [[ID, 256]]]),
    ("FR-8", "out_of_range", "MISSING with 257 ids", [30, 5, [[ID, 0]] * 257]),
    ("FR-7", "out_of_range", "RANGE of the tier 2", [32, 7, 1, 1, 2, 0, bytes(32), 1]),
    ("FR-22", "out_of_range", "SINCE with nine steps", [58, 1, 1, [[time, b""] for time in range(9)]]),
    ("FR-22", "out_of_range", "SINCE with a time twice", [58, 1, 1, [[5, b"\x01"], [5, b"\x02"]]]),
    (
        "FR-22",
        "out_of_range",
        "SINCE with times that do not ascend",
        [58, 1, 1, [[6, b"\x01"], [5, b"\x02"]]],
    ),
    ("FR-22", "out_of_range", "SINCE from 2^32 on", [58, 1, 1, [[2**32, b""]]]),
    ("FR-22", "out_of_range", "SINCE with 626 bytes of authors", [58, 1, 1, [[5, bytes(626)]]]),
    ("FR-22", "wrong_shape", "SINCE with a step without authors", [58, 1, 1, [[5]]]),
    ("FR-22", "wrong_shape", "SINCE with a step that is no array", [58, 1, 1, [5]]),
    ("FR-1", "out_of_range", "RANGE of 65,536", [32, 7, 1, 1, 0, 0, bytes(32), 65_536]),
    ("FR-1", "wrong_shape", "RANGE after an id of 31 bytes", [32, 7, 1, 1, 0, 0, bytes(31), 1]),
    ("FR-4", "wrong_shape", "IHAVE with 31 bytes", [34, 9, bytes(31), b""]),
    ("FR-4", "out_of_range", "IHAVE with 257 hop counts", [34, 9, ID, bytes(257)]),
    ("FR-4", "out_of_range", "WANT of 257 ids", [36, 9, ID * 257]),
    ("FR-15", "out_of_range", "ACCEPT with an invite of 8,193 bytes", [40, 11, bytes(8_193), b""]),
    ("FR-15", "out_of_range", "ACCEPT with an acceptance of 8,193 bytes", [40, 11, b"", bytes(8_193)]),
    ("FR-17", "out_of_range", "ACCEPTED with the verdict 256", [42, 11, 256]),
    ("FR-1", "out_of_range", "REPORT of what is no thing", [61, 13, "no thing", "spam", ""]),
    ("FR-1", "out_of_range", "REPORT of a thing of 2,049 bytes", [61, 13, "x:" + "y" * 2_047, "spam", ""]),
    ("FR-1", "out_of_range", "REPORT without a word", [61, 13, "x:y", "", ""]),
    ("FR-1", "out_of_range", "REPORT with a word of 65 bytes", [61, 13, "x:y", "x" * 65, ""]),
    ("FR-1", "out_of_range", "REPORT with a word on two lines", [61, 13, "x:y", "a\nb", ""]),
    ("FR-1", "out_of_range", "REPORT with a reason of 16,385 bytes", [61, 13, "x:y", "spam", "x" * 16_385]),
    ("FR-1", "out_of_range", "REPORTED with the verdict 256", [63, 13, 256]),
    ("FR-1", "out_of_range", "ADDR with 201 records", [53, 0, [b""] * 201]),
    ("FR-1", "out_of_range", "ADDR with a record of 1,025 bytes", [53, 0, [bytes(1_025)]]),
    ("FR-1", "wrong_shape", "ADDR with a record that is text", [53, 0, ["text"]]),
    ("FR-1", "wrong_shape", "GETADDR with a position too many", [55, 1, 1]),
]


def frame_cases() -> list[Json]:
    """What is a frame, with its values by position, and what is none."""
    names: dict[str, int] = {}
    cases = []
    for kind, rule, values in FRAMES:
        names[kind] = names.get(kind, 0) + 1
        cases.append(ok(rule, f"{kind} {names[kind]}", bytes=pack(values), frame=kind, values=shown(values)))
    return [
        *cases,
        *_passed_over(),
        *(refused(rule, reason, name, bytes=pack(values)) for rule, reason, name, values in REFUSED),
        *_sizes(),
    ]


def _passed_over() -> list[Json]:
    odd: dict[str, list[object]] = {
        "the type 1 alone": [1],
        "the type 3 with anything": [3, "text", [None, [ID]]],
        "the type 255": [255, 1],
    }
    return [ok("FR-2", f"{name} is passed over", bytes=pack(one), frame=None) for name, one in odd.items()]


def _sizes() -> list[Json]:
    largest, larger = (_of_size(size) for size in (262_144, 262_145))
    return [
        ok("FR-1", "262,144 bytes", bytes=pack(largest), frame="MESSAGES", values=shown(largest)),
        refused("FR-1", "too_big", "262,145 bytes", bytes=pack(larger)),
        refused("FR-1", "not_canonical", "a number in a longer form", bytes=b"\x92\x02\xcc\x01"),
        refused("FR-1", "not_canonical", "a byte after the frame", bytes=b"\x92\x02\x01\x00"),
        refused("FR-1", "not_canonical", "no bytes", bytes=b""),
    ]


def _of_size(size: int) -> list[object]:
    """MESSAGES of so many bytes: seven of the longest messages, and one that fills up."""
    longest: list[object] = [[0, bytes(MAX_MESSAGE)]] * 7
    last = size - len(pack([28, 0, [*longest, [0, bytes(20_000)]], False])) + 20_000
    return [28, 0, [*longest, [0, bytes(last)]], False]
