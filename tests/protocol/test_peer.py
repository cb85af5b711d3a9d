"""A peer and its links: who is let in, how long links last, who is kept away, and what it wakes for."""

from dataclasses import replace
from random import Random

import pytest

from hedgerow_protocol import codec, limits, peer
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import Close, LinkId, Token, WakeAt
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import Err, Frame, Get, IHave, LinkFault, Messages, NegSame, Ping, Pong, Sub
from hedgerow_protocol.handshake import Subprotocols
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import FIRST, Message, sign_message
from hedgerow_protocol.peer import Peer
from simulator.author import EPOCH, Author
from simulator.network import Network, SimulatedNode
from simulator.scene import Scene, subscribed
from simulator.stranger import Stranger

NODE = Author(1)
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


def connected(*, dials: bool = True) -> tuple[Network, SimulatedNode]:
    """A node at one end of a connection whose other end says nothing."""
    network = Network(1)
    node = SimulatedNode(network, "ana", NODE)
    theirs, _ = network.ends(node, LinkId(1), _Silence(), LinkId(1))
    node.connected(theirs, network.connection(NODE, is_initiator=dials))
    return network, node


class _Silence:
    def receive(self, link: LinkId, data: bytes) -> None:
        """Not answered."""

    def lose(self, link: LinkId) -> None:
        """Not noticed."""


def forged(author: Author, count: int) -> Messages:
    """Messages whose signatures do not hold, pushed."""
    messages = [author.say(WORDS, EPOCH + one)._replace(signature=bytes(64)) for one in range(count)]
    return Messages(0, tuple((0, message.encode()) for message in messages), more=False)


# --- The handshake --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dials", [True, False])
@pytest.mark.limit("HELLO_TIMEOUT")
def test_a_connection_on_which_nothing_is_said_is_closed_soon(dials: bool) -> None:
    network, node = connected(dials=dials)
    network.run(limits.HELLO_TIMEOUT - 0.1)
    assert [state.peer for state in node.peer.links()] == [None]
    network.run(0.2)
    assert node.ends[LinkId(1)].closed == "handshake took too long"
    assert node.peer.links() == []


@pytest.mark.limit("HANDSHAKE_TIMEOUT")
def test_a_handshake_that_is_not_finished_is_closed_a_little_later() -> None:
    scene = Scene()
    network, node = scene.network, scene.node
    theirs, _ = network.ends(node, LinkId(9), _Silence(), LinkId(1))
    node.connected(theirs, network.connection(NODE, is_initiator=False))
    first = bytes(Stranger(network, node, scene.cyd).end.sent[0])
    node.receive(LinkId(9), first)
    network.run(limits.HANDSHAKE_TIMEOUT - 0.1)
    assert theirs.closed is None
    network.run(0.2)
    assert theirs.closed == "handshake took too long"


@pytest.mark.parametrize("dials", [True, False])
@pytest.mark.parametrize("data", [b"", b"x" * 48, bytes(limits.MAX_FRAME_BEFORE_AUTHENTICATION + 1)])
def test_garbage_instead_of_a_handshake_closes_the_connection(dials: bool, data: bytes) -> None:
    network, node = connected(dials=dials)
    node.receive(LinkId(1), data)
    assert node.ends[LinkId(1)].closed in ("bad_handshake", "too_big")
    node.receive(LinkId(1), data)
    network.run(1)
    assert node.peer.links() == []


def test_a_node_does_not_link_with_itself_nor_with_another_device_than_it_expects() -> None:
    network = Network(1)
    node, other = SimulatedNode(network, "ana", NODE), SimulatedNode(network, "ben", Author(2))
    twin = SimulatedNode(network, "twin", NODE)
    ours, _ = network.connect(node, twin)
    wrong, _ = network.connect(node, other, expected=Author(3).device)
    network.run(1)
    assert (ours.closed, wrong.closed) == ("wrong_peer", "wrong_peer")


