"""Cases of specs/07-frames.md: invites as bytes and as text, and their acceptances."""

from base64 import urlsafe_b64encode

from specs.message_vectors import logs
from specs.message_vectors.actors import (
    AUTHOR,
    GENESIS,
    LAPTOP,
    LAPTOP_KEY,
    NET,
    NONCE,
    PHONE,
    PHONE_KEY,
    ROOT,
    ROOT_KEY,
    STRANGER,
    STRANGER_KEY,
    TAG,
    TIME,
    digest,
    header,
    ids,
    message,
    signature_of,
)
from specs.message_vectors.identity import NEXT
from specs.message_vectors.writer import Json, hex_of, ok, pack, refused, shown

INVITE_TAG = b"hedgerow/1/invite\0"
ACCEPTANCE_TAG = b"hedgerow/1/acceptance\0"
SCHEME = "hedgerow-invite:"
PLACE: list[object] = ["wss://seed.example.org/peer", LAPTOP_KEY]
FIELDS = ("v", "net", "inviter", "name", "meet", "token", "expiry", "uses", "follows", "extra")


def _invite(**changes: object) -> list[object]:
    positions: dict[str, object] = {
        "v": 1,
        "net": NET,
        "inviter": STRANGER_KEY,
        "name": "Ana",
        "meet": [PLACE],
        "token": NONCE,
        "expiry": TIME + 604_800,
        "uses": 1,
        "follows": [],
        "extra": [],
    }
    assert changes.keys() <= positions.keys()
    return list((positions | changes).values())


def _signed(
    positions: object, seed: bytes = LAPTOP, device: bytes = LAPTOP_KEY, tag: bytes = INVITE_TAG
) -> bytes:
    encoded = positions if isinstance(positions, bytes) else pack(positions)
    return pack([encoded, device, signature_of(seed, tag + encoded)])


def _as_text(data: bytes) -> str:
    return SCHEME + urlsafe_b64encode(data).decode().rstrip("=")


def invite_cases() -> list[Json]:
    """Invites and acceptances, those that are taken and those that are not."""
    return [*_good_invites(), *_bad_invites(), *_texts(), *_acceptances(), *_bad_acceptances()]


# --- Invites --------------------------------------------------------------------------------------------


def _good(rule: str, name: str, positions: list[object]) -> Json:
    data = _signed(positions)
    values = dict(zip(FIELDS[1:], map(shown, positions[1:]), strict=True))
    return ok(
        rule, name, invite=data, id=digest("invite", pack(positions)), as_text=_as_text(data), values=values
    )


def _good_invites() -> list[Json]:
    two: list[object] = [PLACE, ["ws://192.0.2.1:4545/peer", PHONE_KEY]]
    longest = "wss://" + "a" * 2_042
    return [
        _good("FR-14", "an invite", _invite()),
        _good("FR-13", "two places to meet", _invite(meet=two)),
        _good("FR-13", "four places to meet", _invite(meet=two * 2)),
        _good("FR-13", "an address of 2,048 bytes", _invite(meet=[[longest, LAPTOP_KEY]])),
        _good("FR-13", "no name", _invite(name="")),
        _good("FR-13", "a name of 256 bytes", _invite(name="é" * 128)),
        _good("FR-13", "64 to follow", _invite(follows=ids(64))),
        _good("FR-13", "340 messages, and it makes members", _invite(extra=[[1, 340], [2, 1]])),
        _good(
            "FR-13", "keys of extra that nobody knows yet", _invite(extra=[[2, True], [77, ["text", None]]])
        ),
        _good("FR-13", "no use at all, and long past", _invite(uses=0, expiry=0)),
        _good("FR-13", "the most uses and the last moment", _invite(uses=65_535, expiry=2**32 - 1)),
    ]


