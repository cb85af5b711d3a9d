"""Who waits at the door, how they came there, and how far this node reaches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from hedgerow_node.addresses import person_of
from hedgerow_node.carrying import REACH, reach_of
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.config import NOT_NOW_SECONDS, USUAL_PAGE, WAITING_LOOKED_AT
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.quarantine import Lot
from hedgerow_node.store.ties import Sponsors
from hedgerow_node.store.viewpoint import clean_name, key_of, short_key
from hedgerow_protocol import limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, did_of
from hedgerow_protocol.kinds import Body, Comment, Profile, decode_body
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_id_of, message_thing

NOBODY = Sponsors((), ())


class ListWaiting(Request):
    """Those who wait, whom people you follow speak for first."""

    limit: Limit = USUAL_PAGE


class NotNow(Request):
    """A person about whom one does not want to decide now."""

    did: str


class ShowReach(Request):
    """How far this node reaches."""


class SetReach(Request):
    """How many people to carry beyond those whom one follows, the nearest first."""

    people: Annotated[int, msgspec.Meta(ge=0, le=limits.MAX_FILTER_AUTHORS)]


@dataclass(frozen=True, slots=True)
class Door:
    """Who stands at the door."""

    people: tuple[AuthorKey, ...]
    """Those for whom somebody speaks first, then whoever was heard of last."""
    lots: Mapping[AuthorKey, Lot]
    sponsors: Mapping[AuthorKey, Sponsors]
    put_off: int
    """About how many there is nothing to decide now."""


async def at_the_door(node: Node) -> Door:
    """Who waits to be heard. Raises `StoreError`."""
    quarantine, now = node.store.quarantine, node.clock.now()
    lots = {lot.author: lot for lot in await quarantine.lots(now)}
    sponsors = await node.store.ties.sponsors()
    put_off, decided = await quarantine.put_off(now), await _decided(node)
    held = await node.store.messages.authors()
    spoken_for = {one for one, said in sponsors.items() if _speaks(node, said) and one not in held}
    found = (lots.keys() | spoken_for) - decided - put_off
    order = sorted(found, key=lambda one: (one not in sponsors, -(lots[one].last if one in lots else 0), one))
    return Door(tuple(order), lots, sponsors, len(put_off - decided))


async def waiting(node: Node, request: ListWaiting) -> Json:
    """List the people who wait to be heard: who speaks for them, and what they sent to you."""
    door, size = await at_the_door(node), await node.store.quarantine.size()
    shown = door.people[: request.limit]
    return {
        "waiting": [
            await _shown(node, one, door.lots.get(one), door.sponsors.get(one, NOBODY)) for one in shown
        ],
        "more": len(door.people) - len(shown),
        "put_off": door.put_off,
        "messages": size.messages,
        "bytes": size.bytes,
    }


def _speaks(node: Node, sponsors: Sponsors) -> bool:
    """Whether somebody else speaks for them: those whom the owner introduced are known to him."""
    return bool({*sponsors.introduced_by, *sponsors.vouched_by} - {node.author})


async def _decided(node: Node) -> set[AuthorKey]:
    """About whom there is nothing to decide: those followed or blocked, and the owner."""
    blocked = {key for did in await node.store.library.blocked() if (key := key_of(did)) is not None}
    return {node.author, *blocked, *await node.followed()}


async def _shown(node: Node, author: AuthorKey, lot: Lot | None, sponsors: Sponsors) -> Json:
    latest = await node.store.quarantine.latest_of(author, WAITING_LOOKED_AT) if lot else []
    bodies = [body for one in latest if (body := _body(one)) is not None]
    name = next((clean_name(body.content.name) for body in bodies if isinstance(body.content, Profile)), "")
    did = did_of(author)
    return {
        "did": did,
        "name": name,
        "label": name or short_key(did),
        "messages": lot.messages if lot else 0,
        "first": lot.first if lot else None,
        "last": lot.last if lot else None,
        "introduced_by": await _named(node, sponsors.introduced_by),
        "vouched_by": await _named(node, sponsors.vouched_by),
        "wrote_to": await _addressed(node, bodies),
    }


async def _named(node: Node, authors: Sequence[AuthorKey]) -> list[Json]:
    names = await node.store.views.names(authors)
    return [{"did": did_of(one), "label": names[one]} for one in authors]


async def _addressed(node: Node, bodies: Sequence[Body]) -> list[Json]:
    """The owner's messages that these refer to or comment on."""
    named = dict.fromkeys(
        [
            *[MessageId(target) for body in bodies for _, target in body.refs],
            *[MessageId(found) for body in bodies if (found := _commented(body)) is not None],
        ]
    )
    held = await node.store.messages.get(list(named)) if named else []
    things = [message_thing(one.id) for one in held if one.header.author == node.author]
    titles = await node.store.views.titles(things)
    return [{"thing": thing, "title": titles[thing]} for thing in things]


def _commented(body: Body) -> bytes | None:
    return message_id_of(body.content.thing) if isinstance(body.content, Comment) else None


def _body(message: Message) -> Body | None:
    try:
        return None if message.body is None else decode_body(message.header.kind, message.body)
    except RemoteProtocolError:
        return None


async def not_now(node: Node, request: NotNow) -> Json:
    """Put somebody who waits off: what they sent is dropped, and you are not asked again for a while."""
    author = person_of(request.did)
    if author == node.author:
        raise Problem(Code.THAT_IS_YOU)
    await node.store.quarantine.not_now(author, node.clock.now())
    return {"did": did_of(author), "days": NOT_NOW_SECONDS // limits.SECONDS_PER_DAY}


async def reach(node: Node, request: ShowReach) -> Json:
    """Show how many people beyond those you follow are carried, and how many are not."""
    allowed = await reach_of(node.store)
    further = await node.trust.further(node.author, private=True)
    carried = min(allowed, len(further.people))
    return {
        "people": allowed,
        "carried": carried,
        "left_out": len(further.people) - carried,
        "by": "follows" if further.by_mass else "vouches",
    }


async def set_reach(node: Node, request: SetReach) -> Json:
    """Say how many people beyond those you follow this node carries, the nearest first."""
    await node.store.settings.put(REACH, str(request.people))
    node.circle_changed()
    return await reach(node, ShowReach())
