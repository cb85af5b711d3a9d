"""The messages that a node must refuse, and those that it must take: pushed by a member, then asked for."""

from collections.abc import Sequence
from contextlib import suppress

from hedgerow_node.conformance.live.check import Broken
from hedgerow_node.conformance.live.joined import Joined
from hedgerow_node.conformance.live.judged import Judged
from hedgerow_node.conformance.live.refused_messages import THING, refused
from hedgerow_node.conformance.live.speaker import Written
from hedgerow_node.conformance.live.taken_messages import taken
from hedgerow_node.conformance.report import Failure
from hedgerow_protocol.kinds import Comment
from hedgerow_protocol.message import Message, MessageId

JUDGED: list[Judged] = [*refused.all, *taken.all]
AT_ONCE = 10
"""Messages that one stranger brings: some nodes cut off who brings twice as many that are bad."""


async def judge_messages(member: Joined) -> list[Failure | None]:
    """What came out for each of `JUDGED`; raises `Broken` where not even what is right is stored."""
    outcomes: list[Failure | None] = []
    for at in range(0, len(JUDGED), AT_ONCE):
        group = JUDGED[at : at + AT_ONCE]
        messages = [one.make(member.speaker) for one in group]
        held = await _pushed(member, messages)
        outcomes += [_outcome(one, message, held) for one, message in zip(group, messages, strict=True)]
    return outcomes


async def _pushed(member: Joined, messages: Sequence[Written]) -> dict[MessageId, bytes]:
    """Push these, and something behind them that holds; what the node then has of them."""
    ids = [message.id for message in messages]
    async with member.link() as (link, _):
        with suppress(Broken):
            await member.push(link, *messages)
            await member.publish(link, _mark(member))
            return await member.held(link, ids)
    # The node ends a link at something bad: then each comes over a link of its own.
    for message in messages:
        async with member.link() as (link, _):
            await member.push(link, message)
            with suppress(Broken):
                await link.lives()
    async with member.link() as (link, _):
        await member.publish(link, _mark(member))
        return await member.held(link, ids)


def _mark(member: Joined) -> Message:
    return member.speaker.say(Comment(THING, 0, "What stands before this is judged."))


def _outcome(judged: Judged, message: Written, held: dict[MessageId, bytes]) -> Failure | None:
    given = held.get(message.id)
    if judged.is_taken and given is None:
        return Failure(judged.rule, f"taken: {judged.claim}", "it is not held")
    if judged.is_taken and given != message.data:
        return Failure("ME-1", f"given as it came: {judged.claim}", "other bytes are given")
    if not judged.is_taken and given is not None:
        return Failure(judged.rule, f"refused: {judged.claim}", "it is held and given to others")
    return None
