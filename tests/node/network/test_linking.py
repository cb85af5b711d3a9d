"""Several devices of one person: asked for with a code, said yes to, and heard from then on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from hedgerow_node.key_files import Secret
from hedgerow_node.network import Network
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.device_link import parse_code
from hedgerow_protocol.keys import did_of
from node.calling import call
from node.network.world import Person, World, eventually


class Links:
    """Keeps a person's links up, as the running program does."""

    def __init__(self, person: Person) -> None:
        self._person = person

    async def pause(self) -> None:
        await self._person.network.close()

    async def resume(self) -> None:
        person = self._person
        person._network = await Network.open(person.node, listen=person.listen, is_kept=True)


async def device(world: World, name: str, *, listens: bool = False) -> Person:
    person = await world.person(name, listens=listens)
    person.node.links = Links(person)
    return person


@asynccontextmanager
async def asking(first: Person, second: Person, **values: object) -> AsyncIterator["asyncio.Task[object]"]:
    """Inside, the second asks with a code of the first, who has heard it."""
    code = (await call(first.node, "identity code"))["code"]
    joining = asyncio.create_task(call(second.node, "identity join-device", code=code, **values))

    async def has_asked() -> bool:
        if joining.done():
            joining.result()
        return bool((await call(first.node, "identity devices"))["waiting"])

    await eventually(has_asked, "the first device hears who asks")
    yield joining
    await joining


async def link(first: Person, second: Person, name: str = "phone") -> None:
    async with asking(first, second, name=name):
        (asked,) = (await call(first.node, "identity devices"))["waiting"]
        assert asked["name"] == name
        await call(first.node, "identity add-device", device=asked["device"])


async def equal(*people: Person) -> None:
    author = people[0].author
    for person in people:

        async def is_equal(person: Person = person) -> bool:
            return await person.sums(author) == await people[0].sums(author)

        await eventually(is_equal, f"{person.name} has all")


