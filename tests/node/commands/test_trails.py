"""Trails: made, forked, changed, walked; and what one found, labelled, vouched for, introduced."""

import pytest

from hedgerow_node.node import Draft, Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.kinds import Attest, Label, Profile, Resource, Statement, Step, Trail, decode_body
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_id_of, message_thing
from node.calling import call
from node.others import Other

PAGE, BOOK = "https://example.org/page", "isbn:9780306406157"
STEPS = [{"thing": PAGE, "note": "Slowly", "minutes": 5}, {"role": "practice", "requires": [1]}]


async def content(node: Node, name: object) -> object:
    held = await message(node, name)
    assert held.body is not None
    return decode_body(held.header.kind, held.body).content


async def message(node: Node, name: object) -> Message:
    found = message_id_of(str(name))
    assert found is not None
    return (await node.store.messages.get([MessageId(found)]))[0]


@pytest.fixture
async def pattern(node: Node) -> str:
    """A trail of somebody else with a role that waits."""
    (told,) = await Other(1).tell(
        node, Trail("1" * 16, "To rings", "By hand", (Step(PAGE), Step(None, "practice", requires=(0,))))
    )
    return message_thing(told.id)


async def refusal(node: Node, name: str, **fields: object) -> Problem:
    with pytest.raises(Problem) as caught:
        await call(node, name, **fields)
    return caught.value


async def test_a_trail_is_made_of_steps_counted_from_one(node: Node) -> None:
    made = await call(node, "trail new", title=" To  rings ", steps=STEPS, topics=["algebra"])
    assert made["who"].startswith("Copied to other people's computers")
    (name,) = made["ids"]
    said = await content(node, name)
    assert isinstance(said, Trail)
    assert said.title == "To rings"
    assert said.steps == (Step(PAGE, note="Slowly", minutes=5), Step(None, "practice", requires=(0,)))
    assert (await message(node, name)).header.kind == 7
    other = await call(node, "trail new", title="To rings", steps=STEPS)
    assert other["ids"] != made["ids"]


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"note": "neither"}],
        [{"thing": PAGE, "requires": [1]}],
        [{"thing": PAGE, "requires": [0]}],
        [{"thing": PAGE, "why": "unknown"}],
    ],
)
async def test_steps_that_lead_nowhere_are_refused_in_words(
    node: Node, steps: list[dict[str, object]]
) -> None:
    problem = await refusal(node, "trail new", title="Wrong", steps=steps)
    assert problem.kind is Code.REQUEST_WRONG
    assert problem.detail


@pytest.mark.parametrize(
    ("thing", "code"), [("no thing", Code.NOT_A_THING), ("hedgerow:zzzzzz", Code.NO_SUCH_MESSAGE)]
)
async def test_a_step_that_names_nothing_is_told_by_its_number(node: Node, thing: str, code: Code) -> None:
    problem = await refusal(node, "trail new", title="Wrong", steps=[{"thing": PAGE}, {"thing": thing}])
    assert problem.kind is code
    assert problem.detail.startswith("step 2: ")
    assert thing in problem.detail


async def test_more_steps_than_a_trail_may_have_are_refused_before_anything_is_stored(node: Node) -> None:
    problem = await refusal(node, "trail new", title="Long", steps=[{"thing": PAGE}] * 201)
    assert problem.kind is Code.NOT_ALLOWED
    assert (await call(node, "trails"))["results"] == []


async def test_a_fork_fills_the_roles_of_a_pattern_and_names_it(node: Node, pattern: str) -> None:
    forked = await call(node, "trail fork", trail=pattern, fill=[{"step": 2, "thing": BOOK}], title="Mine")
    said = await content(node, forked["thing"])
    assert isinstance(said, Trail)
    assert said.steps[1] == Step(BOOK, "practice", requires=(0,))
    assert [message_thing(one) for one in said.lineage] == [pattern]
    assert said.slot != "1" * 16
    assert (said.title, said.summary) == ("Mine", "By hand")
    again = await call(node, "trail fork", trail=forked["thing"])
    grandchild = await content(node, again["thing"])
    assert isinstance(grandchild, Trail)
    assert [message_thing(one) for one in grandchild.lineage] == [forked["thing"], pattern]


