"""What it costs to find out that a hundred thousand messages are equal, or which of them are not."""

from dataclasses import dataclass, field
from random import Random

import pytest

from hedgerow_protocol import peer
from hedgerow_protocol.frame import (
    Frame,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    encode_frame,
)
from hedgerow_protocol.message import Message
from simulator.author import EPOCH, Author
from simulator.network import End, Network, SimulatedNode

SIZE = 100_000
DIFFERENT = 200
SESSION = (NegOpen, NegSame, NegDiffers, NegMsg, NegClose, NegErr)


@dataclass
class Corpus:
    """A large set of one author, and some messages that the other side lacks."""

    author: Author = field(default_factory=lambda: Author(1))
    common: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Nobody checks them again, since both sides hold them from the beginning.
        self.common = self.author.unsigned(SIZE)
        self.newest = self.author.resources(DIFFERENT, start=EPOCH + SIZE)
        places = sorted(Random(1).sample(range(SIZE), DIFFERENT))
        self.scattered = [self.author.resources(1, start=EPOCH + place)[0] for place in places]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus()


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the frames of all sessions, as they are sent."""
    sizes: list[int] = []

    def encode_and_count(frame: Frame) -> bytes:
        data = encode_frame(frame)
        if isinstance(frame, SESSION):
            sizes.append(len(data))
        return data

    monkeypatch.setattr(peer, "encode_frame", encode_and_count)
    return sizes


def linked(
    corpus: Corpus, ours: list[Message], theirs: list[Message]
) -> tuple[SimulatedNode, SimulatedNode, End, End]:
    """Ben, who holds the corpus and `ours`, dials Ana, who holds it and `theirs`; until all is settled."""
    network, ben_author = Network(1), Author(2)
    ana = SimulatedNode(network, "ana", corpus.author, [ben_author.key])
    ben = SimulatedNode(network, "ben", ben_author, [corpus.author.key])
    for node, more in ((ana, theirs), (ben, ours)):
        node.hold([corpus.author.inception, ben_author.inception])
        node.store.put(corpus.common)
        node.store.put(more)
    our_end, their_end = network.connect(ben, ana)
    network.run(20)
    assert ana.store.messages == ben.store.messages
    assert all(state.is_settled for state in ben.peer.links())
    return ana, ben, our_end, their_end


def test_a_hundred_thousand_equal_messages_settle_in_one_round_of_400_bytes(
    corpus: Corpus, sessions: list[int]
) -> None:
    _, _, ours, theirs = linked(corpus, [], [])
    assert sum(map(len, ours.sent[2:])) <= 400
    assert sum(map(len, theirs.sent[1:])) <= 400
    assert len(sessions) == 4, "an opening and an answer for each of two sets"


@pytest.mark.parametrize(
    ("which", "most"), [("newest", 6_000), ("scattered", 220_000)], ids=["the newest", "scattered"]
)
def test_of_a_hundred_thousand_200_that_differ_are_found_at_little_cost(
    corpus: Corpus, sessions: list[int], which: str, most: int
) -> None:
    different: list[Message] = getattr(corpus, which)
    ours, theirs = different[::2], different[1::2]
    ana, ben, _, _ = linked(corpus, ours, theirs)
    assert {message.id for message in ben.delivered} == {message.id for message in theirs}
    assert {message.id for message in ana.delivered} == {message.id for message in ours}
    assert sum(sessions) <= most


@pytest.mark.parametrize("is_ours", [True, False])
def test_what_only_one_side_has_costs_little_more_than_its_ids(
    corpus: Corpus, sessions: list[int], is_ours: bool
) -> None:
    newest = corpus.newest
    ana, ben, _, _ = linked(corpus, newest if is_ours else [], [] if is_ours else newest)
    assert {message.id for message in (ana if is_ours else ben).delivered} == {
        message.id for message in newest
    }
    assert sum(sessions) <= 32 * DIFFERENT + 2_500
