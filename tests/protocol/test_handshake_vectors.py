"""The recorded vectors of specs/06-handshake.md: each link byte for byte, each refusal with its reason."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import pytest

from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.handshake import (
    Established,
    Handshake,
    OwnEnd,
    SecureChannel,
    Subprotocols,
    decode_hello,
)
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.noise import CipherState
from specs.make_handshake_vectors import vectors

FOLDER = Path(__file__).parents[2] / "specs" / "vectors" / "06-handshake"


def cases_of(name: str, *, are_ok: bool) -> list[dict]:
    cases = json.loads((FOLDER / name).read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if (case["expect"] == "ok") == are_ok]


def named(case: dict) -> str:
    return case["name"]


def reason_of(call: Callable[[], object]) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        call()
    return caught.value.reason


def test_the_recorded_vectors_are_what_their_generator_makes() -> None:
    for name, text in vectors().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text
        names = [case["name"] for case in json.loads(text)["cases"]]
        assert len(names) == len(set(names))


class Replay:
    """The side of a vector that is under test, fed with what the vector's peer sent."""

    def __init__(self, case: dict) -> None:
        hello = decode_hello(bytes.fromhex(case["hello"]))
        own = OwnEnd(case["net"], bytes.fromhex(case["static"]), hello)
        subprotocols = Subprotocols(tuple(case["offered"]), case["chosen"])
        ephemeral = bytes.fromhex(case["ephemeral"])
        expected = case["expected_device"] and DeviceKey(bytes.fromhex(case["expected_device"]))
        self.outgoing: list[bytes] = []
        self.established: Established | None = None
        if case["side"] == "initiator":
            self.handshake, first = Handshake.initiate(own, subprotocols, ephemeral, expected)
            self.outgoing.append(first)
        else:
            self.handshake = Handshake.respond(own, subprotocols, ephemeral)

    def feed(self, messages: Iterable[bytes], now: float) -> None:
        for message in messages:
            step = self.handshake.on_message(message, now)
            self.outgoing += [] if step.reply is None else [step.reply]
            self.established = step.established


def incoming_of(case: dict) -> list[bytes]:
    messages = [bytes.fromhex(message) for message in case["incoming"]]
    messages[-1] = messages[-1].ljust(case["pad_last_incoming_to"], b"\0")
    return messages


@pytest.mark.parametrize("case", cases_of("handshake.json", are_ok=True), ids=named)
def test_a_recorded_link_comes_about_byte_for_byte(case: dict) -> None:
    replay = Replay(case)
    replay.feed(incoming_of(case), case["now"])
    assert [message.hex() for message in replay.outgoing] == case["outgoing"]
    link = replay.established
    assert link is not None
    peer = {
        name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(link.peer).items()
    }
    assert peer == case["peer"]
    assert (link.version, link.features.hex()) == (case["version"], case["features"])
    assert link.handshake_hash.hex() == case["handshake_hash"]
    assert link.is_initiator == (case["side"] == "initiator")
    assert [link.channel.seal(bytes.fromhex(case["sent"]["frame"]))[0].hex()] == [case["sent"]["message"]]
    assert link.channel.open(bytes.fromhex(case["received"]["message"])) == bytes.fromhex(
        case["received"]["frame"]
    )


@pytest.mark.parametrize("case", cases_of("handshake.json", are_ok=False), ids=named)
def test_a_recorded_refusal_has_its_reason_and_nothing_more_is_sent(case: dict) -> None:
    replay = Replay(case)
    assert reason_of(lambda: replay.feed(incoming_of(case), case["now"])) is Reason(case["expect"])
    assert [message.hex() for message in replay.outgoing] == case["outgoing"]
    assert replay.established is None
    assert reason_of(lambda: replay.feed([bytes(32)], case["now"])) is Reason.BAD_HANDSHAKE


# --- Channel --------------------------------------------------------------------------------------------


def channel_after(case: dict) -> tuple[SecureChannel, CipherState]:
    """A channel that talks to itself, and the cipher of a peer that says what it likes, both after `skip` frames."""
    key = bytes.fromhex(case["key"])
    channel, peer = SecureChannel(CipherState(key), CipherState(key)), CipherState(key)
    for _ in range(case["skip"]):
        [message] = channel.seal(b"\0")
        assert channel.open(message) == b"\0"
    return channel, peer


def as_recorded(message: bytes) -> str:
    return message.hex() if len(message) <= 64 else "sha256:" + hashlib.sha256(message).hexdigest()


@pytest.mark.parametrize("case", cases_of("channel.json", are_ok=True), ids=named)
def test_recorded_frames_are_cut_and_joined_message_for_message(case: dict) -> None:
    channel, _ = channel_after(case)
    frames = [bytes([fill]) * length for fill, length in case["frames"]]
    messages = [message for frame in frames for message in channel.seal(frame)]
    assert [as_recorded(message) for message in messages] == case["messages"]
    assert [frame for frame in map(channel.open, messages) if frame is not None] == frames


@pytest.mark.parametrize("case", cases_of("channel.json", are_ok=False), ids=named)
def test_a_recorded_fault_in_the_cutting_is_refused_at_its_last_message(case: dict) -> None:
    channel, peer = channel_after(case)
    messages = []
    for first, fill, length in case["plaintexts"]:
        mark = bytes([first]) if first >= 0 else b""
        messages.append(peer.encrypt(mark + bytes([fill]) * length))
    assert [as_recorded(message) for message in messages] == case["messages"]
    for message in messages[:-1]:
        assert channel.open(message) is None
    assert reason_of(lambda: channel.open(messages[-1])) is Reason(case["expect"])
