"""Identity logs: what an inception may say, and whom it lets speak."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec, keys, limits, log_changes, log_entry, message
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.log_entry import Capability, DeviceGrant, LogEntry, Operation
from hedgerow_protocol.message import FIRST, ChainPlace, Message, MessageId
from protocol.strategies import near, refuses

GENESIS, ROOT, LAPTOP, PHONE, RECOVERY = (bytes([number]) * 32 for number in range(1, 6))
AUTHOR = AuthorKey(keys.public_key(GENESIS))
ROOT_KEY, RECOVERY_KEY = keys.public_key(ROOT), keys.public_key(RECOVERY)
LAPTOP_KEY, PHONE_KEY = DeviceKey(keys.public_key(LAPTOP)), DeviceKey(keys.public_key(PHONE))
NONCE = bytes(16)
ID = bytes(32)


def inception(device: DeviceKey = LAPTOP_KEY, nonce: bytes = NONCE) -> Message:
    return log_changes.make_inception(
        genesis_seed=GENESIS, root=ROOT_KEY, device=device, recovery=RECOVERY_KEY, nonce=nonce, ts=7
    )


def entry(seed: bytes = GENESIS, kind: int = 0, place: ChainPlace = FIRST, **changes: object) -> Message:
    """A log entry with some positions changed, signed by this seed."""
    body: dict[str, object] = {"nonce": NONCE, "topics": [], "refs": [], "op": 0, "idx": 0, "log_prev": None}
    body |= {
        "root": ROOT_KEY,
        "next": keys.commitment(RECOVERY_KEY),
        "devices": [[LAPTOP_KEY, 3]],
        "removals": [],
    }
    assert changes.keys() <= body.keys()
    data = codec.encode(list((body | changes).values()))
    return message.sign_message(seed=seed, author=AUTHOR, place=place, kind=kind, ts=7, body=data)


def reason_of(made: Message) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        log_entry.decode_entry(made)
    return caught.value.reason


def said_by(seed: bytes, kind: int = 8, author: AuthorKey = AUTHOR) -> message.Header:
    return message.sign_message(seed=seed, author=author, place=FIRST, kind=kind, ts=8, body=b"").header


def learned(*entries: Message) -> Identities:
    known = Identities()
    for one in entries:
        known.learn(one)
    return known


def test_an_inception_is_signed_by_the_genesis_key_and_names_root_commitment_and_device() -> None:
    made = inception()
    message.verify(message.decode_message(made.encode()))
    found = log_entry.decode_inception(made)
    assert (made.header.author, made.header.device) == (AUTHOR, AUTHOR)
    assert (found.root, found.next) == (ROOT_KEY, keys.commitment(RECOVERY_KEY))
    assert found.devices == (DeviceGrant(LAPTOP_KEY, Capability.PUBLISH | Capability.FOLLOW),)


def test_an_inception_does_not_reveal_the_recovery_key() -> None:
    assert RECOVERY_KEY not in inception().encode()


@pytest.mark.parametrize("device", [AUTHOR, DeviceKey(ROOT_KEY), DeviceKey(bytes(32)), DeviceKey(bytes(31))])
def test_an_inception_that_a_receiver_would_refuse_is_not_made(device: DeviceKey) -> None:
    with pytest.raises(LocalProtocolError):
        inception(device)


@settings(max_examples=400, deadline=None)
@given(near(st.just(codec.decode(inception().body or b"", limits.MAX_CONTROL_BODY))), st.booleans())
def test_entry_bytes_are_an_entry_or_refused(body: bytes, by_genesis: bool) -> None:
    made = message.sign_message(
        seed=GENESIS if by_genesis else LAPTOP, author=AUTHOR, place=FIRST, kind=0, ts=7, body=body[:4_096]
    )
    if not refuses(lambda: log_entry.decode_entry(made)):
        found = log_entry.decode_entry(made)
        is_inception = found.operation == Operation.INCEPTION
        assert by_genesis or not is_inception
        known = Identities()
        assert known.learn(made) == ([made] if is_inception else [])
        assert known.is_known(AUTHOR) == known.is_authorised(made) == is_inception


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seed": LAPTOP}, Reason.WRONG_SHAPE),
        ({"place": ChainPlace(2, MessageId(ID))}, Reason.WRONG_SHAPE),
        ({"idx": 1}, Reason.WRONG_SHAPE),
        ({"log_prev": ID}, Reason.WRONG_SHAPE),
        ({"next": None}, Reason.WRONG_SHAPE),
        ({"removals": [[PHONE_KEY, []]]}, Reason.WRONG_SHAPE),
        ({"topics": ["a"]}, Reason.WRONG_SHAPE),
        ({"refs": [[0, ID]]}, Reason.WRONG_SHAPE),
        ({"devices": []}, Reason.OUT_OF_RANGE),
        ({"devices": sorted([[LAPTOP_KEY, 3], [PHONE_KEY, 3]], reverse=True)}, Reason.OUT_OF_RANGE),
        ({"devices": [[LAPTOP_KEY, 3], [LAPTOP_KEY, 1]]}, Reason.OUT_OF_RANGE),
        ({"devices": [[bytes(32), 3]]}, Reason.BAD_KEY),
        ({"root": bytes(32)}, Reason.BAD_KEY),
        ({"root": AUTHOR}, Reason.BAD_KEY),
        ({"root": LAPTOP_KEY}, Reason.BAD_KEY),
        ({"devices": [[AUTHOR, 3]]}, Reason.BAD_KEY),
        ({"kind": 2}, Reason.WRONG_SHAPE),
    ],
    ids=repr,
)
def test_an_inception_that_breaks_a_rule_is_refused(changes: dict[str, object], reason: Reason) -> None:
    assert reason_of(entry(**changes)) == reason  # type: ignore[arg-type]


def test_an_entry_without_its_body_says_nothing() -> None:
    assert reason_of(inception().without_body()) == Reason.WRONG_SHAPE


def test_other_operations_have_no_effect() -> None:
    later = entry(op=3, idx=1, log_prev=ID, devices=[[PHONE_KEY, 3]], removals=[[LAPTOP_KEY, [[3, ID]]]])
    found = log_entry.decode_entry(later)
    assert isinstance(found, LogEntry)
    assert found.removals == ((LAPTOP_KEY, ((3, ID),)),)
    known = learned(inception())
    before = known.log(AUTHOR)
    assert not known.learn(later)
    assert known.log(AUTHOR) == before


def test_only_a_device_that_an_inception_names_speaks_for_its_author() -> None:
    known = learned(inception())
    assert known.is_known(AUTHOR)
    assert known.is_live(said_by(LAPTOP))
    assert [known.is_live(said_by(seed)) for seed in (PHONE, ROOT, RECOVERY)] == [False] * 3
    assert list(known.devices_of(AUTHOR)) == [LAPTOP_KEY]


def test_nobody_speaks_for_an_author_whose_inception_is_not_held() -> None:
    stranger = AuthorKey(keys.public_key(PHONE))
    known = learned(inception())
    assert not known.is_known(stranger)
    assert not known.is_live(said_by(LAPTOP, author=stranger))
    assert list(known.devices_of(stranger)) == []


def test_the_genesis_key_writes_the_log_and_says_nothing_else() -> None:
    known = learned(inception())
    assert known.is_authorised(inception())
    assert not known.is_live(said_by(GENESIS))
    assert not known.is_authorised(entry(LAPTOP, op=16))


def test_the_bits_of_capabilities_are_those_of_the_spec() -> None:
    assert (Capability.PUBLISH, Capability.FOLLOW) == (1, 2)


def test_a_device_that_may_only_follow_does_not_publish() -> None:
    known = learned(entry(devices=[[LAPTOP_KEY, Capability.FOLLOW]]))
    assert not known.is_live(said_by(LAPTOP))


def test_an_inception_that_was_learned_before_changes_nothing() -> None:
    known = Identities()
    assert known.learn(inception())
    assert not known.learn(inception())
    assert not known.is_contested(AUTHOR)


@settings(max_examples=30, deadline=None)
@given(st.permutations([inception(), inception(PHONE_KEY, bytes([1]) * 16), entry(devices=[[PHONE_KEY, 2]])]))
def test_a_contested_identity_keeps_every_device_whatever_came_first(entries: list[Message]) -> None:
    known = learned(*entries)
    assert known.is_contested(AUTHOR)
    assert known.is_live(said_by(LAPTOP))
    assert known.is_live(said_by(PHONE))


def test_an_entry_that_breaks_the_schema_is_not_learned() -> None:
    known = Identities()
    with pytest.raises(RemoteProtocolError):
        known.learn(entry(devices=[]))
    assert not known.is_known(AUTHOR)


def test_32_devices_fit_an_entry_and_33_are_refused() -> None:
    devices = sorted(keys.public_key(bytes([number]) * 32) for number in range(100, 133))
    assert len(log_entry.decode_inception(entry(devices=[[key, 3] for key in devices[:32]])).devices) == 32
    assert reason_of(entry(devices=[[key, 3] for key in devices])) == Reason.OUT_OF_RANGE
