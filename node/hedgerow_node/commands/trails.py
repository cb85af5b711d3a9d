"""Trails: making one, forking somebody else's, changing one's own, and what one has done of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import msgspec

from hedgerow_node.commands import words
from hedgerow_node.commands.naming import message_named, own_message_named, thing_named
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.commands.reach import who_receives
from hedgerow_node.commands.saying import Saying, replacing, say, saying_of
from hedgerow_node.commands.showing import page, plain
from hedgerow_node.commands.statements import SaidText, heads_beside
from hedgerow_node.commands.vocabulary import TrailsOf
from hedgerow_node.config import USUAL_PAGE
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import TrailView
from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Step, Trail, trail_slot
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing


class NewStep(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A step: a thing, or a role that waits for one."""

    thing: str = ""
    """Empty: a role that nobody has filled yet."""
    role: str = ""
    note: str = ""
    requires: tuple[int, ...] = ()
    """Steps that come first, counted from 1."""
    minutes: int | None = None
    optional: bool = False


class Filling(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A thing for a step."""

    step: int
    """Counted from 1."""
    thing: str


class ListTrails(Request):
    """A page of trails, newest first."""

    of: TrailsOf = "everyone"
    cursor: str = ""
    limit: Limit = USUAL_PAGE


class NewTrail(Request):
    """A way through things."""

    title: SaidText
    steps: Annotated[tuple[NewStep, ...], msgspec.Meta(min_length=1)]
    summary: str = ""
    topics: tuple[str, ...] = ()


class OneTrail(Request):
    """A trail, by the name of its message or the first letters of it."""

    trail: str


class ForkTrail(Request):
    """A trail to go on from, and what the fork says otherwise; None keeps what it says."""

    trail: str
    title: str | None = None
    summary: str | None = None
    steps: tuple[NewStep, ...] | None = None
    fill: tuple[Filling, ...] = ()
    """Things for steps of it, above all for roles that nobody has filled."""
    add: tuple[NewStep, ...] = ()
    """Steps behind the others."""
    topics: tuple[str, ...] | None = None


class EditTrail(Request):
    """New values for a trail of one's own; None keeps what it says."""

    trail: str
    title: str | None = None
    summary: str | None = None
    steps: tuple[NewStep, ...] | None = None
    fill: tuple[Filling, ...] = ()
    add: tuple[NewStep, ...] = ()
    topics: tuple[str, ...] | None = None


class StepsDone(Request):
    """Steps of a trail that one has done, or not."""

    trail: str
    steps: Annotated[tuple[int, ...], msgspec.Meta(min_length=1)]
    """Counted from 1."""
    undo: bool = False


async def trails(node: Node, request: ListTrails) -> Json:
    """List trails: one's own, those of people one follows, or everybody's."""
    authors = await _authors(node, request.of)
    return page(await node.store.views.trails(authors, request.cursor or None, request.limit))


async def show_trail(node: Node, request: OneTrail) -> Json:
    """Show a trail step by step, with what one has done of it."""
    return plain(await _view(node, (await message_named(node, request.trail))))


async def new_trail(node: Node, request: NewTrail) -> Json:
    """Make a trail: a way through things, in steps."""
    trail = Trail(
        slot=trail_slot(node.clock.entropy(limits.TRAIL_SLOT)),
        title=words.line(request.title),
        summary=words.text(request.summary),
        steps=await _steps(node, request.steps),
    )
    return await _published(node, Saying(trail, words.lines(request.topics)))


async def fork_trail(node: Node, request: ForkTrail) -> Json:
    """Make a trail of one's own out of somebody's, which it names as its origin."""
    message = await message_named(node, request.trail)
    before = _trail_of(message)
    _, trail = before
    lineage = (message.id, *trail.lineage)[: limits.MAX_LINEAGE]
    changed = await _changed(node, before, request)
    assert isinstance(changed.content, Trail)
    fork = replace(changed.content, slot=trail_slot(node.clock.entropy(limits.TRAIL_SLOT)), lineage=lineage)
    return await _published(node, Saying(fork, changed.topics))


async def edit_trail(node: Node, request: EditTrail) -> Json:
    """Change a trail of one's own; the earlier version stays in its history."""
    message = await own_message_named(node, request.trail)
    _trail_of(message)
    heads = await heads_beside(node, message)
    if heads and message.id not in [head.id for head in heads]:
        message = (await node.store.messages.get([heads[0].id]))[0]
    before = _trail_of(message)
    changed = await _changed(node, before, request)
    if changed == before[0] and [head.id for head in heads] == [message.id]:
        return {"ids": [message_thing(message.id)], "replaced": [], "who": who_receives(node)}
    published = await node.publish_many([replacing(changed, heads)])
    return {
        "ids": [message_thing(published[0].id)],
        "replaced": [message_thing(head.id) for head in heads],
        "who": who_receives(node),
    }


async def steps_done(node: Node, request: StepsDone) -> Json:
    """Note which steps one has done; nobody else learns of it."""
    message = await message_named(node, request.trail)
    _, trail = _trail_of(message)
    things = [_thing_at(trail.steps, number) for number in request.steps]
    for thing in things:
        if request.undo:
            await node.store.library.undo(thing)
        else:
            await node.store.library.do(thing, node.clock.now())
    if request.undo:
        node.erase_soon()
    view = await _view(node, message)
    return {"trail": view.id, "done": view.done, "steps": len(view.places)}


async def _authors(node: Node, of: TrailsOf) -> set[AuthorKey] | None:
    match of:
        case "everyone":
            return None
        case "mine":
            return {node.author}
        case "followed":
            openly = await node.store.views.follows(node.author)
            return openly | await node.store.library.private_follows()


async def _view(node: Node, message: Message) -> TrailView:
    view = await node.store.views.trail(message.id)
    if view is None:
        raise Problem(Code.NO_TRAIL, message_thing(message.id))
    return view


def _trail_of(message: Message) -> tuple[Saying, Trail]:
    saying = saying_of(message)
    if saying is None or not isinstance(saying.content, Trail):
        raise Problem(Code.NO_TRAIL, message_thing(message.id))
    return saying, saying.content


async def _published(node: Node, saying: Saying) -> Json:
    trail = message_thing(await say(node, saying))
    return {"ids": [trail], "thing": trail, "who": who_receives(node)}


async def _changed(node: Node, before: tuple[Saying, Trail], request: ForkTrail | EditTrail) -> Saying:
    saying, trail = before
    steps = trail.steps if request.steps is None else await _steps(node, request.steps)
    for filling in request.fill:
        steps = await _filled(node, steps, filling)
    steps += await _steps(node, request.add, first=len(steps) + 1)
    changed = replace(
        trail,
        title=trail.title if request.title is None else words.line(request.title),
        summary=trail.summary if request.summary is None else words.text(request.summary),
        steps=steps,
    )
    topics = saying.topics if request.topics is None else words.lines(request.topics)
    return replace(saying, content=changed, topics=topics)


async def _steps(node: Node, given: Sequence[NewStep], first: int = 1) -> tuple[Step, ...]:
    return tuple([await _step(node, number, step) for number, step in enumerate(given, start=first)])


async def _step(node: Node, number: int, given: NewStep) -> Step:
    role = words.line(given.role)
    if not given.thing.strip() and not role:
        raise Problem(Code.REQUEST_WRONG, f"step {number} names neither a thing nor a role")
    requires = sorted(set(given.requires))
    if requires and not 1 <= requires[0] <= requires[-1] < number:
        raise Problem(Code.REQUEST_WRONG, f"step {number} needs a step that does not come before it")
    return Step(
        thing=await _thing_of_step(node, number, given.thing) if given.thing.strip() else None,
        role=role,
        note=words.text(given.note),
        requires=tuple([place - 1 for place in requires]),
        minutes=given.minutes,
        optional=given.optional,
    )


async def _filled(node: Node, steps: tuple[Step, ...], filling: Filling) -> tuple[Step, ...]:
    step = _step_at(steps, filling.step)
    filled = step._replace(thing=await _thing_of_step(node, filling.step, filling.thing))
    return (*steps[: filling.step - 1], filled, *steps[filling.step :])


async def _thing_of_step(node: Node, number: int, name: str) -> str:
    try:
        return await thing_named(node, name)
    except Problem as problem:
        raise Problem(problem.kind, f"step {number}: {problem.detail}", problem.next_step) from None


def _step_at(steps: Sequence[Step], number: int) -> Step:
    if not 1 <= number <= len(steps):
        raise Problem(Code.REQUEST_WRONG, f"there is no step {number}; the trail has {len(steps)}")
    return steps[number - 1]


def _thing_at(steps: Sequence[Step], number: int) -> str:
    thing = _step_at(steps, number).thing
    if thing is None:
        raise Problem(
            Code.REQUEST_WRONG, f"step {number} is a role without a thing", "Fork the trail and fill it."
        )
    return thing
