"""Vectors of the handshake: links that come about, and every way in which one does not."""

from collections.abc import Iterator
from dataclasses import replace

import msgpack

from specs.handshake_vectors.material import Json, ed25519_public, flip, secret, x25519_public
from specs.handshake_vectors.scenes import ALICE, BOB, DAY, NOW, SKEW, Party, Scene, established, prologue


def both_sides(
    name: str, rule: str, peer_changes: Json, expect: str, certified: Json | None = None
) -> Iterator[Scene]:
    """The same fault in the hello of whichever side is not under test."""
    for side in ("initiator", "responder"):
        peer = BOB if side == "initiator" else ALICE
        peer = replace(peer, changes={**peer.changes, **peer_changes}, certified=certified or {})
        party = {"bob": peer} if side == "initiator" else {"alice": peer}
        yield Scene(f"{side}: {name}", rule, side, expect, **party)


def good_scenes() -> Iterator[Json]:
    for side in ("initiator", "responder"):
        yield established(Scene(f"{side}: a link", "HS-5", side))
    yield established(
        Scene("initiator: the expected device", "HS-16", "initiator", expected_device=BOB.device)
    )
    offered = ["hedgerow.2", "hedgerow.1"]
    yield established(Scene("initiator: two subprotocols offered", "HS-2", "initiator", offered=offered))
    for name, not_after in {"just not ended": NOW - SKEW, "of 30 days": NOW + 30 * DAY + SKEW}.items():
        for scene in both_sides(
            f"a certificate {name}, with the skew", "HS-13", {"not_after": not_after}, "ok"
        ):
            yield established(scene)
    alice = replace(ALICE, changes={"min_v": 1, "max_v": 5, "features": bytes.fromhex("0f00000000000081")})
    bob = replace(BOB, changes={"min_v": 2, "max_v": 3, "features": bytes.fromhex("3c00000000000080")})
    for side in ("initiator", "responder"):
        scene = Scene(f"{side}: highest common version, common features", "HS-17", side, alice=alice, bob=bob)
        yield established(scene, version=3, features=bytes.fromhex("0c00000000000080"))
    longest = replace(ALICE, changes={"agent": "é" * 32, "min_v": 0, "max_v": 255})
    yield established(
        Scene("responder: an agent of 64 bytes, all versions", "HS-8", "responder", alice=longest)
    )


def malformed_hellos() -> Iterator[Scene]:
    items = list(BOB.fields().values())
    good = msgpack.packb(items)
    raw = {
        "no hello at all": ("not_canonical", b""),
        "a byte after the hello": ("not_canonical", good + b"\xc0"),
        "an integer not in its shortest form": (
            "not_canonical",
            good.replace(b"\x01\x01\xc4\x08", b"\xcc\x01\x01\xc4\x08"),
        ),
        "a hello of 9 items": ("wrong_shape", msgpack.packb(items[:-1])),
        "a hello of 11 items": ("wrong_shape", msgpack.packb([*items, 0])),
        "a hello that is no array": ("wrong_shape", msgpack.packb(b"hello")),
    }
    for name, (expect, hello) in raw.items():
        yield Scene(f"initiator: {name}", "HS-8", "initiator", expect, bob_hello=hello)
    changed = {
        "a device of 31 bytes": ("wrong_shape", {"device": bytes(31)}),
        "an author of 33 bytes": ("wrong_shape", {"author": bytes(33)}),
        "a certificate of 63 bytes": ("wrong_shape", {"certificate": bytes(63)}),
        "7 bytes of features": ("wrong_shape", {"features": bytes(7)}),
        "a clock of nil": ("wrong_shape", {"clock": None}),
        "an agent of bytes": ("wrong_shape", {"agent": b"agent"}),
        "an unknown role": ("out_of_range", {"role": 2}),
        "an agent of 65 bytes": ("out_of_range", {"agent": "a" * 65}),
        "a control character in the agent": ("not_canonical", {"agent": "a\x1bb"}),
        "min_v above max_v": ("out_of_range", {"min_v": 2, "max_v": 1}),
        "a version of 256": ("out_of_range", {"max_v": 256}),
        "a not_after of 2^32": ("out_of_range", {"not_after": 2**32, "certificate": bytes(64)}),
        "a clock of 2^32": ("out_of_range", {"clock": 2**32}),
    }
    for name, (expect, changes) in changed.items():
        peer = Party("bob", {**BOB.changes, "certificate": bytes(64), **changes})
        yield Scene(f"initiator: {name}", "HS-8", "initiator", expect, bob=peer)
    yield Scene(
        "responder: a hello of 9 items",
        "HS-8",
        "responder",
        "wrong_shape",
        alice_hello=msgpack.packb(items[:-1]),
    )


