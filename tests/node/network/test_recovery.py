"""The 24 words: they take an identity back on another computer, give way to new ones, and end it."""

import pytest

from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.things import message_thing
from node.calling import call, download
from node.network.test_linking import Links, device, equal, link
from node.network.world import Person, World, eventually
from node.phones import PHONE_KEY

PASSPHRASE = "five quiet hedges in a row"


async def words_of(person: Person) -> str:
    words = (await call(person.node, "identity words"))["words"]
    await call(person.node, "identity confirm", confirm=True)
    return " ".join(words)


async def refused(person: Person, name: str, /, **fields: object) -> Problem:
    with pytest.raises(Problem) as caught:
        await call(person.node, name, **fields)
    return caught.value


async def carried(world: World) -> tuple[Person, Person, str, str]:
    """A seed, a laptop whose messages it has, the words, and an invite of the seed that is good for two more."""
    seed, laptop = await world.seed(), await device(world, "laptop")
    await laptop.join(seed, makes_member=True)
    await laptop.share(5)
    await eventually(lambda: seed.has_all_of(laptop))
    return seed, laptop, await words_of(laptop), (await seed.invite(uses=9)).to_text()


async def test_the_words_take_an_identity_back_from_a_seed_and_what_was_said_stays(world: World) -> None:
    seed, laptop, words, invite = await carried(world)
    did = laptop.node.keys.did
    await laptop.stop()
    fresh = await device(world, "fresh")
    answer = await call(fresh.node, "identity restore", words=words, invite=invite, did=did)
    assert fresh.node.speaks
    assert answer["did"] == fresh.node.keys.did
    assert len(answer["removed"]) == 1
    assert await fresh.count(fresh.author) == 8  # inception, rotate, follow, five pages
    await fresh.share(2, start=5)
    await eventually(lambda: seed.has_all_of(fresh), "the seed takes what the new device says")
    assert (await call(fresh.node, "identity devices"))["may_add"]


async def test_a_device_that_came_with_the_words_accepts_invites(world: World) -> None:
    seed, laptop, words, invite = await carried(world)
    did = laptop.node.keys.did
    await laptop.stop()
    fresh, ben = await device(world, "fresh"), await world.person("ben")
    await call(fresh.node, "identity restore", words=words, invite=invite, did=did)
    await ben.join(seed, makes_member=True)
    await fresh.join(ben)
    await eventually(lambda: ben.has_all_of(fresh), "ben follows whoever accepted his invite")


async def test_what_the_lost_device_says_later_is_taken_by_nobody_and_what_it_said_stays(
    world: World,
) -> None:
    seed, laptop, words, invite = await carried(world)
    did = laptop.node.keys.did
    fresh = await device(world, "fresh")
    await laptop.network.close()
    await laptop.share(3, start=5)  # a thief, who is not connected
    await call(fresh.node, "identity restore", words=words, invite=invite, did=did)
    assert await fresh.count(fresh.author) == 8
    await eventually(lambda: seed.has_all_of(fresh))
    await back_online(laptop)
    await eventually(lambda: not laptop.node.speaks, "the lost device learns that it is none any more")
    assert (await refused(laptop, "profile set", name="thief")).kind is Code.DEVICE_REMOVED
    assert await seed.count(fresh.author) == await fresh.count(fresh.author) == 8
    await equal(fresh, seed)


async def back_online(person: Person) -> None:
    assert person.node.links is not None
    await person.node.links.resume()


async def test_the_second_device_stays_when_it_is_said_so(world: World) -> None:
    seed, laptop, words, invite = await carried(world)
    phone, fresh = await device(world, "phone"), await device(world, "fresh")
    await link(laptop, phone)
    await phone.share(2)
    await eventually(lambda: seed.has_all_of(phone))
    did, kept = laptop.node.keys.did, did_of(phone.node.device)
    await laptop.stop()
    answer = await call(fresh.node, "identity restore", words=words, invite=invite, did=did, keep=(kept,))
    assert answer["kept"] == [kept]
    await phone.share(1, start=2)
    await equal(seed, phone, fresh)
    assert phone.node.speaks


async def test_a_device_without_the_root_takes_it_with_the_words(world: World) -> None:
    seed, laptop, words, _ = await carried(world)
    phone = await device(world, "phone")
    await link(laptop, phone)
    lost = did_of(laptop.node.device)
    await laptop.stop()
    before = phone.node.device
    answer = await call(phone.node, "identity restore", words=words)
    assert (answer["device"], answer["removed"]) == (did_of(before), [lost])
    assert (await call(phone.node, "identity devices"))["may_add"]
    assert phone.node.speaks
    await phone.share(1)
    await eventually(lambda: seed.has_all_of(phone))


