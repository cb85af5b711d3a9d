"""A peer that only gives: it holds a set of messages in memory and serves them to whoever joins it.

    python -m bench.load_peer COUNT AUTHORS GROUP [START:STOP:STEP]

It speaks the protocol with the product's own `Peer`, as any seed would, but reads no disk and verifies nothing, so
that little of the computer goes to the load. The last argument leaves out a slice of the set. On stdout, a line of
JSON each: first `invite` and what it holds; `joined` when a node subscribes to it for good, so that nothing of that is
under way any more; then, after the line `carry` on stdin, `begun` when the first RANGE of content came and `done` when
a node named the sum of the whole set as its own. A node names that sum from its store
when everything of a stream is committed (specs/08-sync.md), so `done` is an acknowledgement after the commit.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from itertools import count
from random import SystemRandom

from aiohttp import web

from bench.corpus import Author, SetOfMessages, entries
from bench.ends import DAY, OWN_GROUP, own_end
from bench.shelf import Shelf
from bench.sides import NOTHING, without
from bench.watching import watch_frames
from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import (
    Accepting,
    Close,
    Effect,
    LinkId,
    Load,
    LoadBodiless,
    LoadChains,
    LoadEnds,
    LoadItems,
    LoadLinks,
    LoadMessages,
    LoadRange,
    LoadSum,
    LoadUnknown,
    Put,
    Send,
    Verified,
    Verify,
    WakeAt,
)
from hedgerow_protocol.filter import Filter, decode_filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import Frame, NegOpen, Range, Sub, Tier
from hedgerow_protocol.handshake import SUBPROTOCOL, Subprotocols
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.invite import Invite, Meeting, Verdict, sign_invite
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import MAIN_NET
from hedgerow_protocol.peer import Connection, Peer


class LoadPeer:
    """One `Peer` behind a WebSocket listener, with a shelf for a store."""

    def __init__(self, author: Author, people: list[Author], shelf: Shelf) -> None:
        self._author = author
        self._everybody = frozenset({author.key, *(one.key for one in people)})
        self._shelf = shelf
        self._identities = Identities()
        for one in (author, *people):
            self._identities.learn(one.inception)
        self._peer = Peer(SystemRandom(), self._identities, Carried(authors=frozenset({author.key})))
        self._numbers = count(1)
        self._queues: dict[LinkId, asyncio.Queue[bytes | None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def listen(self) -> str:
        """Listen on this computer; returns the text of an invite that leads here."""
        app = web.Application()
        app.router.add_get("/peer", self._run)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        return self._invite(f"ws://{host}:{port}/peer")

    def _invite(self, address: str) -> str:
        invite = Invite(
            net=MAIN_NET,
            inviter=self._author.key,
            name="Load",
            meet=(Meeting(address, self._author.device),),
            token=bytes(limits.INVITE_TOKEN),
            expiry=int(time.time()) + DAY,
            uses=1,
        )
        return sign_invite(invite, self._author.device_seed).to_text()

    def carry(self) -> None:
        """Let others have the messages from now on; until then it carries nobody but itself."""
        self._perform(self._peer.on_carried(time.time(), Carried(authors=self._everybody)))

    async def _run(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), compress=False, max_msg_size=limits.MAX_NOISE_MESSAGE + 1
        )
        await socket.prepare(request)
        link = LinkId(next(self._numbers))
        queue = self._queues[link] = asyncio.Queue()
        writer = asyncio.create_task(_write(queue, socket))
        self._perform(self._peer.on_connected(time.time(), link, self._connection(request)))
        async for message in socket:
            self._perform(self._peer.on_data(time.time(), link, message.data))
        self._perform(self._peer.on_closed(time.time(), link))
        del self._queues[link]
        writer.cancel()
        return socket

    def _connection(self, request: web.Request) -> Connection:
        offered = tuple(name.strip() for name in request.headers["Sec-WebSocket-Protocol"].split(","))
        return Connection(
            own_end(self._author), False, os.urandom(32), subprotocols=Subprotocols(offered, SUBPROTOCOL)
        )

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(link, data):
                    self._queues[link].put_nowait(data)
                case Close(link, _):
                    self._queues[link].put_nowait(None)
                case WakeAt(at):
                    self._wake_at(at)
                case Verify(token, _):
                    self._soon(
                        lambda now, token=token: self._peer.on_verified(now, token, Verified((), 0, ()))
                    )
                case Put(token, _):
                    self._soon(lambda now, token=token: self._peer.on_stored(now, token, []))
                case Accepting(link, request, _, _):
                    self._perform(self._peer.accepted(time.time(), link, request, Verdict.DONE))
                case (
                    LoadSum()
                    | LoadItems()
                    | LoadUnknown()
                    | LoadMessages()
                    | LoadRange()
                    | LoadBodiless()
                    | LoadChains()
                    | LoadEnds()
                    | LoadLinks()
                ):
                    self._answer(effect)

    def _answer(self, effect: Load) -> None:
        answer = self._shelf.load(effect)
        self._soon(lambda now: self._peer.on_loaded(now, effect.token, answer))

    def _soon(self, act: Callable[[float], list[Effect]]) -> None:
        asyncio.get_running_loop().call_soon(lambda: self._perform(act(time.time())))

    def _wake_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, at - time.time()), self._wake)

    def _wake(self) -> None:
        self._perform(self._peer.on_wake(time.time()))


async def _write(queue: "asyncio.Queue[bytes | None]", socket: web.WebSocketResponse) -> None:
    while (data := await queue.get()) is not None:
        await socket.send_bytes(data)
    await socket.close()


class Clock:
    """Tells when whoever joined has done so, when he first asked for content, and when he has all of it."""

    def __init__(self, author: AuthorKey, whole: SetSum) -> None:
        self._author = author
        self._whole = (whole.count, whole.fingerprint())
        self._told = set[str]()

    def on_frame(self, frame: Frame, size: int, is_sent: bool) -> None:
        """One frame on any link."""
        match frame:
            case Sub() if self._follows(decode_filter(frame.filter)):
                self._tell_once("joined")
            case Range(tier=Tier.CONTENT):
                self._tell_once("begun")
            case NegOpen(tier=Tier.CONTENT) if (frame.count, frame.fingerprint) == self._whole:
                self._tell_once("done")

    def _follows(self, wanted: Filter) -> bool:
        # While an invite is being accepted, only the control set of its author is asked for.
        return wanted.kinds is None and self._author in (wanted.authors or ())

    def _tell_once(self, event: str) -> None:
        if event not in self._told:
            self._told.add(event)
            tell(event=event, at=time.monotonic(), cpu=time.process_time())


def tell(**what: object) -> None:
    """A line on stdout."""
    print(json.dumps(what), flush=True)


async def serve(wanted: SetOfMessages, left_out: str) -> None:
    """Run until stdin ends."""
    people, held = wanted.people(), without(entries(wanted), left_out)
    author = Author(OWN_GROUP, wanted.group)
    shelf = Shelf(people, held, [author.inception])
    watch_frames(Clock(author.key, shelf.sum).on_frame)
    load = LoadPeer(author, people, shelf)
    tell(invite=await load.listen(), count=shelf.sum.count, bytes=sum(len(entry[3]) for entry in held))
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip() == "carry":
            load.carry()


def main() -> None:
    """Read the arguments and serve."""
    number, authors, group = map(int, sys.argv[1:4])
    asyncio.run(serve(SetOfMessages(number, authors, group), (sys.argv[4:] or [NOTHING])[0]))


if __name__ == "__main__":
    main()
