"""The gate alone: each limit at its number and one over, and nothing counted for those who are gone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node import config
from hedgerow_node.links.gate import DoorLimits, Gate, Origin, Refusal, Refused, Ticket

ROOMY = DoorLimits(
    links=1_000,
    strangers=1_000,
    of_ipv4=1_000,
    of_ipv4_24=1_000,
    of_ipv4_16=1_000,
    of_ipv6_64=1_000,
    of_ipv6_48=1_000,
    of_loopback=1_000,
    connects_a_minute=1_000,
)


class Door:
    """A gate, and who was cut."""

    def __init__(self, limits: DoorLimits) -> None:
        self.gate = Gate(limits)
        self.cut: list[str] = []
        self.limits: list[str] = []
        """What those met who were not let in."""

    def enter(self, address: str, now: float = 0.0, *, is_proxy: bool = False) -> Ticket | Refusal:
        origin = Origin.of(address, is_proxy=is_proxy)
        entered = self.gate.enter(now, origin, lambda limit: self.cut.append(address))
        if isinstance(entered, Ticket):
            return entered
        self.limits.append(entered.limit)
        return entered.why

    def let_in(self, address: str, now: float = 0.0) -> Ticket:
        ticket = self.enter(address, now)
        assert isinstance(ticket, Ticket)
        return ticket


@pytest.mark.limit("MAX_OF_IPV4", "MAX_OF_IPV4_24", "MAX_OF_IPV4_16", "MAX_OF_IPV6_64", "MAX_OF_IPV6_48")
@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("of_ipv4", ["192.0.2.1"] * 3),
        ("of_ipv4_24", ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
        ("of_ipv4_16", ["192.0.2.1", "192.0.3.1", "192.0.4.1"]),
        ("of_ipv6_64", ["2001:db8::1", "2001:db8::2", "2001:db8::3"]),
        ("of_ipv6_48", ["2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:3::1"]),
        ("of_ipv4", ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"]),
    ],
)
def test_each_network_has_so_many_places_and_no_more(name: str, addresses: list[str]) -> None:
    door = Door(replace(ROOMY, **{name: 2}))
    first, _ = door.let_in(addresses[0]), door.let_in(addresses[1])
    assert door.enter(addresses[2]) is Refusal.TOO_MANY
    assert isinstance(door.enter("203.0.113.9"), Ticket)
    first.leave()
    assert isinstance(door.enter(addresses[2]), Ticket)


def test_who_is_proven_counts_for_no_network_and_counts_again_when_no_longer() -> None:
    door = Door(replace(ROOMY, of_ipv4=1))
    ticket = door.let_in("192.0.2.1")
    ticket.authenticate()
    ticket.prove(True)
    other = door.let_in("192.0.2.1")
    other.leave()
    ticket.prove(False)
    assert door.enter("192.0.2.1") is Refusal.TOO_MANY
    ticket.leave()
    ticket.leave()
    ticket.prove(True)
    assert isinstance(door.enter("192.0.2.1"), Ticket)
    assert door.enter("192.0.2.1") is Refusal.TOO_MANY


@pytest.mark.limit("CONNECTS_A_MINUTE")
def test_an_address_may_come_so_often_a_minute() -> None:
    door = Door(replace(ROOMY, connects_a_minute=48))
    for _ in range(48):
        door.let_in("192.0.2.1", 100.0).leave()
    assert door.enter("192.0.2.1", 100.0) is Refusal.TOO_OFTEN
    assert isinstance(door.enter("192.0.2.2", 100.0), Ticket)
    assert isinstance(door.enter("192.0.2.1", 102.0), Ticket)


def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hedgerow_node.config.MAX_REMEMBERED_ADDRESSES", 2)
    door = Door(replace(ROOMY, connects_a_minute=1))
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        door.let_in(address)
    assert door.enter("192.0.2.3") is Refusal.TOO_OFTEN
    assert isinstance(door.enter("192.0.2.1"), Ticket)


@pytest.mark.limit("MAX_UNPROVEN")
def test_too_many_strangers_push_out_the_oldest_of_the_most_crowded_network() -> None:
    door = Door(replace(ROOMY, strangers=4))
    for address in ("203.0.113.1", "192.0.2.1", "192.0.2.2", "198.51.100.1"):
        door.let_in(address)
    door.let_in("203.0.113.7")
    assert door.cut == ["192.0.2.1"]
    assert len(door.gate) == 4


def test_who_has_asked_for_something_is_spared_while_others_have_said_nothing() -> None:
    door = Door(replace(ROOMY, strangers=3))
    asking = door.let_in("192.0.2.1", now=0.0)
    asking.speak()
    for number in range(1, 5):
        door.let_in(f"198.{number}.1.1", now=float(number))
    assert door.cut == ["198.1.1.1", "198.2.1.1"]
    assert door.gate.holds(asking)
    for ticket in door.gate._tickets:
        ticket.speak()
    door.let_in("203.0.113.1", now=5.0)
    assert not door.gate.holds(asking), "where all have asked, who has stood for longest goes"


def test_who_came_just_now_is_spared_while_others_have_stood_for_longer() -> None:
    door = Door(replace(ROOMY, strangers=4))
    for address in ("203.0.113.1", "198.51.100.1"):
        door.let_in(address, now=0.0)
    for _ in range(2):
        door.let_in("192.0.2.1", now=5.0)
    for number in range(4):
        door.let_in("192.0.2.1", now=5.0 + number / 10)
    assert door.cut == ["203.0.113.1", "198.51.100.1", "192.0.2.1", "192.0.2.1"]


def test_who_is_through_with_the_handshake_is_no_stranger() -> None:
    door = Door(replace(ROOMY, strangers=1))
    for number in range(5):
        door.let_in(f"192.0.2.{number}").authenticate()
    assert door.cut == []


@pytest.mark.limit("MAX_LINKS_IN")
def test_a_full_door_lets_the_unproven_go_first_and_refuses_where_all_are_proven() -> None:
    door = Door(replace(ROOMY, links=2))
    for address in ("192.0.2.1", "192.0.2.2"):
        ticket = door.let_in(address)
        ticket.authenticate()
        ticket.prove(address == "192.0.2.1")
    ticket = door.let_in("192.0.2.3")
    assert door.cut == ["192.0.2.2"]
    ticket.authenticate()
    ticket.prove(True)
    assert door.enter("192.0.2.4") is Refusal.NO_ROOM


@pytest.mark.limit("MAX_OF_LOOPBACK", "CONNECTS_OF_LOOPBACK")
def test_this_computer_is_one_network_with_numbers_of_its_own() -> None:
    door = Door(replace(ROOMY, of_loopback=3, connects_of_loopback=5))
    first = [door.let_in(address) for address in ("127.0.0.1", "127.9.9.9", "::1")]
    assert door.enter("127.0.0.1") is Refusal.TOO_MANY
    for ticket in first:
        ticket.leave()
    for _ in range(2):
        door.let_in("127.0.0.1").leave()
    assert door.enter("127.8.8.8") is Refusal.TOO_OFTEN
    assert door.limits == ["MAX_OF_LOOPBACK", "CONNECTS_OF_LOOPBACK"]


def test_this_computer_counts_as_any_address_where_a_setting_says_so() -> None:
    door = Door(replace(ROOMY, of_ipv4=1, of_ipv6_64=1, of_loopback=0, counts_loopback=True))
    for address in ("127.0.0.1", "::1"):
        door.let_in(address)
        assert door.enter(address) is Refusal.TOO_MANY
    assert door.limits == ["MAX_OF_IPV4", "MAX_OF_IPV6_64"]


def test_the_limits_on_all_hold_for_this_computer_too() -> None:
    door = Door(replace(ROOMY, strangers=2))
    for _ in range(3):
        door.let_in("127.0.0.1")
    assert door.cut == ["127.0.0.1"]


@pytest.mark.limit("MAX_FAULTS_OF_ADDRESS")
def test_an_address_is_shut_out_for_broken_handshakes_for_minutes_and_doubled_to_ten() -> None:
    door, now, ban = Door(ROOMY), 0.0, config.ADDRESS_BAN
    for _ in range(6):
        for count in range(config.MAX_FAULTS_OF_ADDRESS):
            assert isinstance(door.enter("192.0.2.1", now), Ticket), f"{count} broken ones are borne"
            door.let_in("192.0.2.1", now).fault(now)
        assert door.enter("192.0.2.1", now + ban - 1) is Refusal.SHUT_OUT
        assert isinstance(door.enter("192.0.2.2", now), Ticket), "a neighbour"
        now += ban + 1
        ban = min(2 * ban, config.LAST_ADDRESS_BAN)
    assert ban == config.LAST_ADDRESS_BAN <= 600
    assert set(door.limits) == {"MAX_FAULTS_OF_ADDRESS"}


def test_broken_handshakes_long_ago_do_not_count_and_nobody_is_shut_out_for_who_shares_a_computer() -> None:
    door = Door(ROOMY)
    for count in range(3 * config.MAX_FAULTS_OF_ADDRESS):
        door.let_in("192.0.2.1", count * 40.0).fault(count * 40.0)
        door.let_in("127.0.0.1").fault(0.0)
    assert isinstance(door.enter("127.0.0.1"), Ticket)


def test_who_is_turned_away_because_of_a_crowd_may_come_again_soon() -> None:
    door = Door(replace(ROOMY, of_ipv4=1, connects_a_minute=2))
    first = door.let_in("192.0.2.1")
    for _ in range(10):
        assert door.enter("192.0.2.1") is Refusal.TOO_MANY
    first.leave()
    assert isinstance(door.enter("192.0.2.1"), Ticket)


def test_who_stands_behind_a_proxy_counts_where_it_says() -> None:
    door = Door(replace(ROOMY, of_ipv4=1))
    first, second = door.enter("10.0.0.1", is_proxy=True), door.enter("10.0.0.1", is_proxy=True)
    assert isinstance(first, Ticket)
    assert isinstance(second, Ticket)
    assert first.move(0.0, Origin.of("192.0.2.1")) is None
    assert second.move(0.0, Origin.of("192.0.2.1")) == Refused(Refusal.TOO_MANY, "MAX_OF_IPV4")


@pytest.mark.parametrize("address", ["", "somewhere", "1.2.3", "1.2.3.4.5", "192.0.2.1, 192.0.2.2", "[::1]"])
def test_what_is_no_address_comes_from_nowhere(address: str) -> None:
    with pytest.raises(ValueError, match="IP"):
        Origin.of(address)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["enter", "leave", "prove", "unprove", "authenticate"]), st.integers(0, 5))
    )
)
def test_whatever_happens_the_limits_hold_and_nothing_is_counted_in_the_end(acts) -> None:
    door = Door(replace(ROOMY, of_ipv4=2, strangers=3, links=5))
    tickets: list[Ticket] = []
    for act, number in acts:
        if act == "enter":
            ticket = door.enter(f"192.0.2.{number}")
            if isinstance(ticket, Ticket):
                tickets.append(ticket)
        elif number < len(tickets):
            ticket = tickets[number]
            match act:
                case "leave":
                    ticket.leave()
                case "prove":
                    ticket.prove(True)
                case "unprove":
                    ticket.prove(False)
                case "authenticate":
                    ticket.authenticate()
        here = [one for one in tickets if door.gate.holds(one)]
        assert len(here) == len(door.gate) <= 5
        assert sum(one.is_stranger for one in here) <= 3
    for ticket in tickets:
        ticket.leave()
    assert len(door.gate) == 0
    for _ in range(2):
        assert isinstance(door.enter("192.0.2.0"), Ticket)
