"""One's own identity: words until they are confirmed, a passphrase that locks, a copy that waits."""

import pytest

from hedgerow_node.config import Home
from hedgerow_node.keystore import Keystore
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from node.calling import call


async def test_a_home_says_that_its_words_are_not_confirmed_until_they_are(node: Node) -> None:
    status = await call(node, "status")
    assert status["words_confirmed"] is False
    assert any("24 words" in notice["title"] for notice in status["notices"])
    words = (await call(node, "identity words"))["words"]
    assert len(words) == 24
    assert await call(
        node, "identity confirm", confirm=True, answers={"1": words[0], "24": f" {words[23].upper()}"}
    ) == {"confirmed": True}
    status = await call(node, "status")
    assert status["words_confirmed"] is True
    assert status["notices"] == []
    for name, fields in (("identity words", {}), ("identity confirm", {"confirm": True})):
        with pytest.raises(Problem) as caught:
            await call(node, name, **fields)
        assert caught.value.kind == Code.WORDS_GONE


@pytest.mark.parametrize("answers", [{"1": "hedgehog"}, {"0": "x"}, {"25": "x"}, {"one": "x"}])
async def test_wrong_words_confirm_nothing(node: Node, answers: dict[str, str]) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "identity confirm", confirm=True, answers=answers)
    assert caught.value.kind == Code.WORDS_WRONG
    assert len((await call(node, "identity words"))["words"]) == 24


async def test_confirming_wants_to_be_meant(node: Node) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "identity confirm", confirm=False)
    assert caught.value.kind == Code.REQUEST_WRONG
    assert node.keys.has_words


async def test_an_identity_shows_its_keys_and_none_of_its_secrets(node: Node) -> None:
    shown = await call(node, "identity")
    assert shown["did"] == node.keys.did
    assert shown["device"] != shown["did"]
    assert not any(secret.hex() in str(shown) for secret in node.keys.secrets().values())


async def test_a_passphrase_is_changed_only_by_who_knows_the_old_one(
    node: Node, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    await call(node, "identity passphrase", new="five quiet hedges")
    assert (await call(node, "status"))["passphrase"] is True
    for old in ("", "another one"):
        with pytest.raises(Problem) as caught:
            await call(node, "identity passphrase", new="six quiet hedges", old=old)
        assert caught.value.kind == Code.PASSPHRASE_WRONG
    with pytest.raises(Problem) as caught:
        await call(node, "identity passphrase", new="short", old="five quiet hedges")
    assert caught.value.kind == Code.PASSPHRASE_SHORT
    assert Keystore.open(home, "five quiet hedges").did == node.keys.did
    assert (await call(node, "identity passphrase", new="", old="five quiet hedges"))["passphrase"] is False
    assert Keystore.open(home).did == node.keys.did


async def test_adopting_wants_the_word_that_the_original_is_gone(node: Node) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "identity adopt", original_is_gone=False)
    assert caught.value.kind == Code.RESTORED_COPY
    assert (await call(node, "identity adopt", original_is_gone=True))["restored_copy"] is False
