"""Who keeps of somebody only what withdraws learns from the links of a chain how far a removed device counts."""

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.completing import Completing
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import GetHeaders, Mode, Sub
from simulator.author import EPOCH, Author
from simulator.network import Network, SimulatedNode
from simulator.scene import Scene, answered

SEEDS = range(6)


class Lost:
    """Cyd lost a laptop, withdrew something with it before that, and removed it. Ana still has the text and follows
    Cyd no more; the seed carries Cyd."""

    def __init__(self, seed: int, *, chain: int = 9) -> None:
        self.network = Network(seed)
        self.cyd = Author(3)
        laptop = self.cyd.another_device()
        added = self.cyd.update(added=[laptop])
        [self.text] = self.cyd.resources(1)
        before = laptop.resources(chain, start=EPOCH + 100)
        self.withdrawal = laptop.retract(self.text, ts=EPOCH + 500)
        after = laptop.resources(chain, start=EPOCH + 600)
        self.forged = laptop.resources(3, start=EPOCH + 900)
        removed = self.cyd.update(removed={laptop.device: ((after[-1].header.seq, after[-1].id),)})
        self.chain = [*before, self.withdrawal, *after]
        self.ana = SimulatedNode(self.network, "ana", Author(1))
        self.seed = SimulatedNode(self.network, "seed", Author(4))
        logs = [self.cyd.inception, added]
        self.ana.hold([*logs, self.text])
        self.seed.hold([*logs, self.text, removed, *self.chain])
        self.seed.carry_all([self.seed.author.key, self.ana.author.key, self.cyd.key])
        self.ana.carry(Carried(frozenset({self.ana.author.key}), held=frozenset({self.cyd.key})))

    def link(self) -> None:
        self.network.connect(self.ana, self.seed)
        self.network.run(2 * limits.SYNC_INTERVAL)

    @property
    def has_text(self) -> bool:
        return self.ana.store.messages[self.text.id].body is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_withdrawal_of_a_removed_device_is_honoured_by_who_lacks_its_other_messages(seed: int) -> None:
    lost = Lost(seed)
    lost.link()
    assert lost.withdrawal.id in lost.ana.store.messages
    assert not lost.has_text
    content = [
        one for one in lost.ana.store.messages.values() if one.header.device == lost.chain[0].header.device
    ]
    assert all(one.body is None or one.header.is_control for one in content), "no text came for it"


def test_without_the_links_of_the_chain_it_stays_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Completing, "fill", lambda completing, now: None)
    lost = Lost(1)
    lost.link()
    assert lost.has_text
    assert lost.withdrawal.id in lost.ana.store.aside


def test_a_long_chain_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_HEADERS", 5)
    lost = Lost(2)
    for _ in range(6):
        lost.link()
    assert not lost.has_text


def test_what_no_cut_reaches_is_not_taken_for_a_link() -> None:
    lost = Lost(3)
    lost.seed.store.messages.update({one.id: one for one in lost.forged})
    lost.link()
    assert all(one.id not in lost.ana.store.messages for one in lost.forged)
    assert not lost.has_text


def test_links_are_given_of_those_alone_who_are_shown() -> None:
    scene = Scene()
    said = scene.cyd.resources(3)
    scene.node.hold([scene.cyd.inception, *said])
    assert scene.send(GetHeaders(1, said[-1].id, 0, 10)) == [answered(1)]
    own = scene.ana.resources(3)
    scene.node.hold(own)
    bare = [one.without_body() for one in own]
    assert scene.send(GetHeaders(3, own[-1].id, 0, 10)) == [answered(3, bare[2], bare[1], bare[0])]
    assert scene.send(GetHeaders(5, own[-1].id, 1, 10)) == [answered(5, bare[2], bare[1])]
    assert scene.send(GetHeaders(7, own[-1].id, 0, 1)) == [answered(7, bare[2])]
    assert scene.send(GetHeaders(9, bytes(32), 0, 10)) == [answered(9)]
    assert scene.send(Sub(11, Filter.of_authors({scene.ana.key}).encode(), Mode.OFF))
