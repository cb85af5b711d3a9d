"""Whether chains are complete: fingerprints that are equal prove nothing, so the ends of chains are compared, too.

Whoever makes messages in order to collide can let two different sets have one fingerprint. He cannot forge a chain:
each message names the one before it. So from time to time a link that found every set equal is asked where the
chains of some authors end, those that a digest shows to end elsewhere are told, and what is missing at their ends or
in between is fetched. The set is another one by then, and the next comparison finds whatever else was hidden.
"""

import hashlib
from collections.abc import Callable, Iterable
from itertools import count

from hedgerow_protocol import limits
from hedgerow_protocol.effects import Chains, End, LoadChains, LoadEnds, LoadUnknown
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import GetHeaders, GetHeads, Heads, Messages
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.subscribing import Subscribing
from hedgerow_protocol.wire import unexpected

Head = tuple[bytes, int, bytes]


def digest_of(heads: Iterable[Head]) -> bytes:
    """16 bytes that say where some chains end."""
    summed = hashlib.sha256()
    for device, seq, message in sorted(heads):
        summed.update(device + seq.to_bytes(4, "big") + message)
    return summed.digest()[: limits.FINGERPRINT_SIZE]


class Completing:
    """What one link that we dialled is asked about chains; pure."""

    def __init__(
        self, parts: LinkParts, subscriptions: Subscribing, on_missing: Callable[[float], None]
    ) -> None:
        """`on_missing` is called when something is fetched that no comparison found."""
        self._wire = parts.wire
        self._outbox = parts.outbox
        self._admission = parts.admission
        self._fetching = parts.fetching
        self._subscriptions = subscriptions
        self._on_missing = on_missing
        self._turn = 0
        self._due = 0.0
        self._open: dict[int, list[Head]] = {}
        self._asked: set[End] = set()

    def begin(self, now: float) -> None:
        """Every set is equal: ask about some authors, unless that was done not long ago."""
        if now < self._due:
            return
        self._due = now + limits.SYNC_INTERVAL * (1 - 2 * limits.SYNC_JITTER)
        slices = [
            (number, version, first)
            for number, version, part in self._subscriptions.scopes()
            if part.kinds != ()
            for first in range(0, len(part.authors or ()), limits.HEADS_AUTHORS)
        ]
        for place in range(self._turn, self._turn + min(len(slices), limits.HEADS_QUESTIONS)):
            self._ask(*slices[place % len(slices)])
        self._turn += limits.HEADS_QUESTIONS

    def _ask(self, number: int, version: int, first: int) -> None:
        part = self._subscriptions.part(number, version)
        devices = self._admission.chains_of(authors_at(part, first))
        since = since_of_chains(part, devices)

        def then(now: float, own: Chains) -> None:
            self._want(now, own.missing)
            if version in self._subscriptions.versions(number):
                request = self._wire.next_request()
                self._open[request] = []
                self._wire.patience.begin(now, request)
                self._wire.send(GetHeads(request, number, version, first, digest_of(own.heads)))

        self._outbox.ask(
            lambda token: LoadChains(token, devices, limits.MAX_OFFERED, since), Chains, then, self._wire.link
        )

    def fill(self, now: float) -> None:
        """Who does not keep all content of somebody lacks links of chains that decide on his removed devices."""
        authors = tuple([one for part in self._subscriptions.parts() for one in part.authors or ()])

        def then(now: float, ends: list[End]) -> None:
            for end in ends:
                if end not in self._asked and self._fetching.has_room:
                    self._ask_links(now, end)

        if authors:
            self._outbox.ask(
                lambda token: LoadEnds(token, authors, limits.MAX_ENDS), list, then, self._wire.link
            )

    def _ask_links(self, now: float, end: End) -> None:
        if len(self._asked) >= limits.MAX_REFUSED:
            self._asked.clear()
        self._asked.add(end)  # once on a link: who does not have them is not asked again and again
        frame = GetHeaders(self._wire.next_request(), end.wanted, end.bound, limits.MAX_HEADERS)
        self._fetching.ask_links(now, frame, self._on_links)

    def _on_links(self, now: float, frame: Messages) -> None:
        if frame.messages:
            self._on_missing(now)

    def on_heads(self, now: float, frame: Heads) -> None:
        """Where the chains end at the other side, or a part of that."""
        heads = self._open.get(frame.req)
        if heads is None:
            raise unexpected("HEADS answers no question")
        if len(heads) + len(frame.heads) > limits.MAX_HEADS_ANSWER or (frame.more and not frame.heads):
            raise unexpected("an answer about chains that does not end")
        heads.extend(frame.heads)
        self._wire.patience.progress(now)
        if not frame.more:
            del self._open[frame.req]
            self._wire.patience.end(now, frame.req)
            self._look_for([MessageId(message) for _, _, message in heads])

    def _look_for(self, ends: list[MessageId]) -> None:
        named = tuple(dict.fromkeys(ends))
        if named:
            self._outbox.ask(lambda token: LoadUnknown(token, named), list, self._want, self._wire.link)

    def _want(self, now: float, unknown: Iterable[MessageId]) -> None:
        wanted = [one for one in unknown if not self._admission.is_refused(one, now)]
        if wanted:
            self._fetching.want(now, wanted)
            self._on_missing(now)


def authors_at(part: Filter, first: int) -> tuple[AuthorKey, ...]:
    """The authors of a scope about whom one question is."""
    return (part.authors or ())[first : first + limits.HEADS_AUTHORS]


def since_of_chains(part: Filter, devices: Iterable[tuple[AuthorKey, DeviceKey]]) -> tuple[int, ...]:
    """From when on both sides keep each of these chains."""
    return tuple([part.since_of(author) for author, _ in devices]) if part.sinces else ()


def in_frames(request: int, heads: list[tuple[DeviceKey, int, MessageId]]) -> list[Heads]:
    """The frames that tell where chains end."""
    told = heads[: limits.MAX_HEADS_ANSWER]
    pieces = [told[at : at + limits.MAX_HEADS] for at in range(0, len(told), limits.MAX_HEADS)] or [[]]
    return [
        Heads(request, tuple(one), place < len(pieces)) for place, one in zip(count(1), pieces, strict=False)
    ]
