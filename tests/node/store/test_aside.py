"""Messages leave the sets and come back as the logs say, with everything that follows from them."""

import asyncio
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node.store import aside
from hedgerow_node.store.store import Store
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.kinds import Comment, Kind, Role, decode_body
from hedgerow_protocol.log_entry import Cut
from hedgerow_protocol.message import Message, MessageId
from node.store.opened import NOW, cut_up, ids_of, of_schema, opened, sums_hold, traces
from simulator.author import EPOCH, Author
from simulator.standing import expected


def cut(*messages: Message) -> Cut:
    """A cut with these tips, the highest first."""
    return tuple((one.header.seq, one.id) for one in messages)


async def held(store: Store, author: Author) -> set[MessageId]:
    """What is in the sets of this author."""
    asked = Filter.of_authors({author.key})
    found = [await store.messages.items(asked, control) for control in (True, False)]
    return {one for _, ids in found for one in cut_up(ids)}


@pytest.fixture
def ana() -> Author:
    return Author(1)


async def test_what_a_cut_does_not_reach_leaves_the_sets_and_is_found_no_more(
    tmp_path: Path, ana: Author
) -> None:
    said = ana.resources(6)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
        removal = ana.update(removed={ana.device: cut(said[2])})
        await store.messages.put([removal], received=NOW)
        assert await held(store, ana) == {ana.inception.id, removal.id, *ids_of(said[:3])}
        assert await sums_hold(store, [ana])
        assert await store.check() == []
        assert await store.messages.get(ids_of(said[3:])) == []
        assert await store.messages.known(ids_of(said)) == set(ids_of(said))  # not asked for again


async def test_a_corrected_cut_brings_back_what_it_reaches(tmp_path: Path, ana: Author) -> None:
    said = ana.resources(6)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
        await store.messages.put([ana.update(removed={ana.device: ()})], received=NOW)
        assert len(await held(store, ana)) == 2
        correction = ana.update(removed={ana.device: cut(said[4])})
        new = await store.messages.put([correction], received=NOW)
        assert set(ids_of(new)) == {correction.id, *ids_of(said[:5])}
        assert await held(store, ana) >= set(ids_of(said[:5]))
        assert await store.messages.get(ids_of(said[:5])) == sorted(said[:5], key=lambda one: one.id)
        assert await sums_hold(store, [ana])
        assert await store.check() == []


async def test_what_waits_for_a_link_comes_in_when_the_link_does(tmp_path: Path, ana: Author) -> None:
    said = ana.resources(9)
    removal = ana.update(removed={ana.device: cut(said[7])})
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, removal], received=NOW)
        assert await store.messages.put([*said[:5], *said[6:]], received=NOW) != []
        assert await held(store, ana) == {ana.inception.id, removal.id, *ids_of(said[6:8])}
    async with opened(tmp_path) as store:
        await store.messages.learn_logs(NOW)
        new = await store.messages.put([said[5]], received=NOW)
        assert set(ids_of(new)) == set(ids_of(said[:6]))
        assert await held(store, ana) == {ana.inception.id, removal.id, *ids_of(said[:8])}
        assert await sums_hold(store, [ana])


async def test_a_thief_who_signs_at_old_places_gets_nothing_in(tmp_path: Path, ana: Author) -> None:
    thief = ana.another_device()
    said = ana.resources(5)
    thief.device_seed, thief.device = ana.device_seed, ana.device
    forged = thief.resources(5)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said[:3], *forged], received=NOW)
        removal = ana.update(removed={ana.device: cut(said[4])})
        await store.messages.put([removal, *said], received=NOW)
        assert await held(store, ana) == {ana.inception.id, removal.id, *ids_of(said)}
        assert await sums_hold(store, [ana])


async def test_what_a_thief_replaced_and_withdrew_stands_again(tmp_path: Path, ana: Author) -> None:
    thief = ana.another_device()
    added = ana.update(added=[thief])
    first, second = ana.resources(2)
    content = decode_body(first.header.kind, first.body or b"").content
    spoiled = thief.say(content, EPOCH + 90, replaces=(first.id,))  # type: ignore[arg-type]
    withdrawn = thief.retract(second, ts=EPOCH + 91)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, added, first, second, spoiled, withdrawn], received=NOW)
        assert (await store.messages.get([second.id]))[0].body is None
        assert len((await store.search.find("title")).results) == 1
        await store.messages.put([ana.update(removed={thief.device: ()})], received=NOW)
        assert await store.messages.bodiless([ana.key], 9) == [second.id]
        assert await store.messages.put([second], received=NOW) == [second]
        assert len((await store.search.find("title")).results) == 2
        assert await sums_hold(store, [ana])
        assert await store.check() == []