async def test_new_words_work_for_a_second_loss_and_the_old_ones_no_more(world: World) -> None:
    seed, laptop, words, invite = await carried(world)
    did = laptop.node.keys.did
    await laptop.stop()
    second, third = await device(world, "second"), await device(world, "third")
    await call(second.node, "identity restore", words=words, invite=invite, did=did)
    made = await call(second.node, "identity new-words", words=words)
    fresh = " ".join(made["words"])
    assert fresh != words
    assert await words_of(second) == fresh
    await second.share(1)
    await eventually(lambda: seed.has_all_of(second))
    await second.stop()
    problem = await refused(third, "identity restore", words=words, invite=invite, did=did)
    assert problem.kind is Code.WORDS_OF_NOBODY
    answer = await call(third.node, "identity restore", words=fresh, invite=invite, did=did)
    assert answer["did"] == did
    await third.share(1)
    await eventually(lambda: seed.has_all_of(third))


async def test_words_work_twice_with_the_next_key_each_time(world: World) -> None:
    _, laptop, words, invite = await carried(world)
    did = laptop.node.keys.did
    await laptop.stop()
    for name in ("second", "third"):
        person = await device(world, name)
        await call(person.node, "identity restore", words=words, invite=invite, did=did)
        await person.share(1)
        await eventually(lambda one=person: world.people[0].has_all_of(one))
        await person.stop()


async def test_an_identity_comes_back_from_an_export_with_everything_private(world: World) -> None:
    laptop, fresh = await device(world, "laptop"), await device(world, "fresh")
    await laptop.share(3)
    await call(laptop.node, "note", thing="https://laptop.example/0", text="mine alone")
    words = await words_of(laptop)
    export = await download(laptop.node, "export")
    did = laptop.node.keys.did
    await laptop.stop()
    await call(fresh.node, "identity restore", words=words, data=export)
    assert fresh.node.keys.did == did
    assert await fresh.count(fresh.author) == 5
    shown = await call(fresh.node, "show", thing="https://laptop.example/0")
    assert shown["item"]["note"] == "mine alone"
    await fresh.share(1, start=3)


async def test_what_a_thief_with_the_root_added_has_no_effect_after_an_entry_that_is_known(
    world: World,
) -> None:
    seed, laptop, words, invite = await carried(world)
    thief, fresh = await device(world, "thief"), await device(world, "fresh")
    (known,) = (await call(laptop.node, "identity devices"))["log"]
    await link(laptop, thief)
    await thief.share(2)
    await eventually(lambda: seed.has_all_of(thief))
    did = laptop.node.keys.did
    await call(fresh.node, "identity restore", words=words, invite=invite, did=did, after=known["id"])
    assert await fresh.count(fresh.author) == 8
    await equal(fresh, seed)
    listed = await call(fresh.node, "identity devices")
    assert did_of(thief.node.device) not in [one["device"] for one in listed["devices"]]
    await eventually(lambda: not thief.node.speaks)


@pytest.mark.parametrize("words", ["", "abandon " * 24, "zoo " * 23 + "hedge", "one two three"])
async def test_words_that_are_none_are_told(world: World, words: str) -> None:
    fresh = await device(world, "fresh")
    problem = await refused(fresh, "identity restore", words=words)
    assert problem.kind in (Code.WORDS_WRONG, Code.WORDS_OF_NOBODY)
    assert fresh.node.speaks


async def test_words_of_somebody_else_change_nothing(world: World) -> None:
    _, laptop, _, invite = await carried(world)
    fresh = await device(world, "fresh")
    own = await words_of(fresh)
    before = fresh.author
    problem = await refused(fresh, "identity restore", words=own, invite=invite, did=laptop.node.keys.did)
    assert problem.kind is Code.WORDS_OF_NOBODY
    assert fresh.author == before
    assert fresh.node.speaks


async def test_an_identity_that_nobody_there_carries_is_told(world: World) -> None:
    _, _, words, invite = await carried(world)
    fresh = await device(world, "fresh")
    problem = await refused(fresh, "identity restore", words=words, invite=invite, did=did_of(PHONE_KEY))
    assert problem.kind is Code.LOG_NOT_FOUND


async def test_a_home_that_has_spoken_is_not_restored_over(world: World) -> None:
    _, laptop, words, invite = await carried(world)
    ben = await device(world, "ben")
    await ben.share(1)
    problem = await refused(ben, "identity restore", words=words, invite=invite, did=laptop.node.keys.did)
    assert problem.kind is Code.HOME_NOT_EMPTY