async def test_a_second_device_asks_and_both_publish_as_one_person(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await laptop.share(5)
    stranger = phone.author
    await link(laptop, phone)
    assert phone.author == laptop.author != stranger
    assert phone.node.device != laptop.node.device
    await equal(laptop, phone)
    await phone.share(3)
    await laptop.share(2, start=5)
    await equal(laptop, phone)
    assert await laptop.count(laptop.author) == 12


async def test_two_devices_without_listeners_meet_at_a_seed_that_carries_the_person(world: World) -> None:
    seed, laptop, phone = await world.seed(), await device(world, "laptop"), await device(world, "phone")
    await laptop.join(seed, makes_member=True)
    await laptop.share(5)
    await eventually(lambda: seed.has_all_of(laptop))
    await link(laptop, phone)
    await equal(laptop, phone)
    await phone.share(3)
    await eventually(lambda: seed.has_all_of(phone), "the seed takes what the second device says")
    await equal(laptop, phone)


async def test_the_second_device_has_neither_root_nor_words_and_adds_no_other(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await link(laptop, phone)
    assert set(phone.node.keys.secrets()) == {Secret.DEVICE}
    listed = await call(phone.node, "identity devices")
    assert not listed["may_add"]
    with pytest.raises(Problem) as refused:
        await call(phone.node, "identity code")
    assert refused.value.kind is Code.NO_ROOT
    with pytest.raises(Problem) as refused:
        await call(phone.node, "identity remove-device", device=did_of(laptop.node.device))
    assert refused.value.kind is Code.NO_ROOT


async def test_nothing_is_left_of_who_the_second_computer_was_before(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await call(laptop.node, "profile set", name="Ana")
    before = phone.node.keys.did
    await link(laptop, phone)
    await equal(laptop, phone)
    listed = (await call(phone.node, "people"))["people"]
    assert [one["did"] for one in listed] == [laptop.node.keys.did]
    assert (await call(phone.node, "status"))["people"] == 0
    await phone.stop()
    await phone.start()
    assert phone.node.keys.did == laptop.node.keys.did != before
    assert len((await call(phone.node, "people"))["people"]) == 1
    assert (await call(phone.node, "doctor"))["ok"] == (await call(laptop.node, "doctor"))["ok"]


async def test_a_home_that_speaks_while_its_request_waits_stays_who_it_is(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")

    async def link_while_it_speaks() -> None:
        async with asking(laptop, phone):
            await phone.share(1)
            (asked,) = (await call(laptop.node, "identity devices"))["waiting"]
            await call(laptop.node, "identity add-device", device=asked["device"])

    with pytest.raises(Problem) as refused:
        await link_while_it_speaks()
    assert refused.value.kind is Code.HOME_NOT_EMPTY
    assert phone.author != laptop.author


async def test_both_show_both_devices_and_which_one_this_is(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await link(laptop, phone, "the one in my pocket")
    first, second = [await call(one.node, "identity devices") for one in (laptop, phone)]
    assert [one["state"] for one in first["devices"]] == ["live", "live"]
    assert [one["this"] for one in first["devices"]] == [True, False]
    assert [one["this"] for one in second["devices"]] == [False, True]
    assert [one["name"] for one in first["devices"]] == ["", "the one in my pocket"]
    assert [one["operation"] for one in first["log"]] == ["inception", "update"]
    assert first["may_add"]
    assert first["waiting"] == []


async def test_nothing_happens_before_the_owner_says_yes(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    before = phone.author
    async with asking(laptop, phone) as joining:
        assert len(laptop.node.identities.log(laptop.author).counted) == 1
        assert phone.author == before
        assert not joining.done()
        (asked,) = (await call(laptop.node, "identity devices"))["waiting"]
        await call(laptop.node, "identity add-device", device=asked["device"])


async def test_a_code_adds_one_device(world: World) -> None:
    laptop, phone, other = [
        await device(world, name, listens=name == "laptop") for name in ("laptop", "a", "b")
    ]
    code = (await call(laptop.node, "identity code"))["code"]
    joining = asyncio.create_task(call(phone.node, "identity join-device", code=code))

    async def has_asked() -> bool:
        return bool((await call(laptop.node, "identity devices"))["waiting"])

    await eventually(has_asked)
    (asked,) = (await call(laptop.node, "identity devices"))["waiting"]
    await call(laptop.node, "identity add-device", device=asked["device"])
    await joining
    with pytest.raises(Problem) as refused:
        await call(other.node, "identity join-device", code=code)
    assert refused.value.kind is Code.CODE_EXPIRED
    assert len(laptop.node.identities.log(laptop.author).branches[0].devices) == 2


async def test_who_has_the_offer_and_not_the_secret_is_not_heard(world: World) -> None:
    laptop, thief = await device(world, "laptop", listens=True), await device(world, "thief")
    code = (await call(laptop.node, "identity code"))["code"]
    guessed = replace(parse_code(code), secret=bytes(16))
    with pytest.raises(Problem) as refused:
        await thief.network.linking.ask(guessed, "", bytes([7]) * 32)
    assert refused.value.kind is Code.CODE_WRONG
    assert (await call(laptop.node, "identity devices"))["waiting"] == []


async def test_a_home_that_has_spoken_does_not_become_somebody_else(world: World) -> None:
    laptop, ben = await device(world, "laptop", listens=True), await device(world, "ben")
    await ben.share(1)
    code = (await call(laptop.node, "identity code"))["code"]
    with pytest.raises(Problem) as refused:
        await call(ben.node, "identity join-device", code=code)
    assert refused.value.kind is Code.HOME_NOT_EMPTY


async def test_a_look_at_a_code_changes_nothing(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    code = (await call(laptop.node, "identity code"))["code"]
    seen = await call(phone.node, "identity join-device", code=code, accept=False)
    assert (seen["did"], seen["joined"]) == (laptop.node.keys.did, False)
    assert (await call(laptop.node, "identity devices"))["waiting"] == []


@pytest.mark.parametrize("text", ["", "hedgerow-device:", "hedgerow-invite:AAAA", "kein Code"])
async def test_what_is_no_code_is_told(world: World, text: str) -> None:
    phone = await device(world, "phone")
    with pytest.raises(Problem) as refused:
        await call(phone.node, "identity join-device", code=text)
    assert refused.value.kind is Code.CODE_WRONG


async def test_a_removed_device_publishes_no_more_and_what_it_said_stays(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await link(laptop, phone)
    await phone.share(3)
    await equal(laptop, phone)
    removed = await call(laptop.node, "identity remove-device", device=did_of(phone.node.device))
    assert [tip["seq"] for tip in removed["cut"]] == [3]
    await eventually(lambda: not phone.node.speaks, "the phone learns that it was removed")
    titles = [one["title"] for one in (await call(phone.node, "status"))["notices"]]
    assert "This device does not speak for you." in titles
    with pytest.raises(Problem) as refused:
        await phone.share(1, start=3)
    assert refused.value.kind is Code.DEVICE_REMOVED
    assert await laptop.count(laptop.author) == 6
    listed = await call(laptop.node, "identity devices")
    assert [one["state"] for one in listed["devices"]] == ["live", "removed"]


async def test_a_removed_device_comes_back_with_another_key(world: World) -> None:
    laptop, phone = await device(world, "laptop", listens=True), await device(world, "phone")
    await link(laptop, phone)
    before = phone.node.device
    await call(laptop.node, "identity remove-device", device=did_of(before))
    await eventually(lambda: not phone.node.speaks)
    await link(laptop, phone)
    assert phone.node.device != before
    await phone.share(1)
    await equal(laptop, phone)


async def test_a_device_is_not_removed_by_itself_and_a_stranger_not_at_all(world: World) -> None:
    laptop = await device(world, "laptop", listens=True)
    for did, code in (
        (did_of(laptop.node.device), Code.THIS_DEVICE),
        (did_of(bytes(31) + b"\x09"), Code.NO_SUCH_DEVICE),
        ("nonsense", Code.NO_SUCH_DEVICE),
    ):
        with pytest.raises(Problem) as refused:
            await call(laptop.node, "identity remove-device", device=did)
        assert refused.value.kind is code


async def test_an_acceptance_reaches_the_device_that_made_the_invite(world: World) -> None:
    seed, laptop, phone = await world.seed(), await device(world, "laptop"), await device(world, "phone")
    await laptop.join(seed, makes_member=True)
    await link(laptop, phone)
    invite = await laptop.invite()
    await laptop.stop()
    ben = await world.person("ben")
    await ben.accept(invite)
    await laptop.start()

    async def follows_back() -> bool:
        return ben.author in await laptop.node.store.views.follows(laptop.author)

    await eventually(follows_back, "the acceptance was kept for the one that knows the invite")
