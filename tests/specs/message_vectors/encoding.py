"""Cases of specs/02-encoding.md: values, hashes, base58, strict signatures."""

from specs import edwards
from specs.message_vectors.actors import LAPTOP, LAPTOP_KEY, STRANGER_KEY, digest, signature_of
from specs.message_vectors.identity import base58
from specs.message_vectors.writer import Json, ok, pack, refused, shown


def value_cases() -> list[Json]:
    """What decodes as one canonical value, and what does not."""
    return [*_allowed(), *_longer_forms(), *_forbidden_types(), *_forbidden_text(), *_broken(), *_sizes()]


def _allowed() -> list[Json]:
    deep: object = []
    for _ in range(7):
        deep = [deep]
    named: list[tuple[str, str, object]] = [
        ("EN-1", "nil", None),
        ("EN-1", "false", False),
        ("EN-1", "true", True),
        *(
            ("EN-1", f"the integer {number}", number)
            for number in (0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**53 - 1)
        ),
        *(("EN-1", f"{size} bytes", bytes(size)) for size in (0, 255, 256, 65_535, 65_536)),
        *(
            ("EN-1", f"a text of {size} letters", "a" * size)
            for size in (0, 31, 32, 255, 256, 65_535, 65_536)
        ),
        *(("EN-1", f"an array of {count} items", [None] * count) for count in (0, 15, 16)),
        ("EN-3", "text with tab and line feed", "a\tb\nc"),
        ("EN-3", "text with a byte order mark, which stays", "\ufeffa"),
        ("EN-3", "text with the first characters after the forbidden ones", " ~\xa0"),
        (
            "EN-3",
            "text with a character that Unicode has not assigned and one that it never will",
            "\u0378\uffff",
        ),
        ("EN-3", "text with the last code point", "\U0010ffff"),
        ("EN-4", "text in normalisation form D, which stays", "e\u0301"),
        ("EN-5", "an array of 1,024 items", [None] * 1_024),
        ("EN-5", "arrays nested 8 deep", deep),
    ]
    return [ok(rule, name, bytes=pack(value), value=shown(value)) for rule, name, value in named]


def _longer_forms() -> list[Json]:
    forms = {
        "the integer 127 in two bytes": "cc7f",
        "the integer 255 in three bytes": "cd00ff",
        "the integer 65,535 in five bytes": "ce0000ffff",
        "the integer 2^32 - 1 in nine bytes": "cf00000000ffffffff",
        "the integer 5 as a signed byte": "d005",
        "the integer 200 as a signed number of 2 bytes": "d100c8",
        "the integer 70,000 as a signed number of 4 bytes": "d200011170",
        "the integer 2^32 as a signed number of 8 bytes": "d30000000100000000",
        "no bytes with a length of 2 bytes": "c50000",
        "one byte with a length of 4 bytes": "c60000000100",
        "a text of 1 with a length of 1 byte": "d90161",
        "a text of 1 with a length of 2 bytes": "da000161",
        "a text of 1 with a length of 4 bytes": "db0000000161",
        "an array of 1 with a count of 2 bytes": "dc0001c0",
        "an array of none with a count of 4 bytes": "dd00000000",
        "a longer form within an array": "9192cc0000",
    }
    return [refused("EN-2", "not_canonical", name, bytes=bytes.fromhex(data)) for name, data in forms.items()]


def _forbidden_types() -> list[Json]:
    forms = {
        "the integer -1": "ff",
        "the integer -32": "e0",
        "the integer -1 as a signed byte": "d0ff",
        "the integer -2^63": "d38000000000000000",
        "the integer 2^53": "cf0020000000000000",
        "the integer 2^64 - 1": "cfffffffffffffffff",
        "a float of 4 bytes": "ca00000000",
        "a float of 8 bytes": "cb3ff0000000000000",
        "a float that is not a number": "cb7ff8000000000000",
        "an empty map": "80",
        "a map of one pair": "810102",
        "an empty map with a count of 2 bytes": "de0000",
        "an empty map with a count of 4 bytes": "df00000000",
        "an extension of 1 byte": "d40100",
        "an extension of no bytes": "c70001",
        "an extension with a length of 2 bytes": "c8000001",
        "an extension with a length of 4 bytes": "c90000000001",
        "a timestamp of 4 bytes": "d6ff00000000",
        "a timestamp of 8 bytes": "d7ff0000000000000000",
        "a timestamp of 12 bytes": "c70cff000000000000000000000000",
        "a timestamp of no bytes": "c700ff",
        "the byte that msgpack never uses": "c1",
        "a float within an array": "91cb0000000000000000",
    }
    return [refused("EN-2", "not_canonical", name, bytes=bytes.fromhex(data)) for name, data in forms.items()]