async def test_a_closed_identity_says_nothing_more_and_leaves_the_seed(world: World) -> None:
    seed, laptop, words, _ = await carried(world)
    author = laptop.author
    assert (await refused(laptop, "identity close", words=words)).kind is Code.REQUEST_WRONG
    assert laptop.node.speaks
    answer = await call(laptop.node, "identity close", words=words, confirm=True)
    assert answer["closed"]
    assert (await refused(laptop, "profile set", name="x")).kind is Code.IDENTITY_CLOSED
    assert (await call(laptop.node, "identity devices"))["closed"]

    async def only_the_log() -> bool:
        return await seed.count(author) == 2

    await eventually(only_the_log, "the seed drops what the author said")


async def test_new_words_need_the_old_ones(world: World) -> None:
    laptop = await device(world, "laptop")
    words = await words_of(laptop)
    assert (await refused(laptop, "identity new-words")).kind is Code.WORDS_GONE
    other = await device(world, "other")
    wrong = await words_of(other)
    assert (await refused(laptop, "identity new-words", words=wrong)).kind is Code.WORDS_OF_NOBODY
    made = await call(laptop.node, "identity new-words", words=words)
    assert laptop.node.speaks
    assert " ".join(made["words"]) != words
    await laptop.share(1)


async def test_words_that_were_never_written_down_are_changed_without_typing_them(world: World) -> None:
    laptop = await device(world, "laptop")
    before = (await call(laptop.node, "identity words"))["words"]
    made = (await call(laptop.node, "identity new-words"))["words"]
    assert made == (await call(laptop.node, "identity words"))["words"] != before


async def crash(person: Person) -> None:
    """The node ends and comes back: what it had in memory is gone."""
    await person.stop()
    await person.start()
    person.node.links = Links(person)


class Crash(Exception):
    """The power is gone."""


async def test_a_restore_that_a_crash_broke_off_is_brought_to_its_end_by_the_same_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, laptop, words, invite = await carried(world)
    did = laptop.node.keys.did
    await laptop.stop()
    fresh = await device(world, "fresh")
    with monkeypatch.context() as patch:
        patch.setattr(Node, "publish_entries", failing)
        with pytest.raises(Crash):
            await call(fresh.node, "identity restore", words=words, invite=invite, did=did)
    await crash(fresh)
    assert (fresh.node.keys.did, fresh.node.speaks) == (did, False)
    assert (await refused(fresh, "profile set", name="x")).kind is Code.DEVICE_REMOVED
    await call(fresh.node, "identity restore", words=words)
    assert fresh.node.speaks
    await fresh.share(1, start=5)
    await eventually(lambda: seed.has_all_of(fresh))
    assert await fresh.count(fresh.author) == 9


async def failing(*arguments: object) -> None:
    raise Crash


@pytest.mark.parametrize("is_stored", [True, False])
async def test_a_crash_around_the_entry_of_new_words_leaves_the_words_that_the_log_has(
    world: World, monkeypatch: pytest.MonkeyPatch, is_stored: bool
) -> None:
    laptop = await device(world, "laptop")
    before = " ".join((await call(laptop.node, "identity words"))["words"])
    with monkeypatch.context() as patch:
        patch.setattr(Node, "settle_keys" if is_stored else "publish_entries", failing)
        if not is_stored:
            patch.setattr(Node, "settle_keys", failing)
        with pytest.raises(Crash):
            await call(laptop.node, "identity new-words")
    await crash(laptop)
    after = " ".join((await call(laptop.node, "identity words"))["words"])
    assert (after != before) == is_stored
    assert laptop.node.speaks
    assert (await call(laptop.node, "identity devices"))["may_add"]
    await call(laptop.node, "identity new-words", words=after)


@pytest.mark.parametrize("is_stored", [True, False])
async def test_a_crash_while_a_copy_takes_a_key_of_its_own_leaves_one_that_the_log_names_or_a_copy(
    world: World, monkeypatch: pytest.MonkeyPatch, is_stored: bool
) -> None:
    laptop = await device(world, "laptop")
    await laptop.share(1)
    laptop.node.keys.mark_copy()
    before = laptop.node.device
    with monkeypatch.context() as patch:
        patch.setattr(Node, "settle_keys" if is_stored else "publish_entries", failing)
        if not is_stored:
            patch.setattr(Node, "settle_keys", failing)
        with pytest.raises(Crash):
            await call(laptop.node, "identity adopt", original_is_gone=True)
    await crash(laptop)
    assert laptop.node.keys.is_copy != is_stored
    assert (laptop.node.device != before) == is_stored
    await call(laptop.node, "identity adopt", original_is_gone=True)
    assert laptop.node.device != before
    await laptop.share(1, start=1)


