"""Cases of specs/11-discovery.md: address records, and lists of them."""

from base64 import urlsafe_b64encode

from specs.message_vectors.actors import (
    AUTHOR,
    LAPTOP,
    LAPTOP_KEY,
    NET,
    PHONE,
    PHONE_KEY,
    STRANGER_KEY,
    TAG,
    TIME,
    signature_of,
)
from specs.message_vectors.writer import Json, Raw, hex_of, ok, pack, refused

RECORD_TAG = b"hedgerow/1/address\0"
LIST_TAG = b"hedgerow/1/node-list\0"
SCHEME = "hedgerow-nodes:"
PLACE = "wss://seed.example.org/peer"
WEEK = 604_800
NAMES = ("net", "device", "author", "addresses", "ts", "ttl", "label")
RECORD: list[object] = [1, NET, LAPTOP_KEY, AUTHOR, [PLACE], 1, TIME, WEEK, "Library"]


def _changed(positions: list[object], place: int, value: object) -> list[object]:
    return [*positions[:place], value, *positions[place + 1 :]]


def _signed(record: object = RECORD, seed: bytes = LAPTOP, tag: bytes = RECORD_TAG) -> bytes:
    encoded = pack(record)
    return pack([encoded, signature_of(seed, tag + encoded)])


def _places(*addresses: str) -> bytes:
    return _signed(_changed(RECORD, 4, list(addresses)))


def _full(size: int) -> bytes:
    """A signed record of so many bytes."""
    longest = size - len(_places("ws://a/" + "x" * 700)) + 700
    return _places("ws://a/" + "x" * longest)


def record_cases() -> list[Json]:
    """Records that are taken, and what is none."""
    return [*_good_records(), *_bad_records()]


def _good_records() -> list[Json]:
    def good(name: str, record: list[object], rule: str = "DI-1") -> Json:
        _, net, device, author, addresses, _, ts, ttl, label = record
        values = [net, hex_of(_key(device)), hex_of(_key(author)), addresses, ts, ttl, label]
        return ok(rule, name, record=_signed(record), values=dict(zip(NAMES, values, strict=True)))

    eight = [f"ws://10.0.0.{number}:4545/peer" for number in range(8)]
    return [
        good("a record", RECORD, "DI-2"),
        good("eight addresses", _changed(RECORD, 4, eight)),
        good("an IPv6 address and a port", _changed(RECORD, 4, ["ws://[2001:db8::1]:65535/"])),
        good("a port of five digits that is none", _changed(RECORD, 4, ["ws://a:99999/"])),
        good("a record that holds for fourteen days", _changed(RECORD, 7, 2 * WEEK)),
        good("a record that holds for no time", _changed(RECORD, 7, 0)),
        good("a record of the last second", _changed(RECORD, 6, 2**32 - 1)),
        good("a record without a label", _changed(RECORD, 8, "")),
        good("a label of 128 bytes", _changed(RECORD, 8, "n" * 128)),
        good("a record of another network", _changed(RECORD, 1, 1)),
        ok("DI-2", "a record of 1,024 bytes", record=_full(1_024)),
    ]


