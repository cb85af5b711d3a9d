"""Told addresses: only public ones are dialled, and nobody's port is hammered, whatever names and keys lead there."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from random import Random

import pytest

from hedgerow_node.links.dial import Dialler
from hedgerow_node.links.outward import LET_ALONE, NOT_PUBLIC, Outward
from hedgerow_node.problems import Code, Problem


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def outward(clock: Hands | None = None, *, allows_private: bool = False) -> Outward:
    return Outward(clock or Hands(), Random(1), allows_private=allows_private)


@pytest.mark.parametrize(
    "address",
    [
        "ws://127.0.0.1:4545/peer",
        "ws://10.1.2.3:4545/peer",
        "ws://192.168.1.1/peer",
        "ws://169.254.169.254/peer",
        "ws://100.64.0.1/peer",
        "ws://0.0.0.0:4545/peer",
        "ws://224.0.0.1:4545/peer",
        "ws://[::1]:4545/peer",
        "ws://[fe80::1]/peer",
        "ws://[fd00::1]/peer",
        "ws://[::ffff:127.0.0.1]/peer",
        "ws://[64:ff9b::10.0.0.1]/peer",
        "ws://[2002:a00:1::]/peer",
        "ws://localhost:4545/peer",
        "ws://printer.local/peer",
        "ws://router/peer",
        "ws://2130706433/peer",
        "ws://127.1/peer",
        "ws://0x7f.0.0.0x1/peer",
        "wss://seed.example.org:22/peer",
        "wss://seed.example.org:25/peer",
        "wss://seed.example.org:0/peer",
        "wss://seed.example.org:99999/peer",
        "https://seed.example.org/peer",
        "wss://Seed.example.org/peer",
    ],
)
def test_what_is_not_public_or_no_address_of_a_node_is_not_dialled(address: str) -> None:
    assert not outward().may_lead(address)


@pytest.mark.parametrize(
    "address",
    [
        "wss://seed.example.org/peer",
        "ws://seed.example.org:4545/peer",
        "ws://93.184.216.34:1024/peer",
        "ws://[2606:2800:220:1::1]/peer",
        "wss://seed.example.org:443/",
    ],
)
def test_what_is_public_may_be_dialled(address: str) -> None:
    assert outward().may_lead(address)


def test_a_setting_lets_a_closed_network_be_dialled() -> None:
    closed = outward(allows_private=True)
    assert closed.may_lead("ws://127.0.0.1:4545/peer")
    assert closed.may_lead("ws://router:4545/peer")
    assert not closed.may_lead("ws://127.0.0.1:25/peer")
    closed.enter("127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "::1", "fe80::1%eth0", "::ffff:192.168.0.1"])
def test_a_name_that_leads_to_an_address_that_is_not_public_leads_nowhere(host: str) -> None:
    with pytest.raises(OSError, match=NOT_PUBLIC):
        outward().enter(host)


def test_pauses_double_with_each_try_in_vain_and_end_when_a_node_answers() -> None:
    clock = Hands()
    found = outward(clock)
    gaps: list[float] = []
    for _ in range(8):
        began = clock.now
        while True:
            try:
                found.enter("93.184.216.34")
                break
            except OSError:
                clock.now += 5.0
        gaps.append(clock.now - began)
    assert gaps[0] == 0.0
    assert all(60.0 * 2**at <= gap <= 60.0 * 2**at * 1.25 + 5 for at, gap in enumerate(gaps[1:]))
    found.answered("93.184.216.34")
    found.enter("93.184.216.34")


def tries(found: Outward, hosts: list[str]) -> int:
    """How many of these are dialled at one moment."""
    count = 0
    for host in hosts:
        try:
            found.enter(host)
        except OSError:
            continue
        count += 1
    return count


def test_a_network_is_let_alone_after_a_few_tries_in_vain_in_it() -> None:
    assert tries(outward(), [f"93.184.216.{number}" for number in range(1, 250)]) == 5
    assert tries(outward(), [f"2606:2800:220::{number:x}" for number in range(1, 250)]) == 5


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hedgerow_node.links.outward.MAX_REMEMBERED_TARGETS", 10)
    found = outward()
    tries(found, [f"93.{number}.0.1" for number in range(100)])
    assert len(found._targets) <= 11


# --- A victim -------------------------------------------------------------------------------------------


@asynccontextmanager
async def victim() -> AsyncIterator[tuple[int, list[object]]]:
    """A port of somebody who is no node, and the connections that came to it."""
    came: list[object] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("peername"))
        writer.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], came
    finally:
        listening.close()


async def dial_all(dialler: Dialler, addresses: list[str]) -> list[Problem]:
    problems = []
    for address in addresses:
        try:
            await dialler.dial_told(address)
        except Problem as problem:
            problems.append(problem)
    return problems


async def test_a_hundred_records_that_name_a_victim_lead_to_one_connection() -> None:
    clock = Hands()
    dialler = Dialler(outward(clock, allows_private=True))
    try:
        async with victim() as (port, came):
            many = [f"ws://127.0.0.1:{port}/{number}" for number in range(50)]
            many += [f"ws://localhost:{port}/{number}" for number in range(50)]
            problems = await dial_all(dialler, many)
            assert len(came) == 1
            assert len(problems) == 100
            assert {problem.kind for problem in problems} == {Code.PEER_UNREACHABLE}
            assert LET_ALONE in str(problems[1].detail)
            clock.now += 3_600
            await dial_all(dialler, many)
            assert len(came) == 2
    finally:
        await dialler.close()


async def test_without_the_pauses_the_same_records_hammer_the_victim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hedgerow_node.links.outward.TOLD_FREE", 10**6)
    monkeypatch.setattr("hedgerow_node.links.outward.TOLD_FREE_OF_NETWORK", 10**6)
    dialler = Dialler(outward(allows_private=True))
    try:
        async with victim() as (port, came):
            await dial_all(dialler, [f"ws://127.0.0.1:{port}/{number}" for number in range(20)])
            assert len(came) >= 20
    finally:
        await dialler.close()


async def test_a_public_name_that_leads_to_this_computer_is_not_dialled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with victim() as (port, came):
        real = asyncio.get_running_loop().getaddrinfo

        async def lie(host: str, *rest: object, **more: object) -> object:
            return await real("127.0.0.1" if host == "seed.example.org" else host, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lie)
        guarded, unguarded = Dialler(outward()), Dialler()
        try:
            [problem] = await dial_all(guarded, [f"ws://seed.example.org:{port}/peer"])
            assert NOT_PUBLIC in str(problem.detail)
            assert came == []
            # The lie works: without the guard the same name leads here.
            with pytest.raises(Problem):
                await unguarded.dial(f"ws://seed.example.org:{port}/peer")
            assert came
        finally:
            await guarded.close()
            await unguarded.close()


async def test_without_leave_nothing_that_was_told_is_dialled() -> None:
    dialler = Dialler()
    try:
        assert len(await dial_all(dialler, ["ws://93.184.216.34/peer"])) == 1
    finally:
        await dialler.close()


def test_a_socket_is_made_for_what_may_be_dialled() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 4545))
    with pytest.raises(OSError, match=NOT_PUBLIC):
        outward().open_socket(info)
    outward(allows_private=True).open_socket(info).close()
    assert ip_address("127.0.0.1").is_loopback
