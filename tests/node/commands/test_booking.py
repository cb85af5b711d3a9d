"""The address book as its owner sees it: why a node is known, lists from one to the other, forgetting."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.invitations import Terms
from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys
from hedgerow_protocol.address_record import AddressRecord, SignedAddress, sign_record
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.node_list import sign_list
from node.calling import call

PLACE = "ws://93.184.216.34:4545/peer"
SEED = bytes([5]) * 32
DEVICE = DeviceKey(keys.public_key(SEED))


@pytest.fixture
async def ana(tmp_path: Path) -> AsyncIterator[Node]:
    node = await Node.open(Home(tmp_path / "ana"), Clock())
    network = await Network.open(node, is_kept=True)
    yield node
    await network.close()
    await node.close()


def record(node: Node, **changes: object) -> SignedAddress:
    net, now = node.keys.inception.header.net, int(node.clock.now())
    said = AddressRecord(net, DEVICE, AuthorKey(bytes([6]) * 32), (PLACE,), now, 86_400, "School")
    return sign_record(replace(said, **changes), SEED)  # type: ignore[arg-type]


def listed(node: Node, *records: SignedAddress, name: str = "Seeds of Ben") -> str:
    net = node.keys.inception.header.net
    made = sign_list(net, AuthorKey(bytes([7]) * 32), name, 1_700_000_000, records, os.urandom(32))
    return made.to_text()


async def test_a_list_is_shown_with_its_maker_before_and_taken_in_after(ana: Node) -> None:
    text = f"Begin here:\n{listed(ana, record(ana))}\n"
    shown = await call(ana, "peers add", text=text, accept=False)
    assert (shown["kind"], shown["name"], shown["added"]) == ("list", "Seeds of Ben", 0)
    assert (await call(ana, "peers book"))["total"] == 0
    assert (await call(ana, "peers add", text=text))["added"] == 1
    assert (await call(ana, "peers add", text=text))["added"] == 0
    found = await call(ana, "peers book")
    [node] = found["nodes"]
    assert (found["total"], found["met"]) == (1, 0)
    assert (node["label"], node["address"], node["met"], node["vain"]) == ("School", PLACE, None, 0)
    assert node["told_by"].startswith("z6Mk") or node["told_by"]
    assert len(await call_candidates(ana)) == 1


async def call_candidates(node: Node) -> list[KnownPeer]:
    assert isinstance(node.network, Network)
    return await node.network.discovering.candidates(3)


async def test_a_list_that_is_old_is_still_good_to_begin_with(ana: Node) -> None:
    old = record(ana, ts=1_700_000_000, ttl=60)
    assert (await call(ana, "peers add", text=listed(ana, old)))["added"] == 1


@pytest.mark.parametrize("text", ["hedgerow-nodes:", "hedgerow-nodes:AAAA"])
async def test_what_is_no_list_is_a_problem(ana: Node, text: str) -> None:
    with pytest.raises(Problem) as wrong:
        await call(ana, "peers add", text=text)
    assert wrong.value.kind is Code.LIST_WRONG


async def test_a_list_of_another_network_is_a_problem(ana: Node) -> None:
    text = sign_list(7, AuthorKey(bytes(32)), "", 0, [record(ana, net=7)], SEED).to_text()
    with pytest.raises(Problem) as wrong:
        await call(ana, "peers add", text=text)
    assert wrong.value.kind is Code.LIST_WRONG


async def test_the_places_of_an_invite_are_called_without_accepting_it(ana: Node, tmp_path: Path) -> None:
    ben = await Node.open(Home(tmp_path / "ben"), Clock())
    network = await Network.open(ben, listen="127.0.0.1:0", is_kept=True)
    try:
        invite = (await network.inviting.issue(Terms())).to_text()
        shown = await call(ana, "peers add", text=invite)
        assert (shown["kind"], shown["added"]) == ("invite", 1)
        assert [one["device"] for one in (await call(ana, "peers"))["peers"]] == [keys.did_of(ben.device)]
        assert await ana.store.views.follows(ana.author) == set()
        await call(ana, "peers forget", device=keys.did_of(ben.device))
        assert await ana.store.peers.all() == []
    finally:
        await network.close()
        await ben.close()


async def test_a_node_is_forgotten_and_one_that_is_not_known_is_a_problem(ana: Node) -> None:
    await call(ana, "peers add", text=listed(ana, record(ana)))
    await call(ana, "peers forget", device=keys.did_of(DEVICE))
    assert (await call(ana, "peers book"))["total"] == 0
    for device in (keys.did_of(DEVICE), "nobody"):
        with pytest.raises(Problem) as wrong:
            await call(ana, "peers forget", device=device)
        assert wrong.value.kind is Code.NO_SUCH_NODE


async def test_a_list_is_made_of_who_was_met_and_others_can_begin_with_it(ana: Node, tmp_path: Path) -> None:
    await call(ana, "peers add", text=listed(ana, record(ana)))
    with pytest.raises(Problem) as nobody:
        await call(ana, "peers save")
    assert nobody.value.kind is Code.NO_NODES_MET
    await ana.store.book.meet(DEVICE, PLACE, ana.clock.now())
    made = await call(ana, "peers save")
    assert made["nodes"] == 1
    ben = await Node.open(Home(tmp_path / "ben"), Clock())
    try:
        taken = await call(ben, "peers add", text=made["list"])
        assert (taken["did"], taken["added"]) == (ana.keys.did, 1)
    finally:
        await ben.close()
