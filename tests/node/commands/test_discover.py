"""Finding: search, feed, a thing with all that is said on it, a message explained to the last byte."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.commands.naming import ranges_of
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import base58, keys
from hedgerow_protocol.kinds import Comment, Endorse, Profile, Resource
from hedgerow_protocol.things import message_thing
from node.calling import call
from node.others import Other

PAGE = "https://example.org/page"


@pytest.fixture
async def ana(node: Node) -> Other:
    ana = Other(1)
    await ana.tell(node, Profile("Ana"), Resource(PAGE, "Hedges"), Endorse(PAGE, reason="clear maps"))
    return ana


async def test_results_have_thing_title_authors_and_why(node: Node, ana: Other) -> None:
    for answer in (await call(node, "search", q="hedges"), await call(node, "feed", did=ana.did)):
        result = next(one for one in answer["results"] if one["thing"] == PAGE)
        assert result["title"] == "Hedges"
        assert result["authors"] == [ana.did]
        assert result["people"][0]["name"] == "Ana"
        assert result["why"]


async def test_a_search_is_never_a_syntax_error(node: Node, ana: Other) -> None:
    for query in ('"', "*", "a AND", "NEAR(", "hedges -", "(", "col:x", "\x00", "'; --", "學", ""):
        assert "results" in await call(node, "search", q=query)


async def test_a_feed_is_of_a_person_or_a_topic(node: Node, ana: Other) -> None:
    await call(node, "share", thing="https://example.org/mine", title="Mine", topics=["maps"])
    assert [one["thing"] for one in (await call(node, "feed", topic="Maps"))["results"]] == [
        "https://example.org/mine"
    ]
    assert (await call(node, "topics", prefix="ma"))["topics"][0]["topic"] == "maps"
    with pytest.raises(Problem) as caught:
        await call(node, "feed", did=ana.did, topic="maps")
    assert caught.value.kind == Code.REQUEST_WRONG


async def test_a_thing_shows_every_statement_with_author_name_and_words(node: Node, ana: Other) -> None:
    shown = await call(node, "show", thing="example.org/page")
    assert (shown["thing"], shown["title"]) == (PAGE, "Hedges")
    endorsement = next(one for one in shown["statements"] if one["kind"] == "endorse")
    assert (endorsement["author"], endorsement["name"], endorsement["reason"]) == (
        ana.did,
        "Ana",
        "clear maps",
    )
    assert endorsement["by"]["label"] == "Ana"
    assert endorsement["id"].startswith("hedgerow:")
    assert (await call(node, "statements", thing=PAGE))["results"] == shown["statements"]


async def test_an_unknown_thing_has_no_statements_and_is_no_error(node: Node) -> None:
    assert await call(node, "show", thing=PAGE) == {"thing": PAGE, "title": PAGE, "statements": []}


async def test_a_message_stands_first_among_what_is_said_about_it(node: Node, ana: Other) -> None:
    shared = (await call(node, "share", thing=PAGE, title="Hedges"))["ids"][0]
    said = (await call(node, "comment", thing=shared, text="Well put."))["ids"][0]
    for shown in (await call(node, "show", thing=shared[:20]), await call(node, "message", message=shared)):
        assert [one["id"] for one in shown["statements"]] == [shared, said]
        assert shown["message"]["author"] == node.keys.did
        assert shown["message"]["state"] == "current"


async def test_a_withdrawn_message_is_shown_without_its_text(node: Node) -> None:
    said = (await call(node, "comment", thing=PAGE, text="hedgehogsecret"))["ids"][0]
    await call(node, "retract", messages=[said])
    shown = await call(node, "message", message=said, explain=True)
    assert shown["message"]["state"] == "withdrawn"
    assert shown["statements"] == []
    assert shown["explain"]["body_bytes"] is None
    assert "hedgehogsecret" not in str(shown)
    assert all(check["ok"] for check in shown["explain"]["checks"])


async def test_a_message_that_is_not_here_is_told(node: Node) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "show", thing=message_thing(bytes(range(32))))
    assert caught.value.kind == Code.NO_SUCH_MESSAGE


async def test_an_explanation_can_be_followed_by_hand(node: Node, ana: Other) -> None:
    said = ana.say(Comment(PAGE, 0, "nice"))
    await node.store.messages.put([said], received=node.clock.now())
    told = (await call(node, "show", thing=message_thing(said.id), explain=True))["explain"]
    header = bytes.fromhex(told["header_bytes"])
    assert hashlib.sha256(b"hedgerow/1/message\0" + header).digest() == said.id
    assert (
        hashlib.sha256(b"hedgerow/1/body\0" + bytes.fromhex(told["body_bytes"])).hexdigest()
        == told["header"]["body_hash"]
    )
    keys.verify(
        keys.key_of(told["header"]["device"]),
        bytes.fromhex(told["signature"]),
        bytes.fromhex(told["signed_bytes"]),
    )
    assert bytes.fromhex(told["message_bytes"]) == said.encode()
    assert told["body"]["text"] == "nice"
    assert said.body is not None
    assert told["body"]["nonce"] in told["body_bytes"]
    assert [check["name"] for check in told["checks"]] == ["encoding", "body", "signature", "authority"]
    assert all(check["ok"] for check in told["checks"])


async def test_an_explanation_names_what_every_kind_says(node: Node) -> None:
    said = [
        await call(node, "follow", did=keys.did_of(bytes(range(32)))),
        await call(node, "endorse", thing=PAGE, reason="Clear."),
    ]
    said.append(await call(node, "retract", messages=[said[0]["ids"][0]]))
    told = [(await call(node, "message", message=one["ids"][0], explain=True))["explain"] for one in said]
    assert told[0]["body"] is None
    assert told[1]["body"]["slot"] == told[1]["body"]["thing"] == PAGE
    header = bytes.fromhex(told[0]["header_bytes"])
    target = hashlib.sha256(b"hedgerow/1/message\0" + header).hexdigest()
    assert told[2]["body"]["targets"] == [target]
    [inception] = [one for one in await node.store.messages.log() if one.header.author == node.author]
    body = (await call(node, "message", message=message_thing(inception.id), explain=True))["explain"]["body"]
    assert body["devices"] == [[keys.did_of(node.device), 3]]
    assert body["operation"] == 0


async def test_an_explanation_says_what_does_not_hold(node: Node, ana: Other) -> None:
    stranger = Other(3)
    unproven = stranger.say(Resource(PAGE, "From nowhere"))
    await node.store.messages.put([unproven], received=node.clock.now())
    told = (await call(node, "message", message=message_thing(unproven.id), explain=True))["explain"]
    faults = {check["name"]: check["fault"] for check in told["checks"] if not check["ok"]}
    assert list(faults) == ["authority"]


async def test_a_beginning_that_fits_several_messages_lists_them(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.commands.naming.MIN_PREFIX", 1)
    ids = [
        (await call(node, "comment", thing=PAGE, text=f"number {number}"))["ids"][0] for number in range(200)
    ]
    letters = [one.removeprefix("hedgerow:")[0] for one in ids]
    common = max(set(letters), key=letters.count)
    with pytest.raises(Problem) as caught:
        await call(node, "message", message=f"hedgerow:{common}")
    assert caught.value.kind == Code.AMBIGUOUS
    named = caught.value.detail.split(", ")
    assert len(named) > 1
    assert set(named) <= {*ids, (await call(node, "identity"))["inception"]}


@given(st.binary(min_size=32, max_size=32), st.integers(1, 44), st.integers(0, 3))
def test_an_id_lies_in_the_ranges_of_its_beginnings_and_of_no_other(
    identifier: bytes, length: int, zeros: int
) -> None:
    identifier = bytes(zeros) + identifier[zeros:]
    text = base58.encode(identifier)
    assert any(low <= identifier <= high for low, high in ranges_of(text[:length]))
    other = text[: length - 1] + ("2" if text[length - 1 : length] != "2" else "3")
    assert not any(low <= identifier <= high for low, high in ranges_of(other))


@given(st.text(base58.ALPHABET, min_size=1, max_size=50))
def test_the_ends_of_a_range_begin_with_its_letters(letters: str) -> None:
    for low, high in ranges_of(letters):
        assert base58.encode(low).startswith(letters)
        assert base58.encode(high).startswith(letters)
