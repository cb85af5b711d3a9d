"""The ends of chains: when they are asked for, what is made of the answer, and answers that are none."""

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.completing import digest_of
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import Get, GetHeads, Heads, NegOpen, NegSame
from simulator.scene import Asked, Scene, pushed

ID, OTHER = b"\x11" * 32, b"\x22" * 32


def settled() -> tuple[Asked, GetHeads]:
    scene = Asked()
    content = scene.content()
    return scene, scene.only(GetHeads, scene.send(NegSame(content.req)))


def test_who_finds_every_set_equal_asks_where_chains_end() -> None:
    scene, asked = settled()
    assert (asked.sub, asked.version, asked.first) == (scene.sub.req, 1, 0)
    assert asked.digest == digest_of([])
    assert scene.send(Heads(asked.req, (), more=False)) == []
    assert scene.is_settled


def test_the_digest_is_of_the_last_message_of_each_device() -> None:
    scene = Asked()
    said = scene.ana.resources(3)
    scene.node.hold(said)
    scene.send(NegSame(scene.content().req))
    [asked] = [one for one in scene.stranger.frames if isinstance(one, GetHeads)]
    assert asked.digest == digest_of([(scene.ana.device, 3, said[-1].id)])


def test_what_is_named_and_not_held_is_fetched_and_everything_compared_anew() -> None:
    scene, asked = settled()
    frames = scene.send(Heads(asked.req, ((ID, 7, OTHER),), more=False))
    assert scene.only(Get, frames).ids == OTHER
    assert not scene.is_settled


def test_a_hole_in_a_chain_is_fetched_without_being_told_of() -> None:
    scene = Asked()
    first, second, third = scene.ana.resources(3)
    scene.node.hold([first, third])
    content = scene.content()
    assert scene.only(Get, scene.send(NegSame(content.req))).ids == second.id


def test_what_was_refused_is_not_fetched_for_a_chain() -> None:
    scene = Asked()
    future = scene.ben.resources(1, start=int(scene.network.now) + 10**6)
    scene.node.hold([scene.ben.inception])
    scene.send(pushed(*future))
    content = scene.content()
    asked = scene.only(GetHeads, scene.send(NegSame(content.req)))
    assert scene.send(Heads(asked.req, ((scene.ben.device, 1, future[0].id),), more=False)) == []


def test_it_is_not_asked_again_before_most_of_a_period_is_over() -> None:
    scene, asked = settled()
    scene.send(Heads(asked.req, (), more=False))
    for _ in range(3):
        scene.node.perform(scene.node.peer.resync(scene.network.now))
        opened = scene.only(NegOpen, scene.wait())
        content = scene.only(NegOpen, scene.send(NegSame(opened.req)))
        assert scene.send(NegSame(content.req)) == []


@pytest.mark.parametrize(
    "parts",
    [
        [Heads(99, (), more=False)],
        [Heads(0, (), more=True)],
        [Heads(0, (), more=False), Heads(0, (), more=False)],
        [Heads(0, ((ID, 1, OTHER),) * limits.MAX_HEADS, more=True)] * 17,
    ],
    ids=["to no question", "a part with nothing", "twice", "without end"],
)
def test_an_answer_that_is_none_ends_the_link(parts: list[Heads]) -> None:
    scene, asked = settled()
    scene.send(*(Heads(one.req or asked.req, one.heads, one.more) for one in parts))
    assert scene.reason == "unexpected_frame"


def test_a_question_about_chains_is_bounded_like_any_other() -> None:
    scene = Scene()
    scene.subscribe(1, Filter.of_authors({scene.ana.key}))
    scene.network.storage = (5.0, 5.0)
    numbers = range(3, 3 + 2 * limits.MAX_QUESTIONS + 2, 2)
    scene.send(*(GetHeads(number, 1, 1, 0, bytes(16)) for number in numbers))
    assert scene.reason == "unexpected_frame"


def test_removed_devices_are_named_with_what_still_counts_of_them() -> None:
    scene = Scene()
    laptop = scene.ana.another_device()
    scene.node.hold([scene.ana.update(added=[laptop])])
    kept, cut = laptop.resources(2)
    scene.node.hold([kept, cut])
    scene.node.hold([scene.ana.update(removed={laptop.device: ((1, kept.id),)})])
    scene.node.store.settle(scene.ana.key)
    scene.subscribe(1, Filter.of_authors({scene.ana.key}))
    assert scene.send(GetHeads(3, 1, 1, 0, bytes(16))) == [
        Heads(3, ((laptop.device, 1, kept.id),), more=False)
    ]