async def test_a_trail_is_changed_by_its_author_with_its_history_and_by_nobody_else(
    node: Node, pattern: str
) -> None:
    (first,) = (await call(node, "trail new", title="Mine", steps=STEPS))["ids"]
    changed = await call(node, "trail edit", trail=first, title="Better", fill=[{"step": 2, "thing": BOOK}])
    assert changed["replaced"] == [first]
    (second,) = changed["ids"]
    assert await call(node, "trail edit", trail=second, title="Better") == {**changed, "replaced": []}
    shown = await call(node, "message", message=second)
    assert [one["id"] for one in shown["message"]["versions"]] == [second, first]
    (third,) = (await call(node, "edit", message=first, summary="By the other way"))["ids"]
    assert (await content(node, third)).title == "Better"
    assert (await refusal(node, "trail edit", trail=pattern, title="Not mine")).kind is Code.NOT_YOURS
    await call(node, "retract", messages=[third])
    assert [one["id"] for one in (await call(node, "trails"))["results"]] == [pattern]
    assert (await refusal(node, "trail", trail=first)).kind is Code.NO_TRAIL


async def test_steps_are_added_behind_the_others_and_may_need_them(node: Node, pattern: str) -> None:
    added = [{"thing": BOOK, "requires": [2]}, {"role": "more", "requires": [3]}]
    fork = await call(node, "trail fork", trail=pattern, fill=[{"step": 2, "thing": PAGE}], add=added)
    said = await content(node, fork["thing"])
    assert isinstance(said, Trail)
    assert [step.requires for step in said.steps] == [(), (0,), (1,), (2,)]
    problem = await refusal(node, "trail edit", trail=fork["thing"], add=[{"thing": BOOK, "requires": [5]}])
    assert problem.kind is Code.REQUEST_WRONG
    assert "step 5" in problem.detail


async def test_progress_stays_on_this_computer_and_moves_with_the_things(node: Node, pattern: str) -> None:
    published: list[Message] = []
    node.on_published.append(published.extend)
    assert await call(node, "trail done", trail=pattern, steps=[1]) == {
        "trail": pattern,
        "done": 1,
        "steps": 2,
    }
    assert published == []
    fork = (await call(node, "trail fork", trail=pattern, fill=[{"step": 2, "thing": BOOK}]))["thing"]
    shown = await call(node, "trail", trail=fork)
    assert [(one["done"], one["ready"]) for one in shown["places"]] == [(True, True), (False, True)]
    assert (await call(node, "trail done", trail=fork, steps=[1], undo=True))["done"] == 0
    assert (await refusal(node, "trail done", trail=pattern, steps=[2])).kind is Code.REQUEST_WRONG


async def test_trails_are_listed_as_mine_as_those_of_people_i_follow_and_as_all(
    node: Node, pattern: str
) -> None:
    mine = (await call(node, "trail new", title="Mine", steps=STEPS))["thing"]

    async def listed(of: str) -> set[str]:
        return {one["id"] for one in (await call(node, "trails", of=of))["results"]}

    assert await listed("mine") == {mine}
    assert await listed("followed") == set()
    assert await listed("everyone") == {mine, pattern}
    await call(node, "follow", did=Other(1).did, private=True)
    assert await listed("followed") == {pattern}


@pytest.mark.parametrize(
    ("claim", "value", "found"),
    [
        ("opens", "yes", True),
        ("still-right", "No", False),
        ("captions", "yes", True),
        ("captions", "en tr", "en tr"),
        ("size", "4.5 MB", 4_500_000),
        ("size", "3kib", 3_072),
        ("size", "0", 0),
        ("superseded-by", "isbn:0-306-40615-2", BOOK),
    ],
)
async def test_what_was_found_is_read_by_its_claim_and_dated(
    node: Node, claim: str, value: str, found: object
) -> None:
    said = await content(node, (await call(node, "attest", thing=PAGE, claim=claim, value=value))["ids"][0])
    assert isinstance(said, Attest)
    assert (said.value, said.checked_at) == (found, int(node.clock.now()))
    assert type(said.value) is type(found)


@pytest.mark.parametrize(
    ("claim", "value", "code"),
    [
        ("opens", "perhaps", Code.REQUEST_WRONG),
        ("size", "big", Code.REQUEST_WRONG),
        ("size", "3 XB", Code.REQUEST_WRONG),
        ("captions", "", Code.REQUEST_WRONG),
        ("superseded-by", "no thing", Code.NOT_A_THING),
    ],
)
async def test_what_does_not_fit_its_claim_is_refused(node: Node, claim: str, value: str, code: Code) -> None:
    assert (await refusal(node, "attest", thing=PAGE, claim=claim, value=value)).kind is code


async def test_a_check_is_corrected_in_place_and_another_look_is_another_check(node: Node) -> None:
    (first,) = (await call(node, "attest", thing=PAGE, claim="size", value="3 kB"))["ids"]
    corrected = await call(node, "edit", message=first, value="4 kB")
    assert corrected["replaced"] == [first]
    assert (await content(node, corrected["ids"][0])).value == 4_000
    assert (await refusal(node, "edit", message=first, value="large")).kind is Code.REQUEST_WRONG
    await call(node, "attest", thing=PAGE, claim="opens")
    shown = await call(node, "show", thing=PAGE)
    assert {(one["claim"], one["value"]) for one in shown["checks"]} == {("size", 4_000), ("opens", True)}


