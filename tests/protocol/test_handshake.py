"""The handshake of a link between honest ends, with an independent library, and against bad peers."""

import warnings
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise.connection import Keypair, NoiseConnection

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.handshake import (
    SUBPROTOCOL,
    Established,
    Handshake,
    Hello,
    OwnEnd,
    Role,
    Subprotocols,
    certify,
    decode_hello,
    encode_hello,
)
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.noise import HandshakeState, static_public

NOW = 1_800_000_000.0
DAY = limits.SECONDS_PER_DAY
NET = 1
ONE = Subprotocols()


def own_end(number: int, **changes: object) -> OwnEnd:
    """An honest end with keys made of `number`, its hello changed after it was certified."""
    seed, static = bytes([number]) * 32, bytes([number + 100]) * 32
    author = AuthorKey(keys.public_key(bytes([number + 50]) * 32))
    not_after = int(NOW) + 7 * DAY
    hello = Hello(
        device=DeviceKey(keys.public_key(seed)),
        author=author,
        certificate=certify(seed, NET, author, static_public(static), not_after),
        not_after=not_after,
        role=Role.CORE,
        agent=f"test {number}",
    )
    return OwnEnd(NET, static, replace(hello, **changes))


DIALLER, LISTENER = own_end(1), own_end(2)


def dial(expected: DeviceKey | None = None, own: OwnEnd = DIALLER) -> tuple[Handshake, bytes]:
    return Handshake.initiate(own, ONE, b"\xe1" * 32, expected)


def listen(own: OwnEnd = LISTENER) -> Handshake:
    return Handshake.respond(own, ONE, b"\xe2" * 32)


def three_messages() -> tuple[bytes, bytes, bytes]:
    initiator, first = dial()
    second = listen().on_message(first, NOW).reply
    assert second is not None
    third = initiator.on_message(second, NOW).reply
    assert third is not None
    return first, second, third


def link(dialler: OwnEnd = DIALLER, listener: OwnEnd = LISTENER) -> tuple[Established, Established]:
    """Both ends of an established link, the dialling one first."""
    initiator, first = dial(own=dialler)
    responder = listen(listener)
    second = responder.on_message(first, NOW).reply
    assert second is not None
    step = initiator.on_message(second, NOW)
    assert step.reply is not None
    accepted = responder.on_message(step.reply, NOW).established
    assert step.established is not None
    assert accepted is not None
    return step.established, accepted


def reason_of(call: Callable[[], object]) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        call()
    return caught.value.reason


# --- Honest links ---------------------------------------------------------------------------------------


def test_both_ends_agree_on_who_they_are_and_on_the_link() -> None:
    dialler, listener = link()
    assert dialler.peer == replace(LISTENER.hello, clock=int(NOW))
    assert listener.peer == replace(DIALLER.hello, clock=int(NOW))
    assert dialler.handshake_hash == listener.handshake_hash
    assert (dialler.is_initiator, listener.is_initiator) == (True, False)
    for sender, receiver in ((dialler, listener), (listener, dialler)):
        for frame in (b"one", b"two"):
            [message] = sender.channel.seal(frame)
            assert receiver.channel.open(message) == frame


@given(ranges=st.tuples(*[st.integers(0, 255)] * 4))
@settings(max_examples=50, deadline=None)
def test_the_version_is_the_highest_that_both_speak_or_there_is_no_link(
    ranges: tuple[int, int, int, int],
) -> None:
    (low, high), (other_low, other_high) = sorted(ranges[:2]), sorted(ranges[2:])
    dialler, listener = own_end(1, min_v=low, max_v=high), own_end(2, min_v=other_low, max_v=other_high)
    common = set(range(low, high + 1)) & set(range(other_low, other_high + 1))
    if common:
        assert {end.version for end in link(dialler, listener)} == {max(common)}
    else:
        assert reason_of(lambda: link(dialler, listener)) is Reason.UNSUPPORTED_VERSION


@given(mine=st.binary(min_size=8, max_size=8), theirs=st.binary(min_size=8, max_size=8))
@settings(max_examples=20, deadline=None)
def test_a_feature_is_on_when_both_set_its_bit(mine: bytes, theirs: bytes) -> None:
    common = (int.from_bytes(mine) & int.from_bytes(theirs)).to_bytes(8)
    assert {end.features for end in link(own_end(1, features=mine), own_end(2, features=theirs))} == {common}


def foreign_end(is_initiator: bool, own: OwnEnd) -> NoiseConnection:
    end = NoiseConnection.from_name(b"Noise_XX_25519_ChaChaPoly_SHA256")
    (end.set_as_initiator if is_initiator else end.set_as_responder)()
    end.set_prologue(codec.encode(["hedgerow/1", NET, [SUBPROTOCOL], SUBPROTOCOL]))
    end.set_keypair_from_private_bytes(Keypair.STATIC, own.static)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        end.start_handshake()
    return end