async def test_a_copy_without_the_root_cannot_add_itself_and_is_linked_again(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await link(laptop, phone)
    phone.node.keys.mark_copy()
    before = phone.node.device
    assert (await refused(phone, "identity adopt", original_is_gone=True)).kind is Code.NO_ROOT
    assert (phone.node.device, phone.node.keys.is_copy) == (before, True)
    await link(laptop, phone)
    assert phone.node.device != before
    await phone.share(1)
    await equal(laptop, phone)


async def test_withdrawals_of_a_device_of_which_nothing_counts_stay_if_that_is_wanted(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await link(laptop, phone)
    page, other = await laptop.share(2)
    await equal(laptop, phone)
    await phone.node.retract([page.id])
    await equal(laptop, phone)
    key = did_of(phone.node.device)
    removed = await call(laptop.node, "identity remove-device", device=key, last="nothing")
    assert removed["kept_retractions"] == 1
    held = {one.id: one.body for one in await laptop.node.store.messages.get([page.id, other.id])}
    assert held[page.id] is None
    assert held[other.id] is not None


async def test_a_device_is_removed_up_to_the_last_message_that_is_believed(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await link(laptop, phone)
    first, second, _ = await phone.share(3)
    await equal(laptop, phone)
    key = did_of(phone.node.device)
    removed = await call(laptop.node, "identity remove-device", device=key, last=message_thing(second.id))
    assert [tip["seq"] for tip in removed["cut"]] == [2]
    assert await laptop.count(laptop.author) == 5  # with the log
    again = await call(laptop.node, "identity remove-device", device=key, last=message_thing(first.id))
    assert [tip["seq"] for tip in again["cut"]] == [1]
    assert await laptop.count(laptop.author) == 5  # with the log


@pytest.mark.parametrize("how", ["identity new-words", "identity restore", "elsewhere"])
async def test_who_had_the_words_too_is_out_once_the_owner_says_which_log_is_his(
    world: World, how: str
) -> None:
    seed, laptop, words, _ = await carried(world)
    did, export = laptop.node.keys.did, await download(laptop.node, "export")
    await laptop.stop()
    thief, owner = await device(world, "thief"), await device(world, "owner")
    await call(thief.node, "identity restore", words=words, data=export)
    await call(owner.node, "identity restore", words=words, data=export)
    for person in (thief, owner):
        await person.accept((await seed.invite(makes_member=True)).to_text())

    def is_contested() -> bool:
        return all(one.node.identities.is_contested(owner.author) for one in (thief, owner, seed))

    await eventually(is_contested, "everybody sees that two claim to be one")
    assert (await call(owner.node, "identity devices"))["contested"]
    assert owner.node.speaks
    if how == "elsewhere":
        known = (await call(owner.node, "identity devices"))["log"]
        (mine,) = [one["id"] for one in known if did_of(owner.node.device) in one["devices"]]
        await owner.stop()
        owner = await device(world, "another")
        fields = {"words": words, "invite": (await seed.invite()).to_text(), "did": did}
        problem = await refused(owner, "identity restore", **fields)
        assert (problem.kind, mine in problem.detail) == (Code.AMBIGUOUS, True)
        await call(owner.node, "identity restore", **fields, after=mine)
    else:
        await call(owner.node, how, words=words)
    assert not (await call(owner.node, "identity devices"))["contested"]
    assert owner.node.speaks
    await eventually(lambda: not thief.node.speaks, "the thief is out")
    await equal(owner, seed)
    assert (await refused(thief, "identity new-words", words=words)).kind is Code.DEVICE_REMOVED
    assert (await call(owner.node, "identity devices"))["may_add"]
    assert owner.node.keys.did == did


async def test_nobody_is_removed_before_everything_was_fetched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, laptop, words, invite = await carried(world)
    fresh, did = await device(world, "fresh"), laptop.node.keys.did

    async def half(self: Network, patience: float) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(Network, "sync", half)
        problem = await refused(fresh, "identity restore", words=words, invite=invite, did=did)
    assert (problem.kind, problem.next_step[:18]) == (Code.PEER_UNREACHABLE, "Nobody was removed")
    assert laptop.node.speaks
    await call(fresh.node, "identity restore", words=words, invite=invite, did=did)
    assert await fresh.count(fresh.author) == 8


async def test_words_that_do_not_fit_an_export_take_nothing_from_it(world: World) -> None:
    laptop, fresh = await device(world, "laptop"), await device(world, "fresh")
    await laptop.share(2)
    export, words = await download(laptop.node, "export"), await words_of(fresh)
    problem = await refused(fresh, "identity restore", words=words, data=export)
    assert problem.kind is Code.WORDS_OF_NOBODY
    assert await fresh.count(laptop.author) == 0
    assert fresh.node.speaks
