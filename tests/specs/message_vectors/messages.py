"""Cases of specs/03-messages.md: headers, and whole messages with body and signature."""

from specs import edwards
from specs.message_vectors.actors import (
    AUTHOR,
    LAPTOP,
    LAPTOP_KEY,
    STRANGER,
    TAG,
    TIME,
    digest,
    header,
    ids,
    message,
    signature_of,
)
from specs.message_vectors.writer import Json, Raw, ok, pack, refused, shown

RECEIPT = 13
NAMES = ("net", "kind", "author", "device", "seq", "prev", "ts", "body_len", "body_hash", "replaces")
CONTROL = (0, 1, 80, 99)
BESIDE_CONTROL = (2, 79, 100)
LAST: dict[str, object] = {"seq": 2**32 - 1, "prev": ids(1)[0]}
LARGEST: dict[str, object] = {"net": 65_535, "kind": 65_535, "ts": 2**32 - 1, "body_len": 32_768} | LAST


def header_cases() -> list[Json]:
    """Headers alone, as they are reconciled."""
    return [
        *_good_headers(),
        *_versions(),
        *_wrong_positions(),
        *_broken_rules(),
        *_control(),
        *_header_sizes(),
    ]


def _good_headers() -> list[Json]:
    named: list[tuple[str, str, list[object]]] = [
        ("ME-2", "an ordinary header", header()),
        ("ME-2", "the least numbers", header(net=0, kind=0, ts=0)),
        ("ME-2", "the largest header", header(**LARGEST | {"replaces": ids(4)})),
        ("ME-2", "a kind that nobody knows yet", header(kind=29_999)),
        ("ME-4", "seq 2 with prev", header(seq=2, prev=ids(1)[0])),
        ("ME-10", "an author that is no key", header(author=bytes(32))),
        ("ME-10", "a device key of small order, which only verifying refuses", header(device=bytes(32))),
        *(
            ("ME-5", f"kind {kind} with a body of 4,096", header(kind=kind, body_len=4_096))
            for kind in CONTROL
        ),
        *(
            ("ME-5", f"kind {kind} with a body of 4,097 and a version it replaces", _free(kind))
            for kind in BESIDE_CONTROL
        ),
        (
            "ME-5",
            "a receipt with a body of 512 and a version it replaces",
            header(kind=RECEIPT, body_len=512, replaces=ids(1)),
        ),
    ]
    return [
        ok(rule, name, header=pack(positions), fields=_fields(positions)) for rule, name, positions in named
    ]


def _free(kind: int) -> list[object]:
    return header(kind=kind, body_len=4_097, replaces=ids(1))


def _fields(positions: list[object]) -> Json:
    return {name: shown(value) for name, value in zip(NAMES, positions[1:], strict=True)}


def _versions() -> list[Json]:
    bad: list[tuple[str, str, object]] = [
        ("unsupported_version", "version 0", header(v=0)),
        ("unsupported_version", "version 2", header(v=2)),
        ("unsupported_version", "version 2 with another layout", [2, "anything"]),
        ("unsupported_version", "no position at all", []),
        ("wrong_shape", "a version in text", header(v="1")),
        ("wrong_shape", "the version true", header(v=True)),
        ("wrong_shape", "bytes in place of the array", bytes(11)),
        ("wrong_shape", "nil in place of the array", None),
    ]
    return [refused("ME-3", reason, name, header=pack(value)) for reason, name, value in bad]


def _wrong_positions() -> list[Json]:
    bad: list[tuple[str, str, list[object]]] = [
        ("wrong_shape", "10 positions", header()[:-1]),
        ("wrong_shape", "12 positions", [*header(), []]),
        ("out_of_range", "net 65,536", header(net=65_536)),
        ("wrong_shape", "net nil", header(net=None)),
        ("out_of_range", "kind 65,536", header(kind=65_536)),
        ("wrong_shape", "kind true", header(kind=True)),
        ("wrong_shape", "an author of 31 bytes", header(author=AUTHOR[:31])),
        ("wrong_shape", "an author in text", header(author="a" * 32)),
        ("wrong_shape", "a device of 33 bytes", header(device=LAPTOP_KEY + b"\0")),
        ("wrong_shape", "a device nil", header(device=None)),
        ("out_of_range", "seq 2^32", header(seq=2**32, prev=ids(1)[0])),
        ("wrong_shape", "a prev of 31 bytes", header(seq=2, prev=bytes(31))),
        ("wrong_shape", "a prev in text", header(seq=2, prev="a" * 32)),
        ("out_of_range", "ts 2^32", header(ts=2**32)),
        ("not_canonical", "ts -1", header(ts=Raw(b"\xff"))),
        ("not_canonical", "ts in a float", header(ts=Raw(bytes.fromhex("cb41d954fc40000000")))),
        ("not_canonical", "ts in a longer form", header(ts=Raw(b"\xcd\x00\x01"))),
        ("out_of_range", "body_len 32,769", header(body_len=32_769)),
        ("wrong_shape", "a body_hash of 31 bytes", header(body_hash=bytes(31))),
        ("wrong_shape", "a body_hash nil", header(body_hash=None)),
        ("wrong_shape", "replaces nil", header(replaces=None)),
        ("out_of_range", "replaces 5", header(replaces=ids(5))),
        ("wrong_shape", "an id of 31 bytes in replaces", header(replaces=[bytes(31)])),
        ("out_of_range", "replaces 5, the first of 31 bytes", header(replaces=[bytes(31), *ids(4)])),
    ]
    return [refused("ME-2", reason, name, header=pack(positions)) for reason, name, positions in bad]


