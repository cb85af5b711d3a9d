"""Peers, members, invites and settings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.store import invites
from hedgerow_node.store.invites import Issued, Kept
from hedgerow_node.store.peers import KnownPeer
from hedgerow_node.store.store import Store
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from node.store.opened import opened

ANA, BEN, CY = (AuthorKey(bytes([number]) * 32) for number in (1, 2, 3))
LAPTOP, SEED = (DeviceKey(bytes([number]) * 32) for number in (11, 12))
INVITE = b"i" * 32
ISSUED = Issued(INVITE, b"t" * 16, 1_900_000_000, uses=2, used=0, makes_member=True, created=1.5)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


def kept(author: AuthorKey, invite: bytes = INVITE, acceptance: bytes = b"yes") -> Kept:
    return Kept(invite, author, b"invite", acceptance)


async def test_peers_come_back_in_the_order_of_adding_and_survive_a_restart(tmp_path: Path) -> None:
    first = KnownPeer(SEED, "wss://seed.example/peer", ANA, "Library", True, 5.0)
    second = KnownPeer(LAPTOP, "ws://192.0.2.1:8471/peer")
    async with opened(tmp_path) as store:
        await store.peers.add(first)
        await store.peers.add(second)
    async with opened(tmp_path) as store:
        assert await store.peers.all() == [first, second]


async def test_adding_a_peer_again_changes_its_address_and_keeps_when_it_linked(store: Store) -> None:
    await store.peers.add(KnownPeer(SEED, "ws://old/peer"))
    await store.peers.linked(SEED, ANA, 9.0)
    await store.peers.add(KnownPeer(SEED, "ws://new/peer", name="Seed"))
    assert await store.peers.all() == [KnownPeer(SEED, "ws://new/peer", ANA, "Seed", False, 9.0)]


async def test_a_link_to_a_peer_that_is_not_kept_leaves_nothing(store: Store) -> None:
    await store.peers.linked(SEED, ANA, 9.0)
    assert await store.peers.all() == []


async def test_a_removed_peer_is_gone_and_removing_it_again_says_no(store: Store) -> None:
    await store.peers.add(KnownPeer(SEED, "ws://seed/peer"))
    assert await store.peers.remove(SEED)
    assert not await store.peers.remove(SEED)
    assert await store.peers.all() == []


async def test_members_are_added_once_and_removed(store: Store) -> None:
    await store.peers.add_member(ANA, 1.0)
    await store.peers.add_member(ANA, 2.0)
    await store.peers.add_member(BEN, 3.0)
    assert await store.peers.members() == {ANA, BEN}
    assert await store.peers.remove_member(ANA)
    assert not await store.peers.remove_member(ANA)
    assert await store.peers.members() == {BEN}


async def test_an_invite_lets_in_as_many_as_it_says_and_nobody_counts_twice(store: Store) -> None:
    await store.invites.issue(ISSUED)
    assert await store.invites.accept(INVITE, ANA, 1.0)
    assert await store.invites.accept(INVITE, ANA, 2.0)
    assert await store.invites.accept(INVITE, BEN, 3.0)
    assert not await store.invites.accept(INVITE, CY, 4.0)
    assert await store.invites.accept(INVITE, BEN, 5.0)
    found = await store.invites.find(INVITE)
    assert found is not None
    assert found.used == 2
    assert await store.invites.all() == [found]


async def test_an_invite_that_was_never_issued_lets_nobody_in(store: Store) -> None:
    assert not await store.invites.accept(INVITE, ANA, 1.0)
    assert await store.invites.find(INVITE) is None


async def test_an_invite_of_somebody_else_lets_in_as_many_as_the_caller_says(store: Store) -> None:
    assert await store.invites.accept(INVITE, ANA, 1.0, uses=1)
    assert await store.invites.accept(INVITE, ANA, 1.0, uses=1)
    assert not await store.invites.accept(INVITE, BEN, 1.0, uses=1)


async def test_acceptances_wait_for_their_inviter_until_they_are_dropped(store: Store) -> None:
    assert await store.invites.keep(ANA, kept(BEN), 100)
    assert await store.invites.keep(ANA, kept(CY), 100)
    assert await store.invites.kept_for(ANA) == [kept(BEN), kept(CY)]
    assert await store.invites.kept_for(BEN) == []
    assert await store.invites.kept_count(INVITE) == 2
    await store.invites.drop_kept(INVITE, BEN)
    assert await store.invites.kept_for(ANA) == [kept(CY)]


async def test_a_repeated_acceptance_takes_the_place_of_the_first(store: Store) -> None:
    assert await store.invites.keep(ANA, kept(BEN), 100)
    assert await store.invites.keep(ANA, kept(BEN, acceptance=b"again"), 100)
    assert await store.invites.kept_for(ANA) == [kept(BEN, acceptance=b"again")]


async def test_expired_acceptances_are_dropped_and_those_of_the_same_second_stay(store: Store) -> None:
    assert await store.invites.keep(ANA, kept(BEN), 99)
    assert await store.invites.keep(ANA, kept(CY), 100)
    assert await store.invites.drop_expired(100.0) == 1
    assert await store.invites.kept_for(ANA) == [kept(CY)]


async def test_one_inviter_cannot_take_more_than_its_room(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invites, "MAX_KEPT_OF_INVITER", 2)
    assert await store.invites.keep(ANA, kept(BEN), 100)
    assert await store.invites.keep(ANA, kept(CY), 100)
    assert not await store.invites.keep(ANA, kept(ANA), 900)
    assert await store.invites.keep(ANA, kept(CY), 100)
    assert await store.invites.keep(BEN, kept(ANA, b"j" * 32), 100)


async def test_when_all_room_is_taken_what_expires_first_gives_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invites, "MAX_KEPT", 2)
    assert await store.invites.keep(ANA, kept(BEN), 50)
    assert await store.invites.keep(ANA, kept(CY), 70)
    assert not await store.invites.keep(CY, kept(ANA, b"j" * 32), 50)
    assert await store.invites.keep(CY, kept(ANA, b"j" * 32), 60)
    assert await store.invites.kept_for(ANA) == [kept(CY)]
    assert await store.invites.kept_for(CY) == [kept(ANA, b"j" * 32)]


async def test_a_setting_is_what_was_last_put(store: Store) -> None:
    assert await store.settings.get("former") is None
    await store.settings.put("former", "one")
    await store.settings.put("former", "two")
    assert await store.settings.get("former") == "two"
    await store.settings.remove("former")
    assert await store.settings.get("former") is None
