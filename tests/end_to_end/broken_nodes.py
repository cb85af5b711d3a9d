"""Nodes that break one rule each, for the programs that judge nodes from outside.

    python tests/end_to_end/broken_nodes.py NAME ARGUMENT…

runs `hedgerow ARGUMENT…` with the fault NAME put into it.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields

import msgpack

from hedgerow_node.links import certificate
from hedgerow_node.links.link import Link
from hedgerow_protocol import answering, codec, handshake, keys, limits, message, peer, sync
from hedgerow_protocol.admission import Admission
from hedgerow_protocol.answering import Answering
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import Err, Frame, NegDiffers, Pong, decode_frame, encode_frame
from hedgerow_protocol.handshake import SecureChannel, Subprotocols
from hedgerow_protocol.identity import Identities


def skips_the_re_encode_check() -> None:
    def decode(data: bytes, max_size: int) -> object:
        if len(data) > max_size:
            raise RemoteProtocolError(Reason.TOO_BIG)
        try:
            value = msgpack.unpackb(data, use_list=False, raw=False, max_array_len=limits.MAX_ARRAY)
        except (ValueError, msgpack.UnpackException):
            raise RemoteProtocolError(Reason.NOT_CANONICAL) from None
        codec._check(value, limits.MAX_DEPTH)
        return value

    codec.decode = decode


def accepts_keys_of_small_order() -> None:
    keys.SMALL_ORDER = frozenset()


def has_another_prologue() -> None:
    honest = Subprotocols.prologue
    Subprotocols.prologue = lambda self, net: honest(self, net + 1)


def goes_on_after_err() -> None:
    honest = sync.LinkSync.on_frame
    sync.LinkSync.on_frame = lambda self, now, frame: (
        None if isinstance(frame, Err) else honest(self, now, frame)
    )


def sends_frames_above_the_limit() -> None:
    limits.ANSWER_FRAME = limits.MAX_ANSWER
    peer.encode_frame = lambda frame: codec.encode([frame.type, *_values(frame)])

    def seal(self: SecureChannel, frame: bytes) -> list[bytes]:
        size = limits.MAX_CHUNK
        chunks = [frame[at : at + size] for at in range(0, len(frame), size)]
        marks = [self.MORE] * (len(chunks) - 1) + [self.LAST]
        return [self._seal_one(mark + chunk) for mark, chunk in zip(marks, chunks, strict=True)]

    SecureChannel.seal = seal


def _values(frame: object) -> list[object]:
    return [getattr(frame, field.name) for field in fields(frame)]


def has_wrong_fingerprints() -> None:
    honest = SetSum.fingerprint
    SetSum.fingerprint = lambda self: bytes(byte ^ 1 for byte in honest(self))


def serves_what_was_withdrawn() -> None:
    bodies: dict[bytes, bytes | None] = {}
    honest, take = Answering._served, Admission.take

    def served(self: Answering, messages: list[message.Message]) -> list[message.Message]:
        return [one._replace(body=one.body or bodies.get(one.id)) for one in honest(self, messages)]

    def remember(
        self: Admission, link: object, messages: tuple[bytes, ...], *how: object, **more: object
    ) -> None:
        with suppress(RemoteProtocolError):
            for found in map(message.decode_message, messages):
                bodies[found.id] = found.body
        take(self, link, messages, *how, **more)

    Answering._served, Admission.take = served, remember


def ends_at_unknown_odd_types() -> None:
    def decode(data: bytes) -> object:
        frame = decode_frame(data)
        if frame is None:
            raise RemoteProtocolError(Reason.UNKNOWN_FRAME)
        return frame

    peer.decode_frame = decode


def passes_over_unknown_even_types() -> None:
    def decode(data: bytes) -> object:
        try:
            return decode_frame(data)
        except RemoteProtocolError as error:
            if error.reason is Reason.UNKNOWN_FRAME:
                return None
            raise

    peer.decode_frame = decode


def takes_certificates_of_any_time() -> None:
    honest = handshake.check_certificate
    handshake.check_certificate = lambda hello, net, static, now: honest(hello, net, static, hello.not_after)


def tells_a_wrong_count() -> None:
    answering.NegDiffers = lambda request, count: NegDiffers(request, count + 1)


def answers_with_another_number() -> None:
    sync.Pong = type("Pong", (Pong,), {"__new__": lambda _, number: Pong(number + 2)})


def takes_what_no_log_allows() -> None:
    Identities.is_authorised = lambda self, header: True


def takes_any_body() -> None:
    message.check_body = lambda found: None


def tells_why_it_closes() -> None:
    async def say_goodbye(self: Link) -> None:
        await self._socket.close(code=4_000, message=self.why_closed.encode())

    Link._say_goodbye = say_goodbye


FAULTS: dict[str, tuple[Callable[[], None], set[str]]] = {
    fault.__name__: (fault, rules)
    for fault, rules in (
        (skips_the_re_encode_check, {"EN-2", "FR-1", "HS-8"}),
        (accepts_keys_of_small_order, {"EN-11"}),
        (has_another_prologue, {"HS-2"}),
        (goes_on_after_err, {"FR-6"}),
        (sends_frames_above_the_limit, {"HS-23"}),
        (has_wrong_fingerprints, {"RC-4"}),
        (serves_what_was_withdrawn, {"KI-18", "KI-19", "SY-16"}),
        (ends_at_unknown_odd_types, {"FR-2"}),
        (passes_over_unknown_even_types, {"FR-2"}),
        (takes_certificates_of_any_time, {"HS-13"}),
        (tells_a_wrong_count, {"SY-8"}),
        (answers_with_another_number, {"FR-3"}),
        (takes_what_no_log_allows, {"ID-13", "ID-19", "ID-26"}),
        (takes_any_body, {"ME-6"}),
        (tells_why_it_closes, {"HS-20"}),
    )
}
"""Each fault, and the rules that it breaks."""

# --- What a client sees of a node ---------------------------------------------------------------------------


def shows_a_certificate_that_has_ended() -> None:
    certificate.CERTIFICATE_LIFE = -2 * limits.CERTIFICATE_CLOCK_SKEW


def shows_a_certificate_that_another_device_signed() -> None:
    honest = certificate.certify
    certificate.certify = lambda seed, *terms: honest(bytes(32), *terms)


def sends_frames_in_a_longer_form() -> None:
    def encode(frame: Frame) -> bytes:
        mark, *rest = encode_frame(frame)
        return bytes([mark, 0xCC, *rest])

    peer.encode_frame = encode


def serves_bodies_that_were_not_signed() -> None:
    _change_what_is_served(lambda one: {"body": one.body and one.body[:-1] + bytes([one.body[-1] ^ 1])})


def serves_signatures_of_nobody() -> None:
    _change_what_is_served(lambda one: {"signature": one.signature[:32] + bytes(32)})


def _change_what_is_served(changed: Callable[[message.Message], dict[str, bytes | None]]) -> None:
    honest = Answering._served

    def served(self: Answering, messages: list[message.Message]) -> list[message.Message]:
        return [one._replace(**changed(one)) for one in honest(self, messages)]

    Answering._served = served


SEEN_BY_CLIENTS: dict[str, tuple[Callable[[], None], str]] = {
    fault.__name__: (fault, words)
    for fault, words in (
        (has_another_prologue, "bad_handshake: "),
        (shows_a_certificate_that_has_ended, "bad_certificate: "),
        (shows_a_certificate_that_another_device_signed, "bad_certificate: "),
        (sends_frames_in_a_longer_form, "not_canonical: "),
        (serves_bodies_that_were_not_signed, "left out: body_mismatch"),
        (serves_signatures_of_nobody, "left out: bad_signature"),
        (has_wrong_fingerprints, "not everything was fetched"),
    )
}
"""Each fault, and how the client in JavaScript begins to say what it found."""

if __name__ == "__main__":
    from hedgerow_node.cli import main

    _, name, *sys.argv[1:] = sys.argv
    (FAULTS | SEEN_BY_CLIENTS)[name][0]()
    sys.exit(main())
