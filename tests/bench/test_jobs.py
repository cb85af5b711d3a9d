"""Each job runs, tiny, between real processes, and prints one object and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.load_peer import Clock
from bench.peers.table import PEERS
from bench.sides import newest, spread_evenly, without
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import NegOpen, Range, Tier
from hedgerow_protocol.keys import AuthorKey

ROOT = Path(__file__).parents[2]


def measured(*arguments: str) -> dict:
    command = [sys.executable, "-m", "bench", *arguments, "--json", "--runs", "1", "--authors", "4"]
    command += ["--peers", "none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["job"] == arguments[0]
    assert told["ours"] > 0
    assert told["peers"] == dict.fromkeys(PEERS)
    assert told["reasons"].keys() == PEERS.keys()
    return told


def test_ingest_into_rows() -> None:
    told = measured("INGEST-500k", "--messages", "300", "--rows", "200")
    assert told["raw"] > 0
    assert told["ratios"]["raw"] == pytest.approx(told["ours"] / told["raw"], rel=0.01)
    assert (told["also"]["messages"], told["also"]["rows_before"]) == (300, 200)
    assert told["also"]["share_of_empty_rate"]["median"] > 0
    assert told["also"]["cpu_seconds"]["median"] > 0
    assert told["also"]["peak_rss_mb"]["median"] > 1


def test_full() -> None:
    assert measured("FULL", "--messages", "300")["unit"] == "messages/s"


def test_sync() -> None:
    also = measured("SYNC", "--messages", "400", "--different", "20")["also"]
    assert (also["held"], also["different"]) == (400, [20, 20])
    assert (also["larger"]["held"], also["newest"]["different"]) == (800, [20, 20])
    assert sum(also["bytes"]) >= sum(also["bytes_of_the_reference"])
    assert also["until_both_hold_everything"]["seconds"]["median"] > 0
    assert also["million"]["initiator_seconds"]["median"] > 0


def test_growth() -> None:
    also = measured("GROWTH", "--rows", "200", "--messages", "40", "--different", "5")["also"]
    assert also["at"].keys() == {"20", "200"}
    assert also["growth"].keys() == {name for name in also["at"]["20"] if name.startswith("seconds")}


def test_fanout() -> None:
    told = measured("FANOUT", "--messages", "60")
    assert told["unit"] == "deliveries/s"
    assert told["also"]["listeners"] == 50
    assert 0 < told["also"]["p50_ms"]["median"] <= told["also"]["p99_ms"]["median"]


def test_idle() -> None:
    assert measured("IDLE")["also"]["start_seconds"]["median"] > 0


def test_the_sides_differ_by_as_much_as_was_asked() -> None:
    for make in (spread_evenly, newest):
        sides = make(900, 30, authors=10)
        whole = range(sides.whole.count)
        ours, theirs = set(without(whole, sides.ours_lacks)), set(without(whole, sides.theirs_lacks))
        assert (len(ours), len(theirs)) == (900, 900)
        assert (len(ours - theirs), len(theirs - ours)) == (30, 30)
        assert (min(ours ^ theirs) < 60) == (make is spread_evenly)
        assert max(ours ^ theirs) >= 870


def test_the_clock_stops_only_when_the_whole_set_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    whole, part = (
        SetSum.of([bytes([n]) * 32 for n in (1, 2, 3)]),
        SetSum.of([bytes([n]) * 32 for n in (1, 2, 4)]),
    )
    clock = Clock(AuthorKey(bytes(32)), whole)

    def named(tier: Tier, held: SetSum) -> str:
        clock.on_frame(NegOpen(3, 1, 1, tier, 0, 0, held.count, held.fingerprint()), 100, False)
        return capsys.readouterr().out

    clock.on_frame(Range(1, 1, 1, Tier.CONTROL, 0, bytes(32), 10), 100, False)
    assert capsys.readouterr().out == ""
    clock.on_frame(Range(1, 1, 1, Tier.CONTENT, 0, bytes(32), 10), 100, False)
    assert "begun" in capsys.readouterr().out
    assert named(Tier.CONTENT, part) == named(Tier.CONTROL, whole) == ""
    assert "done" in named(Tier.CONTENT, whole)
    assert named(Tier.CONTENT, whole) == ""
