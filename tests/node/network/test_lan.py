"""Nodes nearby, over real multicast on the loopback interface: off until asked, shown, and joined only by an invite."""

import errno
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from hedgerow_node.config import MAX_NEARBY, NEAR_INVITE_LIFE
from hedgerow_node.links import lan
from hedgerow_node.links.lan import SERVICE, Lan, own_ips
from hedgerow_node.nearby import Nearness
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import keys
from node.calling import call
from node.network.world import Person, World, eventually

LOOPBACK = ("127.0.0.1",)
HERE = Nearness(LOOPBACK)
KEY = keys.public_key(bytes([8]) * 32)


def can_multicast() -> bool:
    """Whether this computer lets multicast through on its loopback interface."""
    script = Path(__file__).with_name("multicast.py")
    return subprocess.run([sys.executable, str(script)], capture_output=True, timeout=20).returncode == 0


if not os.environ.get("CI") and not can_multicast():
    pytest.skip("no multicast on the loopback interface", allow_module_level=True)


async def person(world: World, name: str, *, listens: bool, near: Nearness | None = HERE) -> Person:
    one = Person(name, world.folder)
    one.listen, one.near = ("127.0.0.1:0" if listens else None), near
    world.people.append(one)
    await one.start()
    return one


def devices(one: Person) -> set[bytes]:
    return {nearby.device for nearby in one.network.nearby.found()}


@asynccontextmanager
async def stranger(**changes: str | None) -> AsyncIterator[AsyncServiceInfo]:
    """Somebody nearby who says this of himself."""
    said = {
        "v": "1",
        "net": "1",
        "device": urlsafe_b64encode(KEY).decode().rstrip("="),
        "path": "/peer",
        "name": "Mallory",
    }
    said |= {name: value for name, value in changes.items() if value is not None}
    kept = {name: value for name, value in said.items() if changes.get(name, "") is not None}
    info = AsyncServiceInfo(
        SERVICE,
        f"mallory.{SERVICE}",
        port=4545,
        parsed_addresses=["127.0.0.1"],
        properties=kept,
        server="mallory.local.",
    )
    zeroconf = AsyncZeroconf(interfaces=list(LOOPBACK))
    try:
        await (await zeroconf.async_register_service(info))
        yield info
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


async def test_nodes_nearby_are_shown_with_name_and_key_and_go_when_they_stop(world: World) -> None:
    ana = await person(world, "ana", listens=True)
    ben = await person(world, "ben", listens=False)
    await eventually(lambda: ana.node.device in devices(ben), "ben sees ana")
    [nearby] = ben.network.nearby.found()
    assert nearby.addresses == (f"ws://{ana.network.address}/peer",)
    shown = await call(ben.node, "peers near")
    assert shown["looks"] is True
    assert [one["device"] for one in shown["nodes"]] == [keys.did_of(ana.node.device)]
    # Who lets nobody in says nothing of himself.
    assert devices(ana) == set()
    await ana.stop()
    await eventually(lambda: devices(ben) == set(), "ana is gone")


async def test_nobody_nearby_is_dialled_or_kept_before_an_invite_is_accepted(world: World) -> None:
    ana = await person(world, "ana", listens=True)
    ben = await person(world, "ben", listens=False)
    await eventually(lambda: ana.node.device in devices(ben), "ben sees ana")
    await ben.network.discovering.look_around()
    assert ben.network.links() == []
    assert ben.network.dialled() == {}
    assert await ben.node.store.book.all() == []
    made = await call(ana.node, "invite", near=True, uses=5, days=7)
    assert made["uses"] == 1
    assert made["expires"] <= ana.clock.now() + NEAR_INVITE_LIFE + 1
    await ben.accept(str(made["invite"]))
    shown = await call(ben.node, "peers near")
    assert [one["joined"] for one in shown["nodes"]] == [True]


async def test_a_code_for_somebody_nearby_is_used_up_by_one(world: World) -> None:
    ana = await person(world, "ana", listens=True)
    ben, cyd = [await person(world, name, listens=False) for name in ("ben", "cyd")]
    made = str((await call(ana.node, "invite", near=True))["invite"])
    await ben.accept(made)
    with pytest.raises(Problem) as used:
        await cyd.accept(made)
    assert used.value.kind is Code.INVITE_USED