@pytest.mark.parametrize("dials", [True, False])
def test_an_upgrade_that_no_honest_peer_makes_is_closed_at_once(dials: bool) -> None:
    network = Network(1)
    peer = Peer(Random(1), Identities(), Carried())
    bad = Subprotocols(offered=("other",))
    connection = replace(network.connection(NODE, is_initiator=dials), subprotocols=bad)
    with pytest.raises(RemoteProtocolError):
        bad.prologue(1)
    assert peer.on_connected(0.0, LinkId(1), connection) == [Close(LinkId(1), "bad_handshake")]
    assert peer.links() == []


def test_what_comes_over_a_link_that_is_gone_is_nothing() -> None:
    scene = Scene()
    peer, now = scene.node.peer, scene.network.now
    assert peer.on_data(now, LinkId(77), b"x") == []
    assert peer.on_closed(now, LinkId(77)) == []


# --- Faults ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dials", [True, False])
@pytest.mark.parametrize("data", [b"", b"garbage", bytes(limits.MAX_NOISE_MESSAGE + 1)])
def test_what_does_not_decrypt_closes_the_link_without_a_word(dials: bool, data: bytes) -> None:
    scene = Scene(dials=dials)
    scene.stranger.send_noise(data)
    came = scene.wait()
    assert not any(isinstance(frame, Err) for frame in came)
    assert scene.stranger.closed in ("bad_handshake", "too_big")
    assert scene.node.peer.links() == []


def test_a_breach_is_told_and_the_link_closed() -> None:
    scene = Scene()
    scene.stranger.send_bytes(b"\xc1")
    assert scene.wait() == [Err(0, LinkFault.PROTOCOL, "not_canonical", 0)]
    assert scene.stranger.closed == "not_canonical"
    assert scene.node.peer.links() == []


# --- Silence and age ------------------------------------------------------------------------------------


@pytest.mark.limit("DEAD_AFTER")
def test_a_silent_link_is_asked_and_then_closed() -> None:
    scene = Scene()
    assert scene.wait(limits.PING_AFTER - 1) == []
    assert [type(frame) for frame in scene.wait(2)] == [Ping]
    assert scene.wait(limits.DEAD_AFTER - limits.PING_AFTER - 2) == []
    assert scene.is_open
    scene.wait(2)
    assert scene.stranger.closed == "silent for too long"


def test_a_link_that_answers_stays_and_is_asked_again() -> None:
    scene = Scene()
    for _ in range(5):
        [ping] = scene.wait(limits.PING_AFTER + 1)
        assert isinstance(ping, Ping)
        scene.send(Pong(ping.req))
    assert scene.is_open


def test_an_old_link_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LINK_AGE", 50.0)
    scene = Scene()
    scene.send(Ping(1), seconds=25)
    scene.send(Ping(3), seconds=24)
    assert scene.is_open
    scene.wait(1)
    assert scene.stranger.closed == "old: dial again"


# --- Who is kept away -----------------------------------------------------------------------------------


@pytest.mark.limit("MAX_INVALID")
def test_so_many_bad_messages_are_borne_and_one_more_bans_the_device_on_all_its_links() -> None:
    scene = Scene()
    other = Stranger(scene.network, scene.node, scene.ben)
    bystander = Stranger(scene.network, scene.node, scene.cyd)
    scene.send(forged(scene.ben, limits.MAX_INVALID - 1))
    assert scene.is_open
    assert scene.send(forged(scene.ben, 1)) == [Err(0, LinkFault.BAD_SIGNATURES, "too many bad messages", 0)]
    assert scene.stranger.closed == other.closed == "too many bad messages"
    assert bystander.closed is None


def test_bad_messages_count_also_when_the_link_is_gone_before_they_are_judged() -> None:
    scene = Scene()
    scene.network.storage = (1.0, 1.0)
    scene.send(forged(scene.ben, limits.MAX_INVALID))
    scene.network.close(scene.stranger.their_end, "broken")
    scene.wait(3)
    again = Stranger(scene.network, scene.node, scene.ben)
    scene.wait()
    assert again.closed == "banned"