def _forbidden_text() -> list[Json]:
    controls = "\x00\x08\x0b\x0d\x1f\x7f\x80\x85\x9f"
    malformed = {
        "the first surrogate": "eda080",
        "the last surrogate": "edbfbf",
        "a pair of surrogates": "eda081edb080",
        "an overlong zero": "c080",
        "an overlong slash of 3 bytes": "e080af",
        "a code point above the last": "f4908080",
        "a byte of continuation alone": "80",
        "a character cut short": "e282",
        "a byte that UTF-8 never uses": "ff",
    }
    return [
        *(
            refused("EN-3", "not_canonical", f"text with U+{ord(letter):04X}", bytes=pack(f"a{letter}"))
            for letter in controls
        ),
        refused(
            "EN-3", "not_canonical", "a control character deep within arrays", bytes=pack([[["a\x1b[m"]]])
        ),
        *(
            refused("EN-3", "not_canonical", f"text with {name}", bytes=_text(bytes.fromhex(data)))
            for name, data in malformed.items()
        ),
    ]


def _text(data: bytes) -> bytes:
    return bytes([0xA0 + len(data)]) + data


def _broken() -> list[Json]:
    forms = {
        "no bytes at all": b"",
        "a byte after the value": b"\xc0\x00",
        "a second value": b"\x90\x90",
        "an integer cut short": b"\xcd\x01",
        "bytes cut short": b"\xc4\x02\x00",
        "a text cut short": b"\xa2a",
        "an array cut short": b"\x92\xc0",
        "bytes with a length of 2^32 - 1": b"\xc6" + b"\xff" * 4,
        "an array with a count of 2^32 - 1": b"\xdd" + b"\xff" * 4,
    }
    return [refused("EN-6", "not_canonical", name, bytes=data) for name, data in forms.items()]


def _sizes() -> list[Json]:
    return [
        refused("EN-5", "not_canonical", "an array of 1,025 items", bytes=pack([None] * 1_025)),
        refused("EN-5", "not_canonical", "arrays nested 9 deep", bytes=b"\x91" * 8 + b"\x90"),
        refused("EN-5", "not_canonical", "arrays nested 9 deep around nil", bytes=b"\x91" * 9 + b"\xc0"),
        refused("EN-5", "not_canonical", "arrays nested 5,000 deep", bytes=b"\x91" * 5_000 + b"\xc0"),
        ok("EN-7", "as many bytes as allowed", bytes=pack(bytes(10)), max_size=12, value=shown(bytes(10))),
        refused("EN-7", "too_big", "one byte more than allowed", bytes=pack(bytes(11)), max_size=12),
        refused("EN-7", "too_big", "size is judged before form", bytes=b"\xc1" * 13, max_size=12),
    ]


def hash_cases() -> list[Json]:
    """H(purpose, x)."""
    cases = [("message", b""), ("body", b""), ("next", b""), ("body", b"\0"), ("body", bytes(1_000))]
    return [
        ok(
            "EN-9",
            f'H("{purpose}", {len(data)} bytes)',
            purpose=purpose,
            data=data,
            hash=digest(purpose, data),
        )
        for purpose, data in cases
    ]


def base58_cases() -> list[Json]:
    """base58btc, both ways; the texts were computed by hand or with plain division."""
    texts = {
        "no bytes": (b"", ""),
        "a zero byte": (b"\0", "1"),
        "leading zero bytes": (b"\0\0\xff", "115Q"),
        "the last letter": (b"\x39", "z"),
        "a carry": (b"\x3a", "21"),
        "words": (b"hedgerow", base58(b"hedgerow")),
        "128 letters": (bytes(128), "1" * 128),
    }
    bad = {
        "a zero": "10",
        "a capital O": "O",
        "a capital I": "I",
        "a small l": "l",
        "a space": "1 1",
        "ö": "ö",
    }
    return [
        *(ok("EN-10", name, data=data, text=text) for name, (data, text) in texts.items()),
        *(refused("EN-10", "out_of_range", name, text=text) for name, text in bad.items()),
        refused("EN-10", "out_of_range", "129 letters", text="1" * 129),
    ]


MESSAGE = b"a message"
TORSION = edwards.torsion()
SCALAR = edwards.secret_scalar(LAPTOP)


def signature_cases() -> list[Json]:
    """Strict Ed25519: hostile keys, hostile R, and equations that only lenient verifiers take."""
    return [*_plain_signatures(), *_hostile_keys(), *_hostile_r(), *_hostile_s()]


def _case(reason: str, rule: str, name: str, key: bytes, signature: bytes, message: bytes = MESSAGE) -> Json:
    return refused(rule, reason, name, key=key, signature=signature, message=message)


