"""What a stranger may ask: subscriptions, sessions over nothing, invites (specs/07-frames.md, both of 08)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from hedgerow_node.conformance.live.calling import Target
from hedgerow_node.conformance.live.check import Broken, Checks
from hedgerow_node.conformance.live.linked import Linked
from hedgerow_protocol import codec, limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Accept,
    Accepted,
    IHave,
    Messages,
    Mode,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Ping,
    Pong,
    Range,
    Scope,
    SessionFault,
    Sub,
    Tier,
    Want,
)
from hedgerow_protocol.invite import Verdict
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator

rule: Checks[Target] = Checks()
A = TypeVar("A", NegSame, NegDiffers, NegErr)
NOBODY = AuthorKey(b"\x01" * 32)
"""An author whom no node carries: nobody has such a key."""
ONE = SetSum.of([b"\x07" * 32])
"""A set of one id that no message has."""
EMPTY = SetSum()


def open_session(
    link: Linked,
    scope: Scope,
    own: SetSum,
    tier: Tier = Tier.CONTENT,
    *,
    version: int | None = None,
    times: tuple[int, int] = (0, 0),
) -> NegOpen:
    """The frame that opens a session; over a whole subscription unless `times` are told."""
    chosen = scope.version if version is None else version
    return NegOpen(link.next(), scope.req, chosen, tier, *times, own.count, own.fingerprint())


@asynccontextmanager
async def _subscribed(target: Target) -> AsyncIterator[tuple[Linked, Scope]]:
    async with target.link() as link:
        await link.put(Sub(link.next(), Filter(authors=(NOBODY,)).encode(), Mode.EAGER))
        yield link, await link.take(Scope)


@asynccontextmanager
async def _differing(target: Target) -> AsyncIterator[tuple[Linked, int]]:
    """A session over nothing of which the node said that it differs; the first message is due."""
    async with _subscribed(target) as (link, scope):
        opened = open_session(link, scope, ONE)
        await link.put(opened)
        differs = await link.take(NegDiffers)
        if differs.count:
            raise Broken(f"a set of nothing has the count {differs.count}", "SY-8")
        yield link, opened.req


@rule("SY-4", "a subscription is answered by SCOPE version 1, in which nobody has no bit")
async def answers_a_subscription(target: Target) -> None:
    async with _subscribed(target) as (_, scope):
        if scope.version != 1 or any(scope.carried):
            raise Broken(str(scope))


@rule("SY-4", "a changed subscription is answered by a higher version")
async def answers_a_change(target: Target) -> None:
    async with _subscribed(target) as (link, scope):
        await link.put(Sub(scope.req, Filter(authors=()).encode(), Mode.OFF))
        changed = await link.take(Scope)
        if changed.version <= scope.version:
            raise Broken(f"version {changed.version} after {scope.version}")


@rule("SY-4", "subscriptions beyond their limit end the link")
async def bounds_subscriptions(target: Target) -> None:
    async with target.link() as link:
        for _ in range(limits.MAX_SUBSCRIPTIONS + 1):
            await link.put(Sub(link.next(), Filter(authors=()).encode(), Mode.OFF))
        await link.ends()


@rule("FR-12", "SCOPE has at most a bit for each author that a filter may name")
async def bounds_a_scope(target: Target) -> None:
    many = tuple([AuthorKey(number.to_bytes(32)) for number in range(1, limits.MAX_FILTER_AUTHORS + 1)])
    async with target.link() as link:
        await link.put(Sub(link.next(), Filter(authors=many).encode(), Mode.OFF))
        if any((await link.take(Scope)).carried):
            raise Broken("it carries authors that nobody is")


@rule("RC-4", "equal sets, here of nothing, are told by NEG_SAME")
async def knows_the_empty_set(target: Target) -> None:
    async with _subscribed(target) as (link, scope):
        await link.put(open_session(link, scope, EMPTY))
        await _first_of(link, NegSame)


@rule("SY-8", "another set is told by NEG_DIFFERS with the node's own count")
async def tells_a_difference(target: Target) -> None:
    async with _differing(target):
        return


@rule("SY-8", "another version of the scope is stale")
async def tells_what_is_stale(target: Target) -> None:
    async with _subscribed(target) as (link, scope):
        await link.put(open_session(link, scope, EMPTY, version=scope.version + 1))
        if (await _first_of(link, NegErr)).fault != SessionFault.STALE:
            raise Broken("another fault than stale")


@rule("SY-8", "sessions beyond their limit are told that the node is busy")
async def tells_that_it_is_busy(target: Target) -> None:
    async with _subscribed(target) as (link, scope):
        for _ in range(limits.MAX_SESSIONS):
            await link.put(open_session(link, scope, ONE))
            await link.take(NegDiffers)
        await link.put(open_session(link, scope, ONE))
        if (await _first_of(link, NegErr)).fault != SessionFault.BUSY:
            raise Broken("another fault than busy")


@rule("RC-10", "ids are answered with one's own, here none, with the same end")
async def answers_ids(target: Target) -> None:
    async with _differing(target) as (link, session):
        await link.put(NegMsg(session, Initiator(SortedIndex.of([(7, b"\x07" * 32)])).start()))
        answer = await link.take(NegMsg)
        if answer.data != bytes.fromhex("6100000200"):
            raise Broken(f"the answer is {answer.data.hex()}")


@rule("RC-12", "a message that mentions nothing is answered by the version alone")
async def answers_nothing(target: Target) -> None:
    async with _differing(target) as (link, session):
        await link.put(NegMsg(session, b"\x61"))
        if (answer := await link.take(NegMsg)).data != b"\x61":
            raise Broken(f"the answer is {answer.data.hex()}")


@rule("RC-16", "a message that breaks off ends the link")
async def wants_whole_messages(target: Target) -> None:
    async with _differing(target) as (link, session):
        await link.put(NegMsg(session, b"\x61\x00"))
        await link.ends()


@rule("RC-17", "another version of reconciliation is answered with the own one")
async def tells_its_version(target: Target) -> None:
    async with _differing(target) as (link, session):
        await link.put(NegMsg(session, b"\x62\xff"))
        if (answer := await link.take(NegMsg)).data != b"\x61":
            raise Broken(f"the answer is {answer.data.hex()}")


@rule("SY-9", "a message of an initiator in parts ends the link")
async def wants_one_part(target: Target) -> None:
    async with _differing(target) as (link, session):
        await link.put(NegMsg(session, b"\x61", more=True))
        await link.ends()


@rule("SY-9", "a message outside of any session ends the link")
async def wants_a_session(target: Target) -> None:
    async with target.link() as link:
        await link.put(NegMsg(1, b"\x61"))
        await link.ends()


@rule("SY-9", "rounds beyond their limit end the link")
async def bounds_rounds(target: Target) -> None:
    async with _differing(target) as (link, session):
        for _ in range(limits.MAX_ROUNDS):
            await link.put(NegMsg(session, b"\x61"))
            await link.take(NegMsg)
        await link.put(NegMsg(session, b"\x61"))
        await link.ends()


@rule("FR-5", "frames of a session that has ended are passed over")
async def passes_over_ended_sessions(target: Target) -> None:
    async with _differing(target) as (link, session):
        await link.put(NegClose(session), NegMsg(session, b"\x61"), NegClose(session))
        if await link.lives():
            raise Broken("they are answered")


@rule("SY-22", "PING is answered with PONG and its number")
async def answers_a_ping(target: Target) -> None:
    async with target.link() as link:
        await link.put(Ping(7))
        if (pong := await link.take(Pong)).req != 7:
            raise Broken(str(pong), "FR-3")


@rule("SY-12", "a stream over another version of the scope is empty")
async def streams_nothing_stale(target: Target) -> None:
    async with _subscribed(target) as (link, scope):
        await link.put(Range(link.next(), scope.req, scope.version + 1, Tier.CONTENT, 0, bytes(32), 10))
        answer = await link.take(Messages)
        if answer.messages or answer.more:
            raise Broken("something comes")


@rule("SY-14", "an announcement is answered with all ids that are not held")
async def wants_the_unknown(target: Target) -> None:
    ids = b"\x05" * 32 + b"\x06" * 32
    async with target.link() as link:
        number = link.next()
        await link.put(IHave(number, ids, bytes(2)))
        want = await link.take(Want)
        if (want.req, want.ids) != (number, ids):
            raise Broken(str(want))


@rule("FR-4", "an announcement that has not one hop an id ends the link")
async def wants_a_hop_an_id(target: Target) -> None:
    async with target.link() as link:
        await link.put(IHave(link.next(), b"\x05" * 32, b""))
        await link.ends()


@rule("SY-18", "a push of nothing ends the link")
async def wants_no_empty_push(target: Target) -> None:
    async with target.link() as link:
        await link.put(Messages(0, (), more=False))
        await link.ends()


@rule("FR-17", "what is no invite is answered with the verdict 5")
async def refuses_no_invite(target: Target) -> None:
    async with target.link() as link:
        number = link.next()
        await link.put(Accept(number, b"\xc0", codec.encode([b"", b"", b""])))
        answer = await link.take(Accepted)
        if (answer.req, answer.verdict) != (number, Verdict.INVALID):
            raise Broken(str(answer))


async def _first_of(link: Linked, kind: type[A]) -> A:
    """The answer to the opening of a session, which must be of this kind."""
    while True:
        match await link.frame():
            case NegSame() | NegDiffers() | NegErr() as frame:
                if isinstance(frame, kind):
                    return frame
                raise Broken(f"the answer is {frame}")
