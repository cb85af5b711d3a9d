"""Two parties, a link between them, and the case that either side of it makes.

Hellos are encoded by msgpack itself and certificates signed by `cryptography`'s Ed25519.
"""

from dataclasses import dataclass, field

import msgpack
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from noise.connection import NoiseConnection

from specs.handshake_vectors.material import Json, ed25519_public, secret, x25519_public
from specs.handshake_vectors.noise import noise_end, shake_hands

NOW = 1_800_000_000
DAY = 86_400
SKEW = 600


@dataclass(frozen=True)
class Party:
    """One end of a link: its keys, and what its hello says where that is not the obvious thing."""

    label: str
    changes: dict[str, object] = field(default_factory=dict)
    """Fields of the hello by name, signed for if they are part of the certificate."""
    certified: dict[str, object] = field(default_factory=dict)
    """What the certificate is made over, where that differs from the hello and the link."""

    @property
    def device_seed(self) -> bytes:
        return secret(f"{self.label} device")

    @property
    def static(self) -> bytes:
        return secret(f"{self.label} static")

    @property
    def ephemeral(self) -> bytes:
        return secret(f"{self.label} ephemeral")

    @property
    def device(self) -> bytes:
        return ed25519_public(self.device_seed)

    def fields(self) -> Json:
        hello: Json = {
            "device": self.device,
            "author": ed25519_public(secret(f"{self.label} author")),
            "certificate": b"",
            "not_after": NOW + 7 * DAY,
            "min_v": 1,
            "max_v": 1,
            "features": bytes(8),
            "role": 0,
            "agent": f"vector {self.label}",
            "clock": NOW,
        }
        hello.update(self.changes)
        if "certificate" not in self.changes:
            hello["certificate"] = self.certificate(hello)
        return hello

    def certificate(self, hello: Json) -> bytes:
        tag, net, author, static, not_after, seed = (
            self.certified.get("tag", b"hedgerow/1/noise-static\0"),
            self.certified.get("net", 1),
            self.certified.get("author", hello["author"]),
            self.certified.get("static", x25519_public(self.static)),
            self.certified.get("not_after", hello["not_after"]),
            self.certified.get("seed", self.device_seed),
        )
        text = tag + net.to_bytes(2, "big") + author + static + not_after.to_bytes(4, "big")
        return Ed25519PrivateKey.from_private_bytes(seed).sign(text)

    def hello(self) -> bytes:
        return msgpack.packb(list(self.fields().values()))


ALICE = Party("alice")
BOB = Party("bob", {"role": 1})
OFFERED = ["hedgerow.1"]


def prologue(net: int = 1, offered: list[str] = OFFERED, chosen: str = "hedgerow.1") -> bytes:
    return msgpack.packb(["hedgerow/1", net, offered, chosen])


@dataclass(frozen=True)
class Scene:
    """Alice, who dials, and Bob, who listens; one of them is the `side` under test."""

    name: str
    rule: str
    side: str
    expect: str = "ok"
    alice: Party = ALICE
    bob: Party = BOB
    alice_hello: bytes | None = None
    bob_hello: bytes | None = None
    expected_device: bytes | None = None
    offered: list[str] = field(default_factory=lambda: OFFERED)
    bob_prologue: bytes | None = None
    incoming: list[bytes] | None = None
    """In place of what the other side would send."""
    pad_last_incoming_to: int = 0
    """How long its last message gets, with zero bytes after what `incoming` says."""

    def case(self) -> Json:
        """The case for a refusal, and the start of one for a link that comes about."""
        is_alice = self.side == "initiator"
        own = self.alice if is_alice else self.bob
        own_hello = self.hellos()[0 if is_alice else 1]
        mine, theirs = self.outgoing_and_incoming()
        return {
            "name": self.name,
            "rule": self.rule,
            "expect": self.expect,
            "side": self.side,
            "net": 1,
            "offered": self.offered,
            "chosen": "hedgerow.1",
            "now": NOW,
            "static": own.static.hex(),
            "ephemeral": own.ephemeral.hex(),
            "hello": own_hello.hex(),
            "expected_device": None if self.expected_device is None else self.expected_device.hex(),
            "incoming": [message.hex() for message in theirs],
            "pad_last_incoming_to": self.pad_last_incoming_to,
            "outgoing": [message.hex() for message in mine],
        }

    def hellos(self) -> tuple[bytes, bytes]:
        return (
            self.alice.hello() if self.alice_hello is None else self.alice_hello,
            self.bob.hello() if self.bob_hello is None else self.bob_hello,
        )

    def outgoing_and_incoming(self) -> tuple[list[bytes], list[bytes]]:
        first, second, third = self.messages()
        if self.side == "initiator":
            mine = [first, third] if self.expect == "ok" else [first]
            return mine, self.incoming or [second]
        incoming = self.incoming or [first, third]
        return [second][: len(incoming) - (self.expect != "ok")], incoming

    def ends(self) -> tuple[NoiseConnection, NoiseConnection]:
        agreed = prologue(offered=self.offered)
        return (
            noise_end(True, self.alice.static, self.alice.ephemeral, agreed),
            noise_end(False, self.bob.static, self.bob.ephemeral, self.bob_prologue or agreed),
        )

    def messages(self) -> list[bytes]:
        alice_hello, bob_hello = self.hellos()
        alice, bob = self.ends()
        first = bytes(alice.write_message(b""))
        bob.read_message(first)
        second = bytes(bob.write_message(bob_hello))
        if self.bob_prologue is not None:
            return [first, second, b""]
        alice.read_message(second)
        return [first, second, bytes(alice.write_message(alice_hello))]


def established(scene: Scene, version: int = 1, features: bytes = bytes(8)) -> Json:
    """The case of a link that comes about, with one frame in each direction."""
    alice, bob = scene.ends()
    shake_hands((alice, bob), [b"", *reversed(scene.hellos())])
    own, other = (alice, bob) if scene.side == "initiator" else (bob, alice)
    peer = (scene.bob if scene.side == "initiator" else scene.alice).fields()
    return {
        **scene.case(),
        "peer": {name: value.hex() if isinstance(value, bytes) else value for name, value in peer.items()},
        "version": version,
        "features": features.hex(),
        "handshake_hash": own.get_handshake_hash().hex(),
        "sent": {"frame": b"ping".hex(), "message": own.encrypt(b"\0ping").hex()},
        "received": {"frame": b"pong".hex(), "message": other.encrypt(b"\0pong").hex()},
    }
