"""Where chains end in a database, and what is missing in them: as a store in memory says."""

from pathlib import Path
from random import Random

import pytest

from hedgerow_protocol.effects import LoadChains, LoadEnds, LoadLinks, Token
from node.store.opened import NOW, opened
from simulator.author import EPOCH, Author
from simulator.memory_store import MemoryStore


@pytest.mark.parametrize("seed", range(4))
async def test_heads_and_holes_are_what_a_simple_store_finds(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    ana, ben, cyd = Author(1), Author(2), Author(3)
    phone = ana.another_device()
    added = ana.update(added=[phone])
    said = [*ana.resources(12), *phone.resources(9), *ben.resources(1)]
    said.append(ana.retract(said[2], ts=EPOCH + 99))
    held = [ana.inception, ben.inception, cyd.inception, added, *random.sample(said, len(said) - 6)]
    random.shuffle(held)
    simple = MemoryStore(held)
    devices = ((ana.key, ana.device), (ana.key, phone.device), (ben.key, ben.device), (cyd.key, cyd.device))
    async with opened(tmp_path) as store:
        await store.messages.put(held, received=NOW)
        found = await store.messages.chains(devices, 100)
        few = await store.messages.chains(devices, 2)
    expected = simple.load(LoadChains(Token(1), devices, 100))
    assert found.heads == expected.heads  # type: ignore[attr-defined]
    assert set(found.missing) == set(expected.missing)  # type: ignore[attr-defined]
    assert few.heads == found.heads
    assert len(few.missing) == min(2, len(found.missing))


async def test_whom_nothing_is_held_of_has_no_chain(tmp_path: Path) -> None:
    ana = Author(1)
    async with opened(tmp_path) as store:
        assert await store.messages.chains(((ana.key, ana.device),), 9) == await store.messages.chains((), 9)


@pytest.mark.parametrize("seed", range(4))
async def test_links_and_where_walks_wait_are_what_a_simple_store_finds(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    ana = Author(1)
    phone = ana.another_device()
    added = ana.update(added=[phone])
    chain = phone.resources(12)
    tips = ((chain[9].header.seq, chain[9].id), (chain[4].header.seq, chain[4].id))
    removed = ana.update(removed={phone.device: tips})
    held = random.sample(chain, 7)
    simple = MemoryStore()
    async with opened(tmp_path) as store:
        for message in [ana.inception, added, removed]:
            store.messages.identities.learn(message)
            simple.identities.learn(message)
        await store.messages.put([ana.inception, added, removed, *held], received=NOW)
        simple.put([ana.inception, added, removed, *held])
        found = await store.messages.ends([ana.key], 9)
        links = [await store.messages.links(one.id, 2, 5) for one in chain]
        assert await store.messages.ends([Author(2).key], 9) == []
    assert set(found) == set(simple.load(LoadEnds(Token(1), (ana.key,), 9)))  # type: ignore[call-overload]
    assert links == [simple.load(LoadLinks(Token(1), one.id, 2, 5)) for one in chain]
