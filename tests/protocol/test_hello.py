"""What a peer says of itself in a handshake, and the certificate that ties a device to its Noise key."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.handshake import (
    Hello,
    OwnEnd,
    Role,
    certify,
    check_certificate,
    decode_hello,
    encode_hello,
)
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.noise import static_public

NOW = 1_800_000_000.0
DAY = limits.SECONDS_PER_DAY
NET = 1
SEED, STATIC = b"\x02" * 32, b"\x03" * 32
AUTHOR = AuthorKey(keys.public_key(b"\x04" * 32))
HELLO = Hello(
    device=DeviceKey(keys.public_key(SEED)),
    author=AUTHOR,
    certificate=certify(SEED, NET, AUTHOR, static_public(STATIC), int(NOW) + DAY),
    not_after=int(NOW) + DAY,
    role=Role.EDGE,
    agent="test",
)


def is_bad(hello: Hello, net: int, static: bytes) -> bool:
    with pytest.raises(RemoteProtocolError) as caught:
        check_certificate(hello, net, static, NOW)
    return caught.value.reason is Reason.BAD_CERTIFICATE


@pytest.mark.parametrize(
    ("not_after", "is_valid"),
    [
        (NOW - limits.CERTIFICATE_CLOCK_SKEW - 1, False),
        (NOW - limits.CERTIFICATE_CLOCK_SKEW, True),
        (NOW + limits.CERTIFICATE_DAYS * DAY + limits.CERTIFICATE_CLOCK_SKEW, True),
        (NOW + limits.CERTIFICATE_DAYS * DAY + limits.CERTIFICATE_CLOCK_SKEW + 1, False),
    ],
)
@pytest.mark.limit("CERTIFICATE_DAYS")
def test_a_certificate_holds_until_its_end_and_for_30_days_at_most(not_after: float, is_valid: bool) -> None:
    public = static_public(STATIC)
    certificate = certify(SEED, NET, HELLO.author, public, int(not_after))
    hello = replace(HELLO, certificate=certificate, not_after=int(not_after))
    if is_valid:
        check_certificate(hello, NET, public, NOW)
    else:
        assert is_bad(hello, NET, public)


def test_a_certificate_holds_for_one_key_one_network_one_author_one_device_and_one_end() -> None:
    hello, public = HELLO, static_public(STATIC)
    check_certificate(hello, NET, public, NOW)
    for other, net, static in (
        (hello, NET + 1, public),
        (hello, NET, static_public(b"\x07" * 32)),
        (replace(hello, author=AuthorKey(keys.public_key(b"\x08" * 32))), NET, public),
        (replace(hello, device=DeviceKey(keys.public_key(b"\x09" * 32))), NET, public),
        (replace(hello, not_after=hello.not_after + 1), NET, public),
        (replace(hello, certificate=bytes(64)), NET, public),
    ):
        assert is_bad(other, net, static)


def test_a_certificate_is_the_signature_that_the_specification_spells_out() -> None:
    author, static = AuthorKey(b"a" * 32), b"s" * 32
    text = b"hedgerow/1/noise-static" + b"\0" + b"\x01\x02" + author + static + b"\0\0\x03\x04"
    assert certify(b"\x01" * 32, 0x0102, author, static, 0x0304) == keys.sign(b"\x01" * 32, text)


@pytest.mark.parametrize(
    ("net", "author", "static", "not_after"),
    [
        (-1, bytes(32), bytes(32), 0),
        (2**16, bytes(32), bytes(32), 0),
        (1, bytes(31), bytes(32), 0),
        (1, bytes(32), bytes(33), 0),
        (1, bytes(32), bytes(32), -1),
        (1, bytes(32), bytes(32), 2**32),
    ],
)
def test_a_certificate_over_something_of_another_size_is_our_own_error(
    net: int, author: bytes, static: bytes, not_after: int
) -> None:
    with pytest.raises(LocalProtocolError):
        certify(bytes(32), net, AuthorKey(author), static, not_after)


@given(
    keys=st.tuples(*[st.binary(min_size=32, max_size=32)] * 2),
    certificate=st.binary(min_size=64, max_size=64),
    times=st.tuples(*[st.integers(0, 2**32 - 1)] * 2),
    versions=st.tuples(*[st.integers(0, 255)] * 2).map(sorted),
    features=st.binary(min_size=8, max_size=8),
    role=st.sampled_from(Role),
    agent=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=16),
)
def test_a_hello_survives_the_wire(
    keys: tuple[bytes, bytes],
    certificate: bytes,
    times: tuple[int, int],
    versions: list[int],
    features: bytes,
    role: Role,
    agent: str,
) -> None:
    hello = Hello(
        device=DeviceKey(keys[0]),
        author=AuthorKey(keys[1]),
        certificate=certificate,
        not_after=times[0],
        min_v=versions[0],
        max_v=versions[1],
        features=features,
        role=role,
        agent=agent,
        clock=times[1],
    )
    assert decode_hello(encode_hello(hello)) == hello


@pytest.mark.parametrize(
    "changes",
    [
        {"device": bytes(31)},
        {"certificate": bytes(65)},
        {"features": bytes(9)},
        {"agent": "a" * 65},
        {"agent": "\x1b[2J"},
        {"min_v": 2},
        {"max_v": 256},
        {"not_after": -1},
    ],
)
def test_a_hello_that_no_peer_would_take_is_refused_when_it_is_made(changes: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError):
        OwnEnd(NET, STATIC, replace(HELLO, **changes))


@pytest.mark.parametrize("net", [-1, 2**16])
def test_a_network_is_a_number_of_16_bits(net: int) -> None:
    with pytest.raises(LocalProtocolError):
        OwnEnd(net, STATIC, HELLO)


def test_the_private_key_does_not_show_when_an_end_is_printed() -> None:
    shown = repr(OwnEnd(NET, STATIC, HELLO))
    assert repr(STATIC) not in shown
    assert HELLO.agent in shown