async def test_a_withdrawn_text_is_erased_aside_too(tmp_path: Path, ana: Author) -> None:
    lost = ana.another_device()
    added = ana.update(added=[lost])
    said = lost.resources(2)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, added, *said], received=NOW)
        await store.messages.put([ana.update(removed={lost.device: ()})], received=NOW)
        await store.messages.put([ana.retract(said[0], ts=EPOCH + 50)], received=NOW)
        bodies = await store.database.read(
            lambda db: db.execute("SELECT id, body IS NULL FROM aside").fetchall()
        )
        assert dict(bodies) == {said[0].id: 1, said[1].id: 0}
        await store.messages.put([ana.update(removed={lost.device: cut(said[1])})], received=NOW)
        assert [one.body is None for one in await store.messages.get([said[0].id])] == [True]
        assert await store.messages.bodiless([ana.key], 9) == []


async def test_closing_the_log_empties_the_sets_but_for_its_entries(tmp_path: Path, ana: Author) -> None:
    said = [ana.say(Comment("https://example.org/", Role.COMMENT, "zqxvquibblewort"), EPOCH)]
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
        end = ana.close()
        await store.messages.put([end], received=NOW)
        assert await held(store, ana) == {ana.inception.id, end.id}
        assert await store.messages.known(ids_of(said)) == set()
        assert await sums_hold(store, [ana])
        await store.erase_when_due()
    assert traces(tmp_path, ["zqxvquibblewort"]) == []


async def test_a_rotate_takes_a_thiefs_updates_out_of_the_sets_and_what_they_let_in(
    tmp_path: Path, ana: Author
) -> None:
    begin, new, thief = ana.branch, ana.another_device(), ana.another_device()
    theft = ana.update(added=[thief], removed={ana.device: ()})
    taken = thief.resources(2)
    said = ana.resources(2)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
        await store.messages.put([theft, *taken], received=NOW)
        assert await held(store, ana) == {ana.inception.id, theft.id, *ids_of(taken)}
        back = ana.restore([new], {ana.device: cut(said[1])}, after=begin)
        await store.messages.put([back], received=NOW)
        assert await held(store, ana) == {ana.inception.id, back.id, *ids_of(said)}
        assert theft in await store.messages.log()  # kept, in case that another rotate follows it


async def test_an_entry_that_closing_leaves_behind_is_kept_for_the_rotate_that_may_follow_it(
    tmp_path: Path, ana: Author
) -> None:
    end = ana.close()  # by somebody who has the words and did not see the update
    ana = Author(1)
    added = ana.update(added=[ana.another_device()])
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, added], received=NOW)
        await store.messages.put([end], received=NOW)
        assert await held(store, ana) == {ana.inception.id, end.id}
        assert added in await store.messages.log()
        other = ana.restore([ana], after=ana.branch)
        await store.messages.put([other], received=NOW)
        assert await held(store, ana) == {ana.inception.id, end.id, added.id, other.id}


async def test_own_messages_that_left_stay_own_and_are_not_put_back_by_the_journal(
    tmp_path: Path, ana: Author
) -> None:
    said = ana.resources(4)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW, own=True)
        removal = ana.update(removed={ana.device: cut(said[1])})
        await store.messages.put([removal], received=NOW, own=True)
        place = await store.messages.place(ana.key, ana.device)
        assert (place.seq, place.prev) == (5, said[3].id)  # a place is never taken twice
    async with opened(tmp_path) as store:
        assert await held(store, ana) == {ana.inception.id, removal.id, *ids_of(said[:2])}
        assert await store.check() == []


async def test_what_a_crash_left_unsettled_is_settled_at_the_next_start(tmp_path: Path, ana: Author) -> None:
    said = ana.resources(4)
    removal = ana.update(removed={ana.device: cut(said[1])})
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
        await store.messages._put([removal], NOW, own=False, journal=False)
        assert len(await held(store, ana)) == 6
    async with opened(tmp_path) as store:
        await store.messages.learn_logs(NOW)
        assert await held(store, ana) == {ana.inception.id, removal.id, *ids_of(said[:2])}


