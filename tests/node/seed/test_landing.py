"""What a seed shows to people without an account: its page, and the feed of what it shared itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.config import SYNDICATED, SYNDICATED_FOR, Home
from hedgerow_node.node import Draft, Node
from hedgerow_node.seed import landing
from hedgerow_node.seed.doors import public_pages
from hedgerow_node.seed.settings import Settings, parse
from hedgerow_node.store.database import Work
from hedgerow_protocol.kinds import Resource
from node.calling import call
from node.clocks import FakeClock

T = TypeVar("T")
ATOM = "{http://www.w3.org/2005/Atom}"
TEXT = """
name = 'City <library>'
url = "https://seed.example.org"
about = "Books & people"
contact = "ask@example.org"
[policy]
wants_members = true
"""


def settings(more: str = "") -> Settings:
    return parse(TEXT + more)


def with_policy(settings: Settings, **changed: object) -> Settings:
    return replace(settings, policy=replace(settings.policy, **changed))


def page(settings: Settings) -> str:
    return landing.page(settings, "did:key:z6Mk", well_known="/w", feed="/f")


@pytest.fixture
async def seed(tmp_path: Path, clock: FakeClock) -> AsyncIterator[App]:
    wish = Composition(PageAddress(port=0), listen="127.0.0.1:0", seed=settings())
    app = await App.open(Home(tmp_path / "seed"), clock, wish)
    yield app
    await app.close()


async def get(
    app: App, path: str, headers: dict[str, str] | None = None
) -> tuple[aiohttp.ClientResponse, str]:
    url = f"http://{app.peer}{path}"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
        return answer, await answer.text()


async def entries(app: App) -> list[ElementTree.Element]:
    answer, text = await get(app, "/feed.atom")
    assert (answer.status, answer.content_type) == (200, "application/atom+xml")
    return ElementTree.fromstring(text).findall(f"{ATOM}entry")


async def test_the_page_of_a_seed_says_who_runs_it_and_how_to_join(seed: App) -> None:
    answer, text = await get(seed, "/")
    assert answer.status == 200
    assert "City &lt;library&gt;" in text
    assert "Books &amp; people" in text
    assert 'href="mailto:ask@example.org"' in text
    for path in ("/join", "/takedowns", "/.well-known/hedgerow.json", "/feed.atom"):
        assert f'href="{path}"' in text
        assert (await get(seed, path))[0].status == 200
    assert seed.node.keys.did in text


async def test_the_page_sets_no_cookie_and_lets_no_script_run(seed: App) -> None:
    answer, text = await get(seed, "/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not answer.cookies
    assert "<script" not in text


async def test_the_page_asks_the_database_nothing_and_the_feed_once_for_all_who_ask_together(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await Node.open(Home(tmp_path), clock)  # without links, which have questions of their own
    database, asked = node.store.database, 0
    read = database.read

    async def counted(work: Work[T]) -> T:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.1)  # so that the others ask meanwhile
        return await read(work)

    door = web.Application()
    public_pages(node, settings())(door)
    async with TestClient(TestServer(door)) as client:
        monkeypatch.setattr(database, "read", counted)
        for _ in range(3):
            assert (await client.get("/")).status == 200
        assert asked == 0
        await asyncio.gather(*[client.get("/feed.atom") for _ in range(5)])
        assert asked == 1
    await node.close()


async def test_a_node_that_is_no_seed_has_no_page_there(tmp_path: Path, clock: FakeClock) -> None:
    wish = Composition(PageAddress(port=0), listen="127.0.0.1:0")
    app = await App.open(Home(tmp_path / "node"), clock, wish)
    try:
        assert (await get(app, "/"))[0].status == 404
        assert (await get(app, "/feed.atom"))[0].status == 404
    finally:
        await app.close()


def test_the_words_follow_the_policy() -> None:
    wants = settings()
    closed = with_policy(wants, wants_members=False)
    assert "Newcomers are welcome" in page(wants)
    assert "Newcomers" not in page(closed)
    said = {page(with_policy(wants, carries=one)) for one in landing.CARRIES}
    assert len(said) == len(landing.CARRIES)
    assert "Once a day" in page(with_policy(wants, gives_receipts=True))
    assert "Once a day" not in page(wants)
    assert "older than 30 days" in page(settings("[keeping]\ndays = 30\n"))


def test_a_contact_that_says_that_it_is_a_mail_address_leads_there() -> None:
    assert '"mailto:ask@example.org"' in page(replace(settings(), contact="mailto:ask@example.org"))


@pytest.mark.parametrize("contact", ['javascript:alert("1")', '"><b>', "somebody at the desk", "a@b@c"])
def test_a_contact_that_is_no_address_leads_nowhere(contact: str) -> None:
    shown = page(replace(settings(), contact=contact))
    assert "mailto:" not in shown
    assert "javascript:" not in shown.replace("<bdi>javascript:", "")
    assert "<b>" not in shown


async def test_the_feed_has_what_the_seed_shared_as_it_stands(seed: App, clock: FakeClock) -> None:
    await seed.node.publish(Resource("https://example.org/1?a=1&b=2", "One <1>"), topics=("Maths",))
    clock.advance(1)
    await call(seed.node, "endorse", thing="https://example.org/2", reason="Clear & short")
    second, first = await entries(seed)
    assert first.findtext(f"{ATOM}title") == "One <1>"
    assert first.find(f"{ATOM}link").attrib["href"] == "https://example.org/1?a=1&b=2"
    assert second.findtext(f"{ATOM}summary") == "Clear & short"
    assert (first.findtext(f"{ATOM}id") or "").startswith("hedgerow:")


async def test_nothing_private_and_nothing_of_others_stands_in_the_feed(seed: App) -> None:
    await call(seed.node, "add", thing="https://example.org/private", title="Secret")
    await call(seed.node, "note", thing="https://example.org/1", text="Secret")
    await call(seed.node, "endorse", thing="https://example.org/private", reason="good")
    (entry,) = await entries(seed)
    assert "Secret" not in ElementTree.tostring(entry, encoding="unicode")


async def test_the_feed_is_made_anew_only_after_a_while_and_has_a_bound(seed: App, clock: FakeClock) -> None:
    assert await entries(seed) == []
    said = [Draft(Resource(f"https://example.org/{n}", f"Page {n}")) for n in range(SYNDICATED + 5)]
    await seed.node.publish_many(said)
    assert await entries(seed) == []
    clock.advance(SYNDICATED_FOR)
    assert len(await entries(seed)) == SYNDICATED


async def test_who_has_the_feed_already_is_told_so(seed: App, clock: FakeClock) -> None:
    first, text = await get(seed, "/feed.atom")
    tag = first.headers["ETag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again, nothing = await get(seed, "/feed.atom", {"If-None-Match": held})
        assert (again.status, nothing, again.headers["ETag"]) == (304, "", tag)
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert (await get(seed, "/feed.atom", {"If-None-Match": '"other"'}))[1] == text
    await seed.node.publish(Resource("https://example.org/new", "New"))
    clock.advance(SYNDICATED_FOR)
    changed, _ = await get(seed, "/feed.atom", {"If-None-Match": tag})
    assert (changed.status, changed.charset) == (200, "utf-8")
    assert changed.headers["ETag"] != tag


async def test_what_was_taken_down_or_withdrawn_leaves_the_feed(seed: App, clock: FakeClock) -> None:
    kept, gone = "https://example.org/kept", "https://example.org/gone"
    await seed.node.publish(Resource(gone, "Gone"))
    await seed.node.publish(Resource(kept, "Kept"))
    assert len(await entries(seed)) == 2
    await call(seed.node, "takedown", target=gone, reason="a court said so")
    clock.advance(SYNDICATED_FOR)
    (left,) = await entries(seed)
    assert left.findtext(f"{ATOM}title") == "Kept"
    await call(seed.node, "retract", messages=(left.findtext(f"{ATOM}id"),))
    clock.advance(SYNDICATED_FOR)
    assert await entries(seed) == []
