"""The node: one identity over every crash, one chain over every haste, and nothing published that could not stand."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hedgerow_node.config import Home
from hedgerow_node.keystore import Keystore
from hedgerow_node.node import Draft, Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store import erasure
from hedgerow_node.store.messages import Messages
from hedgerow_node.store.store import Store
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.kinds import Comment, Kind, Resource, Retract, Withdrawal
from hedgerow_protocol.message import Message, verify
from node import first_runs
from node.clocks import START, FakeClock
from node.crashes import Crash
from node.others import Other


def page(number: int) -> Resource:
    return Resource(f"https://example.org/{number}", f"Page {number}")


async def own_chain(node: Node) -> list[Message]:
    """My device's messages in the order of their places."""
    _, ids = await node.store.messages.items(Filter.of_authors({node.author}), control=False)
    messages = await node.store.messages.get([ids[at : at + 32] for at in range(0, len(ids), 32)])
    return sorted(messages, key=lambda message: message.header.seq)


async def test_the_first_message_of_a_new_home_is_its_inception(node: Node) -> None:
    log = await node.store.messages.log()
    assert [message.id for message in log] == [node.keys.inception.id]
    assert log[0].header.author == node.author
    assert (await node.store.messages.counts()).own == 1


async def test_a_home_keeps_its_identity(home: Home, clock: FakeClock) -> None:
    dids = set()
    for _ in range(3):
        node = await Node.open(home, clock)
        dids.add(node.keys.did)
        assert len(await node.store.messages.log()) == 1
        await node.close()
    assert len(dids) == 1


async def test_a_home_is_open_once(node: Node, home: Home, clock: FakeClock) -> None:
    with pytest.raises(Problem) as caught:
        await Node.open(home, clock)
    assert caught.value.kind == Code.FOLDER_BUSY


async def test_a_library_without_keys_never_becomes_somebody_elses(home: Home, clock: FakeClock) -> None:
    node = await Node.open(home, clock)
    await node.close()
    home.keys.rename(home.path.parent / "elsewhere")
    with pytest.raises(Problem) as caught:
        await Node.open(home, clock)
    assert caught.value.kind == Code.KEYS_MISSING
    assert not home.keys.exists()


@pytest.mark.parametrize("is_stored", [False, True])
async def test_a_crash_around_the_first_put_keeps_the_identity(
    home: Home, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, is_stored: bool
) -> None:
    whole_put = Messages.put

    async def stopped_put(self, messages, **arguments):
        if is_stored:
            await whole_put(self, messages, **arguments)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Messages, "put", stopped_put)
        with pytest.raises(Crash):
            await Node.open(home, clock)
    did = Keystore.open(home).did
    node = await Node.open(home, clock)
    assert node.keys.did == did
    assert [message.id for message in await node.store.messages.log()] == [node.keys.inception.id]
    assert (await node.publish(page(1))).header.seq == 1
    await node.close()


async def test_a_process_killed_at_any_file_change_of_its_first_run_leaves_a_home_with_one_identity(
    tmp_path: Path,
) -> None:
    path = os.pathsep.join(sys.path)
    subprocess.run(
        [sys.executable, first_runs.__file__, tmp_path], env={**os.environ, "PYTHONPATH": path}, check=True
    )
    homes = [Home(folder) for folder in sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))]
    survived = []
    for home in homes:
        before = Keystore.open(home).did if Keystore.exists(home) else None
        node = await Node.open(home, FakeClock(seed=1_000))
        assert before in (None, node.keys.did)
        assert [message.id for message in await node.store.messages.log()] == [node.keys.inception.id]
        assert node.keys.words() is not None
        assert (await node.publish(page(1))).header.seq == 1
        await node.close()
        survived.append(before is not None)
    # Once there it stays: no later step of the first run could take an identity away.
    assert survived == sorted(survived)
    assert set(survived) == {True, False}


async def test_messages_are_signed_and_follow_each_other(node: Node) -> None:
    published = [await node.publish(page(number)) for number in range(3)]
    assert [message.header.seq for message in published] == [1, 2, 3]
    assert [message.header.prev for message in published] == [None, published[0].id, published[1].id]
    for message in published:
        verify(message)
        assert message.header.device == node.device
        assert message.header.ts == int(START)


