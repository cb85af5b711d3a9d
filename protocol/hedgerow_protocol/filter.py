"""Filters: which messages somebody asks for, by header fields alone (specs/08-sync.md).

AND between the fields, OR within one; None asks for everything. Topics stand in a body and bodies are erasable, so
no filter by topic can name a set that two nodes could compare.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Header
from hedgerow_protocol.shape import as_array, as_bytes, as_list, as_uint, ascends, out_of_range, wrong_shape

KEY = 32
"""Bytes of a key."""
Steps: TypeAlias = tuple[tuple[int, bytes], ...]
"""Times in Unix seconds, ascending, each with a bit for each author of a filter whom it holds for."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for. Authors and kinds ascend; times are Unix seconds, `until` excluded."""

    authors: tuple[AuthorKey, ...] | None = None
    kinds: tuple[int, ...] | None = None
    since: int | None = None
    until: int | None = None
    sinces: tuple[int, ...] = ()
    """For each author the second from which on content is asked for; empty: from the first. No part of the encoding,
    it goes beside it."""

    @classmethod
    def of_authors(cls, authors: "set[AuthorKey] | frozenset[AuthorKey]") -> "Filter":
        """Everything of these authors."""
        return cls(authors=tuple(sorted(authors)))

    def encode(self) -> bytes:
        """The canonical bytes."""
        authors = None if self.authors is None else b"".join(self.authors)
        return codec.encode([authors, self.kinds, self.since, self.until])

    def matches(self, header: Header) -> bool:
        """Whether a message with this header is asked for; kinds and times do not hold for control kinds."""
        place = self._place(header.author)
        if place is None or header.is_control:
            return place is not None
        return header.ts >= self._since_at(place) and self._matches_content(header)

    def narrowed(self, carried: bytes) -> "Filter":
        """The same with only those of its authors whose bit is set."""
        authors = self.authors or ()
        places = [place for place in range(len(authors)) if has_bit(carried, place)]
        sinces = tuple([self.sinces[place] for place in places]) if self.sinces else ()
        return replace(self, authors=tuple([authors[place] for place in places]), sinces=_unless_zero(sinces))

    def kept_since(self, since: Mapping[AuthorKey, int]) -> "Filter":
        """The same from these seconds on, for those of its authors that are named."""
        return self._from([since.get(author, 0) for author in self.authors or ()] if since else [])

    def kept_in(self, steps: Steps) -> "Filter":
        """The same from the time of the last step on in which an author has his bit."""
        places = range(len(self.authors or ()) if steps else 0)
        return self._from(
            [max([since for since, bits in steps if has_bit(bits, place)], default=0) for place in places]
        )

    def steps(self) -> Steps:
        """`sinces` as they are told: each time with a bit for each author; `LocalProtocolError` for too many times."""
        times = sorted(set(self.sinces) - {0})
        if len(times) > limits.MAX_SINCE_STEPS:
            raise LocalProtocolError(f"{len(times)} steps, at most {limits.MAX_SINCE_STEPS}")
        return tuple([(time, pack_bits([since == time for since in self.sinces])) for time in times])

    def _from(self, sinces: list[int]) -> "Filter":
        """The same from the later of these and its own seconds on."""
        later = map(max, sinces, self.sinces) if self.sinces and sinces else sinces or self.sinces
        return replace(self, sinces=_unless_zero(tuple(later)))

    def since_of(self, author: AuthorKey) -> int:
        """The second from which on content of an author is asked for; 0 for one who is not asked for."""
        place = self._place(author)
        return 0 if place is None else self._since_at(place)

    def _since_at(self, place: int) -> int:
        return self.sinces[place] if self.sinces else 0

    def within(self, since: int, until: int) -> "Filter":
        """The same for messages from `since` to before `until` alone, in Unix seconds; 0 leaves that end as it is."""
        starts = [start for start in (self.since, since or None) if start is not None]
        ends = [end for end in (self.until, until or None) if end is not None]
        return replace(self, since=max(starts, default=None), until=min(ends, default=None))

    def _place(self, author: AuthorKey) -> int | None:
        """Where an author stands in it; None where he is not asked for."""
        if self.authors is None:
            return 0
        # A filter is asked once a link for each new message, and may hold 5,000 authors.
        place = bisect_left(self.authors, author)
        return place if self.authors[place : place + 1] == (author,) else None

    def _matches_content(self, header: Header) -> bool:
        if self.kinds is not None and header.kind not in self.kinds:
            return False
        return (self.since or 0) <= header.ts and (self.until is None or header.ts < self.until)


def has_bit(bits: bytes, place: int) -> bool:
    """Bit `place` of a run of bytes, the lowest bit of the first byte first; bits beyond the end are 0."""
    byte, bit = divmod(place, 8)
    return byte < len(bits) and bool(bits[byte] >> bit & 1)


def pack_bits(bits: list[bool]) -> bytes:
    """The run of bytes in which `has_bit` finds these."""
    packed = bytearray((len(bits) + 7) // 8)
    for place, bit in enumerate(bits):
        packed[place // 8] |= bit << place % 8
    return bytes(packed)


def _unless_zero(sinces: tuple[int, ...]) -> tuple[int, ...]:
    return sinces if any(sinces) else ()


NOBODY = Filter(authors=())
"""A filter that nothing passes."""


def decode_filter(data: bytes) -> Filter:
    """The filter in `data`; raises `RemoteProtocolError`."""
    authors, kinds, since, until = as_array(codec.decode(data, limits.MAX_FILTER), "filter", 4)
    return Filter(
        authors=None if authors is None else _as_authors(authors),
        kinds=None if kinds is None else _as_kinds(kinds),
        since=None if since is None else as_uint(since, "since", 2**32 - 1),
        until=None if until is None else as_uint(until, "until", 2**32 - 1),
    )


def _as_authors(value: object) -> tuple[AuthorKey, ...]:
    packed = as_bytes(value, "authors", most=limits.MAX_FILTER_AUTHORS * KEY)
    if len(packed) % KEY:
        raise wrong_shape("authors are not whole keys")
    authors = tuple([AuthorKey(packed[at : at + KEY]) for at in range(0, len(packed), KEY)])
    if not ascends(authors):
        raise out_of_range("authors do not ascend")
    return authors


def _as_kinds(value: object) -> tuple[int, ...]:
    kinds = as_list(value, "kinds", limits.MAX_FILTER_KINDS, lambda one, what: as_uint(one, what, 2**16 - 1))
    if not ascends(kinds):
        raise out_of_range("kinds do not ascend")
    return kinds
