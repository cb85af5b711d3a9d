"""A poster: an invite of one's own as a page to be printed, from the command line and from the pages."""

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import CookieJar

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.commands.poster import poster
from hedgerow_node.config import Home
from hedgerow_node.problems import Problem
from hedgerow_node.web import Pages
from hedgerow_protocol.invite import SCHEME, parse_invite
from hedgerow_protocol.keys import did_of
from node.api.serving import environment, hedgerow
from node.calling import call
from node.clocks import FakeClock
from node.web.visiting import Visitor
from simulator.author import Author


@pytest.fixture
async def ana(tmp_path: Path, clock: FakeClock) -> AsyncIterator[App]:
    wish = Composition(PageAddress(port=0), listen="127.0.0.1:0", surface=Pages)
    app = await App.open(Home(tmp_path / "ana"), clock, wish)
    await call(app.node, "profile set", name='Ana "A" <b>', about="", machine=False)
    yield app
    await app.close()


async def test_it_says_whose_it_is_for_how_many_and_until_when(ana: App) -> None:
    made = await call(ana.node, "invite", uses=1_200, days=3)
    shown = poster(parse_invite(str(made["invite"])))
    assert "Ana &quot;A&quot; &lt;b&gt;" in shown
    assert "<b>&gt;" not in shown
    assert "For 1,200 people, until 2027-01-18" in shown
    assert f'href="{made["link"]}"' in shown
    assert "follow each other" in shown
    member = await call(ana.node, "invite", member=True)
    alone = poster(parse_invite(str(member["invite"])))
    assert "For one person" in alone
    assert "You become a member" in alone


async def test_it_loads_nothing_from_elsewhere(ana: App) -> None:
    made = await call(ana.node, "invite")
    shown = poster(parse_invite(str(made["invite"])))
    assert shown.count("src=") == 1
    assert 'src="data:image/svg+xml' in shown
    assert "<script" not in shown


async def test_an_invite_that_no_picture_can_hold_is_refused(ana: App) -> None:
    follows = tuple(did_of(Author(number).key) for number in range(1, 65))
    made = await call(ana.node, "invite", follows=follows)
    with pytest.raises(Problem, match="too long to be a picture"):
        poster(parse_invite(str(made["invite"])))


async def test_the_pages_draw_it_for_an_invite_of_ones_own_only(ana: App) -> None:
    async with Visitor.at(ana.page, CookieJar(unsafe=True)) as visitor:
        await visitor.get(ana.page_link().removeprefix(ana.page))
        page = await visitor.post("/invite", {"uses": "5", "days": "2"})
        assert 'action="/invite/poster"' in page.html
        drawn = await visitor.post("/invite/poster", {"invite": page.text("textarea")})
        assert (drawn.status, "For 5 people" in drawn.html) == (200, True)
        assert "style-src 'sha256-" in drawn.headers["Content-Security-Policy"]
        for wrong in ("", SCHEME + "nothing", page.text("textarea")[:-4]):
            refused = await visitor.post("/invite/poster", {"invite": wrong})
            assert "This is not a whole invite" in refused.html


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = hedgerow(home, *arguments)
    return subprocess.run(line, capture_output=True, text=True, env=environment(), timeout=60)


def test_the_command_writes_a_new_file_and_replaces_none(tmp_path: Path) -> None:
    home, file = tmp_path / "seed", tmp_path / "poster.html"
    url = "https://seed.example.org"
    assert run(home, "seed", "init", "--name", "City library", "--url", url).returncode == 0
    made = run(home, "invite", "--uses", "30", "--poster", str(file))
    assert (made.returncode, str(file) in made.stdout) == (0, True)
    text = file.read_text()
    assert "City library" in text
    assert "For 30 people" in text
    assert f'href="{url}/join#' in text
    again = run(home, "invite", "--poster", str(file))
    assert again.returncode == 1
    assert "There is a file of this name already" in again.stderr
    assert file.read_text() == text
    invites = json.loads(run(home, "seed", "members", "--json").stdout)["invites"]
    assert len(invites) == 1