def _key(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value


def _bad_records() -> list[Json]:
    form = {
        "a record of version 2": ("unsupported_version", _signed(_changed(RECORD, 0, 2))),
        "a record of version 2 in another layout": ("unsupported_version", _signed([2, "anything"])),
        "a record of no position": ("unsupported_version", _signed([])),
        "a record of the version true": ("wrong_shape", _signed([True])),
        "a record of eight positions": ("wrong_shape", _signed(RECORD[:-1])),
        "a record of ten positions": ("wrong_shape", _signed([*RECORD, None])),
        "the network 65,536": ("out_of_range", _signed(_changed(RECORD, 1, 65_536))),
        "a device of 31 bytes": ("wrong_shape", _signed(_changed(RECORD, 2, bytes(31)))),
        "an author of 33 bytes": ("wrong_shape", _signed(_changed(RECORD, 3, bytes(33)))),
        "no address": ("out_of_range", _places()),
        "nine addresses": ("out_of_range", _places(*(f"ws://a{number}/" for number in range(9)))),
        "one address twice": ("out_of_range", _places(PLACE, PLACE)),
        "an address of a page": ("out_of_range", _places("https://seed.example.org/peer")),
        "an address without a path": ("out_of_range", _places("wss://seed.example.org")),
        "an address in capitals": ("out_of_range", _places("wss://Seed.example.org/peer")),
        "an address with a name in it": ("out_of_range", _places("wss://ana@seed.example.org/peer")),
        "an address with a space": ("out_of_range", _places("wss://seed.example.org/a b")),
        "an address without a host": ("out_of_range", _places("wss:///peer")),
        "an address in letters of its own": ("out_of_range", _places("wss://bücher.example/peer")),
        "a port of six digits": ("out_of_range", _places("ws://a:123456/")),
        "an address of bytes": ("wrong_shape", _signed(_changed(RECORD, 4, [b"ws://a/"]))),
        "a record of an edge": ("out_of_range", _signed(_changed(RECORD, 5, 0))),
        "a record of the role 2": ("out_of_range", _signed(_changed(RECORD, 5, 2))),
        "a time of 2^32": ("out_of_range", _signed(_changed(RECORD, 6, 2**32))),
        "a record that holds a second too long": ("out_of_range", _signed(_changed(RECORD, 7, 2 * WEEK + 1))),
        "a label of 129 bytes": ("out_of_range", _signed(_changed(RECORD, 8, "n" * 129))),
        "a label with a line feed": ("out_of_range", _signed(_changed(RECORD, 8, "a\nb"))),
        "a record with its time in a longer form": (
            "not_canonical",
            _signed(_changed(RECORD, 6, Raw(b"\xcf" + TIME.to_bytes(8)))),
        ),
    }
    signed = {
        "a record that another device signed": ("bad_signature", _signed(seed=PHONE)),
        "a record signed as a message": ("bad_signature", _signed(tag=TAG)),
        "a record signed as a list": ("bad_signature", _signed(tag=LIST_TAG)),
        "a record of a device of small order": ("bad_key", _signed(_changed(RECORD, 2, bytes(32)))),
        "a record without a signature": ("wrong_shape", pack([pack(RECORD)])),
        "a signature of 63 bytes": ("wrong_shape", pack([pack(RECORD), bytes(63)])),
        "a record of 1,025 bytes": ("too_big", _full(1_025)),
        "no bytes": ("not_canonical", b""),
    }
    return [
        *(refused("DI-1", reason, name, record=data) for name, (reason, data) in form.items()),
        *(refused("DI-2", reason, name, record=data) for name, (reason, data) in signed.items()),
    ]


OTHER: list[object] = _changed(_changed(RECORD, 2, PHONE_KEY), 8, "School")
LIST: list[object] = [1, NET, LAPTOP_KEY, AUTHOR, "Seeds of Ana", TIME, [_signed(), _signed(OTHER, PHONE)]]


def _text(listed: object = LIST, seed: bytes = LAPTOP, tag: bytes = LIST_TAG) -> str:
    encoded = pack(listed)
    data = pack([encoded, signature_of(seed, tag + encoded)])
    return SCHEME + urlsafe_b64encode(data).decode().rstrip("=")


def list_cases() -> list[Json]:
    """Lists that are taken, and what is none."""
    text = _text()
    parts = "\r\n ".join(text[at : at + 64] for at in range(0, len(text), 64))
    good = {"a list": text, "a list over several lines": parts, "with words before it": f"Begin here: {text}"}
    good |= {"without its scheme": text.removeprefix(SCHEME)}
    values: dict[str, object] = {
        "as_text": text,
        "author": AUTHOR,
        "label": "Seeds of Ana",
        "ts": TIME,
        "devices": [hex_of(LAPTOP_KEY), hex_of(PHONE_KEY)],
    }
    one = _signed()
    bad = {
        "a list of version 2": ("unsupported_version", _text(_changed(LIST, 0, 2))),
        "a list of no position": ("unsupported_version", _text([])),
        "a list of six positions": ("wrong_shape", _text(LIST[:-1])),
        "a list without a node": ("out_of_range", _text(_changed(LIST, 6, []))),
        "a list of 65 nodes": ("out_of_range", _text(_changed(LIST, 6, [one] * 65))),
        "a node of another network": (
            "out_of_range",
            _text(_changed(LIST, 6, [_signed(_changed(RECORD, 1, 1))])),
        ),
        "a node whose record does not hold": (
            "bad_signature",
            _text(_changed(LIST, 6, [_signed(seed=PHONE)])),
        ),
        "a node that is no record": ("wrong_shape", _text(_changed(LIST, 6, [None]))),
        "a name of 257 bytes": ("out_of_range", _text(_changed(LIST, 4, "n" * 257))),
        "a list by another device": ("bad_signature", _text(seed=PHONE)),
        "a list signed as a record": ("bad_signature", _text(tag=RECORD_TAG)),
        "a list of somebody of small order": ("bad_key", _text(_changed(LIST, 2, bytes(32)))),
        "a list with a device that did not sign": ("bad_signature", _text(_changed(LIST, 2, STRANGER_KEY))),
        "a list that is padded": ("not_canonical", text + "=" * (-len(text.removeprefix(SCHEME)) % 4 or 4)),
        "a text longer than any list": ("too_big", SCHEME + "A" * 109_228),
        "no list": ("not_canonical", SCHEME),
    }
    return [
        *(ok("DI-12", name, text=found, **values) for name, found in good.items()),
        *(refused("DI-12", reason, name, text=found) for name, (reason, found) in bad.items()),
    ]
