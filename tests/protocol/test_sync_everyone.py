"""Subscriptions without authors: the list of those whom a node shows to everyone, and what is asked over it."""

from dataclasses import replace

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Authors,
    Frame,
    Get,
    Messages,
    NegDiffers,
    NegErr,
    NegOpen,
    NegSame,
    Scope,
    SessionFault,
    Sub,
    Tier,
    Unsub,
    pack_ids,
)
from hedgerow_protocol.keys import AuthorKey
from simulator.author import EPOCH, Author
from simulator.network import Network, SimulatedNode
from simulator.scene import Asked, Scene, answered, opening, pushed

EVERYONE = Filter()


def keys_of(*authors: Author) -> bytes:
    return pack_ids(sorted(one.key for one in authors))


def listed(scene: Scene, frames: list[Frame]) -> Authors:
    return scene.only(Authors, frames)


def subscribed_to_everyone(carried: Carried | None = None) -> Scene:
    scene = Scene(carried=carried)
    scene.send(Sub(1, EVERYONE.encode(), 1))
    return scene


# --- The side that answers -----------------------------------------------------------------------------
def test_a_filter_without_authors_is_answered_by_those_whom_the_node_shows_to_everyone() -> None:
    scene = Scene()
    found = listed(scene, scene.send(Sub(1, EVERYONE.encode(), 1)))
    assert found == Authors(1, 1, keys_of(scene.ana, scene.ben), anew=True, more=False, everyone=False)


def test_nobody_is_an_answer_too() -> None:
    scene = Scene(carried=Carried())
    assert scene.send(Sub(1, EVERYONE.encode(), 1)) == [
        Authors(1, 1, b"", anew=True, more=False, everyone=False)
    ]


@pytest.mark.parametrize("everyone", [False, True])
def test_whom_the_node_follows_privately_is_on_no_list_in_no_scope_and_in_no_push(everyone: bool) -> None:
    ana, cyd, dee = Author(1), Author(3), Author(4)
    carried = Carried(
        frozenset({ana.key}), frozenset({cyd.key}), concealed=frozenset({cyd.key, dee.key}), everyone=everyone
    )
    scene = subscribed_to_everyone(carried)
    assert listed(scene, scene.stranger.frames).authors == keys_of(ana)
    assert scene.subscribe(3, Filter.of_authors({cyd.key, dee.key})).carried == b"\0"
    scene.node.publish([cyd.inception, *cyd.resources(1), dee.inception])
    assert scene.wait() == []
    assert not any(isinstance(one, Messages) for one in scene.stranger.frames)


def test_who_is_added_is_one_more_part_and_who_is_gone_begins_the_list_anew() -> None:
    scene = subscribed_to_everyone()
    scene.node.carry(replace(scene.node.carried, authors=scene.node.carried.authors | {scene.cyd.key}))
    assert scene.wait()[-1:] == [Authors(1, 2, keys_of(scene.cyd), anew=False, more=False, everyone=False)]
    scene.node.hold(scene.ana.resources(1))
    scene.send(opening(3, version=1), opening(5, version=2))
    scene.node.carry(Carried(frozenset({scene.ana.key})))
    assert scene.wait() == [
        Authors(1, 3, keys_of(scene.ana), anew=True, more=False, everyone=False),
        NegErr(3, SessionFault.STALE, 0),
    ]
    assert scene.send(opening(7, version=1)) == [NegErr(7, SessionFault.STALE, 0)]


def test_a_session_is_over_one_part_of_the_list() -> None:
    scene = subscribed_to_everyone()
    scene.node.carry(replace(scene.node.carried, authors=scene.node.carried.authors | {scene.cyd.key}))
    scene.node.hold([scene.cyd.inception, *scene.ana.resources(3), *scene.cyd.resources(2)])
    scene.wait()
    assert scene.send(opening(3, version=1)) == [NegDiffers(3, 3)]
    assert scene.send(opening(5, version=2)) == [NegDiffers(5, 2)]