def _bad_invites() -> list[Json]:
    rows: list[tuple[str, str, list[object]]] = [
        ("unsupported_version", "the version 2", _invite(v=2)),
        ("unsupported_version", "the version 2 in another layout", [2, "anything"]),
        ("unsupported_version", "no position", []),
        ("wrong_shape", "the version true", _invite(v=True)),
        ("wrong_shape", "the version as text, in another layout", ["1", "anything"]),
        ("wrong_shape", "nine positions", _invite()[:-1]),
        ("wrong_shape", "eleven positions", [*_invite(), None]),
        ("out_of_range", "the network 65,536", _invite(net=65_536)),
        ("wrong_shape", "an inviter of 31 bytes", _invite(inviter=bytes(31))),
        ("out_of_range", "a name of 257 bytes", _invite(name="n" * 257)),
        ("out_of_range", "a name with a line feed", _invite(name="Ana\nwhom you know")),
        ("out_of_range", "a name with a tab", _invite(name="Ana\t")),
        ("out_of_range", "nowhere to meet", _invite(meet=[])),
        ("out_of_range", "five places to meet", _invite(meet=[PLACE] * 5)),
        ("wrong_shape", "a place without a device", _invite(meet=[PLACE[:1]])),
        ("wrong_shape", "a place with a device of 31 bytes", _invite(meet=[["wss://a/", bytes(31)]])),
        ("out_of_range", "an address of 2,049 bytes", _invite(meet=[["wss://" + "a" * 2_043, LAPTOP_KEY]])),
        ("out_of_range", "an address of a scheme alone", _invite(meet=[["wss://", LAPTOP_KEY]])),
        ("out_of_range", "an address with https", _invite(meet=[["https://a/", LAPTOP_KEY]])),
        ("out_of_range", "an address with a space", _invite(meet=[["wss://a b/", LAPTOP_KEY]])),
        ("out_of_range", "an address with a tab", _invite(meet=[["wss://a\tb/", LAPTOP_KEY]])),
        ("out_of_range", "an address beyond ASCII", _invite(meet=[["wss://é/", LAPTOP_KEY]])),
        ("wrong_shape", "a token of 15 bytes", _invite(token=NONCE[:15])),
        ("out_of_range", "an end at 2^32", _invite(expiry=2**32)),
        ("out_of_range", "65,536 uses", _invite(uses=65_536)),
        ("out_of_range", "65 to follow", _invite(follows=ids(65))),
        ("out_of_range", "somebody to follow twice", _invite(follows=ids(1) * 2)),
        ("out_of_range", "follows that do not ascend", _invite(follows=ids(2)[::-1])),
        ("out_of_range", "17 pairs of extra", _invite(extra=[[key, None] for key in range(17)])),
        ("out_of_range", "a key of extra twice", _invite(extra=[[1, 1], [1, 2]])),
    ]
    good = pack(_invite())
    return [
        *(refused("FR-13", reason, name, invite=_signed(positions)) for reason, name, positions in rows),
        refused("FR-14", "bad_signature", "signed by another", invite=_signed(good, STRANGER)),
        refused("FR-14", "bad_signature", "signed as a message", invite=_signed(good, tag=TAG)),
        refused(
            "FR-14", "bad_signature", "signed as an acceptance", invite=_signed(good, tag=ACCEPTANCE_TAG)
        ),
        refused(
            "FR-14",
            "bad_signature",
            "signed as a certificate",
            invite=_signed(good, tag=b"hedgerow/1/noise-static\0"),
        ),
        refused("FR-14", "bad_key", "by the key of nobody", invite=_signed(good, device=bytes(32))),
        refused(
            "FR-14", "wrong_shape", "a signature of 63 bytes", invite=pack([good, LAPTOP_KEY, bytes(63)])
        ),
        refused("FR-14", "wrong_shape", "no signature", invite=pack([good, LAPTOP_KEY])),
        refused("FR-14", "wrong_shape", "an invite that is not packed", invite=_signed_unpacked()),
        refused("FR-14", "too_big", "8,193 bytes", invite=_of_size(8_193)),
    ]


def _signed_unpacked() -> bytes:
    return pack([_invite(), LAPTOP_KEY, bytes(64)])


def _of_size(size: int) -> bytes:
    """A signed invite of so many bytes, by the length of an address."""
    long: list[object] = [["wss://" + "a" * 2_040, LAPTOP_KEY]] * 3
    short = len(_signed(_invite(meet=[*long, ["wss://" + "a" * 500, LAPTOP_KEY]])))
    return _signed(_invite(meet=[*long, ["wss://" + "a" * (500 + size - short), LAPTOP_KEY]]))


