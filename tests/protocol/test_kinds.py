"""Bodies: every kind comes back from its bytes, and near-misses are refused."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec, kinds, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.kinds import (
    Body,
    Comment,
    Connect,
    Content,
    Endorse,
    Follow,
    Profile,
    Resource,
    Retract,
    Unknown,
)
from hedgerow_protocol.message import MessageId
from protocol.strategies import keys, lines, near, refuses, texts, values

NONCE = bytes(16)
UINT16 = st.integers(0, 2**16 - 1)
things = st.sampled_from(
    ("https://example.org/", "doi:10.1000/182", "topic:c%2B%2B", "tag:机器")
) | lines.map(lambda words: "tag:x" + "".join(words.replace("\xa0", "").split(" ")))
items = lines.filter(bool)
contents = st.one_of(
    st.builds(Profile, lines, texts, st.booleans()),
    st.builds(Follow, things, texts),
    st.builds(
        Resource,
        *(things, lines, texts, lines, lines, lines, lines, st.lists(items, max_size=3).map(tuple), lines),
        *(st.none() | st.integers(0, 10_000_000), st.lists(items, max_size=3).map(tuple)),
    ),
    st.builds(Endorse, things, UINT16, lines, lines, texts, lines),
    st.builds(Connect, things, UINT16, things, texts),
    st.builds(Comment, things, UINT16, texts.filter(bool)),
)
topics = st.lists(items, max_size=3).map(tuple)
refs = st.lists(st.tuples(UINT16, keys), max_size=3).map(tuple)
extras = st.dictionaries(st.integers(0, 2**53 - 1), values(2), max_size=3).map(
    lambda pairs: tuple(sorted(pairs.items(), key=lambda pair: pair[0]))
)
retractions = st.builds(Retract, st.sets(keys, min_size=1, max_size=4).map(sorted).map(tuple), UINT16)
unknown = st.builds(
    Unknown,
    st.integers(9, 2**16 - 1) | st.sampled_from((0, 7, 80)),
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
    Unknown(7, ()),
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
    kind = data.draw(st.just(body.content.kind) | st.integers(0, 9))
    if not refuses(lambda: kinds.decode_body(kind, found)):
        assert kinds.encode_body(kinds.decode_body(kind, found)) == found


@settings(max_examples=100, deadline=None)
@given(contents.filter(lambda content: content.slot is not None), texts)
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
    for content in (Retract((MessageId(bytes(32)),)), Unknown(7, ())):
        with pytest.raises(LocalProtocolError):
            kinds.encode_body(Body(NONCE, content, extra=((1, None),)))


@pytest.mark.parametrize(
    "numbers", [Endorse("tag:a", 65_535), Connect("tag:a", 65_535, "tag:b"), Comment("tag:a", 65_535, "b")]
)
def test_numbers_that_nobody_knows_yet_are_carried(numbers: Content) -> None:
    body = Body(NONCE, numbers)
    assert kinds.decode_body(numbers.kind, kinds.encode_body(body)) == body


@pytest.mark.parametrize("kind", [7, 9, 31, 79, 100, 65_535])
def test_a_kind_that_is_not_known_is_carried_whatever_follows_its_opening(kind: int) -> None:
    data = codec.encode([NONCE, [], [], True, [None, ["x"]]])
    assert kinds.decode_body(kind, data).content == Unknown(kind, (True, (None, ("x",))))


@pytest.mark.parametrize(
    ("kind", "most"), [(0, 4_096), (1, 4_096), (80, 4_096), (99, 4_096), (7, 32_768), (100, 32_768)]
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
    assert list(kinds.Kind) == [0, 1, 2, 3, 4, 5, 6, 8]
    assert " ".join(kind.name for kind in kinds.Kind) == (
        "IDENTITY RETRACT PROFILE FOLLOW RESOURCE ENDORSE CONNECT COMMENT"
    )
    words = {
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


def test_every_statement_checks_each_of_its_fields() -> None:
    for statement in kinds.STATEMENTS.values():
        assert len(statement.checks) == len(fields(statement))
