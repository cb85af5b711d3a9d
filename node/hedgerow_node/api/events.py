"""What happens in the node, as it happens: for everyone who listens, and as server-sent events (WHATWG HTML, 9.2).

A listener that is slower than the node loses the oldest events and is told how many. Nothing waits for listeners.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import hdrs, web

from hedgerow_node.commands.explaining import kind_name
from hedgerow_node.commands.operation import Json
from hedgerow_node.config import EVENT_QUEUE, EVENT_SILENCE, MAX_EVENT_LISTENERS
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing

EVENT_STREAM = "text/event-stream"
STILL_HERE = b": still here\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: published, delivered, progress, lost."""

    name: str
    data: Json

    def encode(self) -> bytes:
        """The event as it stands in a stream; JSON has no line feeds in it."""
        return b"event: %b\ndata: %b\n\n" % (self.name.encode(), msgspec.json.encode(self.data))


class Listener:
    """One who listens: a bounded queue of events."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._woken = asyncio.Event()
        self._is_closed = False

    def put(self, event: Event) -> None:
        """Take an event; the oldest goes when there are too many."""
        if len(self._waiting) >= EVENT_QUEUE:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(event)
        self._woken.set()

    def close(self) -> None:
        """There will be no more events."""
        self._is_closed = True
        self._woken.set()

    async def events(self, silence: float = EVENT_SILENCE) -> AsyncIterator[Event | None]:
        """Events as they come, None after `silence` seconds without one; ends when closed and empty."""
        while True:
            while self._waiting or self._lost:
                yield self._next()
            if self._is_closed:
                return
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), silence)
            except TimeoutError:
                yield None

    def _next(self) -> Event:
        if self._lost:
            lost, self._lost = self._lost, 0
            return Event("lost", {"count": lost})
        return self._waiting.popleft()


class Events:
    """Hands what happens to everyone who listens. Call it from the event loop only."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def tell(self, name: str, data: Json) -> None:
        """Something happened; returns at once."""
        event = Event(name, data)
        for listener in self._listeners:
            listener.put(event)

    def tell_published(self, messages: Sequence[Message]) -> None:
        """Own messages are durable."""
        self._tell_messages("published", messages)

    def tell_delivered(self, messages: Sequence[Message]) -> None:
        """Messages of others came and are durable."""
        self._tell_messages("delivered", messages)

    def listen(self) -> Listener:
        """Begin to listen; raises `Problem` when too many do. End with `leave`."""
        if len(self._listeners) >= MAX_EVENT_LISTENERS:
            raise Problem(Code.TOO_MANY_LISTENERS)
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no longer."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream."""
        for listener in self._listeners:
            listener.close()

    def _tell_messages(self, name: str, messages: Sequence[Message]) -> None:
        if not self._listeners:
            return
        for message in messages:
            header = message.header
            told = {"id": message_thing(message.id), "kind": kind_name(header.kind)}
            self.tell(name, {**told, "author": did_of(header.author), "ts": header.ts})


async def open_stream(request: web.Request) -> web.StreamResponse:
    """An answer that is a stream of events, its header sent."""
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: EVENT_STREAM, hdrs.CACHE_CONTROL: "no-store"})
    await response.prepare(request)
    return response


async def send_events(
    request: web.Request, events: Events, silence: float = EVENT_SILENCE
) -> web.StreamResponse:
    """Answer with everything that happens from now on, until either side ends it."""
    listener = events.listen()
    try:
        response = await open_stream(request)
        await response.write(STILL_HERE)  # so that the other side knows that it is heard
        async for event in listener.events(silence):
            await response.write(STILL_HERE if event is None else event.encode())
    finally:
        events.leave(listener)
    return response
