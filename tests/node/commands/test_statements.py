"""What one says in public: said once, corrected in place, withdrawn whole."""

import pytest

from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.kinds import Comment, Endorse, Reference, Relation, Resource, Role, Stance, decode_body
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_id_of, message_thing
from node.calling import call
from node.clocks import FakeClock
from node.others import Other

PAGE = "https://example.org/page"


async def message(node: Node, name: object) -> Message:
    assert isinstance(name, str)
    found = message_id_of(name)
    assert found is not None
    return (await node.store.messages.get([MessageId(found)]))[0]


async def content(node: Node, name: object):
    held = await message(node, name)
    assert held.body is not None
    return decode_body(held.header.kind, held.body).content


async def test_sharing_uses_what_the_library_says_and_takes_it_out_of_there(node: Node) -> None:
    await call(node, "add", thing=PAGE, title="Hedges", summary="About them", topics=["Maps"])
    shared = await call(node, "share", thing=PAGE, level="beginner", minutes=30)
    (name,) = shared["ids"]
    held = await message(node, name)
    body = decode_body(held.header.kind, held.body)
    assert body.topics == ("Maps",)
    assert body.content == Resource(PAGE, "Hedges", "About them", level="beginner", minutes=30)
    assert (await call(node, "items"))["results"] == []


async def test_every_publishing_act_says_who_receives_it(node: Node) -> None:
    other = Other(1)
    await other.tell(node)
    answers = [
        await call(node, "share", thing=PAGE, title="Hedges"),
        await call(node, "endorse", thing=PAGE, reason="clear"),
        await call(node, "connect", from_=PAGE, relation="leads-to", to="topic:hedges", reason="next"),
        await call(node, "comment", thing=PAGE, text="nice"),
        await call(node, "profile set", name="Ana"),
        await call(node, "attest", thing=PAGE, claim="opens"),
        await call(node, "label", thing=PAGE, label="good", reason="It is"),
        await call(node, "trail new", title="A way", steps=[{"thing": PAGE}]),
        await call(node, "vouch", did=other.did, reason="My teacher"),
        await call(node, "introduce", one=other.did, other=Other(2).did, reason="Both walk"),
        await call(node, "follow", did=other.did),
        await call(node, "unfollow", did=other.did),
    ]
    for answer in answers[:-1]:
        assert answer["who"].startswith("Copied to other people's computers: everyone who follows you")
        assert "copies may remain" in answer["who"]
    assert "withdrawal goes to everyone" in answers[-1]["who"]


async def test_the_sentence_counts_the_links_of_a_running_node(node: Node) -> None:
    class Links:
        def links(self):
            return [{"did": "a"}, {"did": "b"}]

    assert "as soon as you are connected" in (await call(node, "share", thing=PAGE))["who"]
    node.network = Links()
    assert "through the 2 nodes" in (await call(node, "endorse", thing=PAGE, reason="clear"))["who"]
    node.network = None


async def test_saying_it_again_replaces_what_was_said(node: Node, clock: FakeClock) -> None:
    first = await call(node, "endorse", thing=PAGE, reason="clear")
    second = await call(node, "endorse", thing=PAGE, reason="very clear", stance="limits")
    held = await message(node, second["ids"][0])
    assert [message_id_of(name) for name in first["ids"]] == list(held.header.replaces)
    assert held.header.ts > (await message(node, first["ids"][0])).header.ts
    statements = (await call(node, "show", thing=PAGE))["statements"]
    assert [(one["reason"], one["stance"]) for one in statements if one["state"] == "current"] == [
        ("very clear", "limits")
    ]


async def test_saying_the_same_again_says_nothing_new(node: Node) -> None:
    first = await call(node, "share", thing=PAGE, title="Hedges", topics=["maps"])
    assert (await call(node, "share", thing=PAGE, title="Hedges", topics=["maps"]))["ids"] == first["ids"]
    assert (await call(node, "share", thing=PAGE))["ids"] == first["ids"]
    assert (await node.store.messages.counts()).messages == 2


async def test_sharing_again_keeps_what_is_not_given(node: Node) -> None:
    await call(node, "share", thing=PAGE, title="Hedges", level="beginner", topics=["maps"])
    again = await call(node, "share", thing=PAGE, summary="Now with a summary")
    assert await content(node, again["ids"][0]) == Resource(
        PAGE, "Hedges", "Now with a summary", level="beginner"
    )


