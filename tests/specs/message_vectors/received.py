"""Cases of specs/03-messages.md: whole messages, replayed and re-encoded, as a receiver in network 2 judges them."""

from specs.message_vectors.actors import (
    LAPTOP,
    NET,
    NONCE,
    PHONE_KEY,
    STRANGER_KEY,
    TAG,
    TIME,
    digest,
    header,
    ids,
    message,
    signature_of,
)
from specs.message_vectors.bodies import follow
from specs.message_vectors.writer import Json, Raw, ok, pack, refused

FOLLOW, VOUCH, NOBODY_KNOWS = 3, 12, 300
SAID = follow(reason="Clear to the end.")
"""A body that says the same bytes of a follow and of a vouch."""
BODY = pack(SAID)
OTHER_PURPOSES = ("invite", "acceptance", "noise-static", "device-offer", "device-request", "body", "message")


def received_cases() -> list[Json]:
    """Every step of ME-10 that needs the bytes alone."""
    return [*_taken(), *_other_networks(), *_replayed(), *_other_tags(), *_longer_forms(), *_order()]


def _head(**changes: object) -> bytes:
    return pack(header(BODY, **{"kind": FOLLOW} | changes))


def _taken() -> list[Json]:
    named = [
        ("a follow", _head()),
        ("the same bytes as a vouch", _head(kind=VOUCH)),
        ("the same bytes in a kind that nobody knows yet", _head(kind=NOBODY_KNOWS)),
    ]
    return [
        ok("ME-10", name, message=pack(message(head, BODY)), id=digest("message", head))
        for name, head in named
    ]


def _other_networks() -> list[Json]:
    nets = {"another network": NET + 1, "the network of everyone": 1, "network 0": 0}
    return [
        refused("ME-10", "wrong_net", f"a message of {name}", message=pack(message(_head(net=net), BODY)))
        for name, net in nets.items()
    ]


def _replayed() -> list[Json]:
    """One field of the header is another than was signed."""
    changes: dict[str, tuple[dict[str, object], dict[str, object]]] = {
        "a message of another network with this one in its header": ({"net": NET + 1}, {}),
        "a message of the network of everyone with this one in its header": ({"net": 1}, {}),
        "a follow that was made a vouch": ({}, {"kind": VOUCH}),
        "a vouch that was made a follow": ({"kind": VOUCH}, {}),
        "a follow that was made a kind that nobody knows yet": ({}, {"kind": NOBODY_KNOWS}),
        "another author": ({}, {"author": STRANGER_KEY}),
        "another device": ({}, {"device": PHONE_KEY}),
        "another place": ({}, {"seq": 2, "prev": ids(1)[0]}),
        "another message before it": ({"seq": 2, "prev": ids(2)[0]}, {"seq": 2, "prev": ids(2)[1]}),
        "an earlier time": ({}, {"ts": TIME - 1}),
        "a version that it replaces": ({}, {"replaces": ids(1)}),
    }
    return [
        refused("ME-8", "bad_signature", f"replayed: {name}", message=_resigned(_head(**was), _head(**now)))
        for name, (was, now) in changes.items()
    ] + [
        refused("ME-8", "bad_signature", "replayed: another body of its length", message=_other_body()),
    ]


def _resigned(signed: bytes, shown: bytes) -> bytes:
    """A message of this header with the signature of another."""
    return pack([shown, signature_of(LAPTOP, TAG + signed), BODY])


def _other_body() -> bytes:
    body = pack([*SAID[:5], "Clear to the END.", []])
    return pack([pack(header(body, kind=FOLLOW)), signature_of(LAPTOP, TAG + _head()), body])


def _other_tags() -> list[Json]:
    return [
        refused(
            "ME-8",
            "bad_signature",
            f"the header signed under the tag of {purpose}",
            message=pack(message(_head(), BODY, tag=f"hedgerow/1/{purpose}\0".encode())),
        )
        for purpose in OTHER_PURPOSES
    ]


def _longer_forms() -> list[Json]:
    """The same values in more bytes; what was signed is what is shown, where that is possible."""
    head, signature = _head(), signature_of(LAPTOP, TAG + _head())
    array_header = b"\xdc\x00\x0b" + head[1:]
    number_header = pack(header(BODY, kind=Raw(b"\xcc\x03")))
    rows: list[tuple[str, bytes]] = [
        ("the array of the message", b"\xdc\x00\x03" + pack([head, signature, BODY])[1:]),
        ("the signature", pack([head, Raw(b"\xc5\x00\x40" + signature), BODY])),
        ("the body around its bytes", pack([head, signature, Raw(_long_bin(BODY))])),
        (
            "the array of the header, with the signature of the short one",
            pack([array_header, signature, BODY]),
        ),
        ("the array of the header, signed so", pack(message(array_header, BODY))),
        ("the kind in the header, signed so", pack(message(number_header, BODY))),
        ("the array of the body, signed so", _signed_body(b"\xdc\x00\x07" + BODY[1:])),
        ("a text of the body, signed so", _signed_body(pack([*SAID[:5], Raw(b"\xda\x00\x01a"), []]))),
    ]
    return [refused("ME-1", "not_canonical", f"a longer form of {name}", message=data) for name, data in rows]


def _long_bin(data: bytes) -> bytes:
    return b"\xc5" + len(data).to_bytes(2, "big") + data


def _signed_body(body: bytes) -> bytes:
    return pack(message(pack(header(body, kind=FOLLOW)), body))


def _order() -> list[Json]:
    """Two faults in one message: the first in the order of the table is named."""
    unsaid = pack([NONCE, [], []])
    return [
        refused(
            "ME-10",
            "body_mismatch",
            "the body before the network",
            message=pack([_head(net=1), bytes(64), BODY[:-1]]),
        ),
        refused(
            "ME-10",
            "wrong_net",
            "the network before what a body says",
            message=pack(message(pack(header(unsaid, kind=FOLLOW, net=1)), unsaid)),
        ),
        refused(
            "ME-10",
            "wrong_shape",
            "what a body says before the signature",
            message=pack([pack(header(unsaid, kind=FOLLOW)), bytes(64), unsaid]),
        ),
        refused(
            "ME-10",
            "wrong_net",
            "the network before the signature",
            message=pack([_head(net=1), bytes(64), BODY]),
        ),
    ]
