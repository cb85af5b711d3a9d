"""Whom a node carries, and how little it costs to work that out."""

import asyncio

import pytest

from hedgerow_node import circle as circles
from hedgerow_node.carrying import REACH
from hedgerow_node.circle import Circle
from hedgerow_node.config import LOG_BURST
from hedgerow_node.node import Node
from hedgerow_node.policy import USUAL, Carries, Policy
from hedgerow_protocol import keys, limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.kinds import Follow, Resource, Vouch
from node.network.lines import Lines
from node.network.world import eventually
from simulator.author import EPOCH, Author


class Told:
    """Counts what a circle tells, and how often it reads whom somebody follows."""

    def __init__(
        self,
        node: Node,
        monkeypatch: pytest.MonkeyPatch,
        *,
        has_members: bool = True,
        policy: Policy = USUAL,
    ) -> None:
        self.carried: list[Carried] = []
        self.reads = 0
        self.node = node
        self.circle = Circle(node, self.carried.append, has_members=has_members, policy=policy)
        follows = node.store.views.follows

        async def counted(author):
            self.reads += 1
            return await follows(author)

        monkeypatch.setattr(node.store.views, "follows", counted)

    async def hold(self, *messages) -> None:
        await self.node.store.messages.put(messages, received=EPOCH)
        self.circle.hear(messages)