async def test_all_heads_are_replaced_by_the_next_version(node: Node) -> None:
    heads = [await node.publish(Resource(PAGE, f"Title {number}")) for number in range(3)]
    shared = await call(node, "share", thing=PAGE, title="The one")
    assert set((await message(node, shared["ids"][0])).header.replaces) == {head.id for head in heads}


async def test_more_heads_than_one_message_can_name_leave_the_oldest(node: Node, clock: FakeClock) -> None:
    heads = []
    for number in range(6):
        heads.append(await node.publish(Resource(PAGE, f"Title {number}")))
        clock.advance(10)
    shared = await call(node, "share", thing=PAGE, title="The one")
    assert set((await message(node, shared["ids"][0])).header.replaces) == {head.id for head in heads[2:]}
    assert (await call(node, "show", thing=PAGE))["title"] == "The one"


async def test_sharing_a_topic_or_everything_takes_it_all_in_one_call(node: Node) -> None:
    for number in range(600):
        await node.store.library.save(
            f"{PAGE}/{number}", f"Page {number}", "", ("even",) if number % 2 == 0 else (), saved=1.0
        )
    progress: list[tuple[int, int]] = []
    shared = await call(node, "share", lambda done, total: progress.append((done, total)), topic="even")
    assert len(shared["ids"]) == shared["shared"] == 300
    assert progress == [(256, 300), (300, 300)]
    assert len((await call(node, "share", all=True))["ids"]) == 300
    assert (await call(node, "items"))["results"] == []
    with pytest.raises(Problem) as caught:
        await call(node, "share", all=True)
    assert caught.value.kind == Code.NOTHING_TO_SHARE


async def test_sharing_everything_leaves_things_that_are_only_noted(node: Node) -> None:
    await call(node, "note", thing=f"{PAGE}/noted", text="a thought")
    await call(node, "add", thing=f"{PAGE}/bare")
    await call(node, "share", all=True)
    assert await node.store.views.current(node.author, 4, f"{PAGE}/noted") is None
    assert await node.store.views.current(node.author, 4, f"{PAGE}/bare") is not None


async def test_better_words_that_were_kept_after_sharing_are_shared_by_the_next_share(node: Node) -> None:
    await call(node, "share", thing=PAGE, title="Hedges", summary="About", level="beginner")
    await call(node, "add", thing=PAGE, title="Hedges and walks")
    again = await call(node, "share", thing=PAGE)
    assert await content(node, again["ids"][0]) == Resource(
        PAGE, "Hedges and walks", "About", level="beginner"
    )


@pytest.mark.parametrize(
    "fields", [{}, {"thing": PAGE, "all": True}, {"all": True, "title": "x"}, {"topic": "a", "topics": ["b"]}]
)
async def test_sharing_wants_one_clear_thing(node: Node, fields: dict[str, object]) -> None:
    await call(node, "add", thing=PAGE, topics=["a"])
    with pytest.raises(Problem) as caught:
        await call(node, "share", **fields)
    assert caught.value.kind == Code.REQUEST_WRONG


async def test_an_endorsement_has_reason_stance_level_and_audience(node: Node) -> None:
    said = await call(
        node, "endorse", thing=PAGE, reason="clear", stance="against", level="expert", audience="teachers"
    )
    assert await content(node, said["ids"][0]) == Endorse(PAGE, Stance.AGAINST, "expert", "teachers", "clear")


async def test_a_person_is_endorsed_for_a_topic_and_nothing_else_is(node: Node) -> None:
    other = Other(1)
    said = await call(node, "endorse", thing=other.did, reason="taught me", topic="Linear  algebra")
    assert (await content(node, said["ids"][0])).slot == f"{other.did}\tLinear algebra"
    for fields in ({"thing": other.did}, {"thing": PAGE, "topic": "algebra"}):
        with pytest.raises(Problem) as caught:
            await call(node, "endorse", reason="good", **fields)
        assert caught.value.kind == Code.REQUEST_WRONG
    with pytest.raises(Problem) as caught:
        await call(node, "endorse", thing=node.keys.did, reason="good", topic="modesty")
    assert caught.value.kind == Code.THAT_IS_YOU


@pytest.mark.parametrize("name", ["endorse", "connect", "comment"])
async def test_a_reason_or_a_text_is_needed(node: Node, name: str) -> None:
    fields = {
        "endorse": {"thing": PAGE},
        "connect": {"from_": PAGE, "relation": "related", "to": "topic:x"},
        "comment": {"thing": PAGE},
    }
    with pytest.raises(Problem) as caught:
        await call(node, name, **fields[name])
    assert caught.value.kind == Code.REQUEST_WRONG


