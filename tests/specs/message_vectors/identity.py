"""Cases of specs/01-identity.md: keys as text, recovery keys, log entries, who may speak."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from specs import edwards
from specs.message_vectors.actors import (
    AUTHOR,
    GENESIS,
    LAPTOP,
    LAPTOP_KEY,
    NONCE,
    PHONE_KEY,
    ROOT_KEY,
    STRANGER,
    STRANGER_KEY,
    digest,
    header,
    ids,
    key_of,
    message,
    seed_of,
)
from specs.message_vectors.writer import Json, ok, pack, refused, shown

LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
NEXT = digest("next", key_of(seed_of("recovery 1")))


def base58(data: bytes) -> str:
    """`data`, which begins with no zero byte, in base58btc."""
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = LETTERS[digit] + text
    return text


def did(key: bytes) -> str:
    """The text form of a key."""
    return "did:key:z" + base58(b"\xed\x01" + key)


def did_cases() -> list[Json]:
    """Keys as text."""
    good = did(AUTHOR)
    bad = {
        "without its prefix": good.removeprefix("did:key:z"),
        "with another method": good.replace("key", "web"),
        "without the letter of base58": good.replace(":z", ":"),
        "with another letter of a base": good.replace(":z", ":u"),
        "with a capital scheme": good.replace("did", "DID"),
        "of an X25519 key": "did:key:z" + base58(b"\xec\x01" + AUTHOR),
        "of 31 bytes": did(AUTHOR[:31]),
        "of 33 bytes": did(AUTHOR + b"\0"),
        "of nothing": "did:key:z",
        "with a letter that base58 lacks": good[:-1] + "0",
        "with a leading 1": good.replace(":z", ":z1"),
        "with a space after it": good + " ",
        "with a fragment": good + "#" + good.removeprefix("did:key:"),
    }
    return [
        *(ok("ID-2", f"a key as text, {name}", did=did(key), key=key) for name, key in _did_keys().items()),
        *(refused("ID-2", "out_of_range", f"a key as text {name}", did=text) for name, text in bad.items()),
    ]


def _did_keys() -> dict[str, bytes]:
    return {
        "an author": AUTHOR,
        "a device": LAPTOP_KEY,
        "32 zero bytes": bytes(32),
        "32 bytes ff": b"\xff" * 32,
    }


def recovery_cases() -> list[Json]:
    """Recovery keys and their commitments."""
    cases = []
    for name, entropy in (("zero", bytes(32)), ("some", seed_of("entropy"))):
        for number in (1, 2, 256):
            info = number.to_bytes(4, "big")
            seed = HKDF(SHA256(), length=32, salt=b"hedgerow/1/root", info=info).derive(entropy)
            key = key_of(seed)
            fields = {"seed": seed, "key": key, "commitment": digest("next", key)}
            cases.append(
                ok(
                    "ID-5",
                    f"recovery key {number} of {name} entropy",
                    entropy=entropy,
                    number=number,
                    **fields,
                )
            )
    return cases


def _entry(**changes: object) -> list[object]:
    positions: dict[str, object] = {
        "nonce": NONCE,
        "topics": [],
        "refs": [],
        "op": 0,
        "idx": 0,
        "log_prev": None,
        "root": ROOT_KEY,
        "next": NEXT,
        "devices": [[LAPTOP_KEY, 3]],
        "removals": [],
    }
    assert changes.keys() <= positions.keys()
    return list((positions | changes).values())


def _log(body: list[object], seed: bytes = GENESIS, **changes: object) -> bytes:
    data = pack(body)
    positions = header(data, **{"kind": 0, "device": key_of(seed)} | changes)
    return pack(message(pack(positions), data, seed))


def _outcome(body: list[object]) -> Json:
    names = ("op", "idx", "log_prev", "root", "next", "devices", "removals")
    return {name: shown(value) for name, value in zip(names, body[3:], strict=True)}


def entry_cases() -> list[Json]:
    """Log entries: messages of kind 0 with their bodies."""
    return [*_accepted(), *_wrong_entries(), *_wrong_inceptions(), *_wrong_headers()]


def _devices(count: int) -> list[object]:
    return [[key, 1] for key in sorted(key_of(seed_of(f"device {number}")) for number in range(count))]


def _accepted() -> list[Json]:
    cut = [[9, ids(2)[1]], [3, ids(2)[0]]]
    later: dict[str, object] = {"idx": 1, "log_prev": ids(1)[0]}
    entries: list[tuple[str, str, list[object]]] = [
        ("ID-9", "an inception", _entry()),
        ("ID-9", "an inception with 32 devices", _entry(devices=_devices(32))),
        ("ID-7", "capabilities that nobody knows yet", _entry(devices=[[LAPTOP_KEY, 65_535]])),
        ("ID-7", "a device without capabilities", _entry(devices=[[LAPTOP_KEY, 0]])),
        ("ID-12", "another operation removes a device", _entry(op=3, **later, removals=[[PHONE_KEY, cut]])),
        ("ID-12", "another operation, its devices not ascending", _entry(op=3, devices=_devices(2)[::-1])),
        ("ID-12", "another operation commits to nothing", _entry(op=15, next=None, devices=[])),
        ("ID-7", "the last place of a log", _entry(op=3, idx=1_023)),
        ("ID-7", "a tip at 2^32 - 1", _entry(op=3, removals=[[PHONE_KEY, [[2**32 - 1, ids(1)[0]]]]])),
        ("ID-7", "a cut of 8 tips", _entry(op=3, removals=[[PHONE_KEY, [[1, key] for key in ids(8)]]])),
    ]
    later_ones: list[tuple[str, list[object]]] = [
        ("an operation that nobody knows yet", _entry(op=65_535)),
        ("the first operation of which only the number is read", _entry(op=16)[:4]),
        ("such an operation with other positions", [*_entry(op=16)[:4], "text", [True]]),
    ]
    return [
        *(ok(rule, name, message=_log(body), entry=_outcome(body)) for rule, name, body in entries),
        *(ok("ID-12", name, message=_log(body), entry={"op": body[3]}) for name, body in later_ones),
    ]


def _wrong_entries() -> list[Json]:
    neutral = edwards.encode(edwards.NEUTRAL)
    bad: list[tuple[str, str, object]] = [
        ("wrong_shape", "topics", _entry(topics=["a"])),
        ("wrong_shape", "refs", _entry(refs=[[0, ids(1)[0]]])),
        ("wrong_shape", "a nonce of 15 bytes", _entry(nonce=NONCE[:15])),
        ("wrong_shape", "one position too few", _entry()[:-1]),
        ("wrong_shape", "an extra", [*_entry(), []]),
        ("wrong_shape", "nothing but the opening", _entry()[:3]),
        ("wrong_shape", "operation 15 with one position too few", _entry(op=15)[:-1]),
        ("wrong_shape", "operation 15 with an extra", [*_entry(op=15), []]),
        ("wrong_shape", "topics, in an operation that nobody knows yet", _entry(op=16, topics=["a"])),
        ("out_of_range", "op 65,536", _entry(op=65_536)),
        ("wrong_shape", "op false", _entry(op=False)),
        ("out_of_range", "idx 1,024", _entry(op=3, idx=1_024)),
        ("wrong_shape", "log_prev of 31 bytes", _entry(op=3, log_prev=bytes(31))),
        ("wrong_shape", "root nil", _entry(root=None)),
        ("wrong_shape", "next of 33 bytes", _entry(next=bytes(33))),
        ("out_of_range", "33 devices", _entry(devices=_devices(33))),
        ("wrong_shape", "a device of 31 bytes", _entry(devices=[[bytes(31), 1]])),
        ("wrong_shape", "a device without capabilities position", _entry(devices=[[LAPTOP_KEY]])),
        ("bad_key", "a device key of small order", _entry(devices=[[neutral, 1]])),
        (
            "bad_key",
            "a device key of small order, in another operation",
            _entry(op=3, devices=[[neutral, 1]]),
        ),
        ("out_of_range", "capabilities 65,536", _entry(devices=[[LAPTOP_KEY, 65_536]])),
        ("out_of_range", "33 removals", _entry(op=3, removals=[[PHONE_KEY, []]] * 33)),
        (
            "out_of_range",
            "a cut of 9 tips",
            _entry(op=3, removals=[[PHONE_KEY, [[1, key] for key in ids(9)]]]),
        ),
        ("out_of_range", "a tip at 2^32", _entry(op=3, removals=[[PHONE_KEY, [[2**32, ids(1)[0]]]]])),
        ("wrong_shape", "a tip without id", _entry(op=3, removals=[[PHONE_KEY, [[1]]]])),
    ]
    return [refused("ID-7", reason, f"an entry: {name}", message=_log(body)) for reason, name, body in bad]


def _wrong_inceptions() -> list[Json]:
    bad: list[tuple[str, str, list[object]]] = [
        ("wrong_shape", "idx 1", _entry(idx=1)),
        ("wrong_shape", "a log_prev", _entry(log_prev=ids(1)[0])),
        ("wrong_shape", "no commitment", _entry(next=None)),
        ("wrong_shape", "a removal", _entry(removals=[[PHONE_KEY, []]])),
        ("out_of_range", "no device", _entry(devices=[])),
        ("out_of_range", "devices not ascending", _entry(devices=_devices(2)[::-1])),
        ("out_of_range", "one device twice", _entry(devices=_devices(1) * 2)),
        ("bad_key", "a root of small order", _entry(root=bytes(32))),
        ("bad_key", "the author as root", _entry(root=AUTHOR)),
        ("bad_key", "the author as device", _entry(devices=[[AUTHOR, 1]])),
        ("bad_key", "the root as device", _entry(devices=[[ROOT_KEY, 1]])),
    ]
    return [
        refused("ID-9", reason, f"an inception: {name}", message=_log(body)) for reason, name, body in bad
    ]


def _wrong_headers() -> list[Json]:
    data = pack(_entry())
    changes: list[tuple[str, str, str, bytes]] = [
        ("ID-9", "wrong_shape", "an inception by a device", _log(_entry(), LAPTOP)),
        ("ID-9", "wrong_shape", "an inception with seq 2", _log(_entry(), seq=2, prev=ids(1)[0])),
        ("ID-10", "bad_signature", "an inception that another key signed", _misattributed(data)),
        ("ID-8", "out_of_range", "an entry that replaces another", _log(_entry(), replaces=ids(1))),
        ("ID-8", "out_of_range", "an entry of more than 4,096 bytes", _log([*_entry(), bytes(4_096)])),
    ]
    return [refused(rule, reason, name, message=data) for rule, reason, name, data in changes]


def _inception_header(body: bytes) -> bytes:
    return pack(header(body, kind=0, device=AUTHOR))


def _misattributed(body: bytes) -> bytes:
    return pack(message(_inception_header(body), body, STRANGER))


def authorisation_cases() -> list[Json]:
    """Which device may speak for the author, by the entries held."""
    one = _log(_entry())
    two = _log(_entry(devices=[[PHONE_KEY, 1]]))
    follow_only = _log(_entry(devices=[[PHONE_KEY, 2]]))
    added = _log(_entry(op=3, idx=1, devices=[[PHONE_KEY, 3]]))
    foreign = _foreign_inception()
    rows: list[tuple[str, list[bytes], Json, bool]] = [
        ("nothing is held", [], {}, False),
        ("the inception names the device", [one], {}, True),
        ("the inception names another device", [two], {}, False),
        ("the device may follow and not publish", [follow_only], {"device": PHONE_KEY}, False),
        ("another operation names the device", [one, added], {"device": PHONE_KEY}, False),
        ("contested, named by the first", [one, two], {}, True),
        ("contested, named by the second", [one, two], {"device": PHONE_KEY}, True),
        ("contested, two inceptions give what each gives", [follow_only, two], {"device": PHONE_KEY}, True),
        ("another author's inception names the device", [foreign], {}, False),
        ("the genesis key says something else", [one], {"device": AUTHOR}, False),
        ("the root says something", [one], {"device": ROOT_KEY}, False),
        ("an inception that is not held", [], {"kind": 0, "device": AUTHOR}, False),
        ("the inception that is held", [one], _header_of(_entry()), True),
        (
            "another entry of the genesis key",
            [one, added],
            _header_of(_entry(op=3, idx=1, devices=[[PHONE_KEY, 3]])),
            False,
        ),
        ("a device writes a log entry", [one], {"kind": 0}, False),
    ]
    return [
        ok(
            "ID-14" if name.startswith("contested") else "ID-13",
            name,
            held=[data.hex() for data in held],
            header=pack(header(**changes)),
            authorised=verdict,
            contested=name.startswith("contested"),
        )
        for name, held, changes, verdict in rows
    ]


def _header_of(body: list[object]) -> Json:
    data = pack(body)
    return {"kind": 0, "device": AUTHOR, "body_len": len(data), "body_hash": digest("body", data)}


def _foreign_inception() -> bytes:
    return _log(_entry(), STRANGER, author=STRANGER_KEY)
