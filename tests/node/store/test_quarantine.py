"""The quarantine: apart from everything else, bounded, and only as long as it must be."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.config import NOT_NOW_SECONDS, QUARANTINE_SECONDS
from hedgerow_node.store import quarantine
from hedgerow_node.store.store import Store
from hedgerow_protocol import keys
from hedgerow_protocol.kinds import Comment, Follow, Introduce, Retract, Role, Vouch
from hedgerow_protocol.message import Message
from node.store.opened import NOW, ids_of, opened, traces
from simulator.author import EPOCH, Author

ME, ANA, BEN, CYD = Author(1), Author(2), Author(3), Author(4)


def words(author: Author, text: str = "hello") -> Message:
    return author.say(Comment("https://example.org/", Role.COMMENT, text), EPOCH + 1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        store.views.me = store.ties.me = ME.key
        yield store


async def test_what_is_in_quarantine_is_in_no_set_and_nowhere_to_be_found(store: Store) -> None:
    said = words(BEN, "zebra")
    assert await store.quarantine.put([(ANA.device, BEN.inception), (ANA.device, said)], NOW) == 0
    assert await store.messages.authors() == {}
    assert not await store.messages.known([said.id])
    assert not (await store.views.feed()).results
    assert not (await store.search.find("zebra")).results
    assert ids_of(await store.quarantine.of([BEN.key])) == [BEN.inception.id, said.id]


async def test_a_message_that_comes_twice_is_there_once(store: Store) -> None:
    said = words(BEN)
    for device in (ANA.device, CYD.device):
        await store.quarantine.put([(device, said)], NOW)
    assert (await store.quarantine.size()).messages == 1


@pytest.mark.limit("QUARANTINE_MESSAGES")
async def test_it_keeps_its_bound_and_who_floods_goes_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "QUARANTINE_MESSAGES", 100)
    newcomer = [words(CYD, str(number)) for number in range(5)]
    await store.quarantine.put([(CYD.device, one) for one in newcomer], NOW)
    gone = 0
    for start in range(0, 300, 50):
        flood = [(BEN.device, words(BEN, str(start + number))) for number in range(50)]
        gone += await store.quarantine.put(flood, NOW + start)
        assert (await store.quarantine.size()).messages <= 100
    assert gone == 305 - (await store.quarantine.size()).messages
    assert ids_of(await store.quarantine.of([CYD.key])) == ids_of(newcomer)


@pytest.mark.limit("QUARANTINE_BYTES")
async def test_it_keeps_its_bound_in_bytes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "QUARANTINE_BYTES", 50_000)
    await store.quarantine.put([(BEN.device, words(BEN, "x" * 1_000)) for _ in range(100)], NOW)
    assert 0 < (await store.quarantine.size()).bytes <= 50_000


@pytest.mark.parametrize("kind", ["introduced", "vouched"])
async def test_somebody_for_whom_a_followed_person_speaks_stays_longest(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(quarantine, "QUARANTINE_MESSAGES", 20)
    follow = ME.say(Follow(keys.did_of(ANA.key)), EPOCH)
    did = keys.did_of(CYD.key)
    speaks = ANA.say(Introduce(did, keys.did_of(ANA.key)) if kind == "introduced" else Vouch(did), EPOCH)
    await store.messages.put([ME.inception, follow], received=NOW, own=True)
    await store.messages.put([ANA.inception, speaks], received=NOW)
    await store.quarantine.put([(BEN.device, words(CYD, str(number))) for number in range(15)], NOW)
    await store.quarantine.put([(BEN.device, words(BEN, str(number))) for number in range(10)], NOW)
    lots = {lot.author: lot.messages for lot in await store.quarantine.lots(NOW)}
    assert lots[CYD.key] == 15
    assert lots[BEN.key] == 4


@pytest.mark.limit("QUARANTINE_SECONDS")
async def test_it_ends_after_its_time(store: Store) -> None:
    await store.quarantine.put([(ANA.device, words(BEN))], NOW)
    await store.quarantine.expire(NOW + QUARANTINE_SECONDS - 1)
    assert (await store.quarantine.size()).messages == 1
    await store.quarantine.put([(ANA.device, words(CYD))], NOW + QUARANTINE_SECONDS + 1)
    assert [lot.author for lot in await store.quarantine.lots(NOW)] == [CYD.key]


async def test_of_a_blocked_person_nothing_is_kept(store: Store) -> None:
    await store.library.block(keys.did_of(BEN.key), NOW)
    await store.quarantine.put([(ANA.device, words(BEN)), (ANA.device, words(CYD))], NOW)
    assert [lot.author for lot in await store.quarantine.lots(NOW)] == [CYD.key]


async def test_what_its_author_withdraws_leaves_every_file(tmp_path: Path) -> None:
    text = "unmistakable-secret"
    async with opened(tmp_path) as store:
        said = words(BEN, text)
        await store.quarantine.put([(ANA.device, said)], NOW)
        foreign = CYD.say(Retract((said.id,)), EPOCH + 2)
        await store.quarantine.put([(ANA.device, foreign)], NOW)
        assert said.id in ids_of(await store.quarantine.of([BEN.key]))
        await store.quarantine.put([(ANA.device, BEN.say(Retract((said.id,)), EPOCH + 2))], NOW)
        assert said.id not in ids_of(await store.quarantine.of([BEN.key]))
        assert await store.erase_when_due()
    assert not traces(tmp_path, [text])


async def test_what_is_stored_meanwhile_leaves_it(store: Store) -> None:
    said = words(BEN)
    await store.quarantine.put([(ANA.device, BEN.inception), (ANA.device, said)], NOW)
    await store.messages.put([BEN.inception], received=NOW)
    await store.quarantine.drop_admitted([BEN.key])
    assert ids_of(await store.quarantine.of([BEN.key])) == [said.id]


async def test_not_now_drops_what_is_there_and_is_remembered_for_a_while(store: Store) -> None:
    await store.quarantine.put([(ANA.device, words(BEN))], NOW)
    await store.quarantine.not_now(BEN.key, NOW)
    assert (await store.quarantine.size()).messages == 0
    assert await store.quarantine.put_off(NOW + 1) == {BEN.key}
    assert await store.quarantine.put_off(NOW + NOT_NOW_SECONDS + 1) == set()


async def test_it_outlives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.quarantine.put([(ANA.device, words(BEN))], NOW)
    async with opened(tmp_path) as store:
        assert (await store.quarantine.size()).messages == 1


async def test_what_waits_of_somebody_is_read_in_parts(store: Store) -> None:
    said = [words(BEN, str(number)) for number in range(5)]
    await store.quarantine.put([(ANA.device, one) for one in [*said, words(CYD)]], NOW)
    found, last = await store.quarantine.next_of(BEN.key, 0, 2)
    seen = ids_of(found)
    while last:
        found, last = await store.quarantine.next_of(BEN.key, last, 2)
        seen += ids_of(found)
    assert seen == ids_of(said)
