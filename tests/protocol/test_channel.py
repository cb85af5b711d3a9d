"""The channel of an established link: how frames are cut, when keys change, and what ends it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.handshake import SecureChannel
from hedgerow_protocol.noise import CipherState

FORTH, BACK = b"\x01" * 32, b"\x02" * 32
FULL = limits.MAX_CHUNK


def channels() -> tuple[SecureChannel, SecureChannel]:
    return (
        SecureChannel(CipherState(FORTH), CipherState(BACK)),
        SecureChannel(CipherState(BACK), CipherState(FORTH)),
    )


def opened(channel: SecureChannel, messages: list[bytes]) -> list[bytes]:
    return [frame for frame in map(channel.open, messages) if frame is not None]


def reason_of(call: Callable[[], object]) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        call()
    return caught.value.reason


# --- Cutting --------------------------------------------------------------------------------------------


def test_every_length_up_to_the_limit_comes_whole_in_the_fewest_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_CHUNK", 5)
    monkeypatch.setattr(limits, "MAX_FRAME", 23)
    sender, receiver = channels()
    for length in range(1, 24):
        frame = bytes(range(length))
        messages = sender.seal(frame)
        assert len(messages) == (length + 4) // 5
        assert opened(receiver, messages) == [frame]


@pytest.mark.parametrize(
    ("length", "sizes"),
    [
        (FULL - 1, [65_534]),
        (FULL, [65_535]),
        (FULL + 1, [65_535, 18]),
        (2 * FULL - 1, [65_535, 65_534]),
        (2 * FULL, [65_535, 65_535]),
        (2 * FULL + 1, [65_535, 65_535, 18]),
        (limits.MAX_FRAME - 1, [65_535] * 4 + [88]),
        (limits.MAX_FRAME, [65_535] * 4 + [89]),
    ],
)
def test_a_frame_is_cut_into_full_noise_messages(length: int, sizes: list[int]) -> None:
    sender, receiver = channels()
    frame = bytes([length % 251]) * length
    messages = sender.seal(frame)
    assert list(map(len, messages)) == sizes
    assert opened(receiver, messages) == [frame]


@pytest.mark.parametrize("length", [0, limits.MAX_FRAME + 1])
def test_a_frame_of_a_forbidden_size_is_not_sent_and_does_no_harm(length: int) -> None:
    sender, receiver = channels()
    with pytest.raises(LocalProtocolError):
        sender.seal(bytes(length))
    assert opened(receiver, sender.seal(b"next")) == [b"next"]


@given(frames=st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=40)), max_size=12))
@settings(max_examples=50, deadline=None)
def test_frames_come_in_order_in_both_directions(frames: list[tuple[bool, bytes]]) -> None:
    ends = channels()
    for is_forth, frame in frames:
        sender, receiver = ends if is_forth else ends[::-1]
        assert opened(receiver, sender.seal(frame)) == [frame]


@given(plaintext=st.binary(max_size=40) | st.binary(max_size=40).map(lambda chunk: b"\0" + chunk))
@settings(max_examples=100, deadline=None)
def test_an_authentic_message_with_anything_in_it_is_a_frame_or_of_a_wrong_shape(plaintext: bytes) -> None:
    receiver = channels()[1]
    message = CipherState(FORTH).encrypt(plaintext)
    if plaintext[:1] == b"\0" and len(plaintext) > 1:
        assert receiver.open(message) == plaintext[1:]
    else:
        assert reason_of(lambda: receiver.open(message)) is Reason.WRONG_SHAPE


@pytest.mark.parametrize("plaintext", [b"", b"\0", b"\1", b"\1x", b"\2x"])
def test_a_fault_in_a_frame_half_received_is_found(plaintext: bytes) -> None:
    receiver, peer = channels()[1], CipherState(FORTH)
    assert receiver.open(peer.encrypt(b"\1" + bytes(FULL))) is None
    message = peer.encrypt(plaintext)
    assert reason_of(lambda: receiver.open(message)) is Reason.WRONG_SHAPE


@pytest.mark.limit("MAX_FRAME")
def test_a_frame_above_the_limit_is_refused_before_its_end() -> None:
    receiver, peer = channels()[1], CipherState(FORTH)
    for _ in range(limits.MAX_FRAME // FULL):
        assert receiver.open(peer.encrypt(b"\1" + bytes(FULL))) is None
    assert reason_of(lambda: receiver.open(peer.encrypt(b"\1" + bytes(FULL)))) is Reason.TOO_BIG


# --- New keys -------------------------------------------------------------------------------------------


def test_a_direction_takes_its_next_key_after_its_own_messages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REKEY_AFTER", 3)
    sender, receiver = channels()
    watcher = CipherState(FORTH)
    for number in range(1, 10):
        [message] = sender.seal(b"forth")
        assert receiver.open(message) == b"forth"
        assert watcher.decrypt(message) == b"\0forth"
        if number % 3 == 0:
            watcher.rekey()
        if number == 4:
            # The other direction has its own count.
            [answer] = receiver.seal(b"back")
            assert answer == CipherState(BACK).encrypt(b"\0back")
            assert sender.open(answer) == b"back"


@pytest.mark.parametrize("position", [2, 3])
def test_who_does_not_change_its_key_is_cut_off_at_the_boundary(
    position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REKEY_AFTER", 3)
    receiver, peer = channels()[1], CipherState(FORTH)
    for _ in range(position):
        assert receiver.open(peer.encrypt(b"\0x")) == b"x"
    message = peer.encrypt(b"\0x")
    if position < 3:
        assert receiver.open(message) == b"x"
    else:
        assert reason_of(lambda: receiver.open(message)) is Reason.BAD_HANDSHAKE


def test_keys_change_within_a_frame_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REKEY_AFTER", 3)
    monkeypatch.setattr(limits, "MAX_CHUNK", 1)
    sender, receiver = channels()
    assert opened(receiver, sender.seal(b"ten chunks")) == [b"ten chunks"]


# --- The end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda peer: bytes(limits.MAX_NOISE_MESSAGE + 1), Reason.TOO_BIG),
        (lambda peer: b"garbage", Reason.BAD_HANDSHAKE),
        (lambda peer: peer.encrypt(b"\7"), Reason.WRONG_SHAPE),
    ],
)
def test_after_an_error_from_outside_both_directions_stay_dead(
    fault: Callable[[CipherState], bytes], reason: Reason
) -> None:
    receiver, peer = channels()[1], CipherState(FORTH)
    data = fault(peer)
    assert reason_of(lambda: receiver.open(data)) is reason
    assert reason_of(lambda: receiver.open(peer.encrypt(b"\0good"))) is Reason.BAD_HANDSHAKE
    with pytest.raises(LocalProtocolError):
        receiver.seal(b"good")


@given(data=st.data(), change=st.integers(1, 255), frame=st.binary(min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_ends_the_channel(data: st.DataObject, change: int, frame: bytes) -> None:
    sender, receiver = channels()
    [message] = sender.seal(frame)
    at = data.draw(st.integers(0, len(message) - 1))
    changed = message[:at] + bytes([message[at] ^ change]) + message[at + 1 :]
    assert reason_of(lambda: receiver.open(changed)) is Reason.BAD_HANDSHAKE
    assert reason_of(lambda: receiver.open(message)) is Reason.BAD_HANDSHAKE


@given(garbage=st.binary(max_size=300), is_half=st.booleans())
@settings(max_examples=80, deadline=None)
def test_garbage_ends_the_channel(garbage: bytes, is_half: bool) -> None:
    receiver, peer = channels()[1], CipherState(FORTH)
    if is_half:
        assert receiver.open(peer.encrypt(b"\1" + bytes(FULL))) is None
    assert reason_of(lambda: receiver.open(garbage)) is Reason.BAD_HANDSHAKE


def test_a_message_repeated_left_out_or_sent_back_ends_the_channel() -> None:
    for order in ([0, 0], [1], [0, 2]):
        sender, receiver = channels()
        messages = [sender.seal(bytes([number]))[0] for number in range(3)]
        for index in order[:-1]:
            receiver.open(messages[index])
        wrong = messages[order[-1]]
        assert reason_of(lambda receiver=receiver, wrong=wrong: receiver.open(wrong)) is Reason.BAD_HANDSHAKE
    sender, _ = channels()
    [message] = sender.seal(b"to you")
    assert reason_of(lambda: sender.open(message)) is Reason.BAD_HANDSHAKE
