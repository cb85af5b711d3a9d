"""What an author sees whom the node carries: withdrawal, sets and their comparison, what is new, invites."""

from hedgerow_node.conformance.live.check import Broken, Checks, Ended
from hedgerow_node.conformance.live.joined import Joined, id_of
from hedgerow_node.conformance.live.linked import Linked
from hedgerow_node.conformance.live.refused_messages import THING, UNKNOWN
from hedgerow_node.conformance.live.session_checks import open_session
from hedgerow_node.conformance.live.speaker import Voice, written
from hedgerow_protocol import limits
from hedgerow_protocol.codec import encode
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Get,
    IHave,
    Messages,
    Missing,
    Mode,
    NegDiffers,
    NegErr,
    NegMsg,
    NegSame,
    Range,
    Scope,
    Tier,
    Want,
    pack_ids,
    split_ids,
)
from hedgerow_protocol.invite import Verdict
from hedgerow_protocol.kinds import Comment, Kind, Retract
from hedgerow_protocol.message import Message, decode_message
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator, Responder

rule: Checks[Joined] = Checks()
LARGE = limits.MAX_BODY - 256
"""Bytes of a body that is nearly as large as one may be."""
TOO_MANY_BAD = limits.MAX_INVALID
MANY = 3 * limits.RECONCILIATION_SPLIT
"""Messages of which a set is told by fingerprints."""


def _comment(member: Joined, text: str = "Said for a test.") -> Message:
    return member.speaker.say(Comment(THING, 0, text))


def _retraction(member: Joined, *targets: Message) -> Message:
    return member.speaker.say(Retract(tuple(sorted(target.id for target in targets))))


async def _given(member: Joined, link: Linked, message: Message) -> Message | None:
    """What the node gives under this id."""
    data = (await member.held(link, [message.id])).get(message.id)
    return decode_message(data) if data is not None else None


# --- Copies and withdrawal --------------------------------------------------------------------------------


@rule("ME-11", "a forged copy that came first does not hide the right one")
async def wants_the_right_copy(member: Joined) -> None:
    message = _comment(member)
    forged = member.speaker.seal(message.header_bytes, message.body, signature=bytes(64))
    async with member.link() as (link, _):
        await member.push(link, forged)
        await member.publish(link, message)


@rule("ME-11", "a copy with another body does not hide the right one")
async def wants_the_right_body(member: Joined) -> None:
    message = _comment(member)
    forged = member.speaker.seal(message.header_bytes, b"\xc0", signature=message.signature)
    async with member.link() as (link, _):
        await member.push(link, forged)
        await member.publish(link, message)


@rule("KI-19", "the body of what was withdrawn is given to nobody and not taken in again")
async def erases(member: Joined) -> None:
    message = _comment(member)
    async with member.link() as (link, _):
        await member.publish(link, message)
        await member.publish(link, _retraction(member, message))
        given = await _given(member, link, message)
        if given is not None and given.body is not None:
            raise Broken("the body is given")
        await member.push(link, written(message))
        await member.publish(link, _comment(member))
        given = await _given(member, link, message)
        if given is not None and given.body is not None:
            raise Broken("the body came back")


@rule("KI-18", "a retraction holds for a target that comes later")
async def erases_what_comes_later(member: Joined) -> None:
    message = _comment(member)
    async with member.link() as (link, _):
        await member.publish(link, _retraction(member, message))
        await member.push(link, written(message))
        await member.publish(link, _comment(member))
        given = await _given(member, link, message)
        if given is not None and given.body is not None:
            raise Broken("the body is given")


@rule("KI-20", "header, signature and retraction of what was withdrawn stay")
async def keeps_the_header(member: Joined) -> None:
    message = _comment(member)
    async with member.link() as (link, _):
        await member.publish(link, message)
        retraction = _retraction(member, message)
        await member.publish(link, retraction)
        if await _given(member, link, message) is None:
            raise Broken("nothing is given of what was withdrawn")
        if await _given(member, link, retraction) != retraction:
            raise Broken("the retraction is not given")


@rule("KI-21", "a retraction cannot be taken back")
async def keeps_retractions(member: Joined) -> None:
    message = _comment(member)
    async with member.link() as (link, _):
        await member.publish(link, message)
        retraction = _retraction(member, message)
        await member.publish(link, retraction)
        await member.publish(link, _retraction(member, retraction))
        if await _given(member, link, retraction) != retraction:
            raise Broken("the retraction lost its body")


@rule("ID-8", "the inception keeps its body whatever is retracted")
async def keeps_the_log(member: Joined) -> None:
    inception = member.speaker.inception
    async with member.link() as (link, _):
        await member.publish(link, _retraction(member, inception))
        if await _given(member, link, inception) != inception:
            raise Broken("it is not given as it was")


