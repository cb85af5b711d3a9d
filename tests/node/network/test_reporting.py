"""Reports between real nodes: they reach whoever runs the seed, and nobody else."""

import pytest

from hedgerow_node import config
from hedgerow_node import reporting as reporting_module
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store import reports as stored
from hedgerow_protocol.keys import did_of
from node.calling import call
from node.network.world import World, eventually

PAGE = "https://example.org/bad"
REPORT = {"thing": "example.org/bad", "label": " spam ", "reason": "It sells rings."}


async def test_a_report_reaches_whoever_runs_the_seed_and_is_no_message(world: World) -> None:
    seed = await world.seed()
    ana = await world.person("ana")
    await call(ana.node, "profile set", name="Ana")
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.has_all_of(ana))
    before = await ana.count(ana.author)
    answer = await call(ana.node, "report", **REPORT)
    (told,) = answer["told"]
    assert (told["did"], told["taken"]) == (did_of(seed.author), True)
    listed = await call(seed.node, "reports")
    (one,) = listed["results"]
    assert (one["thing"], one["label"], one["reason"]) == (PAGE, "spam", "It sells rings.")
    assert (one["did"], one["name"], listed["waiting"]) == (did_of(ana.author), "Ana", 1)
    assert await ana.count(ana.author) == before
    assert await seed.node.store.views.thing(PAGE) is None


async def test_the_seed_may_be_named_and_another_is_not_told(world: World) -> None:
    first, second = await world.seed("first"), await world.seed("second")
    ana = await world.person("ana")
    await ana.join(first, makes_member=True)
    await ana.join(second, makes_member=True)
    await eventually(lambda: len(ana.network.links()) == 2)
    await call(ana.node, "report", **REPORT, to=did_of(second.author))
    assert (await call(first.node, "reports"))["waiting"] == 0
    assert (await call(second.node, "reports"))["waiting"] == 1
    with pytest.raises(Problem) as caught:
        await call(ana.node, "report", **REPORT, to=did_of(ana.author))
    assert caught.value.kind == Code.NOBODY_TO_TELL


async def test_without_a_seed_there_is_nobody_to_tell(world: World) -> None:
    ana = await world.person("ana")
    with pytest.raises(Problem) as caught:
        await call(ana.node, "report", **REPORT)
    assert caught.value.kind == Code.NOBODY_TO_TELL


@pytest.mark.parametrize(("label", "reason"), [("x" * 65, "why"), ("spam", "a bell\x08")])
async def test_what_no_frame_could_hold_is_refused_before_it_is_sent(
    world: World, label: str, reason: str
) -> None:
    ana = await world.person("ana")
    with pytest.raises(Problem) as caught:
        await call(ana.node, "report", thing=PAGE, label=label, reason=reason)
    assert caught.value.kind == Code.NOT_ALLOWED


@pytest.mark.limit("MAX_REPORTS_OF_ONE")
async def test_one_reporter_has_so_many_a_day_and_settled_ones_wait_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MAX_REPORTS_OF_ONE", 2)
    seed = await world.seed()
    ana = await world.person("ana")
    await ana.join(seed, makes_member=True)
    taken = []
    for number in range(3):
        answer = await call(ana.node, "report", thing=f"{PAGE}/{number}", label="spam", reason="why")
        taken += [one["taken"] for one in answer["told"]]
    assert taken == [True, True, False]
    assert {"event": reporting_module.TURNED_AWAY, "why": "too many wait", "times": 1} in seed.network.noted()
    again = await call(ana.node, "report", thing=f"{PAGE}/0", label="spam", reason="a better reason")
    assert again["told"][0]["taken"]
    listed = (await call(seed.node, "reports"))["results"]
    assert [one["reason"] for one in listed] == ["a better reason", "why"]
    assert await call(seed.node, "reports settle", number=listed[0]["number"]) == {
        "number": listed[0]["number"],
        "settled": True,
    }
    assert (await call(seed.node, "reports"))["waiting"] == 1
    assert len((await call(seed.node, "reports", settled=True))["results"]) == 1
    with pytest.raises(Problem) as caught:
        await call(seed.node, "reports settle", number=listed[0]["number"])
    assert caught.value.kind == Code.NO_SUCH_REPORT


@pytest.mark.limit("MAX_REPORTS", "MAX_REPORTS_OF_STRANGERS")
@pytest.mark.parametrize("limit", ["MAX_REPORTS", "MAX_REPORTS_OF_STRANGERS"])
async def test_a_full_queue_takes_no_more(world: World, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(stored, limit, 1)
    seed = await world.seed()
    ana = await world.person("ana")
    await ana.join(seed, makes_member=True)
    await call(seed.node, "block", did=did_of(ana.author))  # from here on a stranger
    await eventually(lambda: ana.author not in seed.network.carried.authors)
    answers = [
        await call(ana.node, "report", thing=f"{PAGE}/{n}", label="spam", reason="why") for n in range(2)
    ]
    assert [one["told"][0]["taken"] for one in answers] == [True, False]
    (listed,) = (await call(seed.node, "reports"))["results"]
    assert listed["did"] is None


async def test_a_seed_that_gives_no_answer_takes_no_reports(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting_module, "REPORT_PATIENCE", 0.2)
    seed = await world.seed()
    ana = await world.person("ana")
    await ana.join(seed, makes_member=True)

    async def silent(event: object) -> None:
        return None

    monkeypatch.setattr(seed.network.reports, "on_reporting", silent)
    answer = await call(ana.node, "report", **REPORT)
    assert [one["taken"] for one in answer["told"]] == [False]
    assert config.REPORT_PATIENCE > 1
    assert len(ana.network.links()) == 1
