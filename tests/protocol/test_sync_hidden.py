"""What no peer learns: whom somebody follows privately, and of whom that is no more."""

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Absence,
    Changed,
    Get,
    IHave,
    Messages,
    Missing,
    NegSame,
    Range,
    Scope,
    Tier,
    Want,
    pack_ids,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import FIRST, Message, sign_message
from simulator.author import EPOCH, Author
from simulator.network import UNPACED
from simulator.scene import Asked, Scene, opening, pushed, subscribed

ID = b"\x11" * 32
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


# --- What stays hidden ---------------------------------------------------------------------------------
def privately() -> tuple[Scene, list[Message]]:
    """Ana follows Cyd privately and holds what he said; the stranger asks about him."""
    ana, ben, cyd = Author(1), Author(2), Author(3)
    scene = Scene(carried=Carried(frozenset({ana.key, ben.key}), private=frozenset({cyd.key})))
    messages = [cyd.inception, *cyd.resources(1), cyd.retract(ana.inception, ts=EPOCH)]
    scene.node.hold(messages)
    return scene, messages


def test_a_private_follow_is_in_no_scope_no_set_and_no_stream() -> None:
    scene, _ = privately()
    for number, kinds in ((1, None), (51, ())):
        assert scene.subscribe(number, Filter((scene.cyd.key,), kinds)) == Scope(number, 1, b"\0")
        for tier in Tier:
            assert scene.send(opening(number + 10 + 4 * tier, number, tier=tier)) == [
                NegSame(number + 10 + 4 * tier)
            ]
            frame = Range(number + 12 + 4 * tier, number, 1, tier, 0, bytes(32), 9)
            assert scene.send(frame) == [Messages(frame.req, (), more=False)]


def test_what_is_held_of_a_private_follow_is_as_unknown_as_what_is_not_held() -> None:
    scene, messages = privately()
    ids = [*(message.id for message in messages), ID]
    assert scene.send(Get(1, pack_ids(ids))) == [
        Missing(1, tuple((one, Absence.UNKNOWN) for one in ids)),
        Messages(1, (), more=False),
    ]


def test_an_announcement_does_not_tell_whether_something_of_a_private_follow_is_held() -> None:
    scene, messages = privately()
    own = scene.ana.inception.id
    ids = [ID, messages[0].id, own, messages[1].id]
    for number in (1, 3):
        expected = [one for one in ids if one != own]
        assert scene.send(IHave(number, pack_ids(ids), bytes(4))) == [Want(number, pack_ids(expected))]
        assert scene.send(Messages(number, (), more=False)) == []


def test_private_follows_change_nothing_for_what_is_held_of_others() -> None:
    ana, cyd, dee = Author(1), Author(3), Author(4)
    [message] = dee.resources(1)
    for private in (frozenset({cyd.key}), frozenset[AuthorKey]()):
        scene = Scene(carried=Carried(frozenset({ana.key}), private, held=frozenset({dee.key})))
        scene.node.hold([dee.inception, message])
        assert scene.send(IHave(1, message.id, b"\0")) == [Want(1, b"")]


def test_what_was_refused_is_wanted_again_like_what_is_hidden() -> None:
    scene = Scene()
    [message] = scene.cyd.resources(1)
    announced = [IHave(number, message.id, b"\0") for number in (1, 3)]
    assert scene.send(announced[0]) == [Want(1, message.id)]
    scene.send(Messages(1, ((0, message.encode()),), more=False))
    assert message.id not in scene.node.store.messages
    assert scene.send(announced[1]) == [Want(3, message.id)]


def test_new_messages_of_a_private_follow_are_not_passed_on() -> None:
    scene, _ = privately()
    scene.subscribe(1, Filter.of_authors({scene.cyd.key, scene.ana.key}))
    other = scene.another()
    [message] = scene.cyd.resources(1, start=EPOCH + 50)
    other.send(pushed(message))
    assert message in scene.node.delivered
    assert scene.wait() == []


def test_of_whom_only_bodies_are_held_the_control_set_alone_is_carried() -> None:
    ana, dee = Author(1), Author(4)
    scene = Scene(carried=Carried(frozenset({ana.key}), held=frozenset({dee.key})))
    assert scene.subscribe(1, Filter((dee.key,), ())) == Scope(1, 1, b"\1")
    assert scene.subscribe(3, Filter((dee.key,))) == Scope(3, 1, b"\0")


def test_a_message_by_an_unknown_device_of_a_private_follow_begins_no_comparison() -> None:
    carried = Carried(frozenset({Author(1).key, Author(2).key}), private=frozenset({Author(3).key}))
    scene = Asked(carried=carried)
    scene.settle()
    assert scene.send(pushed(*scene.cyd.resources(1))) == []
    assert scene.send(pushed(*scene.ben.resources(1))) != []


def test_whom_a_node_ceases_to_carry_while_an_answer_is_loaded_is_not_served() -> None:
    scene = subscribed()
    [message] = scene.ana.resources(1)
    scene.node.hold([message])
    scene.network.storage = (1.0, 1.0)
    scene.send(Get(3, message.id), Range(5, 1, 1, Tier.CONTENT, 0, bytes(32), 9))
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    answers = [frame for frame in scene.wait(3) if isinstance(frame, Messages)]
    assert sorted(answers, key=lambda frame: frame.req) == [
        Messages(3, (), more=False),
        Messages(5, (), more=False),
    ]


def test_whom_a_node_ceases_to_carry_is_not_announced_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = subscribed(UNPACED)
    monkeypatch.setattr(limits, "REQUEST_WINDOW", 1)
    monkeypatch.setattr(limits, "MAX_FRAME_MESSAGES", limits.MAX_PUSHED)
    scene.node.publish(scene.ana.resources(limits.MAX_PUSHED + 1))
    ihave = scene.only(IHave, scene.wait())
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    assert scene.send(Want(ihave.req, b"")) == [Scope(1, 2, b"\0"), Changed(1)]


def forged(scene: Scene) -> Message:
    """A message that says it is Cyd's and was signed by Ben's device."""
    return sign_message(
        seed=scene.ben.device_seed,
        author=scene.cyd.key,
        place=FIRST,
        kind=Comment.kind,
        ts=EPOCH,
        body=scene.ben.say(WORDS, EPOCH).body or b"",
    )


def test_a_message_by_an_unknown_device_of_a_private_follow_moves_nothing() -> None:
    scene, _ = privately()
    assert scene.send(pushed(forged(scene))) == []
    asked = Asked(carried=scene.node.carried)
    asked.settle()
    assert asked.send(pushed(forged(asked))) == []
    assert asked.is_settled