@rule("ID-14", "a second inception adds its devices and takes none away")
async def joins_inceptions(member: Joined) -> None:
    other = Voice(member.speaker.clock.entropy(32))
    async with member.link() as (link, _):
        await member.publish(link, member.speaker.incept(other.device), _comment(member))
        await member.publish(link, member.speaker.say(Comment(THING, 0, "As somebody else."), other))


# --- Sets -------------------------------------------------------------------------------------------------


async def _set_of(member: Joined, link: Linked, scope: Scope, tier: Tier) -> list[Message]:
    messages = await member.stream(link, scope, tier)
    places = [(message.header.ts, message.id) for message in messages]
    if places != sorted(set(places)):
        raise Broken("a stream is not in the order of (ts, id)", "SY-12")
    return messages


def _sum(messages: list[Message]) -> SetSum:
    return SetSum.of([message.id for message in messages])


@rule("SY-2", "the control tier has the control kinds, the content tier all others")
async def parts_tiers(member: Joined) -> None:
    async with member.link() as (link, scope):
        for tier in Tier:
            kinds = {one.header.is_control for one in await _set_of(member, link, scope, tier)}
            if kinds - {tier == Tier.CONTROL}:
                raise Broken(f"tier {tier} has a message of the other")


@rule("RC-4", "a set with the same count and fingerprint is told by NEG_SAME")
async def knows_its_sums(member: Joined) -> None:
    async with member.link() as (link, scope):
        for tier in Tier:
            own = _sum(await _set_of(member, link, scope, tier))
            await link.put(open_session(link, scope, own, tier))
            answer = await _opened(link)
            if not isinstance(answer, NegSame):
                raise Broken(f"the set of tier {tier} that it streams is not its set: {answer}")


@rule("SY-7", "a session compares from since on and before until")
async def narrows_by_time(member: Joined) -> None:
    async with member.link() as (link, scope):
        own = await _set_of(member, link, scope, Tier.CONTENT)
        times = sorted({message.header.ts for message in own})
        since, until = times[1], times[-1]
        within = [message for message in own if since <= message.header.ts < until]
        await link.put(open_session(link, scope, _sum(within), times=(since, until)))
        # The count alone shows what is compared: whether its sums are right is the matter of RC-4.
        answer = await _opened(link)
        if not isinstance(answer, NegSame) and getattr(answer, "count", None) != len(within):
            raise Broken(f"{len(within)} messages lie between these times, and it answers {answer}")


@rule("SY-8", "another set is told with the node's own count")
async def tells_its_count(member: Joined) -> None:
    async with member.link() as (link, scope):
        own = await _set_of(member, link, scope, Tier.CONTENT)
        await link.put(open_session(link, scope, _sum(own[1:])))
        answer = await _opened(link)
        if not isinstance(answer, NegDiffers) or answer.count != len(own):
            raise Broken(f"it streams {len(own)} messages, and answers {answer}")


async def _opened(link: Linked) -> NegSame | NegDiffers | NegErr:
    while True:
        match await link.frame():
            case NegSame() | NegDiffers() | NegErr() as frame:
                return frame


@rule("RC-8", "a range that differs is told by 16 fingerprints, or by ids when they are few")
async def tells_ranges(member: Joined) -> None:
    async with member.link() as (link, scope):
        await member.publish(link, *[_comment(member) for _ in range(MANY)])
        own = await _set_of(member, link, scope, Tier.CONTENT)
        items = [(message.header.ts, message.id) for message in own]
        await link.put(open_session(link, scope, _sum(own[1:])))
        if not isinstance(answer := await _opened(link), NegDiffers):
            raise Broken(f"the answer is {answer}")
        expected = Responder(SortedIndex.of(items))
        initiator = Initiator(SortedIndex.of(items[1:]))
        message: bytes | None = initiator.start()
        while message is not None:
            await link.put(NegMsg(answer.req, message))
            told = await link.take(NegMsg)
            if told.data != expected.on_message(message):
                raise Broken("another answer than these ids have")
            message = initiator.on_message(told.data).reply


@rule("FR-10", "a filter narrows by kinds and times, since included and until not")
async def filters(member: Joined) -> None:
    async with member.link() as (link, scope):
        everything = await _set_of(member, link, scope, Tier.CONTENT)
    times = sorted({message.header.ts for message in everything})
    narrow = Filter((member.speaker.key,), (Kind.COMMENT,), times[1], times[-1])
    async with member.link(narrow) as (link, scope):
        found = {message.id for message in await _set_of(member, link, scope, Tier.CONTENT)}
    wanted = {message.id for message in everything if narrow.matches(message.header)}
    if found != wanted:
        raise Broken(f"{len(found)} messages pass, {len(wanted)} should")


@rule("FR-11", "the empty list of kinds asks for the control set alone")
async def filters_control(member: Joined) -> None:
    async with member.link(Filter((member.speaker.key,), kinds=())) as (link, scope):
        if await _set_of(member, link, scope, Tier.CONTENT):
            raise Broken("content passes")
        if not await _set_of(member, link, scope, Tier.CONTROL):
            raise Broken("control does not pass")