def _broken_rules() -> list[Json]:
    one, two = ids(2)
    bad: list[tuple[str, str, list[object]]] = [
        ("out_of_range", "seq 0", header(seq=0)),
        ("out_of_range", "seq 0 with prev", header(seq=0, prev=one)),
        ("wrong_shape", "seq 1 with prev", header(prev=one)),
        ("wrong_shape", "seq 2 without prev", header(seq=2)),
        ("out_of_range", "replaces one id twice", header(replaces=[one, one])),
        ("out_of_range", "replaces descends", header(replaces=[two, one])),
    ]
    return [refused("ME-4", reason, name, header=pack(positions)) for reason, name, positions in bad]


def _control() -> list[Json]:
    return [
        refused("ME-5", "out_of_range", f"kind {kind} {name}", header=pack(header(kind=kind, **changes)))
        for kind in CONTROL
        for name, changes in (
            ("with a body of 4,097", {"body_len": 4_097}),
            ("replaces a version", {"replaces": ids(1)}),
        )
    ] + [
        refused(
            "ME-5",
            "out_of_range",
            "a receipt with a body of 513",
            header=pack(header(kind=RECEIPT, body_len=513)),
        )
    ]


def _header_sizes() -> list[Json]:
    def padded(size: int) -> bytes:
        spare = size - len(pack(header(author=bytes(256)))) + 256
        return pack(header(author=bytes(spare)))

    return [
        refused("ME-2", "wrong_shape", "512 bytes, the author too long", header=padded(512)),
        refused("ME-2", "too_big", "513 bytes", header=padded(513)),
        refused("ME-2", "not_canonical", "a byte after the header", header=pack(header()) + b"\0"),
    ]


BODY = b"a body"


def message_cases() -> list[Json]:
    """Whole messages: decoded, then verified."""
    return [*_good_messages(), *_wrong_messages(), *_wrong_bodies(), *_wrong_signatures(), *_order()]


def _whole(header_bytes: bytes, body: object = BODY, **changes: object) -> bytes:
    positions = dict(zip(("header", "signature", "body"), message(header_bytes, body), strict=True))
    return pack(list((positions | changes).values()))


def _good_messages() -> list[Json]:
    largest = bytes(32_768)
    roomy = LARGEST | {"body_hash": digest("body", largest), "replaces": ids(4)}
    named: list[tuple[str, str, bytes, bytes | None]] = [
        ("ME-1", "a message", pack(header(BODY)), BODY),
        ("ME-1", "a message without its body", pack(header(BODY)), None),
        ("ME-6", "a body of no bytes", pack(header(b"")), b""),
        (
            "ME-1",
            "a body that is no canonical value, which only its kind refuses",
            pack(header(b"\xc1")),
            b"\xc1",
        ),
        ("ME-1", "the largest header with the largest body", pack(header(**roomy)), largest),
    ]
    return [
        ok(rule, name, message=_whole(head, body), id=digest("message", head), body=shown(body))
        for rule, name, head, body in named
    ]