async def test_every_relation_has_its_word(node: Node) -> None:
    for relation in Relation:
        name = relation.name.lower().replace("_", "-")
        said = await call(node, "connect", from_=PAGE, relation=name, to="topic:hedges", reason="so")
        assert (await content(node, said["ids"][0])).relation == relation


async def test_a_thing_is_not_connected_to_itself_nor_by_a_word_that_is_none(node: Node) -> None:
    for fields in ({"to": PAGE, "relation": "related"}, {"to": "topic:x", "relation": "resembles"}):
        with pytest.raises(Problem) as caught:
            await call(node, "connect", from_=PAGE, reason="so", **fields)
        assert caught.value.kind == Code.REQUEST_WRONG


async def test_an_answer_stands_on_the_thing_of_its_question(node: Node) -> None:
    question = await call(node, "comment", thing=PAGE, text="Why?", role="question")
    answer = await call(node, "comment", thing=question["ids"][0], text="Because.", role="answer")
    held = await message(node, answer["ids"][0])
    body = decode_body(held.header.kind, held.body)
    assert body.content == Comment(PAGE, Role.ANSWER, "Because.")
    assert body.refs == ((Reference.REPLY_TO, message_id_of(question["ids"][0])),)


async def test_a_comment_on_what_is_no_comment_speaks_of_that_message(node: Node) -> None:
    shared = await call(node, "share", thing=PAGE, title="Hedges")
    said = await call(node, "comment", thing=shared["ids"][0], text="Well put.")
    assert (await content(node, said["ids"][0])).thing == shared["ids"][0]


async def test_an_edit_keeps_what_is_not_given_and_replaces_the_message(node: Node) -> None:
    shared = await call(node, "share", thing=PAGE, title="Hegdes", summary="About", topics=["maps"])
    edited = await call(node, "edit", message=shared["ids"][0], title="Hedges")
    assert edited["replaced"] == shared["ids"]
    held = await message(node, edited["ids"][0])
    body = decode_body(held.header.kind, held.body)
    assert body.content == Resource(PAGE, "Hedges", "About")
    assert body.topics == ("maps",)


async def test_a_comment_is_edited_too_and_an_old_version_leads_to_the_newest(node: Node) -> None:
    said = await call(node, "comment", thing=PAGE, text="frist", role="question")
    edited = await call(node, "edit", message=said["ids"][0], text="first")
    again = await call(node, "edit", message=said["ids"][0], text="First!")
    assert again["replaced"] == edited["ids"]
    assert await content(node, again["ids"][0]) == Comment(PAGE, Role.QUESTION, "First!")


async def test_an_edit_of_an_old_version_keeps_what_newer_ones_say(node: Node) -> None:
    first = await call(node, "share", thing=PAGE, title="One")
    await call(node, "edit", message=first["ids"][0], summary="Newer words")
    edited = await call(node, "edit", message=first["ids"][0], title="Two")
    assert await content(node, edited["ids"][0]) == Resource(PAGE, "Two", "Newer words")


async def test_the_withdrawal_of_an_old_version_says_what_still_stands(node: Node) -> None:
    first = await call(node, "share", thing=PAGE, title="One")
    second = await call(node, "edit", message=first["ids"][0], title="Two")
    withdrawn = await call(node, "retract", messages=first["ids"])
    assert withdrawn["withdrawn"] == first["ids"]
    assert withdrawn["still_said"] == second["ids"]
    assert (await call(node, "retract", messages=second["ids"]))["still_said"] == []
    assert (await call(node, "show", thing=PAGE))["statements"] == []


async def test_an_edit_that_changes_nothing_publishes_nothing(node: Node) -> None:
    shared = await call(node, "share", thing=PAGE, title="Hedges")
    assert (await call(node, "edit", message=shared["ids"][0], title="Hedges"))["ids"] == shared["ids"]


async def test_an_edit_of_a_field_that_the_kind_has_not_is_told(node: Node) -> None:
    said = await call(node, "comment", thing=PAGE, text="nice")
    with pytest.raises(Problem) as caught:
        await call(node, "edit", message=said["ids"][0], title="x", level="y")
    assert caught.value.kind == Code.REQUEST_WRONG
    assert "level, title" in caught.value.detail


async def test_messages_are_named_by_id_by_beginning_or_by_the_one_thing_they_say(node: Node) -> None:
    shared = await call(node, "share", thing=PAGE, title="Hedges")
    name = shared["ids"][0]
    for short in (
        name,
        name[: len("hedgerow:") + 6],
        name.removeprefix("hedgerow:")[:8],
        PAGE,
        "example.org/page",
    ):
        edited = await call(node, "edit", message=short, title="Hedges")
        assert edited["ids"] == shared["ids"]


