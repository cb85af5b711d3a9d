"""What a learner does on the pages, in a real browser that runs no scripts."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.serving import Running

SAVED = "https://example.org/heron?river=1"


def _do(page: Page, summary: str) -> None:
    """Open one of the folded forms."""
    page.locator("details.act > summary", has_text=summary).click()


def _open_thing(page: Page, running: Running, words: str) -> None:
    page.goto(f"{running.base}/search?q={words}")
    page.locator("ol.list .title a").first.click()


def test_a_one_time_link_lets_one_browser_in_and_leaves_no_trace_in_the_address(
    browser: Browser, page: Page, running: Running
) -> None:
    assert "k=" not in page.url
    stranger = browser.new_context(java_script_enabled=False).new_page()
    stranger.goto(running.start)
    expect(stranger.locator("h1")).to_have_text("This link has been used, or is too old")
    expect(stranger.locator("main code")).to_have_text("hedgerow open")
    stranger.goto(f"{running.base}/you")
    expect(stranger.locator("h1")).to_have_text("This browser may not see your pages yet")
    assert "did:key" not in stranger.content()
    stranger.context.close()


def test_a_learner_saves_describes_shares_endorses_edits_and_withdraws(page: Page, running: Running) -> None:
    page.get_by_label("Address to save").fill(SAVED)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Only you can see it")
    expect(page.locator(".host").first).to_have_text("example.org")

    _do(page, "Share it")
    share = page.locator("#share")
    share.get_by_label("Title").fill("The heron beside the mill")
    share.get_by_label("What it is").fill("How a river is read <b>slowly</b>.")
    share.get_by_label("Topics").fill("rivers, birds")
    share.get_by_role("button", name="Share with everybody").click()
    expect(page.get_by_role("status")).to_contain_text("Copied to other people's computers")
    expect(page.locator("h1")).to_have_text("The heron beside the mill")
    expect(page.locator("blockquote.said").first).to_have_text("How a river is read <b>slowly</b>.")

    _do(page, "Endorse it")
    endorse = page.locator("#endorse")
    endorse.get_by_label("It helps, within limits").check()
    endorse.get_by_label("Why?").fill("I saw the current before I could name it.")
    endorse.get_by_label("Level").fill("beginner")
    endorse.get_by_role("button").click()
    said = page.locator("article.statement", has_text="I saw the current before I could name it.")
    expect(said).to_contain_text("said that it helps within limits")

    said.get_by_role("link", name="Change or withdraw").click()
    page.get_by_label("Why?").first.fill("I saw the current, then I could name it.")
    page.get_by_role("button", name="Publish the change").click()
    expect(page.get_by_role("status")).to_contain_text("The earlier version stays in its history")
    expect(page.locator("section", has=page.locator("#versions"))).to_contain_text("before I could name it")

    page.get_by_role("button", name="Withdraw it for good").click()
    expect(page.get_by_role("status")).to_contain_text("Its text is erased here")
    expect(page.locator("h1")).to_have_text("The heron beside the mill")
    assert "name it" not in page.content()
    page.goto(f"{running.base}/search?q=current")
    expect(page.locator("main")).to_contain_text("Nothing here has these words")


def test_a_form_that_is_refused_comes_back_as_it_was_filled_in(page: Page, running: Running) -> None:
    _open_thing(page, running, "Seeing+Theory")
    _do(page, "Connect it with something")
    connect = page.locator("#connect")
    connect.get_by_label("How?").select_option("leads-to")
    connect.get_by_label("With what?").fill("no address at all")
    connect.get_by_label("Why?").fill("Because.")
    connect.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("This names no thing")
    expect(page.get_by_role("alert")).to_contain_text("HG-T1")
    expect(connect.get_by_label("How?")).to_have_value("leads-to")
    expect(connect.get_by_label("With what?")).to_have_value("no address at all")
    expect(connect.get_by_label("Why?")).to_have_value("Because.")

    connect.get_by_label("With what?").fill("example.org/next")
    connect.get_by_role("button").click()
    ways = page.locator("section", has=page.locator("h3", has_text="Leads to")).last
    expect(ways).to_contain_text("https://example.org/next")


def test_a_question_is_asked_and_answered_in_context(page: Page, running: Running) -> None:
    _open_thing(page, running, "OpenIntro+Statistics")
    talk = page.locator("section", has=page.locator("#talk"))
    talk.get_by_role("link", name="Answer").first.click()
    _do(page, "Answer")
    page.locator("#comment").get_by_label("Your words").fill("Yes, with two of them.")
    page.locator("#comment").get_by_role("button").click()
    expect(page.locator(".thread")).to_contain_text("Yes, with two of them.")
    _open_thing(page, running, "OpenIntro+Statistics")
    expect(talk.locator(".thread .thread")).to_contain_text("Yes, with two of them.")


def test_a_note_stays_private(page: Page, running: Running) -> None:
    _open_thing(page, running, "Gapminder")
    page.get_by_label("Your note").fill("Show this to my sister.\nAsk her first.")
    page.get_by_role("button", name="Keep this note").click()
    expect(page.get_by_role("status")).to_contain_text("Only you can see it")
    expect(page.get_by_label("Your note")).to_have_value("Show this to my sister.\nAsk her first.")


def test_bookmarks_are_looked_at_chosen_brought_in_and_undone(
    page: Page, running: Running, own_data: Path
) -> None:
    page.goto(f"{running.base}/import")
    page.get_by_label("File").set_input_files(own_data / "bookmarks-nested.html")
    page.get_by_role("button", name="Show what is in it").click()
    expect(page.locator("h1")).to_have_text("What is in the file")
    counts = page.locator("dl.counts")
    before = int(counts.locator("dd").first.inner_text())
    page.get_by_role("checkbox", name=re.compile("^Toolbar")).uncheck()
    page.get_by_role("button", name="Count again").click()
    fewer = int(counts.locator("dd").first.inner_text())
    assert 0 < fewer < before
    expect(page.get_by_role("checkbox", name=re.compile("^Toolbar"))).not_to_be_checked()
    expect(page.get_by_label("Only me.")).to_be_checked()
    page.get_by_role("button", name="Bring them in").click()
    expect(page.locator("h1")).to_have_text(f"{fewer} links are in your library")
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_role("status")).to_contain_text("The import is undone")
    assert "OpenStax" not in page.content()


def test_a_list_in_arabic_is_brought_in_and_shared_with_everybody(
    page: Page, running: Running, own_data: Path
) -> None:
    page.goto(f"{running.base}/import")
    page.get_by_label("File").set_input_files(own_data / "links-ar.md")
    page.get_by_role("button", name="Show what is in it").click()
    page.get_by_label("Everybody.").check()
    expect(page.locator("main form")).to_contain_text("Copied to other people's computers")
    page.get_by_role("button", name="Bring them in").click()
    expect(page.locator("h1")).to_contain_text("links are shared")
    page.goto(f"{running.base}/search?q=الخوارزمي")
    expect(page.locator("ol.list")).to_contain_text("محمد بن موسى الخوارزمي")


def test_people_are_followed_muted_and_shown_again(page: Page, running: Running) -> None:
    page.goto(f"{running.base}/people")
    page.get_by_role("link", name="Ben", exact=True).click()
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("status")).to_contain_text("Nobody else learns of it")
    _open_thing(page, running, "OpenIntro+Statistics")
    expect(page.locator("main")).to_contain_text("hidden: you muted Ben")
    page.get_by_role("link", name="Show or change").first.click()
    page.get_by_role("button", name="Show again").click()
    page.get_by_role("button", name="Unfollow").click()
    expect(page.get_by_role("status")).to_contain_text("You follow them no longer")
    page.get_by_role("button", name="Follow privately").click()
    expect(page.locator("main")).to_contain_text("you follow them privately")


def test_the_owner_names_themselves_confirms_the_words_and_takes_everything_along(
    page: Page, running: Running
) -> None:
    page.goto(f"{running.base}/you")
    page.get_by_label("Name").fill("שרה (she)")
    page.get_by_label("About you").fill("Learns.")
    page.get_by_role("button", name="Publish the profile").click()
    expect(page.locator("dl.facts").first).to_contain_text("שרה (she)")

    page.get_by_role("link", name="Show the words").first.click()
    words = page.locator("ol.recovery li").all_inner_texts()
    assert len(words) == 24
    asked = page.locator("form").last.locator("input[type=text]")
    places = [int(re.sub(r"\D", "", str(one.get_attribute("name")))) for one in asked.all()]
    for place in places:
        page.get_by_label(f"Word {place}", exact=True).fill("wrong")
    page.get_by_role("button", name="I have them on paper").click()
    expect(page.get_by_role("alert")).to_contain_text("These are not the words")
    for place in places:
        page.get_by_label(f"Word {place}", exact=True).fill(words[place - 1])
    page.get_by_role("button", name="I have them on paper").click()
    expect(page.get_by_role("status")).to_contain_text("your copy is the only one")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('{"type":"hedgerow-export"')
    assert any("שרה" in line for line in lines)


@pytest.mark.parametrize("text", ["not an invite", "hedgerow-invite:1:AAAA"])
def test_an_invite_that_is_none_comes_back_with_the_reason(page: Page, running: Running, text: str) -> None:
    page.goto(f"{running.base}/join")
    page.get_by_label("Invite").fill(text)
    page.get_by_role("button", name="Show whose it is").click()
    expect(page.get_by_role("alert")).to_contain_text("HG-")
    expect(page.get_by_label("Invite")).to_have_value(text)
