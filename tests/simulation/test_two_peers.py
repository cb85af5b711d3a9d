"""Two peers and what must hold between them, in virtual time."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.kinds import Comment, Resource, Role
from hedgerow_protocol.message import sign_message
from simulator.author import EPOCH, Author
from simulator.network import Network, SimulatedNode


def pair(seed: int = 1) -> tuple[Network, SimulatedNode, SimulatedNode]:
    """Ana and Ben, who carry each other."""
    network = Network(seed)
    ana, ben = Author(1), Author(2)
    return (
        network,
        SimulatedNode(network, "ana", ana, [ben.key]),
        SimulatedNode(network, "ben", ben, [ana.key]),
    )


def all_settled(node: SimulatedNode) -> bool:
    """Whether every link that this node dialled found every set equal."""
    return all(link.is_settled for link in node.peer.links())


def test_a_follower_gets_everything_and_says_when_it_has():
    network, ana, ben = pair()
    ana.hold(ana.author.resources(500))
    network.connect(ben, ana)
    network.run(20)
    assert ben.store.messages == ana.store.messages
    assert len(ben.delivered) == 501
    assert all_settled(ben)


def test_the_side_that_dialled_brings_what_the_other_lacks():
    network, ana, ben = pair()
    ben.hold(ben.author.resources(3_000))
    network.connect(ben, ana)
    network.run(60)
    assert ana.store.messages == ben.store.messages
    assert all_settled(ben)


def test_both_sides_end_with_the_union():
    network, ana, ben = pair()
    common = ana.author.resources(300)
    ana.hold(common + ana.author.resources(40, start=EPOCH + 1_000))
    ben.hold([ana.author.inception, *common, *ben.author.resources(40)])
    network.connect(ben, ana)
    network.run(30)
    assert ana.store.messages == ben.store.messages
    assert len(ana.store.messages) == 382


def test_what_is_published_arrives_at_once_in_both_directions():
    network, ana, ben = pair()
    network.connect(ben, ana)
    network.run(5)
    ana.publish(ana.author.resources(1))
    ben.publish(ben.author.resources(2))
    network.run(1)
    assert ana.store.messages == ben.store.messages
    assert len(ana.store.messages) == 5


def test_much_that_is_new_is_announced_and_still_arrives():
    network, ana, ben = pair()
    network.connect(ben, ana)
    network.run(5)
    ana.publish(ana.author.resources(limits.MAX_PUSHED + 1))
    ben.publish(ben.author.resources(limits.MAX_LIVE + 1))
    network.run(30)
    assert ana.store.messages == ben.store.messages


def test_too_much_to_announce_makes_the_dialler_reconcile():
    network, ana, ben = pair()
    network.connect(ben, ana)
    network.run(5)
    ana.publish(ana.author.resources(limits.MAX_LIVE + 1))
    network.run(30)
    assert ana.store.messages == ben.store.messages


def test_an_erased_body_does_not_come_back_and_never_reaches_a_newcomer():
    network, ana, ben = pair()
    first, second = ana.author.resources(2)
    ana.hold([first, second])
    network.connect(ben, ana)
    network.run(5)
    ana.publish([ana.author.retract(first, ts=EPOCH + 10)])
    network.run(5)
    assert ben.store.messages[first.id].body is None
    cyd = SimulatedNode(network, "cyd", Author(3), [ana.author.key])
    ends = network.connect(cyd, ben)
    network.run(20)
    assert cyd.store.messages[first.id].body is None
    assert cyd.store.messages[second.id].body is not None
    assert all(end.closed is None for end in ends)


def test_a_body_that_one_peer_kept_back_is_fetched_from_another():
    network, ana, ben = pair()
    message = ana.author.resources(1)[0]
    ana.hold([message])
    ben.hold([ana.author.inception, message.without_body()])
    network.connect(ben, ana)
    network.run(10)
    assert ben.store.messages[message.id].body == message.body


def test_a_body_that_the_answering_side_lacks_is_fetched_from_whoever_dials_it():
    network, ana, ben = pair()
    ana.hold([bare := ana.author.resources(1)[0]])
    ben.hold([ana.author.inception, bare.without_body()])
    network.connect(ana, ben)
    network.run(10)
    assert ben.store.messages[bare.id].body == bare.body


def test_an_author_who_is_not_carried_is_refused_in_the_open():
    network, ana, ben = pair()
    cyd = Author(3)
    ben.carry(replace(ben.carried, authors=ben.carried.authors | {cyd.key}))
    ben.hold([cyd.inception, *cyd.resources(3)])
    network.connect(ben, ana)
    network.run(10)
    assert cyd.key not in {message.header.author for message in ana.store.messages.values()}
    assert ben.peer.links()[0].refused == (cyd.key,)
    ana.carry(replace(ana.carried, authors=ana.carried.authors | {cyd.key}))
    network.run(10)
    assert ana.store.messages == ben.store.messages
    assert ben.peer.links()[0].refused == ()


def test_whom_i_follow_privately_is_neither_named_nor_served():
    network, ana, ben = pair()
    cyd = Author(3)
    ana.hold([cyd.inception, *cyd.resources(3)])
    ben.hold([cyd.inception])
    ana.carry(replace(ana.carried, private=frozenset({cyd.key})))
    ben.carry(replace(ben.carried, authors=ben.carried.authors | {cyd.key}))
    network.connect(ben, ana)
    network.run(10)
    assert ben.peer.links()[0].refused == (cyd.key,)
    assert len(ben.store.messages) == 3


def test_an_author_no_longer_carried_can_still_retract():
    network, ana, ben = pair()
    message = ana.author.resources(1)[0]
    ana.hold([message])
    ben.hold([ana.author.inception, message])
    ben.carry(replace(ben.carried, authors=frozenset({ben.author.key}), held=frozenset({ana.author.key})))
    ana.hold([*ana.author.resources(5, start=EPOCH + 50), ana.author.retract(message, ts=EPOCH + 10)])
    network.connect(ben, ana)
    network.run(10)
    assert ben.store.messages[message.id].body is None
    assert len(ben.store.messages) == 4, "two inceptions, the message, its retraction, and nothing new"


def test_a_message_from_the_future_waits_until_it_is_due():
    network, ana, ben = pair()
    early = ana.author.say(Resource("https://example.org/a", "Early"), int(network.now) + 1_200)
    ana.hold([early])
    network.connect(ben, ana)
    network.run(30)
    assert early.id not in ben.store.messages
    network.run(1_500)
    assert early.id in ben.store.messages


def test_a_device_that_the_log_does_not_name_publishes_nothing():
    network, ana, ben = pair()
    thief = Author(9)
    forged = sign_message(
        seed=thief.device_seed,
        author=ana.author.key,
        place=replace(ana.author.place, seq=1, prev=None),
        kind=Comment.kind,
        ts=EPOCH,
        body=thief.say(Comment("https://example.org/", Role.COMMENT, "forged"), EPOCH).body or b"",
    )
    ana.store.put([forged])
    network.connect(ben, ana)
    network.run(30)
    assert forged.id not in ben.store.messages


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(0, 400), st.integers(0, 400), st.lists(st.floats(0.01, 2), max_size=4)
)
def test_whatever_breaks_when_both_sides_end_equal(seed, ours, theirs, breaks):
    network, ana, ben = pair(seed)
    ana.hold(ana.author.resources(ours))
    ben.hold(ben.author.resources(theirs))
    for moment in breaks:
        end, _ = network.connect(ben, ana)
        network.run(moment)
        network.close(end, "broken")
        network.run(1)
    network.connect(ben, ana)
    network.run(40)
    assert ana.store.messages == ben.store.messages
    assert all_settled(ben)


def test_the_same_seed_gives_the_same_run():
    runs = []
    for _ in range(2):
        network, ana, ben = pair(7)
        ana.hold(ana.author.resources(100))
        ours, theirs = network.connect(ben, ana)
        network.run(20)
        runs.append((ours.sent, theirs.sent))
    assert runs[0] == runs[1]


def test_after_a_gain_exactly_what_is_new_is_fetched():
    network, ana, ben = pair()
    messages = ana.author.resources(5_000)
    ana.hold([ben.author.inception, *messages])
    ben.hold([ana.author.inception, *messages])
    gained = ana.author.resources(1_000, start=EPOCH + 100)
    ana.hold(gained)
    network.connect(ben, ana)
    network.run(20)
    assert {message.id for message in ben.delivered} == {message.id for message in gained}
    assert all_settled(ben)
