"""Conduct: each behaviour has a floor of its own, at which a device is kept away; no honest device comes near one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.conduct import Behaviour, Conduct, Tally
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import Absence, Err, Get, IHave, LinkFault, Messages, Missing, Ping, Want
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.transfer import Fetching
from hedgerow_protocol.wire import Wire
from simulator.author import Author
from simulator.scene import Scene, pushed
from simulator.stranger import Stranger

ONE, OTHER = DeviceKey(b"\x01" * 32), DeviceKey(b"\x02" * 32)


@pytest.mark.limit("MAX_BREACHES", "MAX_UNKEPT", "MAX_MISSES", "MAX_REPEATS")
@pytest.mark.parametrize("behaviour", Behaviour)
def test_a_device_is_kept_away_at_a_floor_and_not_one_before(behaviour: Behaviour) -> None:
    conduct = Conduct()
    assert not conduct.count(0.0, ONE, behaviour, behaviour.floor - 1)
    assert not conduct.is_banned(0.0, ONE)
    assert conduct.count(0.0, ONE, behaviour)
    assert conduct.is_banned(limits.BAN_SECONDS - 1, ONE)
    assert not conduct.is_banned(limits.BAN_SECONDS, ONE)
    assert not conduct.is_banned(0.0, OTHER)


def test_what_is_done_in_one_way_counts_for_no_other() -> None:
    conduct = Conduct()
    assert not any(conduct.count(0.0, ONE, one, one.floor - 1) for one in Behaviour)
    assert all(conduct.count(0.0, ONE, one) is (place == 0) for place, one in enumerate(Behaviour))


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 5)), min_size=1, max_size=200))
def test_a_tally_counts_what_is_within_the_window_give_or_take_a_slice(events) -> None:
    tally, now, past = Tally(), 0.0, []
    for pause, count in events:
        now += pause
        past.append((now, count))
        told = tally.add(now, count)
        window = limits.INVALID_WINDOW
        assert sum(n for at, n in past if at >= now - window + limits.TALLY_SLICE) <= told
        assert told <= sum(n for at, n in past if at >= now - window)
        assert len(tally._slices) <= window / limits.TALLY_SLICE + 2


# --- On a link ------------------------------------------------------------------------------------------


def ended(scene: Scene, behaviour: Behaviour, fault: LinkFault) -> bool:
    """Whether the link ended for this, and the device is kept away."""
    again = Stranger(scene.network, scene.node, scene.ben)
    scene.wait()
    errors = [frame for frame in scene.stranger.frames if isinstance(frame, Err)]
    told = errors == [Err(0, fault, behaviour.value, 0)]
    return told and scene.stranger.closed == behaviour.value and again.closed == "banned"


def breach(scene: Scene) -> None:
    """Link anew and break the protocol."""
    stranger = Stranger(scene.network, scene.node, scene.ben)
    scene.wait()
    stranger.send_bytes(b"\xc1")
    scene.wait()


def test_who_breaks_the_protocol_on_one_link_after_another_is_kept_away() -> None:
    scene = Scene()
    for _ in range(limits.MAX_BREACHES - 1):
        breach(scene)
    assert scene.is_open
    breach(scene)
    assert not scene.is_open
    again = Stranger(scene.network, scene.node, scene.ben)
    scene.wait()
    assert again.closed == "banned"


def test_what_does_not_decrypt_is_held_against_nobody() -> None:
    scene = Scene()
    for _ in range(2 * limits.MAX_BREACHES):
        stranger = Stranger(scene.network, scene.node, scene.ben)
        scene.wait()
        stranger.send_noise(bytes(100))
        scene.wait()
    assert scene.is_open


def test_a_message_may_be_pushed_again_so_often_and_no_more() -> None:
    scene = Scene()
    frame = pushed(scene.ben.inception)
    for _ in range(limits.MAX_REPEATS):
        scene.send(frame, seconds=0.02)
    assert scene.is_open, "the first time is no repetition"
    scene.send(frame)
    assert ended(scene, Behaviour.REPEAT, LinkFault.OVERLOADED)


def test_pushing_ever_other_messages_is_no_repetition() -> None:
    scene = Scene()
    for message in scene.ben.resources(2 * limits.MAX_REPEATS):
        scene.send(pushed(message), seconds=0.02)
    assert scene.is_open


def ids(start: int, count: int) -> bytes:
    return b"".join([number.to_bytes(32, "big") for number in range(start, start + count)])


def test_asking_for_what_is_not_here_ends_at_a_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MISSES", 4 * limits.MAX_FRAME_MESSAGES)
    scene = Scene()
    for number in range(4):
        assert scene.is_open
        scene.send(Get(2 * number + 1, ids(1_000 * number, limits.MAX_FRAME_MESSAGES)))
    assert ended(scene, Behaviour.MISS, LinkFault.OVERLOADED)


def test_asking_for_what_is_here_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MISSES", 1)
    scene = Scene()
    held = scene.ana.resources(3)
    scene.node.hold(held)
    scene.send(Get(1, b"".join([one.id for one in held])))
    assert scene.is_open


@pytest.mark.parametrize("is_named", [True, False], ids=["named as missing", "passed over"])
def test_announcing_what_does_not_come_ends_at_a_floor(is_named: bool) -> None:
    scene, size = Scene(), limits.MAX_FRAME_MESSAGES
    for number in range(limits.MAX_UNKEPT // size):
        assert scene.is_open
        request, announced = 2 * number + 1, ids(1_000 * number, size)
        want = scene.only(Want, scene.send(IHave(request, announced, bytes(size))))
        each = [want.ids[at : at + 32] for at in range(0, len(want.ids), 32)]
        missing = [Missing(request, tuple((one, int(Absence.UNKNOWN)) for one in each))] if is_named else []
        scene.send(*missing, Messages(request, (), more=False))
    assert ended(scene, Behaviour.UNKEPT, LinkFault.OVERLOADED)


def test_what_is_announced_and_brought_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNKEPT", 1)
    scene = Scene()
    scene.send(pushed(scene.ben.inception))
    messages = scene.ben.resources(10)
    scene.send(IHave(1, b"".join([one.id for one in messages]), bytes(10)))
    scene.send(Messages(1, tuple((0, one.encode()) for one in messages), more=False))
    assert scene.is_open
    assert len(scene.node.delivered) == 11


def test_what_we_ask_for_and_do_not_get_is_held_against_nobody() -> None:
    blamed: list[object] = []
    wire = Wire(1, lambda frame: None, -1, lambda *blame: blamed.append(blame))  # type: ignore[arg-type]
    fetching = Fetching(wire, lambda: 0, lambda: True)
    fetching.want(0.0, [b"\x01" * 32])  # type: ignore[list-item]
    fetching.on_missing(Missing(1, ((b"\x01" * 32, int(Absence.UNKNOWN)),)))
    fetching.check(Messages(1, (), more=False))
    fetching.on_messages(0.0, Messages(1, (), more=False))
    assert blamed == []


@pytest.mark.parametrize(
    "spend",
    [
        lambda scene: scene.send(Ping(1)),
        lambda scene: scene.subscribe(1, Filter.of_authors({scene.ben.key})),
        lambda scene: scene.send(pushed(*Author(2).resources(50))),
    ],
    ids=["pings", "subscribes", "brings"],
)
def test_what_somebody_does_well_pays_for_nothing_elsewhere(spend: Callable[[Scene], object]) -> None:
    scene = Scene()
    spend(scene)
    for _ in range(limits.MAX_REPEATS + 1):
        scene.send(pushed(scene.ben.inception), seconds=0.02)
    scene.wait()
    assert ended(scene, Behaviour.REPEAT, LinkFault.OVERLOADED)
