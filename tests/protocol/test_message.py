"""Messages: what is signed, what is hashed, and that nothing else gets through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec, keys, limits, message
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.message import FIRST, ChainPlace, Header, Message, MessageId
from protocol.strategies import keys as any_key
from protocol.strategies import near, packed, refuses

SEED = bytes(range(32))
AUTHOR = AuthorKey(keys.public_key(bytes(32)))
IDS = [MessageId(bytes([number]) * 32) for number in range(1, 7)]
FREE_KIND, CONTROL_KIND = 8, 1


@st.composite
def headers(draw: st.DrawFn) -> Header:
    """Headers that keep every rule."""
    kind = draw(st.sampled_from((0, 1, 2, 79, 80, 99, 100)) | st.integers(0, 2**16 - 1))
    control = kind in message.CONTROL_KINDS
    seq = draw(st.integers(1, 3) | st.integers(1, 2**32 - 1))
    return Header(
        net=draw(st.integers(0, 2**16 - 1)),
        kind=kind,
        author=AuthorKey(draw(any_key)),
        device=DeviceKey(draw(any_key)),
        seq=seq,
        prev=None if seq == 1 else MessageId(draw(any_key)),
        ts=draw(st.integers(0, 2**32 - 1)),
        body_len=draw(st.integers(0, message.MAX_BYTES.get(kind, limits.MAX_BODY))),
        body_hash=draw(any_key),
        replaces=() if control else tuple(sorted(draw(st.sets(any_key, max_size=4)))),
    )


def positions(header: Header) -> tuple[object, ...]:
    """The array in the bytes of `header`."""
    values = codec.decode(message.encode_header(header), limits.MAX_HEADER)
    assert isinstance(values, tuple)
    return values


def written(body: bytes = b"a body", kind: int = FREE_KIND, **changes: object) -> Message:
    arguments: dict[str, object] = {
        "seed": SEED,
        "author": AUTHOR,
        "place": FIRST,
        "kind": kind,
        "ts": 7,
        "body": body,
    }
    return message.sign_message(**arguments | changes)  # type: ignore[arg-type]


def reason_of(data: bytes) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        message.verify(message.decode_message(data))
    return caught.value.reason


@settings(max_examples=200, deadline=None)
@given(headers())
def test_a_header_comes_back_from_its_bytes(header: Header) -> None:
    data = message.encode_header(header)
    assert message.decode_header(data) == header
    assert len(data) <= 294


@settings(max_examples=100, deadline=None)
@given(any_key, any_key, st.binary(max_size=200), st.sets(any_key, max_size=4), st.booleans())
def test_a_signed_message_comes_back_from_its_bytes_and_verifies(
    seed: bytes, author: bytes, body: bytes, replaces: set[bytes], keeps_body: bool
) -> None:
    made = written(body, seed=seed, author=author, replaces=list(replaces))
    made = made if keeps_body else made.without_body()
    found = message.decode_message(made.encode())
    message.verify(found)
    assert found == made
    assert found.header.replaces == tuple(sorted(replaces))


@settings(max_examples=500, deadline=None)
@given(near(headers().map(positions)))
def test_header_bytes_are_the_encoding_of_their_header_or_refused(data: bytes) -> None:
    if not refuses(lambda: message.decode_header(data)):
        assert message.encode_header(message.decode_header(data)) == data


@settings(max_examples=500, deadline=None)
@given(data=st.data(), header=headers(), body=st.none() | st.binary(max_size=20))
def test_message_bytes_are_the_encoding_of_their_message_or_refused(
    data: st.DataObject, header: Header, body: bytes | None
) -> None:
    if body is not None:
        header = header._replace(body_len=len(body), body_hash=message.body_hash(body))
    tree = (message.encode_header(header), bytes(64), body)
    found = data.draw(near(st.just(tree)))
    if not refuses(lambda: message.decode_message(found)):
        assert message.decode_message(found).encode() == found


@settings(max_examples=200, deadline=None)
@given(near(st.just(codec.decode(written().encode(), limits.MAX_MESSAGE))))
def test_of_the_bytes_near_a_message_only_the_message_itself_verifies_with_its_body(data: bytes) -> None:
    made = written()
    if not refuses(lambda: message.verify(message.decode_message(data))):
        assert data in (made.encode(), made.without_body().encode())


@pytest.mark.parametrize(
    "made", [written(), written().without_body(), written(b"")], ids=["whole", "header", "empty"]
)
def test_no_single_changed_bit_leaves_a_message_that_decodes_and_verifies(made: Message) -> None:
    data = made.encode()
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        assert reason_of(bytes(changed))


def test_an_erased_body_leaves_id_header_and_signature_as_they_were() -> None:
    made = written()
    bare = message.decode_message(made.without_body().encode())
    message.verify(bare)
    assert (bare.id, bare.header_bytes, bare.signature, bare.body) == (
        made.id,
        made.header_bytes,
        made.signature,
        None,
    )


def test_the_id_is_the_hash_of_the_header_alone() -> None:
    made = written()
    assert made.id == keys.hash_for("message", made.header_bytes) == message.message_id(made.header_bytes)


def test_another_body_is_not_the_one_that_was_signed() -> None:
    made = written()
    for body in (b"", b"a bodY", b"a body."):
        with pytest.raises(RemoteProtocolError) as caught:
            message.check_body(made._replace(body=body))
        assert caught.value.reason == Reason.BODY_MISMATCH
        assert reason_of(made._replace(body=body).encode()) == Reason.BODY_MISMATCH


def test_a_body_of_the_right_hash_and_another_length_is_refused() -> None:
    header = written().header._replace(body_len=7)
    data = codec.encode([message.encode_header(header), bytes(64), b"a body"])
    assert reason_of(data) == Reason.BODY_MISMATCH


def test_the_largest_header_with_the_largest_body_fits_a_message() -> None:
    place = ChainPlace(2**32 - 1, IDS[0])
    body = bytes(limits.MAX_BODY)
    made = written(body, kind=2**16 - 1, net=2**16 - 1, ts=2**32 - 1, place=place, replaces=IDS[:4])
    assert len(made.header_bytes) == 294
    assert message.decode_message(made.encode()) == made
    assert len(made.encode()) <= limits.MAX_MESSAGE


def test_a_message_one_byte_above_the_limit_is_too_big_and_at_the_limit_is_not() -> None:
    made = written()
    room = limits.MAX_MESSAGE - len(codec.encode([made.header_bytes, made.signature, bytes(256)])) + 256
    assert reason_of(packed([made.header_bytes, made.signature, bytes(room)])) == Reason.OUT_OF_RANGE
    assert reason_of(packed([made.header_bytes, made.signature, bytes(room + 1)])) == Reason.TOO_BIG


@pytest.mark.limit("MAX_BODY")
def test_a_body_has_at_most_32768_bytes() -> None:
    assert written(bytes(limits.MAX_BODY)).header.body_len == 32_768
    with pytest.raises(LocalProtocolError):
        written(bytes(limits.MAX_BODY + 1))


@pytest.mark.parametrize("kind", [0, 1, 80, 99])
def test_a_control_kind_has_a_small_body_and_replaces_nothing(kind: int) -> None:
    assert written(bytes(limits.MAX_CONTROL_BODY), kind=kind).header.is_control
    with pytest.raises(LocalProtocolError):
        written(bytes(limits.MAX_CONTROL_BODY + 1), kind=kind)
    with pytest.raises(LocalProtocolError):
        written(kind=kind, replaces=IDS[:1])


@pytest.mark.parametrize("kind", [2, 79, 100, 65_535])
def test_another_kind_has_room_and_may_replace(kind: int) -> None:
    made = written(bytes(limits.MAX_CONTROL_BODY + 1), kind=kind, replaces=IDS[:4])
    assert not made.header.is_control
    assert message.decode_message(made.encode()) == made


@pytest.mark.parametrize(
    "changes",
    [
        {"place": ChainPlace(1, IDS[0])},
        {"place": ChainPlace(2, None)},
        {"place": ChainPlace(0, None)},
        {"place": ChainPlace(2**32, IDS[0])},
        {"replaces": IDS[:5]},
        {"replaces": [IDS[0], IDS[0]]},
        {"kind": 2**16},
        {"kind": -1},
        {"net": 2**16},
        {"ts": 2**32},
        {"ts": -1},
        {"author": bytes(31)},
    ],
    ids=repr,
)
def test_the_signer_refuses_what_a_receiver_would_refuse(changes: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError):
        written(**changes)


@pytest.mark.parametrize("version", [0, 2, 2**53 - 1])
def test_another_version_is_told_apart_before_its_layout_is_read(version: int) -> None:
    for data in (codec.encode([version]), codec.encode([version, "what", "ever"])):
        with pytest.raises(RemoteProtocolError) as caught:
            message.decode_header(data)
        assert caught.value.reason == Reason.UNSUPPORTED_VERSION


def test_a_signature_without_the_tag_or_over_the_body_does_not_hold() -> None:
    made = written()
    for what in (
        made.header_bytes,
        b"hedgerow/1/invite\0" + made.header_bytes,
        message.SIGNATURE_TAG + b"a body",
    ):
        other = made._replace(signature=keys.sign(SEED, what))
        assert reason_of(other.encode()) == Reason.BAD_SIGNATURE


def test_the_device_signs_and_not_the_author() -> None:
    made = written()
    other = made._replace(signature=keys.sign(bytes(32), message.SIGNATURE_TAG + made.header_bytes))
    assert reason_of(other.encode()) == Reason.BAD_SIGNATURE


def test_a_device_key_of_small_order_is_refused_by_verifying_only() -> None:
    header_bytes = message.encode_header(written().header._replace(device=DeviceKey(bytes(32))))
    data = codec.encode([header_bytes, bytes(64), b"a body"])
    assert message.decode_message(data).header.device == bytes(32)
    assert reason_of(data) == Reason.BAD_KEY


def test_a_message_belongs_to_the_network_of_everyone_unless_said_otherwise() -> None:
    assert written().header.net == message.MAIN_NET == 1
    assert written(net=2).header.net == 2


def test_the_control_kinds_are_0_1_and_80_to_99() -> None:
    assert sorted(message.CONTROL_KINDS) == [0, 1, *range(80, 100)]
