"""Takedowns: what whoever runs this node neither keeps nor gives to anyone, with a public list of it."""

from hedgerow_node.commands import words
from hedgerow_node.commands.naming import thing_named
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.commands.statements import SaidText
from hedgerow_node.config import USUAL_PAGE
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.takedowns import Takedown
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.things import message_id_of


class TakeDown(Request):
    """A message, a person, or an address with everything that names it; the reason is for everybody to read."""

    target: str
    reason: SaidText


class OneTakedown(Request):
    """What was taken down."""

    target: str


class ListTakedowns(Request):
    """A page of decisions, the latest first."""

    cursor: str = ""
    limit: Limit = USUAL_PAGE


async def take_down(node: Node, request: TakeDown) -> Json:
    """Take a message, a person or everything that names an address off this node, for good or until it is undone.

    Reason and date stand in a public list. One's own messages stay: those one withdraws.
    """
    target = await _named(node, request.target)
    await _check_is_not_own(node, target)
    reason = words.text(request.reason)
    gone = await node.store.takedowns.take_down(target, reason, node.clock.now())
    decided = await node.store.takedowns.standing(target)
    assert decided is not None
    await node.carry_anew()
    node.erase_soon()
    own = await node.store.views.own(node.author, target)
    return {**plain_takedown(decided), "messages": gone or 0, "own": [one.id for one in own]}


async def undo(node: Node, request: OneTakedown) -> Json:
    """Take a takedown back: what it kept away may come in again from those who still have it."""
    target = await _named(node, request.target)
    decided = await node.store.takedowns.standing(target)
    returning = await node.store.takedowns.undo(target, node.clock.now())
    if decided is None or returning is None:
        raise Problem(Code.NOT_DOWN, target)
    node.circle_changed()
    return {"target": target, "what": decided.what, "messages": returning}


async def takedowns(node: Node, request: ListTakedowns) -> Json:
    """List what was taken down here, the latest first, and what of it was undone."""
    before = _before(request.cursor)
    found = await node.store.takedowns.latest(request.limit + 1, before)
    shown = found[: request.limit]
    following = str(shown[-1].row) if len(found) > len(shown) else None
    return {"results": [plain_takedown(one) for one in shown], "next": following}


def plain_takedown(one: Takedown) -> Json:
    """A decision as JSON."""
    return {
        "target": one.target,
        "what": one.what,
        "name": one.name or one.target,
        "reason": one.reason,
        "at": one.at,
        "undone": one.undone,
    }


def _before(cursor: str) -> int | None:
    if cursor and not (cursor.isascii() and cursor.isdecimal()):
        raise Problem(Code.CURSOR_WRONG)
    return int(cursor) if cursor else None


async def _named(node: Node, target: str) -> str:
    """What is meant: a message may be named by its first letters where it is held, and by all where it is not."""
    whole = target.strip()
    return whole if message_id_of(whole) is not None else await thing_named(node, whole)


async def _check_is_not_own(node: Node, target: str) -> None:
    if target == did_of(node.author):
        raise Problem(Code.THAT_IS_YOU)
    identifier = message_id_of(target)
    held = await node.store.messages.get([MessageId(identifier)]) if identifier is not None else []
    if any(one.header.author == node.author for one in held):
        raise Problem(Code.REQUEST_WRONG, "you wrote it yourself", "Withdraw it: hedgerow retract MESSAGE.")
    if any(one.header.is_control for one in held):
        raise Problem(
            Code.REQUEST_WRONG,
            "a log entry or a withdrawal has no text to take down",
            "Take the person down, or the message with the text.",
        )
