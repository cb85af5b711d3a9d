"""Codes that link a device: they come back whole, and what is not one is refused for a reason of the list."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import keys
from hedgerow_protocol.device_link import (
    LinkCode,
    Offer,
    decode_offer,
    decode_request,
    is_offer,
    link_of,
    make_code,
    parse_code,
    sign_offer,
    sign_request,
)
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.invite import Invite, Meeting, sign_invite
from hedgerow_protocol.keys import AuthorKey, DeviceKey

FIRST, SECOND = bytes([1]) * 32, bytes([2]) * 32
AUTHOR = AuthorKey(keys.public_key(bytes([3]) * 32))
SECRET = bytes(range(16))
PLACE = Meeting("wss://seed.example/peer", DeviceKey(keys.public_key(FIRST)))


def code(secret: bytes = SECRET) -> LinkCode:
    offer = Offer(1, AUTHOR, link_of(secret), 1_800_000_000)
    return make_code(sign_offer(offer, FIRST), [PLACE], secret)


def test_a_code_comes_back_from_its_text_however_it_is_broken_into_lines() -> None:
    text = code().to_text()
    assert parse_code(text) == parse_code(f"Type this:\n {text[:40]}\n\t{text[40:]} ") == code()


def test_a_request_proves_the_secret_of_its_code_and_no_other() -> None:
    request = decode_request(sign_request(code(), "Phone", 1_700_000_000, SECOND))
    assert (request.device, request.author, request.name) == (keys.public_key(SECOND), AUTHOR, "Phone")
    assert request.proves(SECRET)
    assert not request.proves(bytes(16))


def test_whoever_passes_a_request_on_cannot_put_another_device_into_it() -> None:
    request = decode_request(sign_request(code(), "Phone", 0, SECOND))
    other = decode_request(sign_request(replace(code(), secret=bytes(16)), "Phone", 0, FIRST))
    assert not replace(other, proof=request.proof).proves(SECRET)


def test_the_offer_says_nothing_of_the_secret() -> None:
    assert SECRET not in code().signed.encoded
    assert SECRET not in sign_request(code(), "Phone", 0, SECOND)


def test_an_invite_is_no_offer_and_an_offer_no_invite() -> None:
    invite = sign_invite(Invite(1, AUTHOR, "", (PLACE,), SECRET, 1_800_000_000, 1), FIRST)
    assert is_offer(code().signed.encoded)
    assert not is_offer(invite.to_bytes())
    with pytest.raises(RemoteProtocolError):
        decode_offer(invite.to_bytes())


def test_what_a_rule_forbids_is_not_made() -> None:
    with pytest.raises(LocalProtocolError):
        sign_request(code(), "two\nlines", 0, SECOND)
    with pytest.raises(LocalProtocolError):
        sign_offer(Offer(1, AUTHOR, link_of(SECRET), 2**32), FIRST)
    with pytest.raises(LocalProtocolError):
        make_code(code().signed, [], SECRET)
    with pytest.raises(LocalProtocolError):
        make_code(code().signed, [PLACE], bytes(16))


@given(st.binary(max_size=300))
def test_any_bytes_are_an_offer_a_request_or_are_refused(data: bytes) -> None:
    is_offer(data)
    for decode in (decode_offer, decode_request):
        with pytest.raises(RemoteProtocolError):
            decode(data)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_no_byte_of_an_offer_or_a_request_can_be_changed(place: int, value: int) -> None:
    for whole, decode in (
        (code().signed.encoded, decode_offer),
        (sign_request(code(), "Phone", 5, SECOND), decode_request),
    ):
        changed = bytearray(whole)
        changed[place % len(whole)] = value
        if bytes(changed) == whole:
            continue
        try:
            found = decode(bytes(changed))
        except RemoteProtocolError:
            continue
        assert not found.proves(SECRET)  # the proof alone is not covered by the signature


@given(st.text(max_size=100))
def test_any_text_is_a_code_or_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_code(text)
