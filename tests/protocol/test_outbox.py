"""The outbox: effects in order, answers to whoever asked, and nothing for who is gone."""

import pytest

from hedgerow_protocol.effects import LinkId, LoadSum, LoadUnknown, Note, Send, Token
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.outbox import Outbox

ONE, OTHER = LinkId(1), LinkId(2)


def ask(outbox: Outbox, answers: list[tuple[float, object]], link: LinkId | None = None) -> Token:
    """Ask for a sum; the answer goes to `answers`."""
    outbox.ask(
        lambda token: LoadSum(token, Filter(), Tier.CONTROL),
        SetSum,
        lambda now, answer: answers.append((now, answer)),
        link,
    )
    effect = outbox.drain()[-1]
    assert isinstance(effect, LoadSum)
    return effect.token


def test_effects_leave_in_order_and_once() -> None:
    outbox = Outbox()
    outbox.add(Note(ONE, "first"))
    outbox.send(ONE, [b"a", b"b"])
    outbox.ask(lambda token: LoadUnknown(token, ()), list, lambda now, answer: None)
    effects = outbox.drain()
    assert effects[:3] == [Note(ONE, "first"), Send(ONE, b"a"), Send(ONE, b"b")]
    assert isinstance(effects[3], LoadUnknown)
    assert outbox.drain() == []


def test_answers_in_any_order_go_to_whoever_asked() -> None:
    outbox = Outbox()
    first: list[tuple[float, object]] = []
    second: list[tuple[float, object]] = []
    tokens = ask(outbox, first), ask(outbox, second)
    assert len(set(tokens)) == 2
    outbox.answer(5.0, tokens[1], SetSum(2, 0))
    outbox.answer(6.0, tokens[0], SetSum(1, 0))
    assert (first, second) == ([(6.0, SetSum(1, 0))], [(5.0, SetSum(2, 0))])


def test_a_second_answer_and_one_that_nobody_asked_for_fall_on_the_floor() -> None:
    outbox = Outbox()
    answers: list[tuple[float, object]] = []
    token = ask(outbox, answers)
    outbox.answer(5.0, token, SetSum())
    outbox.answer(6.0, token, SetSum())
    outbox.answer(6.0, Token(99), SetSum())
    assert answers == [(5.0, SetSum())]


def test_a_link_that_is_gone_gets_no_answers_and_others_do() -> None:
    outbox = Outbox()
    gone: list[tuple[float, object]] = []
    kept: list[tuple[float, object]] = []
    tokens = [ask(outbox, gone, ONE), ask(outbox, kept, OTHER), ask(outbox, kept)]
    assert [outbox.link_of(token) for token in tokens] == [ONE, OTHER, None]
    outbox.forget(ONE)
    assert outbox.link_of(tokens[0]) is None
    for token in tokens:
        outbox.answer(5.0, token, SetSum())
    assert (len(gone), len(kept)) == (0, 2)


def test_a_driver_that_answers_with_another_type_is_found_at_once() -> None:
    outbox = Outbox()
    token = ask(outbox, [])
    with pytest.raises(AssertionError, match="the driver answered with list"):
        outbox.answer(5.0, token, [])


def test_what_is_made_for_many_is_made_once_until_the_effects_leave() -> None:
    outbox, made = Outbox(), list[str]()

    def make() -> str:
        made.append("anew")
        return "anew"

    assert [outbox.once("key", make) for _ in range(3)] == ["anew"] * 3
    outbox.once("another", make)
    assert len(made) == 2
    outbox.drain()
    outbox.once("key", make)
    assert len(made) == 3