def bad_certificates() -> Iterator[Scene]:
    bad = "bad_certificate"
    yield from both_sides("a certificate that has ended", "HS-13", {"not_after": NOW - SKEW - 1}, bad)
    yield from both_sides(
        "a certificate that lasts too long", "HS-13", {"not_after": NOW + 30 * DAY + SKEW + 1}, bad
    )
    certified = {
        "another static key": {"static": x25519_public(secret("another static"))},
        "another network": {"net": 2},
        "another author": {"author": ed25519_public(secret("another author"))},
        "another end": {"not_after": NOW + DAY},
        "another purpose": {"tag": b"hedgerow/1/sig\0"},
    }
    for name, changes in certified.items():
        yield from both_sides(f"a certificate for {name}", "HS-14", {}, bad, changes)
    yield from both_sides(
        "a certificate by another device", "HS-14", {}, bad, {"seed": secret("another device")}
    )
    small_order = bytes([1]) + bytes(31)
    forged = {"device": small_order, "certificate": small_order + bytes(32)}
    yield from both_sides(
        "a device key of small order, under which one signature fits all", "HS-14", forged, bad
    )


def wrong_peers() -> Iterator[Scene]:
    other = ed25519_public(secret("another device"))
    yield Scene(
        "initiator: another device than expected", "HS-16", "initiator", "wrong_peer", expected_device=other
    )
    for side in ("initiator", "responder"):
        twin = (
            {"bob": replace(BOB, label="alice")}
            if side == "initiator"
            else {"alice": replace(ALICE, label="bob")}
        )
        yield Scene(f"{side}: its own device at the other end", "HS-16", side, "wrong_peer", **twin)
    forged = replace(BOB, certified={"net": 2})
    yield Scene(
        "initiator: not the expected device, nor certified",
        "HS-15",
        "initiator",
        "wrong_peer",
        bob=forged,
        expected_device=other,
    )
    newer = {"min_v": 2, "max_v": 3}
    yield from both_sides("no common version, nor certified", "HS-15", newer, "bad_certificate", {"net": 2})
    yield from both_sides("no common version", "HS-17", newer, "unsupported_version")
    older = {"min_v": 0, "max_v": 0}
    yield from both_sides("older versions alone", "HS-17", older, "unsupported_version")


def bad_messages() -> Iterator[Scene]:
    bad = "bad_handshake"
    first, second, third = Scene("", "", "initiator").messages()
    for name, other in {
        "another network": prologue(net=2),
        "another offer": prologue(offered=["hedgerow.2", "hedgerow.1"]),
        "another choice": prologue(chosen="hedgerow.2"),
        "nil": b"\xc0",
    }.items():
        yield Scene(
            f"initiator: the other side's prologue with {name}", "HS-2", "initiator", bad, bob_prologue=other
        )
    yield Scene("initiator: message 2 changed", "HS-7", "initiator", bad, incoming=[flip(second, -1)])
    yield Scene("initiator: message 2 cut short", "HS-7", "initiator", bad, incoming=[second[:-1]])
    yield Scene("responder: message 1 with a payload", "HS-5", "responder", bad, incoming=[first + b"\0"])
    yield Scene("responder: message 1 of 31 bytes", "HS-7", "responder", bad, incoming=[first[:-1]])
    yield Scene(
        "responder: message 1 with a key of small order", "HS-7", "responder", bad, incoming=[bytes(32)]
    )
    yield Scene("responder: message 3 changed", "HS-7", "responder", bad, incoming=[first, flip(third, 0)])
    yield Scene(
        "responder: message 3 that is message 1 again", "HS-7", "responder", bad, incoming=[first, first]
    )
    for length, expect in ((4_096, bad), (4_097, "too_big")):
        for number, side, incoming in (
            (1, "responder", [first]),
            (2, "initiator", [second]),
            (3, "responder", [first, third]),
        ):
            name = f"{side}: message {number} of {length} bytes"
            yield Scene(name, "HS-6", side, expect, incoming=incoming, pad_last_incoming_to=length)


def handshake_cases() -> Iterator[Json]:
    yield from good_scenes()
    for scenes in (malformed_hellos(), bad_certificates(), wrong_peers(), bad_messages()):
        for scene in scenes:
            yield scene.case()