async def test_what_waits_to_be_stored_while_the_log_changes_is_judged_by_the_new_log(
    tmp_path: Path, ana: Author
) -> None:
    said, other = ana.resources(3), Author(2)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception], received=NOW)
        bulk = asyncio.create_task(store.messages.put(other.unsigned(100), received=NOW))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(store.messages.put(said, received=NOW))
        await asyncio.sleep(0)
        removal = ana.update(removed={ana.device: cut(said[0])})
        await store.messages.put([removal], received=NOW, own=True)
        await asyncio.gather(bulk, waiting)
        assert await held(store, ana) == {ana.inception.id, removal.id, said[0].id}


async def test_what_only_the_journal_has_is_judged_when_it_comes_back(tmp_path: Path, ana: Author) -> None:
    said = ana.resources(4)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW, own=True)
        removal = ana.update(removed={ana.device: cut(said[1])})
        await store.messages.put([removal], received=NOW, own=True)
        await store.database.write(lambda db: db.execute("DELETE FROM aside"))
    async with opened(tmp_path) as store:
        await store.messages.learn_logs(NOW)
        assert await held(store, ana) == {ana.inception.id, removal.id, *ids_of(said[:2])}
        assert await store.messages.known(ids_of(said)) == set(ids_of(said))


async def test_a_home_of_the_schema_before_opens_with_nothing_lost(tmp_path: Path, ana: Author) -> None:
    said = ana.resources(3)
    new, old = tmp_path / "new", tmp_path / "old"
    new.mkdir()
    async with opened(new) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
    of_schema(4, new, old)
    async with opened(old) as store:
        await store.messages.learn_logs(NOW)
        assert await held(store, ana) == {ana.inception.id, *ids_of(said)}
        assert await store.check() == []
        await store.messages.put([ana.update(removed={ana.device: cut(said[0])})], received=NOW)
        assert said[1].id not in await held(store, ana)


async def test_what_is_kept_aside_is_bounded_and_goes_after_30_days(
    tmp_path: Path, ana: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "MAX_ASIDE", 5)
    said = ana.resources(12)
    removal = ana.update(removed={ana.device: cut(said[11])})
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, removal, *said[:10]], received=NOW)
        assert await store.messages.known(ids_of(said)) == set(ids_of(said[5:10]))  # the nearest to the tip
        later = NOW + limits.UNDECIDED_SECONDS + 1
        await store.messages.put([said[3]], received=later)
        assert await store.messages.known(ids_of(said)) == {said[3].id}


async def test_a_link_that_the_disk_changed_is_as_if_it_were_not_here(tmp_path: Path, ana: Author) -> None:
    said = ana.resources(5)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
        await store.database.write(
            lambda db: db.execute("UPDATE messages SET header = zeroblob(9) WHERE id = ?", [said[2].id])
        )
        removal = ana.update(removed={ana.device: cut(said[4])})
        await store.messages.put([removal], received=NOW)
        assert await held(store, ana) >= {said[3].id, said[4].id}
        assert said[1].id not in await held(store, ana)


async def test_what_was_aside_for_long_is_gone_at_the_next_start(tmp_path: Path, ana: Author) -> None:
    said = ana.resources(2)
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception, *said], received=NOW)
        await store.messages.put([ana.update(removed={ana.device: ()})], received=NOW)
    async with opened(tmp_path) as store:
        await store.messages.learn_logs(NOW + limits.UNDECIDED_SECONDS)
        assert await store.messages.known(ids_of(said)) == set(ids_of(said))
        await store.messages.learn_logs(NOW + limits.UNDECIDED_SECONDS + 1)
        assert await store.messages.known(ids_of(said)) == set()


async def test_a_message_by_a_key_that_no_log_names_is_not_kept(tmp_path: Path, ana: Author) -> None:
    stranger = ana.another_device()
    async with opened(tmp_path) as store:
        await store.messages.put([ana.inception], received=NOW)
        assert await store.messages.put(stranger.resources(2), received=NOW) == []
        assert await held(store, ana) == {ana.inception.id}


# --- Any order -----------------------------------------------------------------------------------------------


DEEDS = {"say": 8, "retract": 3, "replace": 2, "add": 2, "remove": 3, "restore": 1, "fork": 2}
"""What happens, and how often."""


