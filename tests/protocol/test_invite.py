"""Invites and acceptances: what comes back, what is refused, and who may accept."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.invite import (
    ACCEPTANCE_TAG,
    INVITE_TAG,
    SCHEME,
    Invite,
    InviteExtra,
    Meeting,
    decode_acceptance,
    decode_signed_invite,
    parse_invite,
    sign_acceptance,
    sign_invite,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import MAIN_NET, Message
from protocol.strategies import near, refuses
from simulator.author import EPOCH, Author

ANA, BEN = Author(1), Author(2)
PLACE = Meeting("wss://seed.example.org/peer", ANA.device)
FOLLOWS = tuple(sorted([Author(3).key, Author(4).key]))
INVITE = Invite(
    net=MAIN_NET,
    inviter=ANA.key,
    name="Ana",
    meet=(PLACE, Meeting("ws://192.0.2.1:4545/peer", BEN.device)),
    token=b"\7" * 16,
    expiry=EPOCH + 86_400,
    uses=3,
    follows=FOLLOWS,
    extra=((InviteExtra.MESSAGES, 340), (InviteExtra.MEMBERSHIP, 1)),
)
SIGNED = sign_invite(INVITE, ANA.device_seed)
POSITIONS = codec.decode(SIGNED.encoded, limits.MAX_INVITE)
ACCEPTANCE = sign_acceptance(SIGNED, BEN.inception, "Ben", EPOCH + 5, BEN.device_seed)


def reason_of(decode: object, data: object) -> Reason:
    assert callable(decode)
    with pytest.raises(RemoteProtocolError) as caught:
        decode(data)
    return caught.value.reason


def signed_bytes(positions: object) -> bytes:
    """A signed invite with these positions, whether they keep to the rules or not."""
    encoded = codec.encode(positions)
    return codec.encode([encoded, ANA.device, keys.sign(ANA.device_seed, INVITE_TAG + encoded)])


def with_position(place: int, value: object) -> bytes:
    assert isinstance(POSITIONS, tuple)
    return signed_bytes([*POSITIONS[:place], value, *POSITIONS[place + 1 :]])


# --- Invites --------------------------------------------------------------------------------------------


def test_an_invite_comes_back_from_bytes_and_from_text() -> None:
    assert SIGNED.invite == INVITE
    assert decode_signed_invite(SIGNED.to_bytes()) == SIGNED
    assert parse_invite(SIGNED.to_text()) == SIGNED
    assert len(SIGNED.id) == 32
    assert SIGNED.invite.makes_member
    assert SIGNED.invite.messages == 340


@pytest.mark.parametrize(
    "around",
    [
        "  {}\n",
        "Join me:\n{}",
        "https://seed.example.org/join#{}",
        "HTTPS://seed.example.org/#{}  ",
    ],
)
def test_an_invite_is_found_in_what_people_paste(around: str) -> None:
    assert parse_invite(around.format(SIGNED.to_text())) == SIGNED


def test_an_invite_is_found_in_a_link_without_its_scheme_and_across_broken_lines() -> None:
    packed = SIGNED.to_text().removeprefix(SCHEME)
    assert parse_invite(f"https://seed.example.org/join#{packed}") == SIGNED
    lines = "\r\n > ".join(packed[at : at + 60] for at in range(0, len(packed), 60)).replace(">", " ")
    assert parse_invite(SCHEME + lines) == SIGNED


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed + "=",
        lambda packed: packed + ".",
        lambda packed: packed[:40] + "!" + packed[40:],
        lambda packed: packed.replace("-", "+").replace("_", "/") + "+",
        lambda packed: packed[:-1],
        lambda packed: packed + "A",
        lambda packed: "é" + packed,
        lambda packed: packed[:-1] + chr(ord(packed[-1]) + 1),
        lambda packed: "",
    ],
)
def test_a_text_that_is_not_the_one_form_is_refused(spoil: object) -> None:
    assert callable(spoil)
    packed = SIGNED.to_text().removeprefix(SCHEME)
    assert refuses(lambda: parse_invite(SCHEME + spoil(packed)))


def test_a_text_longer_than_any_invite_is_not_decoded() -> None:
    assert reason_of(parse_invite, SCHEME + "A" * (2 * limits.MAX_INVITE + 1)) is Reason.TOO_BIG


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, 2, Reason.UNSUPPORTED_VERSION),
        (1, 2**16, Reason.OUT_OF_RANGE),
        (2, bytes(31), Reason.WRONG_SHAPE),
        (3, "n" * (limits.MAX_NAME + 1), Reason.OUT_OF_RANGE),
        (3, "Ana\nwhom you know", Reason.OUT_OF_RANGE),
        (4, [], Reason.OUT_OF_RANGE),
        (4, [["wss://a/peer", bytes(32)]] * (limits.MAX_INVITE_ADDRESSES + 1), Reason.OUT_OF_RANGE),
        (4, [["https://a/peer", bytes(32)]], Reason.OUT_OF_RANGE),
        (4, [["wss://a b/peer", bytes(32)]], Reason.OUT_OF_RANGE),
        (4, [["wss://a\tb/peer", bytes(32)]], Reason.OUT_OF_RANGE),
        (4, [["wss://é/peer", bytes(32)]], Reason.OUT_OF_RANGE),
        (4, [["wss://" + "a" * (limits.MAX_ADDRESS - 5), bytes(32)]], Reason.OUT_OF_RANGE),
        (4, [["wss://a/peer", bytes(31)]], Reason.WRONG_SHAPE),
        (4, [["wss://a/peer"]], Reason.WRONG_SHAPE),
        (5, bytes(15), Reason.WRONG_SHAPE),
        (6, 2**32, Reason.OUT_OF_RANGE),
        (7, 2**16, Reason.OUT_OF_RANGE),
        (8, [bytes([2]) * 32, bytes([1]) * 32], Reason.OUT_OF_RANGE),
        (8, [bytes([1]) * 32, bytes([1]) * 32], Reason.OUT_OF_RANGE),
        (
            8,
            [number.to_bytes(32) for number in range(limits.MAX_INVITE_FOLLOWS + 1)],
            Reason.OUT_OF_RANGE,
        ),
        (9, [[2, 1], [1, 1]], Reason.OUT_OF_RANGE),
        (9, None, Reason.WRONG_SHAPE),
    ],
)
def test_an_invite_that_breaks_a_rule_is_refused(place: int, value: object, reason: Reason) -> None:
    assert reason_of(decode_signed_invite, with_position(place, value)) is reason


def test_the_most_that_an_invite_may_hold_is_taken() -> None:
    largest = replace(
        INVITE,
        name="n" * limits.MAX_NAME,
        meet=tuple(Meeting(f"wss://{number}.example.org/peer", ANA.device) for number in range(4)),
        follows=tuple(AuthorKey(number.to_bytes(32)) for number in range(limits.MAX_INVITE_FOLLOWS)),
        uses=2**16 - 1,
        expiry=2**32 - 1,
    )
    assert parse_invite(sign_invite(largest, ANA.device_seed).to_text()).invite == largest
    longest = replace(INVITE, meet=(Meeting("wss://" + "a" * (limits.MAX_ADDRESS - 6), ANA.device),))
    assert sign_invite(longest, ANA.device_seed).invite == longest


@pytest.mark.parametrize(
    "changes",
    [
        {"meet": ()},
        {"follows": (FOLLOWS[1], FOLLOWS[0])},
        {"name": "Ana\nBen"},
        {"meet": (Meeting("wss://" + "a" * (limits.MAX_ADDRESS - 6), ANA.device),) * 4},
        {"uses": 2**16},
    ],
)
def test_an_invite_that_nobody_would_take_is_not_signed(changes: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError):
        sign_invite(replace(INVITE, **changes), ANA.device_seed)


@pytest.mark.parametrize(
    ("extra", "makes_member", "messages"),
    [
        ((), False, None),
        (((1, 0), (2, 0)), False, 0),
        (((1, True), (2, True)), False, None),
        (((1, "many"), (2, 2)), False, None),
        (((2, 1), (77, None)), True, None),
    ],
)
def test_only_numbers_count_in_the_open_end_and_unknown_keys_do_no_harm(
    extra: tuple[tuple[int, object], ...], makes_member: bool, messages: int | None
) -> None:
    invite = sign_invite(replace(INVITE, extra=extra), ANA.device_seed).invite
    assert (invite.makes_member, invite.messages) == (makes_member, messages)


def test_a_signature_by_another_device_or_over_something_else_is_refused() -> None:
    by_other = codec.encode([SIGNED.encoded, BEN.device, SIGNED.signature])
    assert reason_of(decode_signed_invite, by_other) is Reason.BAD_SIGNATURE
    other = keys.sign(ANA.device_seed, ACCEPTANCE_TAG + SIGNED.encoded)
    of_other_kind = codec.encode([SIGNED.encoded, ANA.device, other])
    assert reason_of(decode_signed_invite, of_other_kind) is Reason.BAD_SIGNATURE
    short = codec.encode([SIGNED.encoded, ANA.device, SIGNED.signature[:63]])
    assert reason_of(decode_signed_invite, short) is Reason.WRONG_SHAPE
    assert reason_of(decode_signed_invite, signed_bytes([])) is Reason.UNSUPPORTED_VERSION
    assert reason_of(decode_signed_invite, bytes(limits.MAX_INVITE + 1)) is Reason.TOO_BIG


@settings(max_examples=200, deadline=None)
@given(near(st.just([SIGNED.encoded, SIGNED.device, SIGNED.signature])))
def test_any_bytes_are_this_invite_or_refused(data: bytes) -> None:
    if not refuses(lambda: decode_signed_invite(data)):
        assert decode_signed_invite(data) == SIGNED


@settings(max_examples=200, deadline=None)
@given(near(st.just(POSITIONS)).map(lambda data: data[: limits.MAX_INVITE - 200]))
def test_any_bytes_under_a_good_signature_are_an_invite_in_its_one_form_or_refused(data: bytes) -> None:
    packed = codec.encode([data, ANA.device, keys.sign(ANA.device_seed, INVITE_TAG + data)])
    if not refuses(lambda: decode_signed_invite(packed)):
        signed = decode_signed_invite(packed)
        assert sign_invite(signed.invite, ANA.device_seed) == signed


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80) | st.text(max_size=20).map(lambda text: SIGNED.to_text() + text))
def test_any_text_is_this_invite_or_refused(text: str) -> None:
    if not refuses(lambda: parse_invite(text)):
        assert parse_invite(text) == SIGNED


# --- Acceptances ----------------------------------------------------------------------------------------


def accepted_bytes(
    *,
    invite: bytes = SIGNED.id,
    author: bytes = BEN.key,
    device: bytes = BEN.device,
    name: object = "Ben",
    seed: bytes = BEN.device_seed,
    inception: Message = BEN.inception,
) -> bytes:
    """An acceptance, whether it keeps to the rules or not."""
    encoded = codec.encode([invite, author, device, name, EPOCH])
    return codec.encode([encoded, keys.sign(seed, ACCEPTANCE_TAG + encoded), inception.encode()])


def test_an_acceptance_names_its_invite_and_brings_its_author() -> None:
    acceptance = decode_acceptance(ACCEPTANCE)
    assert acceptance.invite == SIGNED.id
    assert (acceptance.author, acceptance.device) == (BEN.key, BEN.device)
    assert (acceptance.name, acceptance.ts) == ("Ben", EPOCH + 5)
    assert acceptance.log == (BEN.inception,)


BY_DEVICE = BEN.say(Comment("https://example.org/", Role.COMMENT, "no inception"), EPOCH)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"invite": bytes(31)}, Reason.WRONG_SHAPE),
        ({"author": ANA.key}, Reason.OUT_OF_RANGE),
        ({"inception": ANA.inception}, Reason.OUT_OF_RANGE),
        ({"inception": BY_DEVICE}, Reason.OUT_OF_RANGE),
        ({"inception": BEN.inception.without_body()}, Reason.WRONG_SHAPE),
        ({"inception": BEN.inception._replace(signature=bytes(64))}, Reason.BAD_SIGNATURE),
        ({"device": ANA.device, "seed": ANA.device_seed}, Reason.BAD_KEY),
        ({"seed": ANA.device_seed}, Reason.BAD_SIGNATURE),
        ({"name": "n" * (limits.MAX_NAME + 1)}, Reason.OUT_OF_RANGE),
        ({"name": "Ben\tand Ana"}, Reason.OUT_OF_RANGE),
    ],
)
def test_an_acceptance_that_breaks_a_rule_is_refused(changes: dict[str, object], reason: Reason) -> None:
    assert reason_of(decode_acceptance, accepted_bytes(**changes)) is reason


def test_an_acceptance_that_nobody_would_take_is_not_signed() -> None:
    for changes in ({"name": "two\nlines"}, {"device_seed": ANA.device_seed}):
        arguments = {"name": "Ben", "device_seed": BEN.device_seed} | changes
        with pytest.raises(LocalProtocolError):
            sign_acceptance(SIGNED, BEN.inception, ts=EPOCH, **arguments)


@settings(max_examples=200, deadline=None)
@given(near(st.just(codec.decode(ACCEPTANCE, limits.MAX_INVITE))))
def test_any_bytes_are_this_acceptance_or_refused(data: bytes) -> None:
    if not refuses(lambda: decode_acceptance(data)):
        assert decode_acceptance(data) == decode_acceptance(ACCEPTANCE)
