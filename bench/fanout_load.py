"""One who publishes and many who listen, in one process, for FANOUT.

    python -m bench.fanout_load hedgerow|nostr URL LISTENERS COUNT AUTHORS RATE

On stdout, a line of JSON each: first `prepared`; then, after the line `go` on stdin, what came of it. With RATE 0 the
messages are published as fast as they get through: at most `ON_THEIR_WAY` are not yet with everybody. Otherwise RATE
of them leave in a second, and what counts is how long each takes to each listener.
"""

import asyncio
import json
import sys
import time

from bench.corpus import SetOfMessages
from bench.speakers import SPEAKERS, Speakers

ON_THEIR_WAY = 64
"""Messages that are published and not yet with everybody, as many as a node pushes whole in one go."""
PATIENCE = 60.0
"""Seconds after which what has not come is given up."""


class Fanout:
    """Who got what when."""

    def __init__(self, listeners: int, keys: list[bytes]) -> None:
        self._number_of = {key: number for number, key in enumerate(keys)}
        self._listeners = listeners
        self._left = [listeners] * len(keys)
        self._sent = [0.0] * len(keys)
        self._unseen = len(keys)
        self.delays: list[float] = []
        """Seconds from publishing to each delivery."""
        self.doubled = 0
        """Deliveries of what a listener had."""
        self.last = 0.0
        self.room = asyncio.Semaphore(ON_THEIR_WAY)
        self.done = asyncio.Event()

    def sent(self, number: int) -> None:
        """A message is published now."""
        self._sent[number] = time.perf_counter()

    def listener(self) -> "Listener":
        """One more who listens."""
        return Listener(self, len(self._left))

    def came(self, key: bytes, had: bytearray) -> None:
        """A message came to a listener who `had` these."""
        number = self._number_of.get(key)
        if number is None:
            return
        if had[number]:
            self.doubled += 1
            return
        had[number] = True
        self.last = time.perf_counter()
        self.delays.append(self.last - self._sent[number])
        self._left[number] -= 1
        if not self._left[number]:
            self._with_everybody()

    def _with_everybody(self) -> None:
        self.room.release()
        self._unseen -= 1
        if not self._unseen:
            self.done.set()


class Listener:
    """What one listener had."""

    def __init__(self, fanout: Fanout, messages: int) -> None:
        self._fanout = fanout
        self._had = bytearray(messages)

    def on_received(self, key: bytes) -> None:
        """A message came."""
        self._fanout.came(key, self._had)


async def run(speakers: Speakers, listeners: int, rate: float) -> None:
    """Publish everything once and say how it went."""
    await speakers.prepare()
    tell(event="prepared")
    await asyncio.to_thread(sys.stdin.readline)
    fanout = Fanout(listeners, speakers.keys)
    await asyncio.gather(
        *[speakers.listen(number, fanout.listener().on_received) for number in range(listeners)]
    )
    used, began = time.process_time(), time.perf_counter()
    publish = _at_rate(speakers, fanout, rate) if rate else _as_fast_as_possible(speakers, fanout)
    publishing = asyncio.create_task(publish)
    await asyncio.wait({asyncio.create_task(fanout.done.wait())}, timeout=PATIENCE)
    publishing.cancel()
    delays = sorted(fanout.delays)
    tell(
        expected=listeners * len(speakers.keys),
        delivered=len(delays),
        doubled=fanout.doubled,
        seconds=fanout.last - began,
        p50_ms=_share(delays, 0.5),
        p99_ms=_share(delays, 0.99),
        cpu=time.process_time() - used,
    )


async def _as_fast_as_possible(speakers: Speakers, fanout: Fanout) -> None:
    for number in range(len(speakers.keys)):
        await fanout.room.acquire()
        fanout.sent(number)
        speakers.publish(number)


async def _at_rate(speakers: Speakers, fanout: Fanout, rate: float) -> None:
    began = time.perf_counter()
    for number in range(len(speakers.keys)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        fanout.sent(number)
        speakers.publish(number)


def _share(delays: list[float], share: float) -> float:
    """The delay in ms that this share of all deliveries do not exceed."""
    return 1_000 * delays[min(len(delays) - 1, int(share * len(delays)))] if delays else 0.0


def tell(**what: object) -> None:
    """A line on stdout."""
    print(json.dumps(what), flush=True)


def main() -> None:
    """Read the arguments and run."""
    protocol, url = sys.argv[1:3]
    listeners, count, authors = map(int, sys.argv[3:6])
    asyncio.run(run(SPEAKERS[protocol](url, SetOfMessages(count, authors)), listeners, float(sys.argv[6])))


if __name__ == "__main__":
    main()