def story(random: Random) -> tuple[Author, list[Message]]:
    """What an author with some devices, and a thief with one of them, signed in some months."""
    ana = Author(random.randrange(10**6))
    devices, made = [ana], [ana.inception]
    removed: list[Author] = []
    for _ in range(random.randrange(4, 22)):
        speaker = random.choice(devices + removed)
        match random.choices(list(DEEDS), list(DEEDS.values()))[0]:
            case "say":
                made += speaker.resources(1, start=EPOCH + len(made))
            case "retract":
                targets = random.sample(made, min(len(made), 2))
                made.append(speaker.retract(*targets, ts=EPOCH + len(made)))
            case "replace":
                old = [one for one in made if one.header.kind == Kind.RESOURCE]
                if old:
                    target = random.choice(old)
                    content = decode_body(Kind.RESOURCE, target.body or b"").content
                    made.append(
                        speaker.say(content, EPOCH + 500 + len(made), replaces=(target.id,))  # type: ignore[arg-type]
                    )
            case "add" if len(devices) < 4:
                devices.append(ana.another_device())
                made.append(ana.update(added=devices[-1:]))
            case "remove" if len(devices) > 1:
                out = devices.pop(random.randrange(len(devices)))
                removed.append(out)
                made.append(ana.update(removed={out.device: tips(made, out, random)}))
            case "restore":
                out = devices.pop(0) if len(devices) > 1 else devices[0]
                fresh = ana.another_device()
                cuts = {out.device: tips(made, out, random)}
                if out in devices:
                    devices.remove(out)
                removed.append(out)
                devices.append(fresh)
                made.append(ana.restore(devices, cuts))
            case "fork":
                places = [one for one in made if one.header.device == speaker.device]
                if places:
                    back = random.choice(places)
                    speaker.place = type(speaker.place)(back.header.seq, back.header.prev)
    return ana, made


def tips(made: list[Message], device: Author, random: Random) -> Cut:
    """Some cut through what this device signed."""
    by_seq = {one.header.seq: one for one in made if one.header.device == device.device}
    chosen = random.sample(sorted(by_seq), min(len(by_seq), random.randrange(3)))
    return cut(*(by_seq[seq] for seq in sorted(chosen, reverse=True)))


async def _check(made: list[Message], ana: Author, random: Random) -> None:
    inside, withdrawn = expected(made)
    order = random.sample(made, len(made))
    with TemporaryDirectory() as folder:
        while order:
            async with opened(Path(folder)) as store:
                await store.messages.learn_logs(NOW)
                for _ in range(random.randrange(1, 6)):
                    batch = order[: random.randrange(1, 9)]
                    del order[: len(batch)]
                    await store.messages.put(batch, received=NOW)
        async with opened(Path(folder)) as store:
            await store.messages.learn_logs(NOW)
            by_id = {one.id: one for one in made}
            # What was left out, or lost its body, comes again as comparing would bring it.
            for _ in range(len(made)):
                missing = inside - await store.messages.known(list(inside))
                if not await store.messages.put([by_id[one] for one in sorted(missing)], received=NOW):
                    break
            assert await held(store, ana) == inside
            assert {one.id for one in await store.messages.get(list(inside)) if one.body is None} == withdrawn
            assert await sums_hold(store, [ana])
            assert await store.check() == []
            await store.indexing.finish()
            found = await _statements(store)
        await _compare_with_a_fresh_store(found, [one for one in made if one.id in inside])


async def _statements(store: Store) -> list[tuple[object, ...]]:
    sql = "SELECT m.id FROM heads AS h JOIN messages AS m ON m.row = h.row ORDER BY m.id"
    texts = "SELECT m.id FROM texts AS t JOIN messages AS m ON m.row = t.row ORDER BY m.id"
    return await store.database.read(lambda db: [*db.execute(sql), *db.execute(texts)])


async def _compare_with_a_fresh_store(found: list[tuple[object, ...]], inside: list[Message]) -> None:
    with TemporaryDirectory() as folder:
        async with opened(Path(folder)) as store:
            await store.messages.put(sorted(inside, key=lambda one: one.header.kind), received=NOW)
            await store.indexing.finish()
            assert found == await _statements(store)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False, note_method_calls=False), st.integers(0, 2**32))
def test_in_any_order_in_any_batches_and_with_restarts_the_same_is_in_the_sets(
    random: Random, seed: int
) -> None:
    chance = Random(seed)
    ana, made = story(chance)
    asyncio.run(_check(made, ana, chance))
