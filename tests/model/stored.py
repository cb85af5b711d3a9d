"""A real store that is given what a node of a schedule holds, and what the model expects to find in it."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hedgerow_node.store.records import State
from hedgerow_node.store.sets import START
from hedgerow_node.store.store import Store
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message, MessageId
from model.clauses import Spec
from model.exchange import withdrawn_among
from model.held import CONTROL, held
from model.people import EPOCH
from model.schedule import LATER_CONTROL
from model.sets import World
from node.store.opened import EVERYTHING, cut_up, opened

NOW = float(EPOCH + 1_000)
MOST = 64
"""Messages of one put: so many are indexed at once."""
SHOWN = (Kind.RESOURCE, Kind.COMMENT, LATER_CONTROL)
"""Kinds of a schedule of which the model knows how they are shown."""


async def difference(messages: Sequence[Message], spec: Spec, seed: int) -> str | None:
    """Where a store that got these messages, in batches, says something else than the specs; None: nowhere."""
    with TemporaryDirectory() as folder:
        async with opened(Path(folder), check=False) as store:
            await give(store, messages, Random(seed))
            return await compared(store, messages, World(map(held, messages), spec))


async def give(store: Store, messages: Sequence[Message], random: Random) -> None:
    """Put all of these, as far as admission would, again and again until nothing is new: so peers offer them."""
    rest = list(messages) if random.random() < 0.5 else random.sample(messages, len(messages))
    while rest:
        batch, rest = _cut_off(rest, random.randint(1, MOST))
        await _put(store, batch)
    while await _put_all(store, messages):
        pass


def _cut_off(messages: list[Message], at: int) -> tuple[list[Message], list[Message]]:
    return messages[:at], messages[at:]


async def _put_all(store: Store, messages: Sequence[Message]) -> int:
    before = await store.messages.counts()
    ids = await in_the_sets(store, messages)
    for at in range(0, len(messages), MOST):
        await _put(store, messages[at : at + MOST])
    return before != await store.messages.counts() or ids != await in_the_sets(store, messages)


async def _put(store: Store, messages: Sequence[Message]) -> None:
    known = store.messages.identities
    learned = [new for one in messages if one.header.kind == Kind.IDENTITY for new in known.learn(one)]
    accepted = [one for one in messages if known.is_authorised(one) or known.may_count(one)]
    accepted += [one for one in learned if one not in accepted]
    await store.messages.put(accepted, received=NOW)
    there = await store.messages.get([one.id for one in messages])
    gone = withdrawn_among(await _retractions(store, messages), there)
    assert all(one.body is None for one in there if one.id in gone), "an erased body came back"
    counted = {entry for one in messages for entry in known.log(one.header.author).counted}
    control, _ = await in_the_sets(store, messages)
    assert counted <= control, "an entry that counts is not in the sets"


async def _retractions(store: Store, messages: Sequence[Message]) -> list[Message]:
    asked = Filter.of_authors({one.header.author for one in messages})
    found, _ = await store.messages.range(asked, True, START, limit=EVERYTHING, max_bytes=EVERYTHING)
    return found


async def in_the_sets(store: Store, messages: Sequence[Message]) -> list[set[MessageId]]:
    """Ids in the control tier and in the content tier."""
    asked = Filter.of_authors({one.header.author for one in messages})
    return [set(cut_up((await store.messages.items(asked, control))[1])) for control in (True, False)]


async def compared(store: Store, messages: Sequence[Message], world: World) -> str | None:
    """The first thing that store and model see differently, in words."""
    if await in_the_sets(store, messages) != [world.control, world.content]:
        return "the sets"
    there = {one.id: one.body for one in await store.messages.get([one.id for one in messages])}
    expected = {one.id: one.body for one in messages if one.id in world.control | world.content}
    erased = world.erased
    if there != {key: None if key in erased else body for key, body in expected.items()}:
        return "the bodies"
    shown = [one for one in messages if one.id in there and one.header.kind in SHOWN]
    states = {one.id: view.state for one in shown if (view := await store.views.message(one.id)) is not None}
    return None if states == {one.id: state_of(world, one) for one in shown} else "the states"


def state_of(world: World, message: Message) -> State:
    """What a reader is told of a message that is in the sets, by KI-14 to KI-18."""
    if message.id in world.erased:
        return State.WITHDRAWN
    statement = next((one for one in world.statements() if message.id in one.heads), None)
    if statement is not None:
        return State.CURRENT if statement.current == message.id else State.CONCURRENT
    if message.header.kind in CONTROL:
        return State.CARRIED
    return State.MISSING if message.body is None else State.SUPERSEDED
