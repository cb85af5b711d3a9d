"""An author whom the node carries: joining by an invite, publishing over links, seeing what the node holds."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgpack

from hedgerow_node.conformance.live.calling import Target
from hedgerow_node.conformance.live.check import Broken
from hedgerow_node.conformance.live.linked import Linked
from hedgerow_node.conformance.live.speaker import Speaker, Written, written
from hedgerow_protocol import limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Accept,
    Accepted,
    Get,
    IHave,
    Messages,
    Mode,
    NegDiffers,
    NegOpen,
    Range,
    Scope,
    Sub,
    Tier,
    Want,
    pack_ids,
    split_ids,
)
from hedgerow_protocol.invite import SignedInvite, Verdict, sign_acceptance
from hedgerow_protocol.kinds import Retract
from hedgerow_protocol.message import Message, MessageId, decode_header, message_id

NAME = "conformance"
PUSHED_WITHIN = 1.0
"""Seconds after which what was pushed is taken for too much at once."""
STORED_WITHIN = 5.0
"""Seconds in which a node that is not busy stores what it was given."""
LOOK_AGAIN = 0.02


@dataclass(slots=True)
class Joined:
    """A member of the node that is judged."""

    target: Target
    speaker: Speaker
    invite: SignedInvite

    @property
    def whole(self) -> Filter:
        """Everything of this author."""
        return Filter(authors=(self.speaker.key,))

    async def accept(self, acceptance: bytes) -> int:
        """Bring an acceptance of the invite; the verdict."""
        async with self.target.link() as link:
            return await self.bring(link, self.invite.to_bytes(), acceptance)

    async def bring(self, link: Linked, invite: bytes, acceptance: bytes) -> int:
        """Bring any acceptance of any invite; the verdict."""
        number = link.next()
        await link.put(Accept(number, invite, acceptance))
        answer = await link.take(Accepted)
        if answer.req != number:
            raise Broken("ACCEPTED has another number", "FR-3")
        return answer.verdict

    def acceptance(self) -> bytes:
        """The acceptance of the invite."""
        speaker = self.speaker
        return sign_acceptance(self.invite, speaker.inception, NAME, speaker.now(), speaker.voice.seed)

    @asynccontextmanager
    async def link(
        self, wanted: Filter | None = None, mode: Mode = Mode.OFF
    ) -> AsyncIterator[tuple[Linked, Scope]]:
        """A link with one subscription, in which this author is carried."""
        async with self.target.link() as link:
            await link.put(Sub(link.next(), (wanted or self.whole).encode(), mode))
            scope = await link.take(Scope)
            while scope.carried[:1] != b"\x01":
                scope = await link.take(Scope)
            yield link, scope

    async def push(self, link: Linked, *messages: Written) -> None:
        """Send each in a frame of its own."""
        for message in messages:
            await link.put(Messages(0, ((0, message.data),), more=False))

    async def publish(self, link: Linked, *messages: Message) -> None:
        """Push what holds and wait until the last is stored; raises `Broken` if it is not.

        A node lets in live only so much of one author (AD-3), and we say more than a person: what does not come in that
        way is offered as what a comparison found.
        """
        await self.push(link, *[written(message) for message in messages])
        if await self._is_stored(link, messages[-1], PUSHED_WITHIN):
            return
        await self._offer(*messages)
        if not await self._is_stored(link, messages[-1], STORED_WITHIN):
            raise Broken("what a member publishes is not stored", "SY-19")

    async def _is_stored(self, link: Linked, message: Message, patience: float) -> bool:
        for _ in range(round(patience / LOOK_AGAIN)):
            if await self.held(link, [message.id]):
                return True
            await asyncio.sleep(LOOK_AGAIN)
        return False

    async def _offer(self, *messages: Message) -> None:
        """Announce these in a session whose sets differ, and bring what is wanted."""
        by_id = {message.id: message for message in messages}
        async with self.link() as (link, scope):
            nothing = (0, bytes(limits.FINGERPRINT_SIZE))
            await link.put(NegOpen(link.next(), scope.req, scope.version, Tier.CONTENT, 0, 0, *nothing))
            await link.take(NegDiffers)
            number = link.next()
            await link.put(IHave(number, pack_ids(by_id), bytes(len(by_id))))
            want = await link.take(Want)
            wanted = [by_id[MessageId(one)] for one in split_ids(want.ids)]
            if wanted:
                await link.put(Messages(number, tuple([(0, one.encode()) for one in wanted]), more=False))

    async def held(self, link: Linked, ids: Iterable[MessageId]) -> dict[MessageId, bytes]:
        """The messages of these ids that the node gives, by id, as they came."""
        wanted, found = list(ids), dict[MessageId, bytes]()
        for at in range(0, len(wanted), limits.MAX_FRAME_MESSAGES):
            number = link.next()
            await link.put(Get(number, pack_ids(wanted[at : at + limits.MAX_FRAME_MESSAGES])))
            for data in await _answer(link, number):
                found[id_of(data)] = data
        if not found.keys() <= set(wanted):
            raise Broken("what was not asked for is given", "SY-13")
        return found

    async def stream(self, link: Linked, scope: Scope, tier: Tier) -> list[Message]:
        """A whole tier, as RANGE gives it."""
        found: list[Message] = []
        while True:
            after = (found[-1].header.ts, found[-1].id) if found else (0, bytes(limits.ID_SIZE))
            number = link.next()
            await link.put(Range(number, scope.req, scope.version, tier, *after, limits.RANGE_MESSAGES))
            page = [_streamed(data) for data in await _answer(link, number)]
            if not page:
                return found
            found += page

    async def withdraw(self) -> None:
        """Take back everything that was said."""
        async with self.link() as (link, scope):
            said = await self.stream(link, scope, Tier.CONTENT)
            kept = [message.id for message in said if message.body is not None]
            for at in range(0, len(kept), limits.MAX_TARGETS):
                targets = tuple(sorted(kept[at : at + limits.MAX_TARGETS]))
                await self.publish(link, self.speaker.say(Retract(targets)))


def id_of(data: bytes) -> MessageId:
    """The id of a message that may be wrong otherwise; raises `Broken`."""
    return message_id(_header_of(data))


def _header_of(data: bytes) -> bytes:
    match _unpacked(data):
        case [bytes(header), *_]:
            return header
    raise Broken("what is given is no message", "ME-1")


def _unpacked(data: bytes) -> object:
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False)
    except (ValueError, msgpack.UnpackException):
        return None


def _streamed(data: bytes) -> Message:
    """A message of which the header holds; whether the rest does is the matter of other checks."""
    header_bytes = _header_of(data)
    try:
        header = decode_header(header_bytes)
    except RemoteProtocolError as error:
        raise Broken(f"a header that is streamed does not hold: {error}", "ME-10") from None
    match _unpacked(data):
        case [_, bytes(signature), (bytes() | None) as body]:
            return Message(message_id(header_bytes), header, header_bytes, signature, body)
    raise Broken("what is streamed is no message", "ME-1")


async def _answer(link: Linked, number: int) -> list[bytes]:
    """The messages of an answer, all its parts."""
    found: list[bytes] = []
    while True:
        part = await link.take(Messages)
        if part.req != number:
            continue
        found += [data for _, data in part.messages]
        if not part.more:
            return found


@asynccontextmanager
async def joined(target: Target, invite: SignedInvite) -> AsyncIterator[Joined]:
    """Join by this invite; at the end everything that was said is withdrawn. Raises `Broken`."""
    speaker = Speaker(target.clock, target.net)
    member = Joined(target, speaker, invite)
    verdict = await member.accept(member.acceptance())
    if verdict != Verdict.DONE:
        raise Broken(f"the invite is answered with the verdict {verdict}")
    async with member.link() as (link, _):
        await member.publish(link, speaker.inception)
    try:
        yield member
    finally:
        await member.withdraw()
