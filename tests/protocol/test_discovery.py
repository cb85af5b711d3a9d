"""Address records and lists of nodes: they come back whole, and what a link may bring of them is bounded."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.address_record import (
    AddressRecord,
    SignedAddress,
    decode_record,
    is_place,
    sign_record,
)
from hedgerow_protocol.discovery import next_links
from hedgerow_protocol.effects import AddressesAsked, AddressesTold, LinkId
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.frame import Addr, Getaddr, Ping, Pong
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.node_list import decode_list, parse_list, sign_list
from protocol.strategies import lines, near, refuses
from simulator.scene import Scene

SEED = bytes([1]) * 32
DEVICE = DeviceKey(keys.public_key(SEED))
AUTHOR = AuthorKey(keys.public_key(bytes([3]) * 32))
NOW = 1_790_000_000
RECORD = AddressRecord(1, DEVICE, AUTHOR, ("wss://seed.example/peer",), NOW, 86_400, "Library")

hosts = st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True)
places = st.builds(lambda host, port: f"ws://{host}:{port}/peer", hosts, st.integers(0, 99_999))
records = st.builds(
    AddressRecord,
    st.integers(0, 2**16 - 1),
    st.just(DEVICE),
    st.binary(min_size=32, max_size=32).map(AuthorKey),
    st.lists(places, min_size=1, max_size=8, unique=True).map(tuple),
    st.integers(0, 2**32 - 1),
    st.integers(0, limits.MAX_ADDRESS_LIFE),
    lines,
)


def some(count: int) -> list[bytes]:
    """Records of so many devices, which nobody checks here."""
    return [sign_record(replace(RECORD, ts=number), SEED).encoded for number in range(count)]


@settings(max_examples=100, deadline=None)
@given(records)
def test_a_record_comes_back_as_it_was_signed(record: AddressRecord) -> None:
    signed = sign_record(record, SEED)
    assert decode_record(signed.encoded) == signed
    assert signed.record == record
    assert len(signed.encoded) <= limits.MAX_ADDRESS_RECORD


@settings(max_examples=200, deadline=None)
@given(near(records.map(lambda one: list(codec.decode(sign_record(one, SEED).encoded, 1_024)))))  # type: ignore[call-overload]
def test_any_bytes_are_a_record_in_its_one_form_or_refused(data: bytes) -> None:
    if not refuses(lambda: decode_record(data)):
        assert sign_record(decode_record(data).record, SEED).encoded == data


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_no_byte_of_a_record_or_a_list_can_be_changed(place: int, value: int) -> None:
    record = sign_record(RECORD, SEED)
    for whole, decode in (
        (record.encoded, decode_record),
        (sign_list(1, AUTHOR, "", NOW, [record], SEED).encoded, decode_list),
    ):
        changed = bytearray(whole)
        changed[place % len(whole)] = value
        assert bytes(changed) == whole or refuses(lambda whole=bytes(changed), decode=decode: decode(whole))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_list(data)


@given(st.text(max_size=100))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_list(text)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RECORD, addresses=()),
        replace(RECORD, addresses=("wss://a/",) * 2),
        replace(RECORD, addresses=tuple(f"ws://a{number}/" for number in range(9))),
        replace(RECORD, addresses=("wss://a/" + "x" * 1_000,)),
        replace(RECORD, ttl=limits.MAX_ADDRESS_LIFE + 1),
        replace(RECORD, label="n" * 129),
        replace(RECORD, device=DeviceKey(keys.public_key(bytes([2]) * 32))),
    ],
)
def test_what_a_rule_forbids_is_not_signed(wrong: AddressRecord) -> None:
    with pytest.raises(LocalProtocolError):
        sign_record(wrong, SEED)


def test_a_list_of_the_largest_records_fits() -> None:
    nodes: list[SignedAddress] = []
    for number in range(limits.MAX_LISTED_NODES):
        seed = bytes([number]) * 32
        longest = ("wss://a/" + "x" * 760,)
        nodes.append(
            sign_record(
                replace(RECORD, device=DeviceKey(keys.public_key(seed)), addresses=longest, label="n" * 64),
                seed,
            )
        )
    found = sign_list(1, AUTHOR, "n" * 256, NOW, nodes, SEED)
    assert parse_list(found.to_text()) == found
    with pytest.raises(LocalProtocolError):
        sign_list(1, AUTHOR, "", NOW, [*nodes, nodes[0]], SEED)


@pytest.mark.parametrize("now", [NOW - limits.FUTURE_SECONDS, NOW, NOW + 86_400])
def test_a_record_is_due_from_a_little_before_it_was_made_until_it_ends(now: int) -> None:
    assert RECORD.is_due(now)


@pytest.mark.parametrize("now", [NOW - limits.FUTURE_SECONDS - 1, NOW + 86_401])
def test_a_record_is_not_due_before_and_after(now: int) -> None:
    assert not RECORD.is_due(now)


@pytest.mark.parametrize(
    "address", ["http://a/", "ws://A/", "ws://a", "ws://a@b/", "ws://a/\n", "ws://[::1/", "ws://a:/", ""]
)
def test_an_address_has_one_form(address: str) -> None:
    assert not is_place(address)


# --- On a link ------------------------------------------------------------------------------------------


def told(scene: Scene) -> list[bytes]:
    return [record for one in scene.node.events if isinstance(one, AddressesTold) for record in one.records]


@pytest.mark.limit("ADDRESS_BURST")
def test_a_link_brings_no_more_records_than_its_quota_at_once_and_more_with_time() -> None:
    scene = Scene()
    for start in range(0, 1_200, 200):
        scene.send(Addr(0, tuple(some(1_200)[start : start + 200])))
    assert len(told(scene)) == limits.ADDRESS_BURST
    scene.network.run(60.0)
    scene.send(Addr(0, tuple(some(200))))
    assert len(told(scene)) == limits.ADDRESS_BURST + 6
    assert scene.is_open


def test_a_link_is_given_no_more_records_than_its_quota() -> None:
    scene = Scene()
    [state] = scene.node.peer.links()
    scene.node.perform(scene.node.peer.give_addresses(scene.network.now, state.link, some(1_200)))
    came = [one for one in scene.wait() if isinstance(one, Addr)]
    assert sum(len(one.records) for one in came) == limits.ADDRESS_BURST


def test_who_asks_again_on_the_same_link_is_not_answered() -> None:
    scene = Scene()
    scene.send(Getaddr(1), Getaddr(3), Getaddr(5))
    assert [one.req for one in scene.node.events if isinstance(one, AddressesAsked)] == [1]
    [state] = scene.node.peer.links()
    scene.node.perform(scene.node.peer.give_addresses(scene.network.now, state.link, some(2), 1))
    assert Addr(1, tuple(some(2))) in scene.wait()


def test_an_answer_to_our_question_is_taken_and_one_to_nothing_ends_the_link() -> None:
    scene = Scene()
    [state] = scene.node.peer.links()
    for _ in range(2):
        scene.node.perform(scene.node.peer.ask_addresses(scene.network.now, state.link))
    [asked] = [one for one in scene.wait() if isinstance(one, Getaddr)]
    scene.send(Addr(asked.req, tuple(some(2))))
    assert told(scene) == some(2)
    scene.send(Addr(asked.req + 2, ()))
    assert scene.reason == "unexpected_frame"


def test_a_question_that_nobody_answers_costs_no_link() -> None:
    scene = Scene()
    [state] = scene.node.peer.links()
    scene.node.perform(scene.node.peer.ask_addresses(scene.network.now, state.link))
    for number in range(1, 9, 2):
        scene.network.run(limits.PING_AFTER - 1)
        assert Pong(number) in scene.send(Ping(number))
    assert scene.is_open


def test_who_brings_bad_records_again_and_again_is_cut_off() -> None:
    scene = Scene()
    [state] = scene.node.peer.links()
    for _ in range(limits.MAX_INVALID):
        assert scene.is_open
        scene.node.perform(scene.node.peer.spread_addresses(scene.network.now, state.link, [], bad=1))
    scene.wait()
    assert not scene.is_open


@given(st.integers(0, 6), st.integers(0, 20), st.integers())
def test_each_record_goes_on_to_two_links_where_there_are_two(links: int, count: int, seed: int) -> None:
    others = [LinkId(number) for number in range(links)]
    chosen = next_links(others, some(count), Random(seed))
    assert set(chosen) <= set(others)
    for record in some(count):
        assert sum(record in given for given in chosen.values()) == min(limits.ADDRESS_LINKS, links)
