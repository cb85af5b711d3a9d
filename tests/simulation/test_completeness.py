"""What somebody hides behind a fingerprint that fits is found by the ends of chains."""

from collections.abc import Callable

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.completing import Completing
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.message import Message
from simulator.author import Author
from simulator.network import Network, SimulatedNode

SEEDS = range(8)
TWO_PERIODS = 2 * limits.SYNC_INTERVAL * (1 + limits.SYNC_JITTER)


@pytest.fixture
def colliding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody found sets that collide: those of one size all have one fingerprint."""
    monkeypatch.setattr(SetSum, "fingerprint", lambda summed: bytes(limits.FINGERPRINT_SIZE))


class Plot:
    """Ana follows Cyd and Eve at two core nodes. Eve made a message for whoever lacks one of Cyd's, so that the sets
    of all three have one size, and one fingerprint; the first core node lacks it too."""

    def __init__(self, seed: int, hide: Callable[[list[Message]], Message]) -> None:
        self.network = Network(seed)
        self.cyd, eve = Author(3), Author(5)
        self.said = self.cyd.resources(20)
        self.hidden = hide(self.said)
        [decoy] = eve.resources(1)
        names = ("ana", "liar", "honest")
        self.ana, self.liar, self.honest = (
            SimulatedNode(self.network, name, Author(10 + place)) for place, name in enumerate(names)
        )
        everybody = [self.ana.author, self.liar.author, self.honest.author, self.cyd, eve]
        for node in (self.ana, self.liar, self.honest):
            node.hold([one.inception for one in everybody])
            node.carry_all(one.key for one in everybody)
            deceived = node is not self.honest
            node.hold([one for one in self.said if not (deceived and one is self.hidden)])
            node.hold([decoy] if deceived else [])

    def link(self, *cores: SimulatedNode) -> None:
        for core in cores:
            self.network.connect(self.ana, core, takes_turns=True)
        self.network.run(TWO_PERIODS)

    @property
    def is_found(self) -> bool:
        return self.hidden.id in self.ana.store.messages


HIDDEN: dict[str, Callable[[list[Message]], Message]] = {
    "the last": lambda said: said[-1],
    "one in between": lambda said: said[7],
    "the first": lambda said: said[0],
}


@pytest.mark.parametrize("place", HIDDEN)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_hidden_message_is_found_within_two_periods_at_whoever_has_it(
    seed: int, place: str, colliding: None
) -> None:
    plot = Plot(seed, HIDDEN[place])
    plot.link(plot.liar, plot.honest)
    assert plot.is_found
    assert set(plot.ana.store.messages) == set(plot.honest.store.messages), (
        "and what else was hidden, with it"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_without_the_ends_of_chains_it_stays_hidden(
    seed: int, colliding: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Completing, "begin", lambda completing, now: None)
    plot = Plot(seed, HIDDEN["the last"])
    plot.link(plot.liar, plot.honest)
    assert not plot.is_found
    assert all(one.is_settled for one in plot.ana.peer.links())


def test_who_asks_only_who_hides_it_does_not_find_it_and_asks_in_vain_only_now_and_then(
    colliding: None,
) -> None:
    plot = Plot(1, HIDDEN["one in between"])
    plot.link(plot.liar)
    assert not plot.is_found
    sent = sum(len(data) for end in plot.ana.ends.values() for data in end.sent)
    plot.network.run(6 * 3600)
    after = sum(len(data) for end in plot.ana.ends.values() for data in end.sent)
    assert (after - sent) / 36 < 4_096, "bytes a period, pings among them"


def test_equal_chains_cost_one_short_question_a_period() -> None:
    network = Network(2)
    ana, core = (SimulatedNode(network, name, Author(seed)) for name, seed in (("ana", 1), ("core", 2)))
    people = [Author(100 + number) for number in range(300)]
    for node in (ana, core):
        node.hold([one.inception for one in [ana.author, core.author, *people]])
        node.carry_all(one.key for one in [ana.author, core.author, *people])
    network.connect(ana, core)
    network.run(5)
    end = next(iter(ana.ends.values()))
    sent, other = len(end.sent), end.other
    assert other is not None
    came = len(other.sent)
    network.run(limits.SYNC_INTERVAL * (1 + limits.SYNC_JITTER) + 5)
    asked = [len(data) for data in end.sent[sent:]]
    assert sum(asked) < 45 * 60, "two comparisons, two questions about chains, and pings"
    assert max(map(len, other.sent[came:])) < 100
