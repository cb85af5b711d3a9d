"""Bodies: every kind comes back from its bytes, and near-misses are refused."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec, kinds, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import (
    Attest,
    Body,
    Comment,
    Connect,
    Content,
    Endorse,
    Follow,
    Introduce,
    Label,
    Profile,
    Receipt,
    Resource,
    Retract,
    Step,
    Trail,
    Unknown,
    Vouch,
    trail_slot,
)
from hedgerow_protocol.message import MessageId
from protocol.strategies import keys, lines, near, refuses, texts, values

NONCE = bytes(16)
UINT16 = st.integers(0, 2**16 - 1)
things = st.sampled_from(
    ("https://example.org/", "doi:10.1000/182", "topic:c%2B%2B", "tag:机器")
) | lines.map(lambda words: "tag:x" + "".join(words.replace("\xa0", "").split(" ")))
items = lines.filter(bool)
MINUTES = st.none() | st.integers(0, 10_000_000)
TIMES = st.integers(0, 2**32 - 1)
slots = st.binary(min_size=16, max_size=16).map(trail_slot)


@st.composite
def step_lists(draw: st.DrawFn) -> tuple[Step, ...]:
    """Steps of which each requires some before it."""
    steps = []
    for place in range(draw(st.integers(0, 4))):
        thing = draw(st.none() | things)
        role = draw(items if thing is None else lines)
        requires = tuple(sorted(draw(st.sets(st.integers(0, place - 1)) if place else st.just(set()))))
        steps.append(Step(thing, role, draw(texts), requires, draw(MINUTES), draw(st.booleans())))
    return tuple(steps)


contents = st.one_of(
    st.builds(Profile, lines, texts, st.booleans()),
    st.builds(Follow, things, texts),
    st.builds(
        Resource,
        *(things, lines, texts, lines, lines, lines, lines, st.lists(items, max_size=3).map(tuple), lines),
        *(MINUTES, st.lists(items, max_size=3).map(tuple)),
    ),
    st.builds(Endorse, things, UINT16, lines, lines, texts, lines),
    st.builds(Connect, things, UINT16, things, texts),
    st.builds(Comment, things, UINT16, texts.filter(bool)),
    st.builds(Trail, slots, items, texts, step_lists(), st.lists(keys, max_size=3).map(tuple)),
    st.builds(Attest, things, UINT16, st.booleans() | st.integers(0, 2**53 - 1) | lines, TIMES),
    st.builds(Label, things, items, texts),
    st.builds(Introduce, things, things, texts),
    st.builds(Vouch, things, texts),
    st.builds(Receipt, keys, st.integers(1, 2**32 - 1), keys, TIMES),
)
topics = st.lists(items, max_size=3).map(tuple)
refs = st.lists(st.tuples(UINT16, keys), max_size=3).map(tuple)
extras = st.dictionaries(st.integers(0, 2**53 - 1), values(2), max_size=3).map(
    lambda pairs: tuple(sorted(pairs.items(), key=lambda pair: pair[0]))
)
retractions = st.builds(Retract, st.sets(keys, min_size=1, max_size=4).map(sorted).map(tuple), UINT16)
unknown = st.builds(
    Unknown,
    st.integers(14, 2**16 - 1) | st.sampled_from((0, 80)),
    st.lists(values(3), max_size=4).map(tuple),
)
bodies = (
    st.builds(Body, st.binary(min_size=16, max_size=16), contents, topics, refs, extras)
    | st.builds(Body, st.binary(min_size=16, max_size=16), retractions)
    | st.builds(Body, st.binary(min_size=16, max_size=16), unknown, topics, refs)
)
EXAMPLES: list[Content] = [
    Profile("Ana"),
    Follow("did:key:z6Mk"),
    Resource("https://example.org/", "A title"),
    Endorse("https://example.org/"),
    Connect("https://example.org/", 1, "doi:10.1000/182"),
    Comment("https://example.org/", 0, "Clear."),
    Retract((MessageId(bytes(32)),)),
    Trail("1" * 16, "A trail", steps=(Step("tag:a"), Step(None, "practice", requires=(0,)))),
    Attest("tag:a", 0, True, 0),
    Label("tag:a", "spam"),
    Introduce("did:key:z6Mk", "did:key:z6Ml"),
    Vouch("did:key:z6Mk"),
    Receipt(DeviceKey(bytes(32)), 1, MessageId(bytes(32)), 0),
    Unknown(14, ()),
]


def reason_of(kind: int, data: bytes) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        kinds.decode_body(kind, data)
    return caught.value.reason


def positions(body: Body) -> tuple[object, ...]:
    array = codec.decode(kinds.encode_body(body), limits.MAX_BODY)
    assert isinstance(array, tuple)
    return array


@settings(max_examples=400, deadline=None)
@given(bodies)
def test_a_body_comes_back_from_its_bytes(body: Body) -> None:
    assert kinds.decode_body(body.content.kind, kinds.encode_body(body)) == body


@settings(max_examples=800, deadline=None)
@given(data=st.data(), body=bodies)
def test_body_bytes_are_the_encoding_of_their_body_or_refused(data: st.DataObject, body: Body) -> None:
    found = data.draw(near(st.just(positions(body))))
    kind = data.draw(st.just(body.content.kind) | st.integers(0, 14))
    if not refuses(lambda: kinds.decode_body(kind, found)):
        assert kinds.encode_body(kinds.decode_body(kind, found)) == found


@settings(max_examples=100, deadline=None)
@given(contents.filter(lambda content: content.slot is not None and content.kind != 7), texts)
def test_a_slot_that_the_content_does_not_give_is_refused(content: kinds.Statement, slot: str) -> None:
    array = list(positions(Body(NONCE, content)))
    if slot != content.slot:
        array[3] = slot
        assert reason_of(content.kind, codec.encode(array)) == Reason.WRONG_SLOT


def test_one_statement_has_one_slot_and_different_ones_differ() -> None:
    one = Endorse("tag:a", topic="b")
    assert one.slot == replace(one, reason="other", stance=1).slot
    slots = {Endorse("tag:a").slot, one.slot, Endorse("tag:b").slot, Connect("tag:a", 0, "tag:b").slot}
    slots |= {Connect("tag:a", 1, "tag:b").slot, Connect("tag:b", 0, "tag:a").slot, Profile("a").slot}
    assert len(slots) == 7
    assert Comment("tag:a", 0, "b").slot is None


def test_a_tab_cannot_move_from_one_part_of_a_slot_to_another() -> None:
    for content in (
        Endorse("tag:a\tb", topic="c"),
        Endorse("tag:a", topic="b\tc"),
        Connect("tag:a\t1", 1, "tag:b"),
    ):
        with pytest.raises(LocalProtocolError):
            kinds.encode_body(Body(NONCE, content))


@pytest.mark.parametrize("content", EXAMPLES, ids=lambda content: type(content).__name__)
def test_every_kind_has_a_nonce_of_16_bytes_and_keeps_to_the_lists_limits(content: Content) -> None:
    ref = (0, MessageId(bytes(32)))
    assert kinds.encode_body(Body(NONCE, content))
    for body in (
        Body(NONCE[:15], content),
        Body(NONCE, content, topics=("a",) * 17),
        Body(NONCE, content, topics=("a" * 129,)),
        Body(NONCE, content, topics=("",)),
        Body(NONCE, content, refs=(ref,) * 65),
        Body(NONCE, content, extra=tuple((key, None) for key in range(17))),
        Body(NONCE, content, extra=((2, None), (1, None))),
    ):
        with pytest.raises(LocalProtocolError):
            kinds.encode_body(body)


def test_what_newer_versions_add_is_carried() -> None:
    body = Body(NONCE, Comment("tag:a", 0, "b"), extra=((5, "x"), (2**53 - 1, (None, (1,)))))
    assert kinds.decode_body(8, kinds.encode_body(body)).extra == body.extra


def test_nothing_is_dropped_in_silence_where_a_kind_has_no_extra() -> None:
    for content in (Retract((MessageId(bytes(32)),)), Unknown(14, ())):
        with pytest.raises(LocalProtocolError):
            kinds.encode_body(Body(NONCE, content, extra=((1, None),)))


@pytest.mark.parametrize(
    "numbers",
    [
        Endorse("tag:a", 65_535),
        Connect("tag:a", 65_535, "tag:b"),
        Comment("tag:a", 65_535, "b"),
        Attest("tag:a", 65_535, "b", 0),
    ],
)
def test_numbers_that_nobody_knows_yet_are_carried(numbers: Content) -> None:
    body = Body(NONCE, numbers)
    assert kinds.decode_body(numbers.kind, kinds.encode_body(body)) == body


@pytest.mark.parametrize("kind", [14, 31, 32, 79, 100, 65_535])
def test_a_kind_that_is_not_known_is_carried_whatever_follows_its_opening(kind: int) -> None:
    data = codec.encode([NONCE, [], [], True, [None, ["x"]]])
    assert kinds.decode_body(kind, data).content == Unknown(kind, (True, (None, ("x",))))


@pytest.mark.parametrize(
    ("kind", "most"), [(0, 4_096), (1, 4_096), (80, 4_096), (99, 4_096), (14, 32_768), (100, 32_768)]
)
def test_a_body_is_as_long_as_its_kind_allows(kind: int, most: int) -> None:
    spare = most - len(codec.encode([NONCE, [], [], bytes(256)])) + 256
    if kind != 1:
        assert kinds.decode_body(kind, codec.encode([NONCE, [], [], bytes(spare)]))
    assert reason_of(kind, codec.encode([NONCE, [], [], bytes(spare + 1)])) == Reason.TOO_BIG


@pytest.mark.parametrize("targets", [(), (bytes([2]) * 32, bytes([1]) * 32), (bytes(32),) * 2])
def test_a_retraction_names_some_messages_each_once(targets: tuple[bytes, ...]) -> None:
    assert reason_of(1, codec.encode([NONCE, [], [], targets, 0])) == Reason.OUT_OF_RANGE


def test_a_retraction_has_no_room_for_words() -> None:
    target = [bytes(32)]
    for wordy in (
        [NONCE, ["a"], [], target, 0],
        [NONCE, [], [[0, bytes(32)]], target, 0],
        [NONCE, [], [], target, "because"],
        [NONCE, [], [], target, 0, []],
    ):
        assert reason_of(1, codec.encode(wordy)) == Reason.WRONG_SHAPE


def test_64_targets_fit_a_control_body() -> None:
    body = Body(NONCE, Retract(tuple(MessageId(bytes([number]) * 32) for number in range(64))))
    assert len(kinds.encode_body(body)) <= limits.MAX_CONTROL_BODY


def test_the_numbers_on_the_wire_are_those_of_the_spec() -> None:
    words = {
        kinds.Kind: "IDENTITY RETRACT PROFILE FOLLOW RESOURCE ENDORSE CONNECT TRAIL COMMENT ATTEST LABEL "
        "INTRODUCE VOUCH RECEIPT",
        kinds.Claim: "OPENS WORKS_OFFLINE CAPTIONS SIZE ACCOUNT_NEEDED STILL_RIGHT SUPERSEDED_BY",
        kinds.Stance: "FOR AGAINST LIMITS",
        kinds.Relation: "NEEDS_FIRST LEADS_TO EXPLAINS EXAMPLE_OF PRACTICE_FOR PART_OF SAME_AS NEWER_VERSION "
        "TRANSLATION_OF SUPPORTS OPPOSES LIMITS RELATED",
        kinds.Role: "COMMENT QUESTION ANSWER REFLECTION",
        kinds.Reference: "REPLY_TO RESTS_ON",
        kinds.Withdrawal: "UNSAID MISTAKE OUTDATED PRIVATE RIGHTS",
    }
    for numbers, names in words.items():
        assert [(number.name, number.value) for number in numbers] == [
            (name, number) for number, name in enumerate(names.split())
        ]


def test_a_trail_stays_the_same_one_whatever_becomes_of_its_title_and_steps() -> None:
    trail = Trail(trail_slot(bytes(range(16))), "A trail", steps=(Step("tag:a"),))
    assert trail.slot == replace(trail, title="Another", steps=()).slot


def test_a_trail_with_a_role_that_waits_is_a_pattern() -> None:
    assert Trail("1" * 16, "A", steps=(Step("tag:a", "intro"), Step(None, "practice"))).is_pattern
    assert not Trail("1" * 16, "A", steps=(Step("tag:a", "intro"),)).is_pattern


@settings(max_examples=200, deadline=None)
@given(step_lists(), st.data())
def test_a_step_requires_steps_that_come_before_it_and_no_other(
    steps: tuple[Step, ...], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(steps)))
    later = data.draw(st.integers(place, limits.MAX_STEPS - 1))
    bent = (*steps[:place], Step("tag:a", requires=(later,)), *steps[place:])
    with pytest.raises(LocalProtocolError):
        kinds.encode_body(Body(NONCE, Trail("1" * 16, "A", steps=bent)))


def test_a_full_trail_of_addresses_fits_a_body() -> None:
    steps = (Step("https://example.org/" + "a" * 60, "practice", "a note of some words"),) * limits.MAX_STEPS
    assert len(kinds.encode_body(Body(NONCE, Trail("1" * 16, "A", steps=steps)))) <= limits.MAX_BODY


@settings(max_examples=200, deadline=None)
@given(st.integers(14, 2**16 - 1), st.lists(values(3), max_size=8))
def test_what_a_kind_without_schema_says_is_never_a_ground_for_refusal(
    kind: int, content: list[object]
) -> None:
    data = codec.encode([NONCE, [], [], *content])
    assert kinds.decode_body(kind, data).content == Unknown(kind, tuple(content))


def test_every_statement_checks_each_of_its_fields() -> None:
    for statement in kinds.STATEMENTS.values():
        assert len(statement.checks) == len(fields(statement))