def _texts() -> list[Json]:
    # Of a length that leaves bits over in the last letter.
    data = next(
        data for data in (_signed(_invite(name="A" * size)) for size in range(9)) if len(data) % 3 == 1
    )
    text = _as_text(data)
    packed = text.removeprefix(SCHEME)
    lines = "\r\n ".join(packed[at : at + 64] for at in range(0, len(packed), 64))
    good = {
        "in a link": f"https://seed.example.org/join#{packed}",
        "in a link, with its scheme": f"https://seed.example.org/#{text}",
        "over several lines, with space around": f" {SCHEME}{lines}\t\n",
        "with words before it": f"Join me: {text}",
        "without its scheme": packed,
        "behind the last of two marks": f"https://seed.example.org/#join#{packed}",
        "behind the last of two schemes": f"{SCHEME}#{text}",
        "with a wide space and a separator in it": f"{text[:40]}\u3000\x1f{text[40:]}",
    }
    other = chr(ord(packed[-1]) + 1)
    bad = {
        "padded": packed + "=" * (-len(packed) % 4 or 4),
        "with a full stop": packed + ".",
        "with letters of plain base64": packed[:20] + "+/" + packed[22:],
        "with bits that belong to no byte": packed[:-1] + other,
        "cut short by a letter": packed[:-1],
        "beyond ASCII": "é" + packed,
    }
    return [
        *(ok("FR-14", f"an invite {name}", text=found, as_bytes=data) for name, found in good.items()),
        *(
            refused("FR-14", "not_canonical", f"an invite {name}", text=SCHEME + found)
            for name, found in bad.items()
        ),
        refused("FR-14", "too_big", "10,924 letters that are no digits", text=SCHEME + "." * 10_924),
        refused("FR-14", "not_canonical", "10,923 letters that are no digits", text=SCHEME + "." * 10_923),
        refused("FR-14", "too_big", "a text longer than any invite", text=SCHEME + "A" * 16_385),
        refused("FR-14", "not_canonical", "no invite", text=SCHEME),
    ]


# --- Acceptances ----------------------------------------------------------------------------------------

INVITE_ID = digest("invite", pack(_invite()))


def _inception(
    device: bytes = LAPTOP_KEY,
    *,
    without_body: bool = False,
    seed: bytes = GENESIS,
    capabilities: int = 3,
    **changes: object,
) -> bytes:
    body = pack([NONCE, [], [], 0, 0, None, ROOT_KEY, NEXT, [[device, capabilities]], []])
    positions = pack(header(body, **{"kind": 0, "device": AUTHOR} | changes))
    return pack(message(positions, None if without_body else body, seed))


def _updated() -> bytes:
    body = pack([NONCE, [], [], 1, 1, ids(1)[0], ROOT_KEY, NEXT, [[LAPTOP_KEY, 3]], []])
    return pack(message(pack(header(body, kind=0, device=ROOT_KEY)), body, ROOT))


def _acceptance(
    seed: bytes = LAPTOP, inception: object = None, tag: bytes = ACCEPTANCE_TAG, **changes: object
) -> bytes:
    positions: dict[str, object] = {
        "invite": INVITE_ID,
        "author": AUTHOR,
        "device": LAPTOP_KEY,
        "name": "Ben",
        "ts": TIME,
    }
    assert changes.keys() <= positions.keys()
    encoded = pack(list((positions | changes).values()))
    return pack([encoded, signature_of(seed, tag + encoded), inception or _inception()])


def _acceptances() -> list[Json]:
    def good(title: str, data: bytes, **values: object) -> Json:
        expected = {"invite": hex_of(INVITE_ID), "author": hex_of(AUTHOR), "device": hex_of(LAPTOP_KEY)}
        return ok("FR-15", title, acceptance=data, values=expected | {"name": "Ben", "ts": TIME} | values)

    return [
        good("an acceptance", _acceptance()),
        good("an acceptance without a name", _acceptance(name=""), name=""),
        good("an acceptance with a name of 256 bytes", _acceptance(name="n" * 256), name="n" * 256),
        good(
            "an acceptance by a device that may only follow",
            _acceptance(inception=_inception(capabilities=2)),
        ),
        good(
            "an acceptance with an inception of another network",
            _acceptance(inception=_inception(net=NET + 1)),
        ),
        good("an acceptance at the last moment", _acceptance(ts=2**32 - 1), ts=2**32 - 1),
        *(good(title, _acceptance(inception=log)) for title, log in _good_logs()),
    ]


