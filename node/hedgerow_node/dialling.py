"""Links out: one for each peer that this node keeps up or borrows for a moment, dialled again when it breaks.

A peer is *kept* when its link shall stay; it is *borrowed* while somebody needs a link to it, and let go afterwards
unless it has become kept meanwhile. There is never more than one link to a device.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

from aiohttp import ClientWebSocketResponse

from hedgerow_node.clock import Clock
from hedgerow_node.config import (
    ACCEPT_PATIENCE,
    FIRST_RETRY,
    LAST_RETRY,
    LAST_RETRY_OF_DOOR,
    LAST_RETRY_OF_LINK,
)
from hedgerow_node.links.bell import Bell
from hedgerow_node.links.dial import Busy, Dialler
from hedgerow_node.links.noting import Noting
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.errors import Reason
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.sync import GOES_AWAY

WRONG_TIME = "what it shows of itself is not valid at this computer's time"
STOPPED = "it stopped, and said so"
DIALLED_AGAIN = "Nothing is wrong: it is tried again and again until it is back."
CHECK_CLOCK = (
    "Check date and time of this computer; if they are right, tell whoever runs that node to check theirs."
)


class Stage(StrEnum):
    """How far dialling a peer has come; a link that is open has states of its own."""

    CONNECTING = "connecting"
    WAITING = "waiting"
    """Until it is tried again."""


RunLink = Callable[[ClientWebSocketResponse, KnownPeer], Awaitable[str]]
"""Carries a connection to its end; returns why it ended."""


class _Keeper:
    """One peer, and what is being done about it."""

    def __init__(self, peer: KnownPeer) -> None:
        self.peer = peer
        self.is_kept = False
        self.borrowers = 0
        self.stage = Stage.CONNECTING
        self.tries = 0
        """Tries that have ended, links that broke among them."""
        self.problem: Problem | None = None
        """Why the last one ended; None before."""
        self.pause = FIRST_RETRY / 2
        """Seconds of the last pause before a try; the next one may be longer."""
        self.hurry = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    @property
    def is_wanted(self) -> bool:
        return self.is_kept or self.borrowers > 0


class Dialling:
    """The links that this node opens. Close it at the end, after the links."""

    def __init__(
        self,
        clock: Clock,
        run: RunLink,
        linked: Callable[[DeviceKey], LinkId | None],
        bell: Bell,
        noting: Noting,
        dialler: Dialler | None = None,
    ) -> None:
        self._clock = clock
        self._run = run
        self._linked = linked
        self._bell = bell
        self._noting = noting
        self._dialler = dialler or Dialler()
        self.on_missed: Callable[[KnownPeer], None] = lambda peer: None
        """Called when a peer could not be reached, or somebody else was there."""
        self._keepers: dict[DeviceKey, _Keeper] = {}
        self._is_closing = False

    def stages(self) -> dict[DeviceKey, Stage]:
        """The peers that are being dialled, or are linked already."""
        return {device: keeper.stage for device, keeper in self._keepers.items()}

    def why_not(self, device: DeviceKey) -> Problem | None:
        """Why the last try to have a link to this peer ended; None where none did."""
        keeper = self._keepers.get(device)
        return keeper.problem if keeper is not None else None

    @property
    def is_hopeless(self) -> bool:
        """Whether every peer was tried and none is being tried now."""
        return all(keeper.tries and keeper.stage == Stage.WAITING for keeper in self._keepers.values())

    def keep(self, peer: KnownPeer) -> None:
        """Keep a link to this peer, however often it breaks."""
        self._keeper_of(peer).is_kept = True

    def is_kept(self, device: DeviceKey) -> bool:
        """Whether a link to this peer is kept."""
        keeper = self._keepers.get(device)
        return keeper is not None and keeper.is_kept

    def let_go(self, device: DeviceKey) -> None:
        """Keep no link to this peer any more; it is cut unless somebody borrows it."""
        keeper = self._keepers.get(device)
        if keeper is not None:
            keeper.is_kept = False
            if not keeper.is_wanted and keeper.task is not None:
                keeper.task.cancel()

    def taken_in(self, device: DeviceKey) -> None:
        """This peer answers what we ask it, so it does not refuse us: pauses begin anew when the link breaks."""
        if device in self._keepers:
            self._keepers[device].pause = FIRST_RETRY / 2

    def hurry(self) -> None:
        """Try those peers now whose turn has not come yet; pauses begin anew, for the network may only come up."""
        for keeper in self._keepers.values():
            keeper.pause = FIRST_RETRY / 2
            if keeper.stage == Stage.WAITING:
                keeper.stage = Stage.CONNECTING
                keeper.hurry.set()

    @asynccontextmanager
    async def borrowed(self, peer: KnownPeer) -> AsyncIterator[tuple[LinkId, KnownPeer]]:
        """A link to this peer: the one that is open, or one that is dialled now. Raises `Problem`.

        With it comes the peer with the address at which it was met. At the end the link is cut, unless the peer is
        kept or borrowed by somebody else.
        """
        keeper = self._keeper_of(peer)
        keeper.borrowers += 1
        try:
            link = await self._await_link(keeper, peer)
            yield link, keeper.peer
        finally:
            keeper.borrowers -= 1
            if not keeper.is_wanted and keeper.task is not None:
                keeper.task.cancel()
                await asyncio.gather(keeper.task, return_exceptions=True)

    async def close(self) -> None:
        """Dial no more; links that are open have ended before."""
        self.stop()
        tasks = [keeper.task for keeper in self._keepers.values() if keeper.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._dialler.close()

    def stop(self) -> None:
        """Begin no other link."""
        self._is_closing = True
        self._bell.ring()

    async def _await_link(self, keeper: _Keeper, peer: KnownPeer) -> LinkId:
        link = self._linked(peer.device)
        if link is not None:
            return link
        before, keeper.peer = keeper.peer, peer
        # A try that is under way may still be at the address that was known before.
        is_elsewhere = keeper.stage == Stage.CONNECTING and before.address != peer.address
        last_try = keeper.tries + 1 + is_elsewhere
        keeper.hurry.set()

        def is_decided() -> bool:
            # A door that is full for a moment, of a class that joins at once, is tried until patience ends.
            is_over = keeper.tries >= last_try and not isinstance(keeper.problem, Busy)
            return is_over or self._is_closing or self._linked(peer.device) is not None

        is_in_time = await self._bell.until(is_decided, ACCEPT_PATIENCE)
        link = self._linked(peer.device)
        if link is not None:
            return link
        keeper.peer = before
        if keeper.problem is not None and (is_in_time or isinstance(keeper.problem, Busy)):
            raise keeper.problem
        raise Problem(Code.PEER_UNREACHABLE, "no answer in time")

    def _keeper_of(self, peer: KnownPeer) -> _Keeper:
        keeper = self._keepers.get(peer.device)
        if keeper is None:
            keeper = self._keepers[peer.device] = _Keeper(peer)
            keeper.task = asyncio.create_task(self._keep(keeper))
        return keeper

    async def _keep(self, keeper: _Keeper) -> None:
        try:
            while keeper.is_wanted and not self._is_closing:
                keeper.stage = Stage.CONNECTING
                keeper.hurry.clear()
                longest = LAST_RETRY_OF_LINK if await self._try(keeper) else LAST_RETRY
                if keeper.borrowers and isinstance(keeper.problem, Busy):
                    longest = LAST_RETRY_OF_DOOR
                keeper.pause = min(2 * keeper.pause, longest)
                if keeper.is_wanted and not self._is_closing:
                    await self._pause(keeper)
        finally:
            del self._keepers[keeper.peer.device]
            self._bell.ring()

    async def _pause(self, keeper: _Keeper) -> None:
        keeper.stage = Stage.WAITING
        self._bell.ring()
        try:
            async with asyncio.timeout(keeper.pause * self._clock.random().uniform(0.5, 1.0)):
                await keeper.hurry.wait()
        except TimeoutError:
            return

    async def _try(self, keeper: _Keeper) -> bool:
        """Dial once and carry the link to its end; returns whether somebody answered."""
        is_answered = False
        try:
            dial = self._dialler.dial_told if keeper.peer.is_told else self._dialler.dial
            socket = await dial(keeper.peer.address)
            is_answered = True
            keeper.problem = _problem_of(await self._run(socket, keeper.peer))
            if keeper.problem.kind is Code.WRONG_PEER:
                self.on_missed(keeper.peer)
        except Problem as problem:
            keeper.problem = problem
            self._noting.note("a peer cannot be reached", problem.code)
            if isinstance(problem, Busy):
                is_answered = True
            else:
                self.on_missed(keeper.peer)
        except Exception as error:
            keeper.problem = Problem(Code.PEER_UNREACHABLE)
            self._noting.failure("dialling failed", error)
        keeper.tries += 1
        self._bell.ring()
        return is_answered


def _problem_of(why: str) -> Problem:
    if why == Reason.WRONG_PEER.value:
        return Problem(Code.WRONG_PEER)
    if why == Reason.BAD_CERTIFICATE.value:
        return Problem(Code.PEER_UNREACHABLE, WRONG_TIME, CHECK_CLOCK)
    if why == GOES_AWAY:
        return Problem(Code.PEER_UNREACHABLE, STOPPED, DIALLED_AGAIN)
    return Problem(Code.PEER_UNREACHABLE, f"the link ended: {why}")