def _wrong_messages() -> list[Json]:
    head = pack(header(BODY))
    bad: list[tuple[str, str, bytes]] = [
        ("wrong_shape", "2 positions", pack(message(head, BODY)[:2])),
        ("wrong_shape", "4 positions", pack([*message(head, BODY), None])),
        ("wrong_shape", "nil", pack(None)),
        ("wrong_shape", "a header in text", _whole(head, header="a")),
        ("wrong_shape", "a header nil", _whole(head, header=None)),
        ("wrong_shape", "the header as an array", _whole(head, header=header(BODY))),
        ("wrong_shape", "a signature of 63 bytes", _whole(head, signature=bytes(63))),
        ("wrong_shape", "a signature of 65 bytes", _whole(head, signature=bytes(65))),
        ("wrong_shape", "a signature in text", _whole(head, signature="a" * 64)),
        ("wrong_shape", "a body in text", _whole(head, body="a body")),
        ("wrong_shape", "a body false", _whole(head, body=False)),
        ("not_canonical", "a byte after the message", _whole(head) + b"\0"),
        (
            "not_canonical",
            "a header with a longer form of its length",
            _whole(head, header=Raw(_long_bin(head))),
        ),
        ("not_canonical", "no bytes", b""),
        ("out_of_range", "33,408 bytes, the body too long", _whole(head, body=bytes(_room(head)))),
        ("too_big", "33,409 bytes", _whole(head, body=bytes(_room(head) + 1))),
    ]
    return [refused("ME-1", reason, name, message=data) for reason, name, data in bad]


def _long_bin(data: bytes) -> bytes:
    return b"\xc5" + len(data).to_bytes(2, "big") + data


def _room(head: bytes) -> int:
    """The length of body at which the message has 32,768 + 512 + 128 bytes."""
    return 33_408 - len(_whole(head, body=bytes(256))) + 256


def _wrong_bodies() -> list[Json]:
    head = pack(header(BODY))
    other_length = pack(header(BODY, body_len=len(BODY) + 1))
    return [
        refused("ME-6", "body_mismatch", "another body of this length", message=_whole(head, b"a bodY")),
        refused("ME-6", "body_mismatch", "a shorter body", message=_whole(head, BODY[:-1])),
        refused("ME-6", "body_mismatch", "no bytes where some were signed", message=_whole(head, b"")),
        refused("ME-6", "body_mismatch", "the right hash with another length", message=_whole(other_length)),
        refused("ME-1", "out_of_range", "a body of 32,769 bytes", message=_whole(head, bytes(32_769))),
    ]


def _wrong_signatures() -> list[Json]:
    head = pack(header(BODY))
    good = signature_of(LAPTOP, TAG + head)
    raised = int.from_bytes(good[32:], "little") + edwards.L
    neutral = edwards.encode(edwards.NEUTRAL)
    scalar = edwards.secret_scalar(LAPTOP)
    nobody = pack(header(BODY, device=neutral))
    forged = edwards.encode(edwards.multiply(7, edwards.BASE)) + (7).to_bytes(32, "little")
    bad: list[tuple[str, str, bytes]] = [
        ("bad_signature", "signed by another key", pack(message(head, BODY, STRANGER))),
        ("bad_signature", "signed without a tag", pack(message(head, BODY, tag=b""))),
        (
            "bad_signature",
            "signed for another purpose",
            pack(message(head, BODY, tag=b"hedgerow/1/invite\0")),
        ),
        ("bad_signature", "the signature of another header", _whole(head, signature=_other_signature())),
        (
            "bad_signature",
            "the body is signed too",
            _whole(head, signature=signature_of(LAPTOP, TAG + head + BODY)),
        ),
        (
            "bad_signature",
            "S raised by the order of the group",
            _whole(head, signature=good[:32] + _le(raised)),
        ),
        (
            "bad_signature",
            "an R of small order that fits",
            _whole(head, signature=edwards.sign_with(scalar, LAPTOP_KEY, neutral, 0, TAG + head)),
        ),
        (
            "bad_key",
            "a device key under which one signature fits everything",
            _whole(nobody, signature=forged),
        ),
    ]
    return [refused("ME-8", reason, name, message=data) for reason, name, data in bad]


def _other_signature() -> bytes:
    return signature_of(LAPTOP, TAG + pack(header(BODY, ts=TIME + 1)))


def _le(number: int) -> bytes:
    return number.to_bytes(32, "little")


def _order() -> list[Json]:
    """Two faults in one message: the first in the order of the table is named."""
    head = pack(header(BODY))
    no_seq = pack(header(BODY, seq=0))
    newer = pack(header(BODY, v=2))
    return [
        refused(
            "ME-10",
            "out_of_range",
            "a fault in the header before one in the signature",
            message=_whole(no_seq, signature=None),
        ),
        refused(
            "ME-10",
            "unsupported_version",
            "another version before a body that does not fit",
            message=_whole(newer, b"another"),
        ),
        refused(
            "ME-10",
            "wrong_shape",
            "the form of the signature before the body",
            message=_whole(head, b"x", signature=b""),
        ),
        refused(
            "ME-10",
            "body_mismatch",
            "the body before the signature",
            message=_whole(head, b"x", signature=bytes(64)),
        ),
    ]
