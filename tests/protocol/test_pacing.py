"""What one author may say live: at the rate and one beyond, late and not lost, and nobody blamed who passes it on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.effects import Hit, LinkId
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.pacing import Pacing, Rated
from hedgerow_protocol.quota import DAY, HOUR, Allowance, Allowances, Pace
from simulator.author import EPOCH, Author

ANA, BEN = Author(1), Author(2)
LINK, OTHER = LinkId(1), LinkId(2)
NEAR, OUTSIDE = (Rated(AuthorKey(ANA.key), False, is_near) for is_near in (True, False))


def let_in(pace: Pace, who: Rated, now: float, tries: int = 1_000) -> int:
    """How many of so many tries at one time are let in."""
    return sum(pace.take(now, who, is_near=who.is_near) for _ in range(tries))


@pytest.mark.limit("AUTHOR_HOUR", "AUTHOR_DAY", "OUTSIDER_HOUR", "OUTSIDER_DAY")
@pytest.mark.parametrize(
    ("who", "hour", "day"),
    [
        (NEAR, limits.AUTHOR_HOUR, limits.AUTHOR_DAY),
        (OUTSIDE, limits.OUTSIDER_HOUR, limits.OUTSIDER_DAY),
    ],
    ids=["in scope", "outside"],
)
def test_an_author_is_let_in_so_often_an_hour_and_a_day(who: Rated, hour: float, day: float) -> None:
    pace = Pace()
    assert let_in(pace, who, 0.0) == hour
    assert let_in(pace, who, HOUR - 1) == hour - 1
    assert let_in(pace, who, HOUR) == 1
    total = 2 * hour
    for number in range(2, 24):
        total += let_in(pace, who, number * HOUR)
    assert day <= total <= 2 * day, "what came back within the day stands beside what was there at first"
    assert total < 24 * hour
    assert let_in(pace, who, 3 * DAY) == min(hour, day)


def test_authors_and_withdrawals_have_rates_of_their_own() -> None:
    pace = Pace()
    assert let_in(pace, NEAR, 0.0) == limits.AUTHOR_HOUR
    for other in (NEAR._replace(author=BEN.key), NEAR._replace(is_control=True)):
        assert let_in(pace, other, 0.0) == limits.AUTHOR_HOUR


def test_only_so_many_authors_are_remembered_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PACED", 2)
    pace = Pace()
    for number in range(3):
        assert let_in(pace, NEAR._replace(author=Author(number).key), 0.0) == limits.AUTHOR_HOUR
    assert let_in(pace, NEAR._replace(author=Author(2).key), 0.0) == 0
    assert let_in(pace, NEAR._replace(author=Author(0).key), 0.0) == limits.AUTHOR_HOUR


# --- What is late ---------------------------------------------------------------------------------------

ONE_AN_HOUR = Allowances(Allowance(1, 100), Allowance(1, 100))


def name(number: int) -> MessageId:
    return MessageId(number.to_bytes(32, "big"))


def slow() -> Pacing:
    """Rates of one message an hour, of which this hour's has come."""
    pacing = Pacing(Pace(ONE_AN_HOUR))
    assert pacing.lets_in(0.0, NEAR)
    assert not pacing.lets_in(0.0, NEAR)
    return pacing


def test_what_is_late_may_be_asked_for_where_it_came_from_in_order_at_the_rate() -> None:
    pacing = slow()
    pacing.delay(0.0, NEAR, name(1), LINK)
    pacing.delay(0.0, NEAR, name(2), OTHER)
    assert pacing.deadline == pytest.approx(HOUR)
    assert pacing.take_due(HOUR - 1) == []
    assert pacing.take_due(HOUR) == [(LINK, name(1))]
    assert pacing.deadline == pytest.approx(2 * HOUR)
    assert pacing.take_due(2 * HOUR) == [(OTHER, name(2))]
    assert (len(pacing), pacing.deadline) == (0, float("inf"))


def test_what_came_on_another_way_or_whose_link_is_gone_is_not_asked_for() -> None:
    pacing = slow()
    message = ANA.resources(1)[0]
    pacing.delay(0.0, NEAR, message.id, LINK)
    pacing.delay(0.0, NEAR, name(2), OTHER)
    pacing.came(message.header, message.id)
    pacing.came(message.header, message.id)
    pacing.forget(OTHER)
    assert (len(pacing), pacing.deadline, pacing.take_due(1e9)) == (0, float("inf"), [])
    pacing.delay(0.0, NEAR, name(3), LINK)
    pacing.forget_all()
    assert (len(pacing), pacing.take_due(1e9)) == (0, [])


def test_where_too_much_is_late_who_says_most_loses_the_last_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DELAYED", 10)
    pacing = slow()
    quiet = NEAR._replace(author=BEN.key)
    pacing.delay(0.0, quiet, name(1_000), LINK)
    for number in range(100):
        pacing.delay(0.0, NEAR, name(number), LINK)
    assert len(pacing) == 10
    due = [message for _, message in pacing.take_due(HOUR)]
    assert due == [name(1_000), name(0)]


acts = st.lists(
    st.tuples(st.sampled_from(["delay", "came", "forget", "due"]), st.integers(0, 7), st.floats(0, 5_000)),
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(acts)
def test_whatever_happens_its_own_count_holds_and_no_more_is_asked_for_than_the_rate(given_acts) -> None:
    pacing, now, asked = Pacing(Pace(ONE_AN_HOUR)), 0.0, 0
    messages = [*ANA.resources(4), *BEN.resources(4)]
    for act, number, pause in given_acts:
        now += pause
        message: Message = messages[number]
        match act:
            case "delay":
                pacing.delay(now, Rated.of(message.header, is_near=True), message.id, LinkId(number % 2))
            case "came":
                pacing.came(message.header, message.id)
            case "forget":
                pacing.forget(LinkId(number % 2))
            case "due":
                asked += len(pacing.take_due(now))
        late = pacing._late
        assert len(pacing) == sum(map(len, late.values()))
        assert set(late) == set(pacing._due)
        assert all(late.values())
        assert asked <= 2 * (1 + now / HOUR)


# --- At the gate ----------------------------------------------------------------------------------------


@pytest.mark.limit("OUTSIDE_RATE")
def test_a_link_brings_so_much_of_outsiders_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    from hedgerow_protocol.admission import Carried
    from protocol.test_admission import Gate

    # Somebody of whom bodies are held and who is not carried: his withdrawals are taken, and he is outside.
    carried = Carried(held=frozenset({ANA.key}))
    gate = Gate(carried, ANA)
    monkeypatch.setattr(limits, "OUTSIDER_HOUR", 1e9)
    target = ANA.resources(1)[0]
    each = [ANA.retract(target, ts=EPOCH + number) for number in range(int(limits.OUTSIDE_BURST) + 1)]
    gate.admission.pacing = Pacing(Pace(Allowances(outside=Allowance(1e9, 1e9))))
    assert gate.bring_live(*each[:-1]) == each[:-1]
    assert gate.bring_live(each[-1]) == []
    assert Hit(LINK, "OUTSIDE_RATE") in gate.seen