def test_a_long_list_comes_in_parts_and_begins_anew_before_it_has_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_FILTER_AUTHORS", 2)
    monkeypatch.setattr(limits, "MAX_AUTHOR_PARTS", 3)
    authors = [AuthorKey(bytes([number]) * 32) for number in range(1, 9)]
    scene = subscribed_to_everyone(Carried(frozenset(authors[:3])))
    first, second = [one for one in scene.stranger.frames if isinstance(one, Authors)]
    assert (first.authors, first.anew, first.more) == (pack_ids(authors[:2]), True, True)
    assert (second.authors, second.anew, second.more) == (pack_ids(authors[2:3]), False, False)
    scene.wait(0)
    scene.node.carry(Carried(frozenset(authors[:4])))
    assert [(one.version, one.anew) for one in scene.wait() if isinstance(one, Authors)] == [(3, False)]
    scene.node.carry(Carried(frozenset(authors)))
    again = [one for one in scene.wait() if isinstance(one, Authors)]
    assert [(one.version, one.anew, one.more) for one in again] == [
        (4, True, True),
        (5, False, True),
        (6, False, False),
    ]
    assert b"".join(one.authors for one in again) == pack_ids(authors[:6]), "the rest is not told"


def test_what_is_new_of_whoever_is_shown_comes_at_once_also_before_the_list_names_him() -> None:
    scene = subscribed_to_everyone(Carried(everyone=True))
    said = scene.cyd.resources(1)
    scene.node.publish([scene.cyd.inception, *said])
    assert scene.wait()[-1:] == [pushed(scene.cyd.inception, *said)]


def test_who_takes_everyone_says_so_and_of_everyone_who_is_named_that_he_is_carried() -> None:
    scene = subscribed_to_everyone(Carried(frozenset({Author(1).key}), everyone=True))
    assert listed(scene, scene.stranger.frames).everyone
    assert scene.subscribe(3, Filter.of_authors({scene.cyd.key})).carried == b"\1"


# --- The side that asks --------------------------------------------------------------------------------
class Everyone(Asked):
    """A node that carries everyone and asks for everything."""

    def __init__(self) -> None:
        super().__init__(carried=Carried(frozenset({Author(1).key}), everyone=True), asks_everyone=True)

    def part(self, version: int, *authors: Author, anew: bool = False, everyone: bool = False) -> Authors:
        return Authors(self.sub.req, version, keys_of(*authors), anew=anew, more=False, everyone=everyone)

    def settle_list(self) -> None:
        """The list has Ana and Ben, and every set is equal."""
        opened = self.only(NegOpen, self.send(self.part(1, self.ana, self.ben, anew=True)))
        content = self.only(NegOpen, self.send(NegSame(opened.req)))
        self.send(NegSame(content.req))
        assert self.is_settled


def test_who_asks_for_everyone_names_nobody() -> None:
    scene = Everyone()
    assert scene.sub.filter == EVERYONE.encode()
    assert [one for one in scene.stranger.frames if isinstance(one, Sub)] == [scene.sub]


def test_the_sets_of_the_list_are_compared_and_a_part_that_is_added_besides() -> None:
    scene = Everyone()
    opened = scene.only(NegOpen, scene.send(scene.part(1, scene.ana, scene.ben, anew=True)))
    assert (opened.version, opened.tier) == (1, Tier.CONTROL)
    assert scene.send(scene.part(2, scene.cyd)) == [], "what is under way goes on"
    content = scene.only(NegOpen, scene.send(NegSame(opened.req)))
    second = scene.only(NegOpen, scene.send(NegSame(content.req)))
    assert (content.version, content.tier) == (1, Tier.CONTENT)
    assert (second.version, second.tier) == (2, Tier.CONTROL)
    last = scene.only(NegOpen, scene.send(NegSame(second.req)))
    scene.send(NegSame(last.req))
    assert scene.is_settled


def test_a_part_that_is_added_later_is_compared_alone() -> None:
    scene = Everyone()
    scene.settle_list()
    opened = scene.only(NegOpen, scene.send(scene.part(2, scene.cyd)))
    assert (opened.version, opened.count) == (2, 0)
    assert opened.fingerprint == SetSum().fingerprint()


def test_a_list_in_parts_is_compared_when_all_of_it_is_there() -> None:
    scene = Everyone()
    assert scene.send(replace(scene.part(1, scene.ana, anew=True), more=True)) == []
    assert scene.only(NegOpen, scene.send(scene.part(2, scene.ben))).version == 1


def test_who_is_not_on_the_list_is_named_only_where_everyone_is_taken() -> None:
    scene = Everyone()
    scene.node.carry(replace(scene.node.carried, authors=frozenset({scene.ana.key, scene.cyd.key})))
    assert scene.send(scene.part(1, scene.ben, anew=True, everyone=False))[:1] != []
    assert scene.node.peer.links()[0].refused == tuple(sorted([scene.ana.key, scene.cyd.key]))
    frames = scene.send(scene.part(2, scene.ben, anew=True, everyone=True))
    assert scene.only(Sub, frames).filter == Filter.of_authors({scene.ana.key, scene.cyd.key}).encode()
    assert scene.node.peer.links()[0].refused == ()


