"""Strict Ed25519 where messages come in: at the ingest of a running node.

The published cases sign texts of their own, and what a message signs always begins with our tag, so none of them can
be put into a message. Therefore two things are shown. (a) The function that the ingest of a running node calls for
every message that a link brings is the one that decides every published case as strict verification does: it is
watched while a message comes in over a real link, and then asked all cases. (b) Messages whose device key or whose R
is each of the 14 encodings of points of small order, with signatures for which the bare equation holds, are pushed
over a real link: none is stored, and neither is an inception that would grant such a key to anybody.
"""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hedgerow_node import joining
from hedgerow_protocol import codec, keys
from hedgerow_protocol import message as messages
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import Err, Messages, Mode, Scope, Sub
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Resource, encode_body
from hedgerow_protocol.log_changes import make_inception
from hedgerow_protocol.message import SIGNATURE_TAG, Header, Message, body_hash, encode_header, message_id
from node.network.stranger import Stranger, stranger
from node.network.world import Person, World, eventually
from simulator.author import EPOCH, Author
from specs import edwards

SMALL = sorted(keys.SMALL_ORDER)
STRICT_ROW = "XXXVXXXXXXXX"
"""What strict cofactorless verification says of the twelve cases of speccheck."""


def holds(key: bytes, signature: bytes, text: bytes) -> bool:
    try:
        keys.verify(key, signature, text)
    except RemoteProtocolError:
        return False
    return True


async def followed_stranger(world: World) -> tuple[Person, Author]:
    """A seed that follows somebody, so that it wants his messages."""
    seed, author = await world.seed(), Author(666)
    await joining.follow(seed.node, [author.key])
    return seed, author


async def is_carried(peer: Stranger) -> None:
    await peer.put(Sub(1, Filter.of_authors({peer.author.key}).encode(), Mode.OFF))
    while (await peer.take(Scope)).carried != b"\x01":
        pass


async def is_held(person: Person, message: Message) -> bool:
    return bool(await person.node.store.messages.known([message.id]))