def test_bad_messages_long_ago_do_not_count() -> None:
    scene = Scene()
    scene.send(forged(scene.ben, limits.MAX_INVALID - 1))
    scene.wait(limits.INVALID_WINDOW + 1)
    again = Stranger(scene.network, scene.node, scene.ben)
    scene.wait()
    again.send(forged(scene.ben, 1))
    scene.wait()
    assert again.closed is None


def _is_let_in(scene: Scene) -> bool:
    stranger = Stranger(scene.network, scene.node, scene.ben)
    scene.wait()
    is_open = stranger.closed is None
    if is_open:
        stranger.send(forged(scene.ben, limits.MAX_INVALID))
        scene.wait()
        assert stranger.closed == "too many bad messages"
    return is_open


@pytest.mark.limit("BAN_SECONDS")
def test_a_ban_lasts_twice_as_long_each_time_up_to_its_limit() -> None:
    scene = Scene()
    scene.send(forged(scene.ben, limits.MAX_INVALID))
    ban = limits.BAN_SECONDS
    for _ in range(7):
        scene.wait(ban - 10)
        assert not _is_let_in(scene)
        scene.wait(11)
        assert _is_let_in(scene)
        ban = min(2 * ban, limits.MAX_BAN_SECONDS)
    assert ban == limits.MAX_BAN_SECONDS


def test_what_was_under_way_when_a_device_was_banned_does_not_lengthen_its_ban() -> None:
    scene = Scene()
    scene.network.storage = (1.0, 1.0)
    scene.send(forged(scene.ben, limits.MAX_INVALID), forged(scene.ben, 1), seconds=3)
    assert scene.stranger.closed == "too many bad messages"
    scene.network.storage = (0.0, 0.0)
    scene.wait(limits.BAN_SECONDS)
    assert _is_let_in(scene)


def test_a_newer_version_and_another_network_ban_nobody() -> None:
    scene = Scene()
    newer = codec.encode([codec.encode([2, "another layout"]), bytes(64), None])
    elsewhere = sign_message(
        seed=scene.ben.device_seed,
        author=scene.ben.key,
        place=FIRST,
        kind=Comment.kind,
        ts=EPOCH,
        body=scene.ben.say(WORDS, EPOCH).body or b"",
        net=2,
    )
    each = ((0, newer), (0, elsewhere.encode()))
    scene.send(Messages(0, each * limits.MAX_INVALID, more=False))
    assert scene.is_open
    assert scene.node.delivered == []


def test_only_so_many_devices_are_remembered_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECORDS", 2)
    scene = Scene()
    scene.send(forged(scene.ben, limits.MAX_INVALID))
    for number in (20, 21):
        author = Author(number)
        stranger = Stranger(scene.network, scene.node, author)
        scene.wait()
        stranger.send(forged(author, 1))
        scene.wait()
    assert _is_let_in(scene), "forgotten for the sake of two others"


# --- Waking ---------------------------------------------------------------------------------------------


def test_a_wake_with_nothing_open_asks_for_no_other() -> None:
    assert Peer(Random(1), Identities(), Carried()).on_wake(5.0) == []


def test_a_wake_is_not_due_again_at_once() -> None:
    scene = Scene()
    [wake] = scene.node.peer.on_wake(scene.network.now)
    assert isinstance(wake, WakeAt)
    assert wake.at > scene.network.now + 1
    just_before = wake.at - limits.MIN_WAKE / 2
    assert scene.node.peer.on_wake(just_before) == [WakeAt(just_before + limits.MIN_WAKE)]