@pytest.fixture
def told(node: Node, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(circles, "RECARRY_PAUSE", 0.05)
    return Told(node, monkeypatch)


def follows(author: Author, other: Author):
    return author.say(Follow(keys.did_of(other.key)), EPOCH + 1)


async def test_a_seed_carries_itself_whom_it_follows_its_members_and_whom_they_follow(told: Told) -> None:
    node, (member, friend, stranger) = told.node, [Author(n) for n in (1, 2, 3)]
    await node.store.peers.add_member(member.key, 0.0)
    await told.hold(member.inception, follows(member, friend))
    await node.publish(Follow(keys.did_of(stranger.key)))
    await told.circle.refresh()
    assert told.circle.carried.authors == {node.author, member.key, friend.key, stranger.key}


async def test_who_lets_nobody_in_has_no_members(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(node, monkeypatch, has_members=False)
    await node.store.peers.add_member(Author(1).key, 0.0)
    await told.circle.refresh()
    assert told.circle.carried.authors == {node.author}


async def test_a_seed_for_members_leaves_out_whom_they_follow(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(node, monkeypatch, policy=Policy(Carries.MEMBERS))
    member, friend, of_owner = [Author(n) for n in (1, 2, 3)]
    await node.store.peers.add_member(member.key, 0.0)
    await told.hold(member.inception, follows(member, friend))
    await node.publish(Follow(keys.did_of(of_owner.key)))
    await told.circle.refresh()
    assert told.circle.carried.authors == {node.author, member.key, of_owner.key}


@pytest.mark.parametrize("carries", [Carries.MEMBERS, Carries.FOLLOWED])
async def test_only_a_seed_that_is_for_members_alone_reaches_nobody_beyond_whom_it_follows(
    node: Node, monkeypatch: pytest.MonkeyPatch, carries: Carries
) -> None:
    told = Told(node, monkeypatch, policy=Policy(carries))
    friend, beyond = Author(1), Author(2)
    await node.publish(Follow(keys.did_of(friend.key)))
    await node.store.settings.put(REACH, "5")
    await told.hold(friend.inception, friend.say(Vouch(keys.did_of(beyond.key)), EPOCH + 1))
    await told.circle.refresh()
    assert (beyond.key in told.circle.carried.authors) == (carries is Carries.FOLLOWED)


@pytest.mark.parametrize("carries", list(Carries))
async def test_only_a_seed_for_all_takes_and_shows_whoever_comes_but_who_is_blocked(
    node: Node, monkeypatch: pytest.MonkeyPatch, carries: Carries
) -> None:
    stranger, blocked = Author(1), Author(2)
    told = Told(node, monkeypatch, policy=Policy(carries, blocked=frozenset({blocked.key})))
    await told.circle.refresh()
    carried = told.circle.carried
    assert carried.takes(stranger.inception) == carried.shows(stranger.key) == (carries is Carries.ALL)
    assert not carried.takes(blocked.inception)
    assert not carried.shows(blocked.key)


async def test_who_is_allowed_is_carried_and_who_is_blocked_is_not_though_a_member(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, blocked = Author(1), Author(2)
    policy = Policy(Carries.MEMBERS, frozenset({allowed.key}), frozenset({blocked.key, node.author}))
    told = Told(node, monkeypatch, policy=policy)
    await node.store.peers.add_member(blocked.key, 0.0)
    await told.circle.refresh()
    assert told.circle.carried.authors == {node.author, allowed.key}


async def test_blocked_people_are_left_out_wherever_they_come_from_but_never_oneself(told: Told) -> None:
    node, blocked = told.node, Author(1)
    await node.store.peers.add_member(blocked.key, 0.0)
    await node.publish(Follow(keys.did_of(blocked.key)))
    for did in (keys.did_of(blocked.key), node.keys.did, "https://example.org/"):
        await node.store.library.block(did, 0.0)
    await told.circle.refresh()
    assert told.circle.carried.authors == {node.author}


async def test_of_those_no_longer_carried_withdrawals_are_still_taken(told: Told) -> None:
    former = Author(1)
    await told.hold(former.inception)
    await told.circle.refresh()
    assert told.circle.carried.held == {former.key}


async def test_whom_one_follows_in_silence_is_carried_apart(told: Told) -> None:
    silent = Author(1)
    await told.node.store.library.follow_privately(keys.did_of(silent.key), 0.0)
    await told.circle.refresh()
    assert told.circle.carried.private == {silent.key}
    assert told.circle.carried.authors == {told.node.author}


async def test_whom_one_followed_in_silence_stays_concealed_until_carried_for_everyone_to_see(
    told: Told,
) -> None:
    silent, library = Author(1), told.node.store.library
    did = keys.did_of(silent.key)
    await library.follow_privately(did, 0.0)
    await told.hold(silent.inception)
    await library.unfollow_privately(did)
    await told.circle.refresh()
    assert told.circle.carried.held == {silent.key}, "withdrawals are still taken"
    assert told.circle.carried.formerly(asks_private=False) == frozenset()
    await told.node.publish(Follow(did))
    told.circle.changed()
    await told.circle.refresh()
    assert told.circle.carried.concealed == frozenset()
    assert await library.concealed() == set()


async def test_who_was_known_before_is_not_concealed(told: Told) -> None:
    former, library = Author(1), told.node.store.library
    await told.hold(former.inception)
    await library.follow_privately(keys.did_of(former.key), 0.0)
    await told.circle.refresh()
    assert told.circle.carried.formerly(asks_private=False) == {former.key}


async def test_beyond_the_most_a_filter_names_members_come_before_whom_they_follow(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_FILTER_AUTHORS", 4)
    node, members = told.node, [Author(n) for n in (1, 2)]
    for number, member in enumerate(members):
        await node.store.peers.add_member(member.key, 0.0)
        friends = [Author(10 + 5 * number + n) for n in range(5)]
        await told.hold(member.inception, *[follows(member, friend) for friend in friends])
    await told.circle.refresh()
    assert len(told.circle.carried.authors) == 4
    assert {node.author, *[member.key for member in members]} < told.circle.carried.authors


async def test_a_burst_of_follows_is_worked_out_twice_not_each_time(told: Told) -> None:
    member = Author(1)
    await told.node.store.peers.add_member(member.key, 0.0)
    await told.hold(member.inception)
    await told.circle.refresh()
    running = asyncio.create_task(told.circle.run())
    told.carried.clear()
    told.reads = 0
    friends = [Author(100 + n) for n in range(200)]
    for friend in friends:
        await told.hold(follows(member, friend))
    await eventually(lambda: friends[-1].key in told.circle.carried.authors)
    running.cancel()
    assert len(told.carried) <= 30
    assert told.reads <= len(told.carried)
    assert {friend.key for friend in friends} <= told.circle.carried.authors


async def test_what_strangers_follow_and_what_members_share_is_no_reason_to_work_it_out(told: Told) -> None:
    member, stranger = Author(1), Author(2)
    await told.node.store.peers.add_member(member.key, 0.0)
    await told.circle.refresh()
    running = asyncio.create_task(told.circle.run())
    told.carried.clear()
    await told.hold(stranger.inception, follows(stranger, member))
    await told.hold(member.inception, member.say(Resource("https://example.org/", "x"), EPOCH))
    await asyncio.sleep(0.2)
    running.cancel()
    assert told.carried == []


async def test_a_follow_that_comes_while_follows_are_read_is_not_missed(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, friend = Author(1), Author(2)
    await told.node.store.peers.add_member(member.key, 0.0)
    await told.hold(member.inception)
    read = told.node.store.views.follows
    late = follows(member, friend)

    async def slow(author):
        found = await read(author)
        if author == member.key and not await told.node.store.messages.known([late.id]):
            await told.hold(late)
        return found

    monkeypatch.setattr(told.node.store.views, "follows", slow)
    await told.circle.refresh()
    assert friend.key not in told.circle.carried.authors
    await told.circle.refresh()
    assert friend.key in told.circle.carried.authors


async def test_a_store_that_fails_is_asked_again_and_fills_no_log(
    told: Told, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(circles, "RECARRY_PAUSE", 0.0)
    members = told.node.store.peers.members
    failures = 2 * int(LOG_BURST)

    async def failing():
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OSError
        return await members()

    monkeypatch.setattr(told.node.store.peers, "members", failing)
    running = asyncio.create_task(told.circle.run())
    told.circle.changed()
    await eventually(lambda: bool(told.carried))
    running.cancel()
    assert len(lines.of("whom this node carries could not be worked out")) == LOG_BURST


async def test_somebody_on_trial_is_asked_for_logs_only_and_no_longer_afterwards(told: Told) -> None:
    inviter = Author(1)
    async with told.circle.trial(inviter.key), told.circle.trial(inviter.key):
        assert inviter.key in told.circle.carried.held
        assert inviter.key not in told.circle.carried.authors
    await told.circle.refresh()
    assert inviter.key not in told.circle.carried.held
