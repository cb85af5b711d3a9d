"""What the commands on what is kept away say to people."""

import asyncio
from pathlib import Path

from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_protocol.kinds import Content, Label, Profile, Resource
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing
from node.cli.calling import call
from node.others import Other

HERON = "https://example.org/heron"


def hear(home: Path, other: Other, *contents: Content) -> list[Message]:
    """Put what somebody says into this home."""

    async def put() -> list[Message]:
        node = await Node.open(Home(home), Clock())
        try:
            return await other.tell(node, *contents)
        finally:
            await node.close()

    return asyncio.run(put())


def said(home: Path, *arguments: str) -> str:
    status, out, _ = call(home, *arguments)
    assert status == 0, arguments
    return out


def test_a_label_list_is_told_wherever_it_warns_and_in_what_is_hidden(tmp_path: Path) -> None:
    ben, library = Other(2), Other(3)
    hear(tmp_path, ben, Profile("Ben"), Resource(HERON, "Herons"))
    hear(
        tmp_path,
        library,
        Profile("City library"),
        Label(HERON, "spam", "It sells"),
        Label(ben.did, "spam", ""),
    )
    assert "“spam”: 2 things" in said(tmp_path, "labels", "of", library.did)
    used = said(tmp_path, "labels", "use", library.did, "spam")
    assert "is shown with a warning here" in used
    assert f"hedgerow labels drop {library.did} spam" in used
    warning = "City library labels it “spam”: It sells"
    for command in (("feed", "--from", ben.did), ("search", "herons"), ("show", HERON)):
        assert warning in said(tmp_path, *command), command
    assert "City library labels it “spam”" in said(tmp_path, "people", ben.did)
    hidden = said(tmp_path, "hidden")
    assert "Herons: shown with a warning" in hidden
    assert "you use this label list: 2 things on it" in hidden
    said(tmp_path, "labels", "use", library.did, "spam", "--hide")
    assert "1 statement hidden: City library labels it “spam” (Ben)" in said(tmp_path, "search", "herons")
    assert f"{HERON}: hidden" in said(tmp_path, "hidden")


def test_a_message_that_was_taken_down_says_why_and_what_is_hidden_how_that_is_taken_back(
    tmp_path: Path,
) -> None:
    _, message = hear(tmp_path, Other(2), Profile("Ben"), Resource(HERON, "Herons"))
    name = message_thing(message.id)
    assert "The text of 1 message is erased here." in said(
        tmp_path, "takedown", "add", name, "--reason", "Stolen"
    )
    shown = said(tmp_path, "show", name)
    assert "Its text is kept away from this computer." in shown
    assert "it was taken down here: Stolen" in shown
    hidden = said(tmp_path, "hidden")
    assert "you took it down: 1 message kept away" in hidden
    assert f"Take back: hedgerow takedown undo {name}" in hidden
    assert "1 message may come in again" in said(tmp_path, "takedown", "undo", name)
    assert "undone on" in said(tmp_path, "takedown")
    assert said(tmp_path, "hidden") == "Nothing is hidden here.\n"


def test_what_one_said_oneself_about_it_is_named_with_the_command_that_withdraws_it(tmp_path: Path) -> None:
    said(tmp_path, "share", HERON, "--title", "Mine")
    answer = said(tmp_path, "takedown", "add", HERON, "--reason", "Stolen")
    assert "You said something about it yourself. Withdraw it: hedgerow retract hedgerow:" in answer


def test_muting_takes_people_and_things(tmp_path: Path) -> None:
    ben = Other(2)
    hear(tmp_path, ben, Profile("Ben"), Resource(HERON, "Herons"))
    for target, words in ((ben.did, "Ben"), (HERON, "Herons")):
        assert f"hedgerow unmute {target}" in said(tmp_path, "mute", target)
        assert words in said(tmp_path, "hidden")
        said(tmp_path, "unmute", target)
    assert said(tmp_path, "hidden") == "Nothing is hidden here.\n"