async def test_it_is_off_until_asked(world: World) -> None:
    ana = await person(world, "ana", listens=True, near=None)
    ben = await person(world, "ben", listens=False)
    async with stranger():
        await eventually(lambda: KEY in devices(ben), "ben sees the stranger")
    assert ana.node.device not in devices(ben)
    assert await call(ana.node, "peers near") == {"looks": False, "nodes": []}


def test_the_library_is_not_loaded_before_somebody_asks() -> None:
    script = "import sys, hedgerow_node.app; sys.exit('zeroconf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"v": "2"},
        {"net": "7"},
        {"net": None},
        {"device": "AAAA"},
        {"device": "%%%"},
        {"device": urlsafe_b64encode(bytes(32)).decode().rstrip("=")},
        {"device": None},
        {"path": "peer"},
        {"path": "/\x07"},
        {"path": None},
    ],
)
def test_what_is_no_node_of_our_network_is_not_shown(changes: dict[str, str | None]) -> None:
    said = {"v": "1", "net": "1", "device": urlsafe_b64encode(KEY).decode().rstrip("="), "path": "/peer"}
    properties = {name: value for name, value in (said | changes).items() if value is not None}
    info = AsyncServiceInfo(
        SERVICE, f"x.{SERVICE}", port=1, parsed_addresses=["127.0.0.1"], properties=properties
    )
    looking = Lan(1, keys.DeviceKey(bytes(32)), LOOPBACK, lambda: None)
    assert looking._read(info) is None
    right = AsyncServiceInfo(SERVICE, f"x.{SERVICE}", port=1, parsed_addresses=["127.0.0.1"], properties=said)
    assert looking._read(right) is not None


def test_a_name_without_end_is_cut() -> None:
    said = {"v": "1", "net": "1", "device": urlsafe_b64encode(KEY).decode().rstrip("="), "path": "/peer"}
    info = AsyncServiceInfo(
        SERVICE,
        f"x.{SERVICE}",
        port=1,
        parsed_addresses=["127.0.0.1", "::1"],
        properties={**said, "name": "ü" * 100},
    )
    nearby = Lan(1, keys.DeviceKey(bytes(32)), LOOPBACK, lambda: None)._read(info)
    assert nearby is not None
    assert nearby.name == "ü" * 64
    assert nearby.addresses == ("ws://127.0.0.1:1/peer", "ws://[::1]:1/peer")


async def test_a_crowd_of_services_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    looking = Lan(1, keys.DeviceKey(bytes(32)), LOOPBACK, lambda: None)
    places = iter(range(10_000))

    async def answer(self: AsyncServiceInfo, *rest: object) -> bool:
        return True

    monkeypatch.setattr(AsyncServiceInfo, "async_request", answer)
    monkeypatch.setattr(
        looking,
        "_read",
        lambda info: lan.Nearby(keys.DeviceKey(next(places).to_bytes(32)), "", ("ws://a/",)),
    )
    for number in range(3 * MAX_NEARBY):
        await looking._ask(None, f"{number}.{SERVICE}")  # type: ignore[arg-type]
    assert len(looking.found()) <= MAX_NEARBY


async def test_a_computer_without_a_network_runs_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**interfaces: object) -> None:
        raise OSError(errno.ENETUNREACH, "no network")

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", fail)
    ana = await person(world, "ana", listens=True)
    assert not ana.network.nearby.is_on
    assert ana.network.own_address == f"ws://{ana.network.address}/peer"


async def test_a_computer_that_wakes_up_elsewhere_looks_anew(world: World) -> None:
    ana = await person(world, "ana", listens=True)
    ben = await person(world, "ben", listens=False)
    await eventually(lambda: ana.node.device in devices(ben), "ben sees ana")
    await ben.network.nearby.again()
    await eventually(lambda: ana.node.device in devices(ben), "ben sees ana again")


def test_a_listener_on_every_address_is_reached_at_those_of_the_computer() -> None:
    assert own_ips("127.0.0.1") == ("127.0.0.1",)
    assert "0.0.0.0" not in own_ips("0.0.0.0")
