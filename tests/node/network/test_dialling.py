"""Links out: one for each device, dialled again with pauses that grow, borrowed and let go."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from hedgerow_node import dialling as dialler
from hedgerow_node.clock import Clock
from hedgerow_node.dialling import Dialling
from hedgerow_node.links.bell import Bell
from hedgerow_node.links.noting import Noting
from hedgerow_node.logs import Log
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.errors import Reason
from hedgerow_protocol.keys import DeviceKey
from node.network.world import eventually

DEVICE = DeviceKey(bytes(32))
HERE = KnownPeer(DEVICE, "ws://here/peer")


class Line:
    """A telephone: dialling and links without sockets."""

    def __init__(self) -> None:
        self.dialled: list[str] = []
        self.answers: Callable[[str], bool] = lambda address: True
        self.open: dict[DeviceKey, LinkId] = {}
        self.why = "closed by the peer"
        self._ends: dict[DeviceKey, asyncio.Event] = {}
        self.bell = Bell()
        clock = Clock()
        noting = Noting(Log("test"), clock.monotonic)
        self.dialling = Dialling(clock, self._run, self.open.get, self.bell, noting)
        self.dialling._dialler.dial = self._dial  # type: ignore[method-assign,assignment]

    async def _dial(self, address: str) -> str:
        self.dialled.append(address)
        await asyncio.sleep(0)
        if not self.answers(address):
            raise Problem(Code.PEER_UNREACHABLE, address)
        return address

    async def _run(self, socket: object, peer: KnownPeer) -> str:
        self.open[peer.device] = LinkId(len(self.dialled))
        self._ends[peer.device] = asyncio.Event()
        self.bell.ring()
        try:
            await self._ends[peer.device].wait()
        finally:
            del self.open[peer.device]
        return self.why

    def hang_up(self, device: DeviceKey = DEVICE) -> None:
        self._ends[device].set()


@pytest.fixture
async def line(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    monkeypatch.setattr(dialler, "FIRST_RETRY", 0.02)
    monkeypatch.setattr(dialler, "LAST_RETRY", 0.08)
    line = Line()
    yield line
    await line.dialling.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_link_that_breaks_is_dialled_again(line: Line) -> None:
    line.dialling.keep(HERE)
    for count in (1, 2, 3):
        await eventually(lambda c=count: len(line.dialled) == c and DEVICE in line.open)
        line.hang_up()


async def test_pauses_grow_until_a_peer_takes_us_in(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    pause = line.dialling._pause

    async def noted(keeper):
        pauses.append(keeper.pause)
        keeper.hurry.set()
        await pause(keeper)

    monkeypatch.setattr(line.dialling, "_pause", noted)
    line.answers = lambda address: False
    line.dialling.keep(HERE)
    await eventually(lambda: len(pauses) >= 5)
    assert pauses[:5] == [0.02, 0.04, 0.08, 0.08, 0.08]
    line.answers = lambda address: True
    monkeypatch.setattr(dialler, "LAST_RETRY_OF_LINK", 0.06)
    for is_taken_in, expected in ((False, 0.06), (True, 0.02), (False, 0.04)):
        await eventually(lambda: DEVICE in line.open)
        if is_taken_in:
            line.dialling.taken_in(DEVICE)
        pauses.clear()
        line.hang_up()
        await eventually(lambda: bool(pauses))
        assert pauses[0] == expected


async def test_in_a_hurry_pauses_begin_anew(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    pause = line.dialling._pause

    async def noted(keeper):
        pauses.append(keeper.pause)
        await pause(keeper)

    monkeypatch.setattr(line.dialling, "_pause", noted)
    line.answers = lambda address: False
    line.dialling.keep(HERE)
    await eventually(lambda: len(pauses) == 4)
    line.dialling.hurry()
    await eventually(lambda: len(pauses) >= 5)
    assert pauses[:5] == [0.02, 0.04, 0.08, 0.08, 0.02]


async def test_there_is_one_link_to_a_device_however_often_it_is_wanted(line: Line) -> None:
    line.dialling.keep(HERE)
    line.dialling.keep(HERE)
    async with line.dialling.borrowed(HERE), line.dialling.borrowed(HERE) as (link, peer):
        assert line.dialled == ["ws://here/peer"]
        assert (link, peer) == (line.open[DEVICE], HERE)
    assert DEVICE in line.open


async def test_what_is_borrowed_is_let_go_by_the_last_who_borrowed_it(line: Line) -> None:
    async with line.dialling.borrowed(HERE):
        async with line.dialling.borrowed(HERE):
            pass
        assert DEVICE in line.open
    assert DEVICE not in line.open
    assert line.dialling.stages() == {}


async def test_what_is_borrowed_and_kept_stays(line: Line) -> None:
    async with line.dialling.borrowed(HERE) as (_, peer):
        line.dialling.keep(peer)
    assert DEVICE in line.open
    assert len(line.dialled) == 1


async def test_borrowing_tells_why_nobody_answers(line: Line) -> None:
    line.answers = lambda address: False
    with pytest.raises(Problem) as caught:
        async with line.dialling.borrowed(HERE):
            pass
    assert caught.value.detail == "ws://here/peer"
    assert line.dialling.stages() == {}


async def test_borrowing_tells_that_somebody_else_answers(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.why = "wrong_peer"

    async def refuse(socket: object, peer: KnownPeer) -> str:
        return line.why

    monkeypatch.setattr(line.dialling, "_run", refuse)
    with pytest.raises(Problem) as caught:
        async with line.dialling.borrowed(HERE):
            pass
    assert caught.value.kind is Code.WRONG_PEER


async def test_a_wrong_time_is_told_with_its_remedy(line: Line) -> None:
    line.why = Reason.BAD_CERTIFICATE.value
    assert line.dialling.why_not(DEVICE) is None
    line.dialling.keep(HERE)
    await eventually(lambda: DEVICE in line.open)
    assert line.dialling.why_not(DEVICE) is None
    line.hang_up()
    await eventually(lambda: line.dialling.why_not(DEVICE) is not None)
    problem = line.dialling.why_not(DEVICE)
    assert problem is not None
    assert problem.kind is Code.PEER_UNREACHABLE
    assert "date and time" in problem.next_step


async def test_borrowing_does_not_wait_for_the_end_of_a_pause(line: Line, monkeypatch) -> None:
    monkeypatch.setattr(dialler, "FIRST_RETRY", 100.0)
    monkeypatch.setattr(dialler, "LAST_RETRY", 100.0)
    line.answers = lambda address: False
    line.dialling.keep(HERE)
    await eventually(lambda: line.dialling.is_hopeless and len(line.dialled) == 1)
    line.answers = lambda address: True
    async with line.dialling.borrowed(HERE):
        assert len(line.dialled) == 2


async def test_a_new_address_holds_if_it_answers_and_else_the_old_one_stays(line: Line, monkeypatch) -> None:
    there = KnownPeer(DEVICE, "ws://there/peer")
    line.answers = lambda address: False
    line.dialling.keep(HERE)
    await eventually(lambda: len(line.dialled) >= 1)
    with pytest.raises(Problem):
        async with line.dialling.borrowed(there):
            pass
    line.dialled.clear()
    await eventually(lambda: len(line.dialled) >= 2)
    assert set(line.dialled) == {"ws://here/peer"}
    line.answers = lambda address: "there" in address
    async with line.dialling.borrowed(there) as (_, peer):
        assert peer == there
    line.dialled.clear()
    line.hang_up()
    await eventually(lambda: bool(line.dialled) and DEVICE in line.open)
    assert line.dialled == ["ws://there/peer"]


async def test_an_address_that_was_not_needed_is_not_taken_over(line: Line) -> None:
    line.dialling.keep(HERE)
    await eventually(lambda: DEVICE in line.open)
    async with line.dialling.borrowed(KnownPeer(DEVICE, "ws://elsewhere/peer")) as (_, peer):
        assert peer == HERE


async def test_an_error_that_nobody_foresaw_ends_no_dialling(line: Line, monkeypatch) -> None:
    async def fail(address: str) -> str:
        line.dialled.append(address)
        raise ZeroDivisionError

    monkeypatch.setattr(line.dialling._dialler, "dial", fail)
    line.dialling.keep(HERE)
    await eventually(lambda: len(line.dialled) >= 3)


async def test_closing_ends_what_is_being_dialled_and_what_waits(line: Line) -> None:
    never = asyncio.Event()

    async def hang(address: str) -> str:
        await never.wait()
        return address

    line.dialling._dialler.dial = hang  # type: ignore[method-assign,assignment]
    line.dialling.keep(HERE)
    await asyncio.sleep(0)
    assert line.dialling.stages() == {DEVICE: "connecting"}
