"""The public list of takedowns at the peers' door: for everybody to see, and no directory of what was taken down."""

from pathlib import Path

import aiohttp
import pytest

from hedgerow_node import public_list
from hedgerow_protocol.keys import did_of
from node.calling import call
from node.network.world import Person, World
from simulator.author import Author

PAGE = "https://secret.example/page"
REASON = 'A court said so <script>alert("x")</script>'


async def get(person: Person, path: str, **query: str) -> aiohttp.ClientResponse:
    """An answer of the peers' door, read to its end."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{person.network.address}{path}", params=query) as answer,
    ):
        await answer.read()
        return answer


async def test_each_decision_is_listed_with_reason_and_date_also_when_it_was_undone(world: World) -> None:
    seed = await world.seed()
    other = did_of(Author(1).key)
    await call(seed.node, "takedown", target=PAGE, reason=REASON)
    await call(seed.node, "takedown", target=other, reason="spam")
    await call(seed.node, "takedown undo", target=other)
    listed = await (await get(seed, "/takedowns.json")).json()
    assert listed["did"] == seed.node.keys.did
    assert listed["next"] is None
    person, page = listed["takedowns"]
    assert (person["what"], person["target"]) == ("person", public_list.target_name(other))
    assert person["undone"] >= person["at"]
    assert (page["what"], page["reason"], page["undone"]) == ("address", REASON, None)


async def test_the_list_does_not_lead_to_what_was_taken_down(world: World) -> None:
    seed = await world.seed()
    await call(seed.node, "takedown", target=PAGE, reason=REASON)
    for path in ("/takedowns", "/takedowns.json"):
        assert "secret.example" not in await (await get(seed, path)).text()


async def test_who_has_a_thing_in_hand_sees_whether_and_why_it_is_down(world: World) -> None:
    seed = await world.seed()
    await call(seed.node, "takedown", target=PAGE, reason=REASON)
    found = await (await get(seed, "/takedowns", thing="HTTPS://secret.example:443/page#part")).text()
    assert "This was taken down here." in found
    assert "A court said so &lt;script&gt;" in found
    assert "<script>" not in found
    assert "was not taken down" in await (await get(seed, "/takedowns", thing="https://example.org/")).text()
    assert "names no thing" in await (await get(seed, "/takedowns", thing='"><b>')).text()
    assert "<b>" not in await (await get(seed, "/takedowns", thing='"><b>')).text()


async def test_a_long_list_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_list, "PUBLIC_DECISIONS", 2)
    seed = await world.seed()
    for number in range(5):
        await call(seed.node, "takedown", target=f"https://example.org/{number}", reason=str(number))
    path, reasons = "/takedowns.json", []
    while path:
        listed = await (await get(seed, path)).json()
        reasons += [one["reason"] for one in listed["takedowns"]]
        path = listed["next"]
    assert reasons == ["4", "3", "2", "1", "0"]
    assert "before=4" in await (await get(seed, "/takedowns")).text()


async def test_a_wrong_place_is_refused_and_nothing_may_run_on_the_page(world: World) -> None:
    seed = await world.seed()
    for before in ("-1", "x", "9" * 40):
        assert (await get(seed, "/takedowns", before=before)).status == 400
    policy = (await get(seed, "/takedowns")).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy


def test_the_example_of_a_name_is_what_the_code_makes() -> None:
    spec = Path(__file__).parents[3] / "specs" / "15-safety.md"
    assert f"`{public_list.target_name('https://example.org/')}`" in spec.read_text()