async def test_a_label_is_one_statement_a_thing_and_word(node: Node) -> None:
    first = await call(node, "label", thing=PAGE, label=" two  words ", reason="So it is")
    assert isinstance(said := await content(node, first["ids"][0]), Label)
    assert said.label == "two words"
    await call(node, "label", thing=PAGE, label="two words", reason="Still so")
    await call(node, "label", thing=PAGE, label="other", reason="That too")
    labels = (await call(node, "show", thing=PAGE))["labels"]
    assert {(one["label"], one["reason"]) for one in labels} == {
        ("two words", "Still so"),
        ("other", "That too"),
    }
    assert (await refusal(node, "label", thing=PAGE, label="x" * 65, reason="x")).kind is Code.NOT_ALLOWED


async def test_one_vouches_for_and_introduces_others_only(node: Node) -> None:
    one, other = Other(1).did, Other(2).did
    await call(node, "vouch", did=one, reason="A teacher")
    (again,) = (await call(node, "vouch", did=one, reason="My teacher"))["ids"]
    await call(node, "introduce", one=one, other=other, reason="Both walk")
    shown = await call(node, "person", did=one)
    assert [said["reason"] for said in shown["vouched_by"]] == ["My teacher"]
    assert [said["reason"] for said in shown["introductions"]] == ["Both walk"]
    await call(node, "retract", messages=[again])
    assert (await call(node, "person", did=one))["vouched_by"] == []
    assert (await refusal(node, "vouch", did=node.keys.did, reason="Me")).kind is Code.THAT_IS_YOU
    for wrong in ({"one": one, "other": one}, {"one": one, "other": node.keys.did}):
        assert (await refusal(node, "introduce", **wrong, reason="x")).kind in (
            Code.REQUEST_WRONG,
            Code.THAT_IS_YOU,
        )


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("label", {"thing": PAGE, "label": "good", "reason": "It is"}),
        ("vouch", {"did": Other(1).did, "reason": "It is"}),
        ("introduce", {"one": Other(1).did, "other": Other(2).did, "reason": "It is"}),
    ],
)
async def test_what_is_said_in_short_is_corrected_with_its_history_and_withdrawn_whole(
    node: Node, name: str, fields: dict[str, object]
) -> None:
    (first,) = (await call(node, name, **fields))["ids"]
    changed = await call(node, "edit", message=first, reason="It was")
    assert changed["replaced"] == [first]
    shown = await call(node, "message", message=changed["ids"][0])
    assert [one["state"] for one in shown["message"]["versions"]] == ["current", "superseded"]
    assert (await refusal(node, "edit", message=first, title="None")).kind is Code.REQUEST_WRONG
    withdrawn = await call(node, "retract", messages=changed["ids"])
    assert set(withdrawn["withdrawn"]) == {first, changed["ids"][0]}
    for one in withdrawn["withdrawn"]:
        assert (await message(node, one)).body is None


async def test_a_change_keeps_what_a_newer_hedgerow_added(node: Node) -> None:
    async def newer(content: Statement) -> str:
        """What another, newer program of the same person published."""
        draft = Draft(content, extra=((9, "more"),))
        return message_thing((await node.publish_many([draft]))[0].id)

    async def extra(name: object) -> object:
        held = await message(node, name)
        assert held.body is not None
        return decode_body(held.header.kind, held.body).extra

    label = await newer(Label(PAGE, "good", "It is"))
    assert await extra((await call(node, "edit", message=label, reason="It was"))["ids"][0]) == ((9, "more"),)
    await newer(Profile("Ana"))
    assert await extra((await call(node, "profile set", about="I walk"))["ids"][0]) == ((9, "more"),)
    await newer(Resource(PAGE, "Hedges"))
    assert await extra((await call(node, "share", thing=PAGE, level="easy"))["ids"][0]) == ((9, "more"),)
    trail = await newer(Trail("1" * 16, "Way", steps=(Step(PAGE),)))
    assert await extra((await call(node, "trail edit", trail=trail, title="A way"))["ids"][0]) == (
        (9, "more"),
    )
    assert await extra((await call(node, "trail fork", trail=trail))["thing"]) == ()


async def test_what_stands_already_is_not_said_again_because_a_newer_hedgerow_added_to_it(node: Node) -> None:
    draft = Draft(Label(PAGE, "good", "It is"), extra=((9, "more"),))
    (standing,) = await node.publish_many([draft])
    again = await call(node, "label", thing=PAGE, label="good", reason="It is")
    assert again["ids"] == [message_thing(standing.id)]