def test_a_list_that_grows_asks_for_nothing_anew() -> None:
    scene = Everyone()
    named = scene.only(Sub, scene.send(scene.part(1, scene.ben, anew=True, everyone=True)))
    scene.send(Scope(named.req, 1, b"\1"))
    frames = scene.send(scene.part(2, scene.ana, scene.cyd, everyone=True))
    assert not any(isinstance(one, Sub | Unsub) for one in frames)
    scene.node.carry(replace(scene.node.carried, authors=frozenset({scene.ana.key, scene.cyd.key})))
    assert not any(isinstance(one, Sub | Unsub) for one in scene.wait())


def test_what_is_brought_of_anybody_is_taken_and_his_log_asked_for_once() -> None:
    scene = Everyone()
    scene.settle_list()
    said = scene.cyd.resources(1)
    scene.send(pushed(scene.cyd.inception, *said))
    assert scene.node.delivered == [scene.cyd.inception, *said]
    eve = Author(9)
    scene.send(scene.part(2, eve))
    opened = scene.only(NegOpen, scene.wait(0) or scene.stranger.frames[-1:])
    scene.send(NegSame(opened.req))
    scene.wait(2)
    assert scene.is_open


def test_a_list_for_who_was_named_and_one_of_too_many_parts_end_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = Asked()
    named.send(Authors(named.sub.req, 1, b"", anew=True, more=False, everyone=False))
    assert named.reason == "unexpected_frame"
    monkeypatch.setattr(limits, "MAX_AUTHOR_PARTS", 2)
    scene = Everyone()
    scene.send(scene.part(1, scene.ana, anew=True), scene.part(2, scene.ben))
    assert scene.is_open
    scene.send(scene.part(3, scene.cyd))
    assert scene.reason == "out_of_range"


def test_a_scope_without_a_bit_is_a_list_of_nobody() -> None:
    scene = Everyone()
    scene.send(Scope(scene.sub.req, 1, b""))
    assert scene.is_settled
    assert scene.is_open


# --- Both ----------------------------------------------------------------------------------------------
def test_two_nodes_that_carry_everyone_end_with_equal_sets_and_stay_so() -> None:
    network = Network(7)
    ana, ben = (SimulatedNode(network, name, Author(seed)) for name, seed in (("ana", 1), ("ben", 2)))
    cyd, dee, eve = Author(3), Author(4), Author(5)
    ana.hold([cyd.inception, *cyd.resources(30)])
    ben.hold([dee.inception, *dee.resources(1_300)])
    for node in (ana, ben):
        node.carry_everyone()
    network.connect(ana, ben, asks_everyone=True)
    network.run(30)
    assert set(ana.store.messages) == set(ben.store.messages)
    ben.publish([eve.inception, *eve.resources(2)])
    ana.publish(cyd.resources(1, start=EPOCH + 900))
    network.run(1)
    for node in (ana, ben):
        node.carry_everyone()
    network.run(30)
    assert set(ana.store.messages) == set(ben.store.messages)
    assert len(ana.store.messages) == 2 + 1 + 30 + 1 + 1_300 + 3 + 1


def test_whoever_follows_privately_keeps_it_to_himself_where_everyone_is_carried() -> None:
    network = Network(8)
    cyd = Author(3)
    ana, ben = (SimulatedNode(network, name, Author(seed)) for name, seed in (("ana", 1), ("ben", 2)))
    ana.hold([cyd.inception, *cyd.resources(5), *ana.author.resources(1)])
    hidden = frozenset({cyd.key})
    ana.carry(Carried(frozenset({ana.author.key}), hidden, concealed=hidden, everyone=True))
    ben.carry_everyone()
    network.connect(ben, ana, asks_everyone=True)
    network.run(30)
    assert not any(one.header.author == cyd.key for one in ben.store.messages.values())
    assert ben.peer.links()[0].is_settled


def test_get_gives_what_everyone_is_shown() -> None:
    scene = Scene(carried=Carried(everyone=True))
    said = scene.cyd.resources(1)
    scene.node.hold([scene.cyd.inception, *said])
    assert scene.send(Get(1, said[0].id)) == [answered(1, *said)]
