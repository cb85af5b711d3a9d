"""The answers of this implementation to the vectors of 06, 07 and 08-reconciliation: see `library`."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

from hedgerow_node.conformance.library_values import data_in, number_in, shown, texts_in
from hedgerow_node.conformance.shown import Json, bytes_of
from hedgerow_protocol import filter, frame, invite, message
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.handshake import (
    Established,
    Handshake,
    OwnEnd,
    SecureChannel,
    Subprotocols,
    decode_hello,
)
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.noise import CipherState, HandshakeState
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator, Responder

LONGEST_SHOWN = 64
"""Bytes of a sealed message above which a vector gives its SHA-256."""


@dataclass
class Refused(Exception):
    """A refusal with results beside it."""

    reason: Reason
    results: Json


# --- 06-handshake -----------------------------------------------------------------------------------------


def _noise(case: Json) -> Json:
    prologue = data_in(case, "prologue")
    sides = [
        HandshakeState(
            is_initiator=side == "init",
            prologue=prologue,
            static=data_in(case, f"{side}_static"),
            ephemeral=data_in(case, f"{side}_ephemeral"),
        )
        for side in ("init", "resp")
    ]
    if "incoming" in case:
        return _read_in_turn(sides[0 if case["side"] == "initiator" else 1], case)
    messages = []
    payloads = texts_in(case, "payloads")
    for place, payload in enumerate(payloads[:3]):
        messages.append(sides[place % 2].write_message(payload))
        sides[1 - place % 2].read_message(messages[-1])
    splits = [side.split() for side in sides]
    for place, payload in enumerate(payloads[3:], 3):
        if place == case.get("rekey_before"):
            for split in splits:
                split.sending.rekey()
                split.receiving.rekey()
        messages.append(splits[place % 2].sending.encrypt(payload))
    return {"messages": [one.hex() for one in messages], "handshake_hash": splits[0].handshake_hash.hex()}


def _read_in_turn(state: HandshakeState, case: Json) -> Json:
    if case["side"] == "initiator":
        state.write_message(b"")
    for data in texts_in(case, "incoming"):
        state.read_message(data)
        try:
            state.write_message(b"")
        except LocalProtocolError:  # nothing is ours to write: the handshake is over
            return {}
    return {}


def _handshake(case: Json) -> Json:
    hello = decode_hello(data_in(case, "hello"))
    own = OwnEnd(number_in(case, "net"), data_in(case, "static"), hello)
    offered = case["offered"]
    assert isinstance(offered, list)
    subprotocols = Subprotocols(tuple(map(str, offered)), str(case["chosen"]))
    outgoing: list[bytes] = []
    try:
        link = _shake(case, own, subprotocols, outgoing)
    except RemoteProtocolError as error:
        raise Refused(error.reason, {"outgoing": [one.hex() for one in outgoing]}) from None
    return {"outgoing": [one.hex() for one in outgoing], **_established(case, link)}


def _shake(case: Json, own: OwnEnd, subprotocols: Subprotocols, outgoing: list[bytes]) -> Established:
    ephemeral = data_in(case, "ephemeral")
    if case["side"] == "initiator":
        expected = case.get("expected_device")
        device = DeviceKey(bytes_of(str(expected))) if expected is not None else None
        handshake, first = Handshake.initiate(own, subprotocols, ephemeral, device)
        outgoing.append(first)
    else:
        handshake = Handshake.respond(own, subprotocols, ephemeral)
    incoming = texts_in(case, "incoming")
    incoming[-1] = incoming[-1].ljust(number_in(case, "pad_last_incoming_to"), b"\0")
    established: Established | None = None
    for data in incoming:
        step = handshake.on_message(data, number_in(case, "now"))
        outgoing += [] if step.reply is None else [step.reply]
        established = step.established
    if established is None:
        raise RemoteProtocolError(Reason.BAD_HANDSHAKE, "it does not come to its end")
    return established


def _established(case: Json, link: Established) -> Json:
    peer = {
        name: one.hex() if isinstance(one, bytes) else shown(one) for name, one in asdict(link.peer).items()
    }
    told: Json = {"peer": peer, "version": link.version, "features": link.features.hex()}
    told["handshake_hash"] = link.handshake_hash.hex()
    match case:
        case {"sent": {"frame": sent}, "received": {"message": received}}:
            [sealed] = link.channel.seal(bytes_of(str(sent)))
            opened = link.channel.open(bytes_of(str(received))) or b""
            told["sent"] = {"frame": sent, "message": sealed.hex()}
            told["received"] = {"frame": opened.hex(), "message": received}
    return told


def _channel(case: Json) -> Json:
    key = data_in(case, "key")
    channel, peer = SecureChannel(CipherState(key), CipherState(key)), CipherState(key)
    for _ in range(number_in(case, "skip")):
        channel.open(channel.seal(b"\0")[0])
    plaintexts = case["plaintexts"]
    assert isinstance(plaintexts, list)
    made = _frames_of(plaintexts)
    sealed = [one for whole in made for one in channel.seal(whole)] if made is not None else None
    if sealed is None:
        sealed = [peer.encrypt(_plaintext(*one)) for one in plaintexts]
    frames: list[list[int]] = []
    told: Json = {"messages": [_as_told(one) for one in sealed], "frames": frames}
    try:
        for one in sealed:
            opened = channel.open(one)
            if opened is not None:
                frames.append([opened[0], len(opened)])
    except RemoteProtocolError as error:
        raise Refused(error.reason, told) from None
    return told


def _frames_of(plaintexts: list[list[int]]) -> list[bytes] | None:
    """The frames that these are chunks of; None where an honest side would not cut so."""
    frames, whole = [], b""
    for first, fill, length in plaintexts:
        whole += bytes([fill]) * length
        if first == 0:
            frames.append(whole)
            whole = b""
    key = CipherState(bytes(32))
    try:
        cut = [one for frame_ in frames for one in SecureChannel(key, key).seal(frame_)]
    except LocalProtocolError:
        return None
    is_honest = not whole and [len(one) for one in cut] == [1 + length + 16 for _, _, length in plaintexts]
    return frames if is_honest and all(first in (0, 1) for first, _, _ in plaintexts) else None


def _plaintext(first: int, fill: int, length: int) -> bytes:
    return (bytes([first]) if first >= 0 else b"") + bytes([fill]) * length


def _as_told(sealed: bytes) -> str:
    return sealed.hex() if len(sealed) <= LONGEST_SHOWN else "sha256:" + hashlib.sha256(sealed).hexdigest()


# --- 07-frames --------------------------------------------------------------------------------------------


def _frame(case: Json) -> Json:
    found = frame.decode_frame(data_in(case, "bytes"))
    if found is None:
        return {"frame": None}
    values = (found.type, *(getattr(found, field.name) for field in fields(found)))
    name = re.sub("(?<=[a-z])(?=[A-Z])", "_", type(found).__name__).upper()
    return {"frame": name, "values": shown(values)}


def _filter(case: Json) -> Json:
    found = filter.decode_filter(data_in(case, "bytes"))
    authors = None if found.authors is None else b"".join(found.authors)
    told: Json = {"values": shown((authors, found.kinds, found.since, found.until))}
    if "carried" in case:
        told["narrowed"] = b"".join(found.narrowed(data_in(case, "carried")).authors or ()).hex()
    if "header" in case:
        told["passes"] = found.matches(message.decode_header(data_in(case, "header")))
    return told


def _invite(case: Json) -> Json:
    if "acceptance" in case:
        accepted = invite.decode_acceptance(data_in(case, "acceptance"))
        names = ("invite", "author", "device", "name", "ts")
        told = {name: getattr(accepted, name) for name in names}
        return {"values": {n: one.hex() if isinstance(one, bytes) else one for n, one in told.items()}}
    if "text" in case:
        return {"as_bytes": invite.parse_invite(str(case["text"])).to_bytes().hex()}
    signed = invite.decode_signed_invite(data_in(case, "invite"))
    said = signed.invite
    values = {field.name: shown(getattr(said, field.name)) for field in fields(said)}
    values["meet"] = shown([(place.address, place.device) for place in said.meet])
    return {"id": signed.id.hex(), "as_text": signed.to_text(), "values": values}


# --- 08-reconciliation ------------------------------------------------------------------------------------


def _reconciliation(case: Json) -> Json:
    if "message" in case:
        return _single(case)
    sides = [_items(case, role) for role in ("initiator", "responder")]
    indexes = [SortedIndex.of((ts, one) for one, (_, ts) in side.items()) for side in sides]
    limits = case["frame_limit"]
    assert isinstance(limits, list)
    initiator, responder = Initiator(indexes[0], limits[0]), Responder(indexes[1], limits[1])
    numbers = sides[0] | sides[1]
    said: list[bytes] = [initiator.start()]
    have: list[int] = []
    need: list[int] = []
    while True:
        said.append(responder.on_message(said[-1]))
        step = initiator.on_message(said[-1])
        have += [numbers[one][0] for one in step.have]
        need += [numbers[one][0] for one in step.need]
        if step.reply is None:
            return {"messages": [one.hex() for one in said], "have": sorted(have), "need": sorted(need)}
        said.append(step.reply)


def _single(case: Json) -> Json:
    nobody, data = SortedIndex.of([]), data_in(case, "message")
    if case["roles"] == ["responder"]:
        return {"reply": Responder(nobody).on_message(data).hex()}
    Initiator(nobody).on_message(data)
    return {}


def _items(case: Json, role: str) -> dict[bytes, tuple[int, int]]:
    """Number and ts by id, by the formula that the file of vectors gives."""
    match case:
        case {"time": [int(first), int(gap), int(share)], "id_prefix": str(start)}:
            prefix = bytes_of(start)
        case _:
            raise ValueError("no such case")
    chosen = case[role]
    assert isinstance(chosen, dict)
    without = {number for bounds in chosen["without"] for number in range(*bounds)}
    numbers = {number for bounds in chosen["with"] for number in range(*bounds)} - without
    return {
        prefix + hashlib.sha256(b"item%d" % number).digest()[len(prefix) :]: (
            number,
            first + number * gap // share,
        )
        for number in sorted(numbers)
    }


ANSWERS: dict[str, Callable[[Json], Json]] = {
    "06-handshake/noise-xx": _noise,
    "06-handshake/handshake": _handshake,
    "06-handshake/channel": _channel,
    "07-frames/frames": _frame,
    "07-frames/filters": _filter,
    "07-frames/invites": _invite,
    "08-reconciliation/negentropy": _reconciliation,
}