def _good_logs() -> list[tuple[str, list[object]]]:
    begin = logs.inception(PHONE)
    added = logs.update(begin, (LAPTOP,))
    back = logs.rotate(begin, 1, (LAPTOP,), {PHONE: []})
    return [
        ("an acceptance by a device that an update added", [begin.data, added.data]),
        (
            "an acceptance by a device that a rotate named, its log backwards",
            [back.data, added.data, begin.data],
        ),
    ]


def _bad_logs() -> list[tuple[str, str, list[object]]]:
    begin = logs.inception(PHONE)
    added = logs.update(begin, (LAPTOP,))
    gone = logs.update(added, (), {LAPTOP: []}, seq=2)
    forged = pack(message(added.header, pack(added.positions), STRANGER))
    foreign = logs.signed(added.positions, ROOT, author=STRANGER_KEY)
    return [
        ("out_of_range", "with a log of one entry in an array", [_inception()]),
        ("wrong_shape", "with something else among the entries", [begin.data, "entry"]),
        ("bad_key", "by a device that was removed", [begin.data, added.data, gone.data]),
        ("bad_key", "with an update whose inception is missing", [added.data, gone.data]),
        ("bad_signature", "with an entry that a stranger signed", [begin.data, forged]),
        ("out_of_range", "with an entry of another author", [begin.data, added.data, foreign.data]),
        ("wrong_shape", "with a log of which an entry lost its body", [begin.data, _bodiless(added)]),
    ]


def _bodiless(entry: logs.Entry) -> bytes:
    return pack(message(entry.header, None, ROOT))


def _bad_acceptances() -> list[Json]:
    by_device = pack(message(pack(header()), None))
    without_time = pack([INVITE_ID, AUTHOR, LAPTOP_KEY, "Ben"])
    rows = [
        ("wrong_shape", "of an invite with an id of 31 bytes", _acceptance(invite=bytes(31))),
        ("out_of_range", "by another author than the inception's", _acceptance(author=STRANGER_KEY)),
        (
            "bad_key",
            "by a device that the inception does not name",
            _acceptance(STRANGER, device=STRANGER_KEY),
        ),
        ("bad_signature", "signed by another device", _acceptance(STRANGER)),
        ("bad_signature", "signed as an invite", _acceptance(tag=INVITE_TAG)),
        ("bad_signature", "signed as a message", _acceptance(tag=TAG)),
        ("out_of_range", "with a name of 257 bytes", _acceptance(name="n" * 257)),
        ("out_of_range", "with a name of two lines", _acceptance(name="Ben\nand Ana")),
        ("out_of_range", "at 2^32", _acceptance(ts=2**32)),
        ("out_of_range", "with a message that is no inception", _acceptance(inception=by_device)),
        (
            "wrong_shape",
            "with an inception without its body",
            _acceptance(inception=_inception(without_body=True)),
        ),
        (
            "bad_key",
            "with an inception that names another device",
            _acceptance(inception=_inception(PHONE_KEY)),
        ),
        (
            "bad_signature",
            "with an inception that the author did not sign",
            _acceptance(inception=_inception(seed=LAPTOP)),
        ),
        ("bad_key", "with an update in place of the inception", _acceptance(inception=_updated())),
        (
            "bad_key",
            "signed by another device, with an inception that names a third",
            _acceptance(STRANGER, inception=_inception(PHONE_KEY)),
        ),
        (
            "out_of_range",
            "with a name of 257 bytes and an inception without its body",
            _acceptance(name="n" * 257, inception=_inception(without_body=True)),
        ),
        ("out_of_range", "with an inception of seq 0", _acceptance(inception=_inception(seq=0))),
        *((reason, name, _acceptance(inception=log)) for reason, name, log in _bad_logs()),
        ("wrong_shape", "without an inception", pack([pack([]), bytes(64)])),
        ("wrong_shape", "with a signature of 63 bytes", pack([pack([]), bytes(63), _inception()])),
        (
            "wrong_shape",
            "of four positions",
            pack([without_time, bytes(64), _inception()]),
        ),
        ("too_big", "of 8,193 bytes", bytes(8_193)),
    ]
    return [refused("FR-15", reason, f"an acceptance {name}", acceptance=data) for reason, name, data in rows]