async def test_a_name_that_is_none_or_not_clear_is_told(node: Node) -> None:
    await call(node, "share", thing=PAGE, title="Hedges")
    await call(node, "endorse", thing=PAGE, reason="clear")
    other = Other(1)
    (foreign,) = await other.tell(node, Resource("https://example.org/theirs", "Theirs"))
    for name, kind in [
        ("hedgerow:abcde", Code.NO_SUCH_MESSAGE),
        ("hedgerow:zzzzzzzzzz", Code.NO_SUCH_MESSAGE),
        ("hedgerow:O0Il+/", Code.NO_SUCH_MESSAGE),
        ("hedgerow:", Code.NO_SUCH_MESSAGE),
        (PAGE, Code.AMBIGUOUS),
        ("https://example.org/never", Code.NOTHING_SAID),
        (message_thing(foreign.id), Code.NOT_YOURS),
        ("?", Code.NOT_A_THING),
    ]:
        for act in (("edit", {"message": name, "title": "x"}), ("retract", {"messages": [name]})):
            with pytest.raises(Problem) as caught:
                await call(node, act[0], **act[1])
            assert caught.value.kind == kind, name


async def test_a_withdrawal_takes_all_earlier_versions_with_it(node: Node) -> None:
    first = await call(node, "share", thing=PAGE, title="One")
    second = await call(node, "share", thing=PAGE, title="Two")
    third = await call(node, "edit", message=PAGE, title="Three")
    withdrawn = await call(node, "retract", messages=[PAGE], reason="mistake")
    assert set(withdrawn["withdrawn"]) == {*first["ids"], *second["ids"], *third["ids"]}
    for answer in (first, second, third):
        assert (await message(node, answer["ids"][0])).body is None
    for query in ("One", "Two", "Three"):
        assert (await call(node, "search", q=query))["results"] == []


async def test_a_withdrawal_of_only_this_brings_no_earlier_text_back(node: Node) -> None:
    first = await call(node, "share", thing=PAGE, title="One")
    second = await call(node, "share", thing=PAGE, title="Two")
    withdrawn = await call(node, "retract", messages=second["ids"], only_this=True)
    assert withdrawn["withdrawn"] == second["ids"]
    assert (await message(node, first["ids"][0])).body is not None
    assert (await call(node, "search", q="One"))["results"] == []


async def test_a_withdrawal_of_what_stands_takes_concurrent_heads_too(node: Node) -> None:
    heads = [await node.publish(Resource(PAGE, f"Title {number}")) for number in range(2)]
    withdrawn = await call(node, "retract", messages=[message_thing(heads[1].id)])
    assert set(withdrawn["withdrawn"]) == {message_thing(head.id) for head in heads}


async def test_what_was_withdrawn_is_neither_withdrawn_nor_edited_again(node: Node) -> None:
    said = await call(node, "comment", thing=PAGE, text="nice")
    await call(node, "retract", messages=said["ids"])
    with pytest.raises(Problem) as caught:
        await call(node, "retract", messages=said["ids"])
    assert caught.value.kind == Code.WITHDRAWN
    with pytest.raises(Problem) as caught:
        await call(node, "edit", message=said["ids"][0], text="x")
    assert caught.value.kind == Code.WITHDRAWN


async def test_an_identity_and_a_withdrawal_stay(node: Node) -> None:
    said = await call(node, "comment", thing=PAGE, text="nice")
    withdrawn = await call(node, "retract", messages=said["ids"])
    inception = (await call(node, "identity"))["inception"]
    for name in (inception, *withdrawn["ids"]):
        with pytest.raises(Problem) as caught:
            await call(node, "retract", messages=[name])
        assert caught.value.kind == Code.NOT_EDITABLE


async def test_a_text_that_breaks_a_limit_of_the_protocol_is_told_and_nothing_is_published(
    node: Node,
) -> None:
    for fields in (
        {"title": "x" * 1_025},
        {"title": "x", "level": "y" * 65},
        {"summary": "a\x07b"},
        {"minutes": -1},
    ):
        with pytest.raises(Problem) as caught:
            await call(node, "share", thing=PAGE, **fields)
        assert caught.value.kind in (Code.NOT_ALLOWED, Code.REQUEST_WRONG)
    assert (await node.store.messages.counts()).messages == 1
