"""Frames: their bytes both ways, each limit at and one over, and that nothing else comes out of any bytes."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings

from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.frame import (
    FRAMES,
    Accept,
    Addr,
    Err,
    Frame,
    Get,
    IHave,
    Messages,
    Missing,
    NegMsg,
    NegOpen,
    Ping,
    Pong,
    Range,
    Scope,
    Since,
    Sub,
    Want,
    decode_frame,
    encode_frame,
    pack_ids,
    split_ids,
)
from protocol.frame_strategies import frames
from protocol.strategies import near, refuses

ID = b"\x11" * 32


def values_of(frame: Frame) -> list[object]:
    """A frame as the array that is encoded."""
    return [frame.type, *(getattr(frame, one.name) for one in fields(frame))]


def reason_of(value: object) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_frame(codec.encode(value))
    return caught.value.reason


@settings(max_examples=200, deadline=None)
@given(frames())
def test_a_frame_comes_back_as_it_was_sent(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@settings(max_examples=400, deadline=None)
@given(near(frames().map(values_of)))
def test_any_bytes_are_a_frame_in_its_one_form_or_refused_or_passed_over(data: bytes) -> None:
    if not refuses(lambda: decode_frame(data)):
        frame = decode_frame(data)
        assert frame is None or encode_frame(frame) == data


def test_every_frame_has_a_number_of_its_own_even_unless_a_node_can_do_without_it() -> None:
    assert len(FRAMES) == len(Frame.__args__)
    assert {number for number in FRAMES if number % 2} == {53, 55, 61, 63}  # what a node can do without


@pytest.mark.parametrize("number", [1, 3, 43, 255])
def test_an_unknown_odd_type_is_passed_over_whatever_follows(number: int) -> None:
    assert decode_frame(codec.encode([number])) is None
    assert decode_frame(codec.encode([number, "what", [None]])) is None


@pytest.mark.parametrize("number", [0, 62, 254])
def test_an_unknown_even_type_is_refused(number: int) -> None:
    assert reason_of([number, 1]) is Reason.UNKNOWN_FRAME


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], Reason.WRONG_SHAPE),
        (7, Reason.WRONG_SHAPE),
        (["2", 1], Reason.WRONG_SHAPE),
        ([True, 1], Reason.WRONG_SHAPE),
        ([256, 1], Reason.OUT_OF_RANGE),
        ([2], Reason.WRONG_SHAPE),
        ([2, 1, 1], Reason.WRONG_SHAPE),
        ([2, 2**32], Reason.OUT_OF_RANGE),
    ],
)
def test_what_is_no_frame_is_refused(value: object, reason: Reason) -> None:
    assert reason_of(value) is reason


OPEN = NegOpen(1, 1, 1, 1, 0, 0, 5, bytes(16))
RANGE = Range(3, 1, 1, 1, 0, ID, 10)
AT_THE_LIMIT = [
    (Ping(2**32 - 1), "req", 2**32),
    (Err(0, 255, "x" * limits.MAX_ERROR_TEXT, 0), "text", "x" * (limits.MAX_ERROR_TEXT + 1)),
    (Err(0, 255, "", 0), "code", 256),
    (Err(0, 0, "", 2**32 - 1), "retry_after", 2**32),
    (Sub(1, bytes(limits.MAX_FILTER), 1), "filter", bytes(limits.MAX_FILTER + 1)),
    (Sub(1, b"", 2), "mode", 3),
    (Scope(1, 1, bytes(625)), "carried", bytes(626)),
    (Since(1, 1, ((5, bytes(625)),)), "steps", ((5, bytes(626)),)),
    (Since(1, 1, ((2**32 - 1, b""),)), "steps", ((2**32, b""),)),
    (Since(1, 1, tuple((time, b"") for time in range(8))), "steps", tuple((time, b"") for time in range(9))),
    (Since(1, 1, ((4, b""), (5, b""))), "steps", ((5, b""), (5, b""))),
    (OPEN, "tier", 2),
    (replace(OPEN, count=2**53 - 1, since=2**32 - 1), "since", 2**32),
    (
        NegMsg(1, bytes(limits.MAX_RECONCILIATION_MESSAGE)),
        "data",
        bytes(limits.MAX_RECONCILIATION_MESSAGE + 1),
    ),
    (Get(1, ID * limits.MAX_FRAME_MESSAGES), "ids", ID * (limits.MAX_FRAME_MESSAGES + 1)),
    (Want(1, ID * limits.MAX_FRAME_MESSAGES), "ids", ID * (limits.MAX_FRAME_MESSAGES + 1)),
    (
        IHave(1, ID, bytes(limits.MAX_FRAME_MESSAGES)),
        "hops",
        bytes(limits.MAX_FRAME_MESSAGES + 1),
    ),
    (Messages(0, ((255, bytes(limits.MAX_MESSAGE)),), more=False), "messages", ((256, b""),)),
    (
        Messages(0, ((0, b""),) * limits.MAX_FRAME_MESSAGES, more=False),
        "messages",
        ((0, b""),) * (limits.MAX_FRAME_MESSAGES + 1),
    ),
    (
        Messages(0, ((0, bytes(limits.MAX_MESSAGE)),), more=False),
        "messages",
        ((0, bytes(limits.MAX_MESSAGE + 1)),),
    ),
    (Missing(1, ((ID, 255),)), "absent", ((ID, 256),)),
    (
        Missing(1, ((ID, 0),) * limits.MAX_FRAME_MESSAGES),
        "absent",
        ((ID, 0),) * (limits.MAX_FRAME_MESSAGES + 1),
    ),
    (RANGE, "tier", 2),
    (replace(RANGE, limit=2**16 - 1), "limit", 2**16),
    (Accept(1, bytes(limits.MAX_INVITE), b""), "invite", bytes(limits.MAX_INVITE + 1)),
    (Accept(1, b"", bytes(limits.MAX_INVITE)), "acceptance", bytes(limits.MAX_INVITE + 1)),
    (
        Addr(0, (bytes(limits.MAX_ADDRESS_RECORD),) * limits.MAX_FRAME_RECORDS),
        "records",
        (b"",) * (limits.MAX_FRAME_RECORDS + 1),
    ),
    (Addr(0, ()), "records", (bytes(limits.MAX_ADDRESS_RECORD + 1),)),
]


@pytest.mark.parametrize(
    ("frame", "field", "beyond"),
    AT_THE_LIMIT,
    ids=[f"{type(one).__name__} {field} {place}" for place, (one, field, _) in enumerate(AT_THE_LIMIT)],
)
def test_a_value_at_its_limit_is_taken_and_one_over_refused(frame: Frame, field: str, beyond: object) -> None:
    assert decode_frame(encode_frame(frame)) == frame
    assert reason_of(values_of(replace(frame, **{field: beyond}))) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("frame", "field", "wrong"),
    [
        (OPEN, "fingerprint", bytes(15)),
        (OPEN, "count", None),
        (Get(1, b""), "ids", bytes(33)),
        (Want(1, b""), "ids", bytes(31)),
        (IHave(1, b"", b""), "ids", bytes(1)),
        (RANGE, "after_id", bytes(31)),
        (Missing(1, ()), "absent", ((bytes(31), 0),)),
        (Missing(1, ()), "absent", ((ID,),)),
        (Messages(0, (), more=False), "messages", ((0, "text"),)),
        (Messages(0, (), more=False), "more", 1),
        (Sub(1, b"", 1), "filter", "text"),
        (Pong(1), "req", None),
    ],
)
def test_a_value_of_another_shape_is_refused(frame: Frame, field: str, wrong: object) -> None:
    assert reason_of(values_of(replace(frame, **{field: wrong}))) is Reason.WRONG_SHAPE


def test_a_frame_at_the_limit_is_taken_and_one_byte_more_is_neither_sent_nor_taken() -> None:
    message = bytes(limits.MAX_MESSAGE)
    most = limits.MAX_FRAME - len(
        encode_frame(Messages(0, ((0, message),) * 7 + ((0, bytes(300)),), more=False))
    )
    largest = Messages(0, ((0, message),) * 7 + ((0, bytes(300 + most)),), more=False)
    data = encode_frame(largest)
    assert len(data) == limits.MAX_FRAME
    assert decode_frame(data) == largest
    larger = replace(largest, messages=(*largest.messages[:-1], (0, bytes(301 + most))))
    with pytest.raises(LocalProtocolError):
        encode_frame(larger)
    assert reason_of(values_of(larger)) is Reason.TOO_BIG


def test_ids_are_packed_one_after_the_other() -> None:
    ids = [bytes([number]) * 32 for number in range(3)]
    assert split_ids(pack_ids(ids)) == ids
    assert split_ids(b"") == []