async def verifier_of_ingest(world: World, monkeypatch: pytest.MonkeyPatch):
    """The function that a running node calls with key, signature and text of what a link brings."""
    called: list[tuple[object, bytes]] = []
    verify = keys.verify

    def watched(key: bytes, signature: bytes, text: bytes) -> None:
        called.append((verify, text))
        verify(key, signature, text)

    seed, author = await followed_stranger(world)
    async with stranger(seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        monkeypatch.setattr(messages.keys, "verify", watched)
        await peer.put(Messages(0, ((0, author.inception.encode()),), more=False))
        await eventually(lambda: is_held(seed, author.inception))
        monkeypatch.setattr(messages.keys, "verify", verify)
    ((function, text),) = [one for one in called if one[1].startswith(SIGNATURE_TAG)]
    assert text == SIGNATURE_TAG + author.inception.header_bytes
    return function


async def test_what_the_ingest_of_a_running_node_asks_decides_every_published_case_strictly(
    world: World, monkeypatch: pytest.MonkeyPatch, test_data: Path
) -> None:
    assert await verifier_of_ingest(world, monkeypatch) is keys.verify
    groups = json.loads((test_data / "ed25519/wycheproof_ed25519_test.json").read_text())["testGroups"]
    decided = [
        holds(bytes.fromhex(group["publicKey"]["pk"]), bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
        == (case["result"] == "valid")
        for group in groups
        for case in group["tests"]
    ]
    assert len(decided) == 151
    assert all(decided)
    cases = json.loads((test_data / "ed25519/speccheck_cases.json").read_text())
    row = [
        holds(*[bytes.fromhex(case[name]) for name in ("pub_key", "signature", "message")]) for case in cases
    ]
    assert "".join("V" if held else "X" for held in row) == STRICT_ROW


def unsigned(author: AuthorKey, device: bytes, number: int) -> tuple[bytes, bytes]:
    """Header and body of a message that nobody signed yet."""
    body = encode_body(Body(number.to_bytes(16), Resource(f"https://example.org/{number}", "forged")))
    header = Header(1, 4, author, DeviceKey(device), 1, None, EPOCH, len(body), body_hash(body), ())
    return encode_header(header), body


def built(header: bytes, signature: bytes, body: bytes) -> bytes:
    return codec.encode([header, signature, body])


def library_accepts(device: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(device).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def under_a_small_key(author: AuthorKey, device: bytes, start: int) -> tuple[bytes, bytes, bytes]:
    """A message of this author under a key of small order that the library alone takes, and a signature of it.

    The order of the key divides 8, so for some challenge in eight [S]B = R + [k]A holds with S = 0 and R neutral.
    """
    r = edwards.encode(edwards.NEUTRAL)
    for number in range(start, start + 400):
        header, body = unsigned(author, device, number)
        signature = r + bytes(32)
        if library_accepts(device, signature, SIGNATURE_TAG + header):
            return header, signature, body
    return header, signature, body


def with_a_small_r(author: Author, r: bytes, start: int) -> tuple[bytes, bytes, bytes]:
    """A message under an honest key, its signature made by its owner with an R of small order."""
    header, body = unsigned(author.key, author.device, start)
    scalar = edwards.secret_scalar(author.device_seed)
    signature = edwards.sign_with(scalar, author.device, r, 0, SIGNATURE_TAG + header)
    return header, signature, body


async def test_no_message_whose_key_or_r_is_of_small_order_is_stored(world: World) -> None:
    seed, authors = await followed_by_a_seed(world, [Author(700 + n) for n in range(len(SMALL))])
    for form, author in zip(SMALL, authors, strict=True):
        forged = [under_a_small_key(author.key, form, 0), with_a_small_r(author, form, 10_000)]
        good = author.resources(1)[0]
        async with stranger(seed.address, author) as peer:
            await peer.link()
            await is_carried(peer)
            # The log comes first, so that nothing but the signature can be the reason for a refusal.
            await peer.put(Messages(0, ((0, author.inception.encode()),), more=False))
            await eventually(lambda m=author.inception: is_held(seed, m))
            for header, signature, body in forged:
                await peer.put(Messages(0, ((0, built(header, signature, body)),), more=False))
            await peer.put(Messages(0, ((0, good.encode()),), more=False))
            await eventually(lambda m=good: is_held(seed, m), "what came after them is stored")
        ids = [message_id(header) for header, _, _ in forged]
        assert not await seed.node.store.messages.known(ids)
        assert await seed.count(author.key) == 2


async def test_no_inception_that_grants_a_key_of_small_order_is_stored(world: World) -> None:
    seeds = [bytes([100 + n]) * 32 for n in range(len(SMALL))]
    seed, witnesses = await followed_by_a_seed(world, [Author(700 + n) for n in range(len(SMALL))])
    await joining.follow(seed.node, [AuthorKey(keys.public_key(genesis)) for genesis in seeds])
    for form, genesis, witness in zip(SMALL, seeds, witnesses, strict=True):
        author = AuthorKey(keys.public_key(genesis))
        # Granted by nobody, so this one would have to be refused even if its key were taken.
        forged = built(*under_a_small_key(author, form, 0))
        async with stranger(seed.address, witness) as peer:
            await peer.link()
            await is_carried(peer)
            await peer.put(Messages(0, ((0, granting(genesis, form)),), more=False))
            await peer.put(Messages(0, ((0, forged), (0, witness.inception.encode())), more=False))
            await eventually(lambda w=witness: is_held(seed, w.inception))
        assert await seed.count(author) == 0


async def followed_by_a_seed(world: World, authors: list[Author]) -> tuple[Person, list[Author]]:
    seed = await world.seed()
    await joining.follow(seed.node, [author.key for author in authors])
    return seed, authors


def granting(genesis: bytes, form: bytes) -> bytes:
    """An inception, well signed, that names this key as a device."""
    device = keys.public_key(bytes([9]) * 32)
    honest = make_inception(
        genesis_seed=genesis,
        root=keys.public_key(bytes([8]) * 32),
        device=DeviceKey(device),
        recovery=keys.public_key(bytes([10]) * 32),
        nonce=bytes(16),
        ts=EPOCH,
    )
    assert honest.body is not None
    author = honest.header.author
    body = honest.body.replace(device, form)
    header = encode_header(
        Header(1, 0, author, DeviceKey(author), 1, None, EPOCH, len(body), body_hash(body), ())
    )
    return built(header, keys.sign(genesis, SIGNATURE_TAG + header), body)


def test_the_library_alone_would_take_a_forgery_under_most_of_these_keys() -> None:
    """The tests above refuse what is dangerous: under at least half of the forms the bare library is fooled."""
    author = Author(666)
    fooled = 0
    for form in SMALL:
        header, signature, _ = under_a_small_key(author.key, form, 0)
        fooled += library_accepts(form, signature, SIGNATURE_TAG + header)
    assert fooled >= len(SMALL) // 2


async def test_twenty_of_them_end_the_link(world: World) -> None:
    seed, author = await followed_stranger(world)
    async with stranger(seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        for number in range(20):
            header, signature, body = under_a_small_key(author.key, SMALL[2], 1_000 * number)
            await peer.put(Messages(0, ((0, built(header, signature, body)),), more=False))
        assert (await peer.take(Err)).text == "too many bad messages"