def talk(channel_end: Established, foreign: NoiseConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of one and of several chunks in both directions over two changes of key."""
    monkeypatch.setattr(limits, "REKEY_AFTER", 3)
    for count in range(1, 8):
        [message] = channel_end.channel.seal(b"to you")
        assert foreign.decrypt(message) == b"\0to you"
        assert channel_end.channel.open(foreign.encrypt(b"\0to me")) == b"to me"
        if count % 3 == 0:
            foreign.rekey_inbound_cipher()
            foreign.rekey_outbound_cipher()


def test_we_dial_an_independent_library(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = foreign_end(False, LISTENER)
    handshake, first = dial(LISTENER.hello.device)
    assert foreign.read_message(first) == b""
    step = handshake.on_message(bytes(foreign.write_message(encode_hello(LISTENER.hello))), NOW)
    assert step.reply is not None
    assert step.established is not None
    assert decode_hello(bytes(foreign.read_message(step.reply))) == replace(DIALLER.hello, clock=int(NOW))
    assert foreign.get_handshake_hash() == step.established.handshake_hash
    talk(step.established, foreign, monkeypatch)


def test_an_independent_library_dials_us(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = foreign_end(True, DIALLER)
    handshake = listen()
    second = handshake.on_message(bytes(foreign.write_message()), NOW).reply
    assert second is not None
    assert decode_hello(bytes(foreign.read_message(second))) == replace(LISTENER.hello, clock=int(NOW))
    link = handshake.on_message(bytes(foreign.write_message(encode_hello(DIALLER.hello))), NOW).established
    assert link is not None
    assert link.peer == DIALLER.hello
    assert foreign.get_handshake_hash() == link.handshake_hash
    talk(link, foreign, monkeypatch)


# --- Hostile peers --------------------------------------------------------------------------------------


def test_to_the_wrong_peer_no_third_message_is_made() -> None:
    handshake, first = dial(own_end(3).hello.device)
    second = listen().on_message(first, NOW).reply
    assert second is not None
    assert reason_of(lambda: handshake.on_message(second, NOW)) is Reason.WRONG_PEER
    assert reason_of(lambda: handshake.on_message(second, NOW)) is Reason.BAD_HANDSHAKE


def test_without_an_expectation_any_certified_peer_is_taken() -> None:
    for number in (2, 3):
        dialler, _ = link(listener=own_end(number))
        assert dialler.peer.device == own_end(number).hello.device


def test_a_node_does_not_link_with_its_own_device() -> None:
    assert reason_of(lambda: link(DIALLER, DIALLER)) is Reason.WRONG_PEER


def test_a_recorded_handshake_cannot_be_played_to_another_run() -> None:
    first, second, third = three_messages()
    again, _ = Handshake.initiate(DIALLER, ONE, b"\xe3" * 32, None)
    assert reason_of(lambda: again.on_message(second, NOW)) is Reason.BAD_HANDSHAKE
    responder = Handshake.respond(LISTENER, ONE, b"\xe4" * 32)
    responder.on_message(first, NOW)
    assert reason_of(lambda: responder.on_message(third, NOW)) is Reason.BAD_HANDSHAKE


@pytest.mark.parametrize(
    ("dialled", "listened"),
    [
        (Subprotocols(("hedgerow.2", "hedgerow.1")), Subprotocols(("hedgerow.1",))),
        (Subprotocols(("a", "hedgerow.1")), Subprotocols(("hedgerow.1", "a"))),
        (Subprotocols(("a", "hedgerow.1"), "a"), Subprotocols(("a", "hedgerow.1"))),
    ],
)
def test_an_offer_or_a_choice_changed_on_the_way_ends_the_handshake(
    dialled: Subprotocols, listened: Subprotocols
) -> None:
    initiator, first = Handshake.initiate(DIALLER, dialled, b"\xe1" * 32, None)
    second = Handshake.respond(LISTENER, listened, b"\xe2" * 32).on_message(first, NOW).reply
    assert second is not None
    assert reason_of(lambda: initiator.on_message(second, NOW)) is Reason.BAD_HANDSHAKE


@pytest.mark.parametrize(
    ("subprotocols", "is_allowed"),
    [
        (Subprotocols(tuple("abcdefghijklmnop"), "a"), True),
        (Subprotocols(tuple("abcdefghijklmnopq"), "a"), False),
        (Subprotocols(("a" * 64,), "a" * 64), True),
        (Subprotocols(("a" * 65,), "a" * 65), False),
        (Subprotocols(("",), ""), False),
        (Subprotocols(("é",), "é"), False),
        (Subprotocols(("a\tb",), "a\tb"), False),
        (Subprotocols((), "hedgerow.1"), False),
        (Subprotocols(("hedgerow.1",), "hedgerow.2"), False),
    ],
)
def test_an_offer_has_at_most_16_short_names_and_the_choice_is_one_of_them(
    subprotocols: Subprotocols, is_allowed: bool
) -> None:
    if is_allowed:
        expected = ["hedgerow/1", NET, subprotocols.offered, subprotocols.chosen]
        assert subprotocols.prologue(NET) == codec.encode(expected)
    else:
        assert reason_of(lambda: subprotocols.prologue(NET)) is Reason.BAD_HANDSHAKE
        assert reason_of(lambda: Handshake.respond(LISTENER, subprotocols, bytes(32))) is Reason.BAD_HANDSHAKE


def impostor_second(payload: bytes, first: bytes) -> bytes:
    """A second message with any payload, from one who holds the listener's static key."""
    prologue = ONE.prologue(NET)
    noise = HandshakeState(
        is_initiator=False, prologue=prologue, static=LISTENER.static, ephemeral=b"\xe5" * 32
    )
    noise.read_message(first)
    return noise.write_message(payload)


@given(data=st.data(), number=st.sampled_from([0, 1, 2]), change=st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_no_link_survives_a_changed_byte_in_any_handshake_message(
    data: st.DataObject, number: int, change: int
) -> None:
    at = data.draw(st.integers(0, len(three_messages()[number]) - 1))

    def wire(position: int, message: bytes | None) -> bytes:
        assert message is not None
        if position != number:
            return message
        return message[:at] + bytes([message[at] ^ change]) + message[at + 1 :]

    def run() -> None:
        initiator, first = dial()
        responder = listen()
        second = responder.on_message(wire(0, first), NOW).reply
        third = initiator.on_message(wire(1, second), NOW).reply
        responder.on_message(wire(2, third), NOW)

    assert reason_of(run) is Reason.BAD_HANDSHAKE


def dialling() -> Handshake:
    return dial()[0]


def half_way() -> Handshake:
    responder = listen()
    responder.on_message(dial()[1], NOW)
    return responder


def finished() -> Handshake:
    initiator, first = dial()
    initiator.on_message(listen().on_message(first, NOW).reply or b"", NOW)
    return initiator


@pytest.mark.parametrize("state", [dialling, half_way, finished])
@given(garbage=st.binary(max_size=400))
@settings(max_examples=50, deadline=None)
def test_garbage_into_a_waiting_handshake_is_a_bad_handshake(
    state: Callable[[], Handshake], garbage: bytes
) -> None:
    handshake = state()
    assert reason_of(lambda: handshake.on_message(garbage, NOW)) is Reason.BAD_HANDSHAKE


@given(garbage=st.binary(max_size=64))
@settings(max_examples=80, deadline=None)
def test_a_first_message_is_any_32_bytes_and_nothing_else(garbage: bytes) -> None:
    if len(garbage) == 32:
        # Of all keys only a few, of small order, are refused; chance does not find them.
        assert listen().on_message(garbage, NOW).reply is not None or garbage == bytes(32)
    else:
        assert reason_of(lambda: listen().on_message(garbage, NOW)) is Reason.BAD_HANDSHAKE


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.binary(max_size=65) | st.just("agent"),
    lambda inner: st.lists(inner, max_size=11),
    max_leaves=12,
)
MUTATIONS = st.tuples(st.integers(0, 9), VALUES)
ITEMS = list(codec.decode(encode_hello(LISTENER.hello), limits.MAX_FRAME_BEFORE_AUTHENTICATION))


@given(payload=st.binary(max_size=300) | VALUES.map(codec.encode))
@settings(max_examples=100, deadline=None)
def test_a_payload_that_is_no_hello_is_refused_with_a_reason_of_the_encoding(payload: bytes) -> None:
    initiator, first = dial()
    second = impostor_second(payload, first)
    assert reason_of(lambda: initiator.on_message(second, NOW)) in {Reason.NOT_CANONICAL, Reason.WRONG_SHAPE}


@given(mutation=MUTATIONS)
@settings(max_examples=200, deadline=None)
def test_a_hello_with_any_other_value_in_it_raises_nothing_but_a_remote_error(
    mutation: tuple[int, object],
) -> None:
    position, value = mutation
    items = [*ITEMS[:position], value, *ITEMS[position + 1 :]]
    initiator, first = dial()
    second = impostor_second(codec.encode(items), first)
    try:
        established = initiator.on_message(second, NOW).established
    except RemoteProtocolError as error:
        refused = error.reason
    else:
        assert established is not None
        # What the certificate covers cannot be exchanged; the rest is the peer's own word.
        assert list(asdict(established.peer).values())[:4] == ITEMS[:4]
        return
    assert refused is not Reason.BAD_HANDSHAKE