# --- Transfer ---------------------------------------------------------------------------------------------


@rule("SY-12", "a stream has at most as many messages as asked for, those after the place")
async def bounds_a_stream(member: Joined) -> None:
    async with member.link() as (link, scope):
        own = await _set_of(member, link, scope, Tier.CONTENT)
        after = (own[0].header.ts, own[0].id)
        await link.put(Range(link.next(), scope.req, scope.version, Tier.CONTENT, *after, 2))
        part = await link.take(Messages)
        if [id_of(data) for _, data in part.messages] != [one.id for one in own[1:3]]:
            raise Broken("other messages come than the next two")


@rule("SY-13", "an answer keeps to its size, and what is left out is named later")
async def bounds_an_answer(member: Joined) -> None:
    count = limits.MAX_ANSWER // LARGE + 2
    large = [member.speaker.say_bytes(UNKNOWN, member.speaker.body(bytes(LARGE))) for _ in range(count)]
    async with member.link() as (link, _):
        for message in large:
            await member.publish(link, message)
        number = link.next()
        await link.put(Get(number, pack_ids([message.id for message in large])))
        passed, missing = await link.before(Missing)
        parts = [frame for frame in passed if isinstance(frame, Messages)]
        parts.append(await link.take(Messages))
        data = [one for part in parts for _, one in part.messages]
        if sum(map(len, data)) > limits.MAX_ANSWER:
            raise Broken(f"an answer of {sum(map(len, data))} bytes")
        if len(data) + len(missing.absent) != count:
            raise Broken(f"{len(data)} come and {len(missing.absent)} are missing, of {count}")


@rule("SY-14", "an announcement is answered with what is not held, and that is then taken")
async def takes_what_was_announced(member: Joined) -> None:
    known, new = _comment(member), _comment(member)
    async with member.link() as (link, _):
        await member.publish(link, known)
        number = link.next()
        await link.put(IHave(number, pack_ids([known.id, new.id]), bytes(2)))
        want = await link.take(Want)
        if new.id not in split_ids(want.ids):
            raise Broken("what is not held is not wanted")
        await link.put(Messages(number, ((0, new.encode()),), more=False))
        await member.publish(link, new)


@rule("SY-16", "what was erased is passed on as its header")
async def serves_headers(member: Joined) -> None:
    message = _comment(member)
    async with member.link() as (link, _):
        await member.publish(link, message)
        await member.publish(link, _retraction(member, message))
        if await _given(member, link, message) != message.without_body():
            raise Broken("it is not given as its header")


# --- What is new ------------------------------------------------------------------------------------------


@rule("SY-17", "what is new is passed whole to a link that subscribed eagerly")
async def passes_on(member: Joined) -> None:
    message = _comment(member)
    async with member.link(mode=Mode.EAGER) as (listener, _), member.link() as (link, _):
        await member.push(link, written(message))
        pushed = await listener.take(Messages)
        if pushed.req or [id_of(one) for _, one in pushed.messages] != [message.id]:
            raise Broken(f"it comes with the number {pushed.req}, or something else comes")


@rule("SY-17", "what is new is announced to a link that subscribed lazily")
async def announces(member: Joined) -> None:
    message = _comment(member)
    async with member.link(mode=Mode.LAZY) as (listener, _), member.link() as (link, _):
        await member.push(link, written(message))
        announced = await listener.take(IHave)
        if announced.ids != message.id:
            raise Broken("something else is announced")
        if announced.req % 2:
            raise Broken("its question has a number of the other side", "FR-3")


@rule("FR-17", "the same author accepting again is not counted twice")
async def accepts_again(member: Joined) -> None:
    verdict = await member.accept(member.acceptance())
    if verdict != Verdict.DONE:
        raise Broken(f"the verdict is {verdict}")


@rule("FR-15", "an acceptance that was changed is none")
async def refuses_a_changed_acceptance(member: Joined) -> None:
    packed = member.acceptance()
    verdict = await member.accept(packed.replace(b"conformance", b"conformancf"))
    if verdict != Verdict.INVALID:
        raise Broken(f"the verdict is {verdict}")


@rule("FR-14", "an invite that was changed is none")
async def refuses_a_changed_invite(member: Joined) -> None:
    invite = member.invite
    changed = encode([invite.encoded, invite.device, bytes(64)])
    async with member.target.link() as link:
        verdict = await member.bring(link, changed, member.acceptance())
    if verdict != Verdict.INVALID:
        raise Broken(f"the verdict is {verdict}")


@rule("SY-21", "who brings too much that is bad is cut off")
async def cuts_off(member: Joined) -> None:
    async with member.link() as (link, _):
        for _ in range(TOO_MANY_BAD):
            message = _comment(member)
            forged = member.speaker.seal(message.header_bytes, message.body, signature=bytes(64))
            await link.put(Messages(0, ((0, forged.data),), more=False))
        try:
            while True:
                await link.next_frame()
        except Ended:
            return