def _plain_signatures() -> list[Json]:
    good = signature_of(LAPTOP, MESSAGE)
    return [
        _case("ok", "EN-13", "a signature", LAPTOP_KEY, good),
        _case("ok", "EN-13", "a signature of no bytes", LAPTOP_KEY, signature_of(LAPTOP, b""), b""),
        _case("ok", "EN-13", "a key with a component of small order", *_by_mixed_key(remainder=0)),
        _case(
            "bad_signature",
            "EN-13",
            "an equation that holds only when multiplied by 8",
            *_by_mixed_key(remainder=1),
        ),
        _case("bad_signature", "EN-13", "another message", LAPTOP_KEY, good, MESSAGE + b"."),
        _case("bad_signature", "EN-13", "another key", STRANGER_KEY, good),
        _case("bad_signature", "EN-13", "a key that is no point of the curve", _no_point(), good),
        _case(
            "bad_signature",
            "EN-13",
            "an R that is no point of the curve",
            LAPTOP_KEY,
            _no_point() + good[32:],
        ),
        _case("bad_signature", "EN-12", "63 bytes", LAPTOP_KEY, good[:63]),
        _case("bad_signature", "EN-12", "65 bytes", LAPTOP_KEY, good + b"\0"),
        _case("bad_signature", "EN-12", "no bytes", LAPTOP_KEY, b""),
        _case("bad_key", "EN-11", "a key of 31 bytes", LAPTOP_KEY[:31], good),
        _case("bad_key", "EN-11", "a key of 33 bytes", LAPTOP_KEY + b"\0", good),
    ]


def _by_mixed_key(*, remainder: int) -> tuple[bytes, bytes, bytes]:
    # [S]B - [k]A is R less k times the small component: byte for byte R when 8 divides k.
    key = edwards.encode(edwards.add(edwards.multiply(SCALAR, edwards.BASE), TORSION[1]))
    r = edwards.encode(edwards.multiply(7, edwards.BASE))
    return key, *_forged(key, r, 7, SCALAR, remainder=remainder)


def _no_point() -> bytes:
    y = next(y for y in range(2, 100) if edwards.x_of(y) is None)
    return y.to_bytes(32, "little")


def _hostile_keys() -> list[Json]:
    honest_r = edwards.encode(edwards.multiply(7, edwards.BASE))
    cases = [
        _case("bad_key", "EN-11", f"a key of small order, {number} of 14, its equation holding", key, *forged)
        for number, (_, key) in enumerate(_small_encodings(), 1)
        for forged in [_forged(key, honest_r, 7, 0, remainder=0)]
    ]
    signature, message = _forged(_unreduced_point(), honest_r, 7, 0, remainder=0)
    return [
        *cases,
        _case("bad_key", "EN-11", "a key that is not reduced", _unreduced_point(), signature, message),
        _case(
            "bad_key",
            "EN-11",
            "a key that is not reduced, sign set",
            _high(_unreduced_point()),
            signature,
            message,
        ),
        _case("bad_key", "EN-11", "a key of 32 bytes ff", b"\xff" * 32, signature, message),
    ]


def _hostile_r() -> list[Json]:
    # [k]A has the small component k * TORSION[1], so the small R that it needs is the one at -k.
    key = edwards.encode(edwards.add(edwards.multiply(SCALAR, edwards.BASE), TORSION[1]))
    cases = [
        _case(
            "bad_signature",
            "EN-12",
            f"an R of small order, {number} of 14, its equation holding",
            key,
            *forged,
        )
        for number, (order, r) in enumerate(_small_encodings(), 1)
        for forged in [_forged(key, r, 0, SCALAR, remainder=-order % 8)]
    ]
    unreduced = edwards.sign_with(SCALAR, LAPTOP_KEY, _unreduced_point(), 0, MESSAGE)
    return [*cases, _case("bad_signature", "EN-12", "an R that is not reduced", LAPTOP_KEY, unreduced)]


def _small_encodings() -> list[tuple[int, bytes]]:
    """The 14 encodings with the place of their point in `TORSION`, sorted by bytes."""
    pairs = [(place, form) for place, point in enumerate(TORSION) for form in edwards.encodings(point)]
    return sorted(pairs, key=lambda pair: pair[1])


def _forged(key: bytes, r: bytes, r_scalar: int, scalar: int, *, remainder: int) -> tuple[bytes, bytes]:
    """A signature and the first message whose challenge leaves `remainder` when divided by 8."""
    for number in range(1_000):
        message = f"message {number}".encode()
        if edwards.challenge(r, key, message) % 8 == remainder:
            return edwards.sign_with(scalar, key, r, r_scalar, message), message
    raise AssertionError("one message in eight fits")


def _unreduced_point() -> bytes:
    y = next(y for y in range(2, 19) if edwards.x_of(y) is not None)
    return (y + edwards.P).to_bytes(32, "little")


def _high(encoding: bytes) -> bytes:
    return encoding[:31] + bytes([encoding[31] | 0x80])


def _hostile_s() -> list[Json]:
    good = signature_of(LAPTOP, MESSAGE)
    s = int.from_bytes(good[32:], "little")
    forms = {
        "S raised by the order of the group": s + edwards.L,
        "S with its highest bit set": s | 1 << 255,
        "S equal to the order of the group": edwards.L,
        "S of 32 bytes ff": 2**256 - 1,
    }
    return [
        _case("bad_signature", "EN-12", name, LAPTOP_KEY, good[:32] + value.to_bytes(32, "little"))
        for name, value in forms.items()
    ]
