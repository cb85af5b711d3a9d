"""An identity log in motion: devices come and go, and entries come in any order (specs/01-identity.md)."""

import asyncio
from collections.abc import Iterable

from hedgerow_node.conformance.live.check import Broken, Checks
from hedgerow_node.conformance.live.joined import LOOK_AGAIN, STORED_WITHIN, Joined
from hedgerow_node.conformance.live.linked import Linked
from hedgerow_node.conformance.live.refused_messages import THING
from hedgerow_node.conformance.live.speaker import Voice, written
from hedgerow_protocol.kinds import Comment
from hedgerow_protocol.message import Message, MessageId

rule: Checks[Joined] = Checks()


def _voice(member: Joined) -> Voice:
    return Voice(member.speaker.clock.entropy(32))


def _comment(member: Joined, voice: Voice) -> Message:
    return member.speaker.say(Comment(THING, 0, "Said by another device."), voice)


@rule("ID-16", "a device that an update adds speaks for its author")
async def takes_a_new_device(member: Joined) -> None:
    voice = _voice(member)
    async with member.link() as (link, _):
        await member.publish(link, member.speaker.update(voice.device))
        await member.publish(link, _comment(member, voice))


@rule("ID-26", "of a removed device what the cut reaches stays, and nothing else")
async def cuts(member: Joined) -> None:
    speaker, voice = member.speaker, _voice(member)
    async with member.link() as (link, _):
        await member.publish(link, speaker.update(voice.device))
        before, after = _comment(member, voice), _comment(member, voice)
        await member.publish(link, before, after)
        await member.publish(link, speaker.update(removed={voice.device: ((1, before.id),)}))
        await _are_gone(member, link, [after.id])
        if not await member.held(link, [before.id]):
            raise Broken("what the cut reaches is gone")
        late = _comment(member, voice)
        await member.push(link, written(late))
        await member.publish(link, speaker.say(Comment(THING, 0, "What stands before this is judged.")))
        if await member.held(link, [late.id]):
            raise Broken("what the cut does not reach is taken")


@rule("ID-30", "an entry is taken though it did not belong to the log when it came before")
async def judges_again(member: Joined) -> None:
    speaker, voice = member.speaker, _voice(member)
    root = speaker.clock.entropy(32)
    rotate = speaker.rotate(root)
    update = speaker.update(voice.device, root_seed=root)
    async with member.link() as (link, _):
        await member.push(link, written(update))
        await member.publish(link, rotate)
        await member.publish(link, update)
        await member.publish(link, _comment(member, voice))
    speaker.root_seed = root


async def _are_gone(member: Joined, link: Linked, ids: Iterable[MessageId]) -> None:
    for _ in range(round(STORED_WITHIN / LOOK_AGAIN)):
        if not await member.held(link, ids):
            return
        await asyncio.sleep(LOOK_AGAIN)
    raise Broken("what the cut does not reach is still given")