async def test_publishing_at_once_from_many_sides_makes_one_chain(node: Node) -> None:
    await asyncio.gather(*[node.publish(page(number)) for number in range(20)])
    chain = await own_chain(node)
    assert [message.header.seq for message in chain] == list(range(1, 21))
    assert [message.header.prev for message in chain[1:]] == [message.id for message in chain[:-1]]


async def test_a_caller_that_goes_away_leaves_no_fork(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_put = node.store.messages.put
    started = asyncio.Event()

    async def slow_put(messages, **arguments):
        started.set()
        await asyncio.sleep(0.05)
        return await whole_put(messages, **arguments)

    monkeypatch.setattr(node.store.messages, "put", slow_put)
    caller = asyncio.create_task(node.publish(page(1)))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    second = await node.publish(page(2))
    chain = await own_chain(node)
    assert [message.header.seq for message in chain] == [1, 2]
    assert second.header.prev == chain[0].id


async def test_closing_waits_for_what_was_begun(home: Home, clock: FakeClock) -> None:
    node = await Node.open(home, clock)
    caller = asyncio.create_task(node.publish_many([Draft(page(number)) for number in range(600)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await node.close()
    assert len(await caller) == 600


async def test_a_failed_put_leaves_its_place_to_the_next(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing_put(messages, **arguments):
        raise Problem(Code.STORE_FULL)

    with monkeypatch.context() as patch:
        patch.setattr(node.store.messages, "put", failing_put)
        with pytest.raises(Problem) as caught:
            await node.publish(page(1))
        assert caught.value.kind == Code.STORE_FULL
    assert (await node.publish(page(2))).header.seq == 1


async def test_a_new_version_is_later_than_what_it_replaces_whatever_the_clock_says(
    node: Node, clock: FakeClock
) -> None:
    first = await node.publish(page(1))
    clock.advance(-500)
    second = await node.publish(Resource("https://example.org/1", "Better"), replaces=(first.id,))
    assert second.header.ts == first.header.ts + 1
    assert second.header.replaces == (first.id,)
    assert (await node.publish(page(2))).header.ts == int(clock.now())


async def test_many_are_published_in_batches_with_progress(node: Node) -> None:
    progress: list[tuple[int, int]] = []
    drafts = [Draft(page(number)) for number in range(600)]
    published = await node.publish_many(drafts, lambda done, total: progress.append((done, total)))
    assert [message.header.seq for message in published] == list(range(1, 601))
    assert progress == [(256, 600), (512, 600), (600, 600)]


async def test_one_that_breaks_a_rule_stops_all_before_any_is_published(node: Node) -> None:
    drafts = [Draft(page(1)), Draft(Comment("https://example.org/1", 0, "\x00")), Draft(page(2))]
    with pytest.raises(Problem) as caught:
        await node.publish_many(drafts)
    assert caught.value.kind == Code.NOT_ALLOWED
    assert not caught.value.detail.startswith("out_of_range")
    assert await own_chain(node) == []


@pytest.mark.parametrize("now", [0.0, 1_000_000_000.0, 2.0**32])
async def test_nothing_is_published_under_a_clock_that_must_be_wrong(
    node: Node, clock: FakeClock, now: float
) -> None:
    clock.time = now
    with pytest.raises(Problem) as caught:
        await node.publish(page(1))
    assert caught.value.kind == Code.CLOCK_WRONG
    clock.time = START
    assert await own_chain(node) == []


async def test_listeners_hear_what_is_durable_in_order_and_cannot_undo_it(node: Node) -> None:
    heard: list[Message] = []

    def failing(messages):
        raise ValueError("a listener's fault")

    node.on_published += [failing, heard.extend]
    published = [await node.publish(page(number)) for number in range(3)]
    assert heard == published
    assert await node.store.messages.known([message.id for message in heard]) == {one.id for one in published}


async def test_what_came_from_others_is_told_and_their_withdrawals_are_erased(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Message] = []
    erasing: list[bool] = []
    monkeypatch.setattr(node, "erase_soon", lambda: erasing.append(True))
    node.on_delivered.append(heard.extend)
    other = Other(7)
    resource = other.say(page(1))
    node.delivered([resource])
    assert erasing == []
    withdrawal = other.say(Retract((resource.id,), Withdrawal.UNSAID))
    node.delivered([withdrawal])
    assert heard == [resource, withdrawal]
    assert erasing == [True]


async def test_a_message_of_this_devices_key_that_comes_from_elsewhere_ends_its_use(node: Node) -> None:
    await node.publish(page(1))
    node.delivered([Other(7).say(page(2))])
    assert not node.keys.is_copy
    node.delivered([await node.publish(page(3))])  # one that it did not have, as far as the links know
    with pytest.raises(Problem) as refused:
        await node.publish(page(4))
    assert refused.value.kind is Code.RESTORED_COPY


async def test_a_withdrawn_text_is_in_no_file_after_the_node_closed(home: Home, clock: FakeClock) -> None:
    node = await Node.open(home, clock)
    message = await node.publish(Comment("https://example.org/1", 0, "a hedgehogsecret was here"))
    (retraction,) = await node.retract([message.id])
    assert retraction.header.kind == Kind.RETRACT
    assert (await node.store.messages.get([message.id]))[0].body is None
    await node.close()
    contents = b"".join([path.read_bytes() for path in home.path.rglob("*") if path.is_file()])
    assert b"hedgehogsecret" not in contents


async def test_withdrawing_more_than_one_message_can_name_takes_several(node: Node) -> None:
    published = await node.publish_many([Draft(page(number)) for number in range(100)])
    retractions = await node.retract([message.id for message in published])
    assert len(retractions) == 2
    held = await node.store.messages.get([message.id for message in published])
    assert [message.body for message in held] == [None] * 100


async def test_changes_of_the_circle_are_told(node: Node) -> None:
    told: list[bool] = []
    node.on_circle_changed.append(lambda: told.append(True))
    node.circle_changed()
    assert told == [True]


async def test_an_erasing_pass_that_a_reader_held_up_is_tried_again(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = [False, False, True]
    monkeypatch.setattr("hedgerow_node.node.ERASE_DELAY", 0.0)
    monkeypatch.setattr(node.store, "erase_when_due", lambda: answered(passes.pop(0) if passes else True))
    node.erase_soon()
    await asyncio.wait_for(finished(node), 5)
    assert passes == []


async def test_a_pass_that_was_held_up_while_the_home_was_opened_is_tried_again(
    home: Home, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await Node.open(home, clock)
    message = await node.publish(page(1))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "erase_when_due", lambda _: answered(value=False))
        await node.retract([message.id])
        await node.close()
        node = await Node.open(home, clock)
    monkeypatch.setattr("hedgerow_node.node.ERASE_DELAY", 0.0)
    try:
        assert await erasure.is_due(node.store)
        assert node.is_erasing
    finally:
        await node.close()


async def test_passes_that_do_not_come_through_come_ever_more_rarely(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = [False] * 7 + [True]
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("hedgerow_node.node.asyncio.sleep", sleep)
    monkeypatch.setattr(node.store, "erase_when_due", lambda: answered(passes.pop(0) if passes else True))
    node.erase_soon()
    await asyncio.wait_for(finished(node), 5)
    assert pauses == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]


async def test_what_is_withdrawn_while_a_pass_runs_has_a_pass_of_its_own(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []

    async def erase() -> bool:
        passes.append(len(passes))
        if len(passes) == 1:
            node.erase_soon()
        return True

    monkeypatch.setattr("hedgerow_node.node.ERASE_DELAY", 0.0)
    monkeypatch.setattr(node.store, "erase_when_due", erase)
    node.erase_soon()
    await asyncio.wait_for(finished(node), 5)
    assert passes == [0, 1]


async def answered(value: bool) -> bool:
    return value


async def finished(node: Node) -> None:
    """Until no erasing pass is under way or waits."""
    while (task := node._erasing) is not None and not task.done():
        await asyncio.gather(task)