@pytest.mark.parametrize(
    "do",
    [
        lambda scene: scene.node.publish(scene.ana.resources(limits.MAX_PUSHED + 1)),
        lambda scene: scene.node.carry(Carried(frozenset({scene.cyd.key}))),
        lambda scene: scene.node.perform(scene.node.peer.resync(scene.network.now)),
        lambda scene: scene.node.perform(
            scene.node.peer.accept(scene.network.now, scene.stranger.their_end.link, b"", b"")[1]
        ),
    ],
    ids=["publish", "carry", "resync", "accept"],
)
def test_what_the_owner_does_is_followed_up_though_nobody_answers(do: object) -> None:
    """Each leads to a question, and a question that nobody answers ends the link after its patience, not later."""
    assert callable(do)
    scene = Scene(dials=False)
    [sub] = scene.wait(0)
    assert isinstance(sub, Sub)
    scene.send(scene.carry_all(sub))
    for session in (3, 5):
        scene.send(NegSame(session))
    # The next that is due by itself is the end of a silent link, a minute from here.
    assert [type(frame) for frame in scene.wait(limits.PING_AFTER + 1)] == [Ping]
    do(scene)
    scene.wait(limits.PROGRESS_TIMEOUT + 1)
    assert scene.stranger.closed == "no progress"


def test_an_answer_that_comes_when_the_link_is_gone_does_nothing() -> None:
    scene = Scene()
    scene.network.storage = (1.0, 1.0)
    scene.send(Get(1, bytes(32)), IHave(3, bytes(32), b"\0"))
    scene.network.close(scene.stranger.their_end, "broken")
    before = len(scene.stranger.their_end.sent)
    scene.wait(5)
    assert len(scene.stranger.their_end.sent) == before
    assert scene.node.peer.links() == []


# --- What is new ----------------------------------------------------------------------------------------


def test_what_was_stored_together_is_told_in_one_frame_and_not_to_who_brought_it() -> None:
    scene = subscribed()
    other, answers = scene.another(), list[tuple[Token, list[Message]]]()
    other.subscribe(1, Filter.of_authors({scene.ana.key}))
    stored = scene.node.peer.on_stored
    scene.node.peer.on_stored = lambda now, token, new: answers.append((token, new)) or []  # type: ignore[method-assign,assignment]
    said = [scene.ana.say(WORDS, EPOCH + one) for one in range(2)]
    for message in said:
        other.stranger.send(Messages(0, ((0, message.encode()),), more=False))
    assert other.wait() == []
    assert len(answers) == 2
    for number, (token, new) in enumerate(answers):
        scene.node.perform(stored(scene.network.now, token, new, more=number == 0))
    assert scene.wait() == [Messages(0, tuple((0, message.encode()) for message in said), more=False)]
    assert other.wait() == []


def test_what_is_told_together_is_never_too_much_to_be_pushed() -> None:
    scene, stored = subscribed(), list[tuple[float, Token, list[Message]]]()
    other = scene.another()
    real = scene.node.peer.on_stored
    scene.node.peer.on_stored = lambda now, token, new: stored.append((now, token, new)) or []  # type: ignore[method-assign,assignment]
    for _ in range(3):
        said = scene.ana.resources(limits.MAX_PUSHED // 2)
        other.stranger.send(Messages(0, tuple((0, one.encode()) for one in said), more=False))
    assert other.wait() == []
    for left, (now, token, new) in zip((2, 1, 0), stored, strict=True):
        scene.node.perform(real(now, token, new, more=bool(left)))
    assert [len(frame.messages) for frame in scene.wait() if isinstance(frame, Messages)] == [
        limits.MAX_PUSHED,
        limits.MAX_PUSHED // 2,
    ]


def test_a_push_to_many_links_is_put_into_a_frame_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[Frame]()
    encode = peer.encode_frame
    monkeypatch.setattr(peer, "encode_frame", lambda frame: made.append(frame) or encode(frame))
    scene = subscribed()
    others = [scene.another() for _ in range(3)]
    for other in others:
        other.subscribe(1, Filter.of_authors({scene.ana.key}))
    made.clear()
    scene.node.publish([scene.ana.say(WORDS, EPOCH)])
    assert len(made) == 1
    assert [one.wait() for one in (scene, *others)] == [made] * 4
