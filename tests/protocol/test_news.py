"""What is new is told to the links that did not bring it: live as far as others let it in, the rest late."""

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.message import Message
from hedgerow_protocol.news import News, Telling
from hedgerow_protocol.quota import USUAL
from simulator.author import Author

ONE, TWO, THREE = LinkId(1), LinkId(2), LinkId(3)
HOUR = int(USUAL.near.hour)
BULK = int(limits.LIVE_SHARE * HOUR) + 1


def told(news: News, *listeners: LinkId) -> list[Telling]:
    return list(news.take(0.0, list(listeners)))


def heard(tellings: list[Telling], link: LinkId) -> tuple[list[Message], list[Message]]:
    parts = [telling.for_link(link) for telling in tellings]
    return [one for live, _ in parts for one in live], [one for _, late in parts for one in late]


def test_a_link_hears_what_others_brought_and_not_what_it_brought() -> None:
    own, first, second = (Author(number).resources(2) for number in (1, 2, 3))
    news = News(USUAL)
    for source, new in ((None, own), (ONE, first), (TWO, second)):
        news.add(source, new)
    [telling] = told(news, ONE, TWO, THREE)
    assert telling.for_link(ONE) == ([*own, *second], [])
    assert telling.for_link(TWO) == ([*own, *first], [])
    assert telling.for_link(THREE) == ([*own, *first, *second], [])
    assert telling.relayed() == {one.id for one in (*first, *second)}
    assert told(news, ONE, TWO, THREE) == []


@pytest.mark.parametrize("listeners", [(), (ONE,)])
def test_what_nobody_else_can_hear_costs_its_author_nothing(listeners: tuple[LinkId, ...]) -> None:
    said = Author(1).resources(HOUR)
    news = News(USUAL)
    for one in said:
        news.add(ONE, [one])
    assert told(news, *listeners) == []
    news.add(ONE, Author(1).resources(1))
    assert heard(told(news, TWO), TWO)[1] == []


def test_bulk_is_late_and_leaves_its_author_what_he_says_next() -> None:
    news = News(USUAL)
    bulk = Author(1).resources(BULK)
    news.add(ONE, [Author(1).inception, *bulk])
    assert heard(told(news, TWO), TWO) == ([Author(1).inception], bulk[-1:]), "who wants such is asked once"
    by_hand = Author(1).resources(1)
    news.add(ONE, by_hand)
    assert heard(told(news, TWO), TWO) == (by_hand, [])


def test_who_is_ahead_of_his_rate_is_late() -> None:
    news = News(USUAL)
    said = Author(1).resources(HOUR + 3)
    for one in said:
        news.add(None, [one])
    assert heard(told(news, TWO), TWO) == (said[:-3], said[-3:])


def test_no_more_is_told_in_one_go_than_may_be_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PUSHED", 4)
    news = News(USUAL)
    said = Author(1).resources(12)
    for part in (said[:2], said[2:4], said[4:10], said[10:]):
        news.add(ONE, part)
    sizes = [len(live) for live, _ in (telling.for_link(TWO) for telling in told(news, TWO))]
    assert sizes == [4, 6, 2]
