"""The one object that a job prints, and what becomes of peers that cannot be had."""

import json
from pathlib import Path

import pytest

from bench import report
from bench.jobs.table import JOBS
from bench.outcome import Outcome
from bench.peers import installing, table
from bench.peers.installing import Absent
from bench.plan import Plan

PLAN = Plan("INGEST", runs=3, messages=10)


def test_an_outcome_has_medians_ratios_and_every_peer() -> None:
    outcome = Outcome(
        "INGEST", "messages/s", [30.0, 10.0, 20.0], [40.0], {"a": [5.0, 7.0, 90.0]}, {"b": "why"}
    )
    assert outcome.as_json() == {
        "job": "INGEST",
        "unit": "messages/s",
        "ours": 20.0,
        "raw": 40.0,
        "peers": {"a": 7.0, "b": None},
        "ratios": {"raw": 0.5, "a": 2.8571, "b": None},
        "runs": {
            "count": 3,
            "ours": {"median": 20.0, "min": 10.0, "max": 30.0},
            "raw": {"median": 40.0, "min": 40.0, "max": 40.0},
            "peers": {"a": {"median": 7.0, "min": 5.0, "max": 90.0}},
        },
        "also": {},
        "reasons": {"b": "why"},
    }


def test_a_limit_that_was_raised_is_named() -> None:
    outcome = Outcome("FULL", "messages/s", [1.0], limits_changed={"RANGE_MESSAGES": 4_000})
    assert outcome.as_json()["limits_changed"] == {"RANGE_MESSAGES": 4_000}


def test_a_peer_that_cannot_be_had_is_null_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(plan: Plan, folder: Path) -> table.Measured:
        raise Absent("no such package")

    def there(plan: Plan, folder: Path) -> table.Measured:
        return table.Measured([4.0], {"messages": plan.messages})

    peers = {"gone": {"INGEST": missing}, "there": {"INGEST": there}, "other": {"INGEST": "it does not"}}
    monkeypatch.setattr(table, "PEERS", peers)
    outcome = Outcome("INGEST", "messages/s", [8.0])
    table.measure_peers(PLAN, outcome)
    told = outcome.as_json()
    assert told["peers"] == {"there": 4.0, "gone": None, "other": None}
    assert told["ratios"] == {"raw": None, "there": 2.0, "gone": None, "other": None}
    assert told["reasons"] == {"gone": "no such package", "other": "it does not"}


def test_an_installer_that_fails_makes_its_peers_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "peers.txt").write_text("npm nothing-of-that-kind@1.0.0\n")
    (tmp_path / "npm").write_text("#!/bin/sh\necho 'no such package' >&2\nexit 1\n")
    (tmp_path / "npm").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(installing, "PINS", tmp_path / "peers.txt")
    monkeypatch.setattr(installing, "kept", lambda name: tmp_path)
    for _ in range(2):  # what failed once does not count as installed
        with pytest.raises(Absent, match="no such package"):
            installing.node_modules()


@pytest.mark.parametrize("name", table.PEERS)
@pytest.mark.parametrize("job", [job for job in JOBS if job != "GROWTH"])
def test_every_peer_has_a_measurement_or_a_reason_in_every_job(name: str, job: str) -> None:
    assert table.PEERS[name][job.removesuffix("-500k")]


def test_every_pin_names_one_version() -> None:
    pins = [line.split() for line in installing.PINS.read_text().splitlines() if line[0] != "#"]
    assert {registry for registry, _ in pins} == {"pypi", "npm"}
    assert all(("==" if registry == "pypi" else "@") in pin for registry, pin in pins)


def test_a_report_keeps_the_outcomes_and_draws_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "REPORTS", tmp_path)
    monkeypatch.setattr(report, "ROOT", tmp_path)
    costs = {10_000: {"seconds_of_a_page": 0.01}, 100_000: {"seconds_of_a_page": 0.02}}
    outcomes = [
        Outcome("INGEST", "messages/s", [1_500.0], [3_000.0], {"a & b": [10.0]}, {"gone": "why"}).as_json(),
        json.loads(json.dumps(Outcome("GROWTH", "× log n", [1.6], also={"at": costs}).as_json())),
    ]
    file = tmp_path / "figures"
    file.write_text("\n".join(map(json.dumps, outcomes)))
    assert report.report(["first", str(file)]) == 0
    kept = json.loads((tmp_path / "first.json").read_text())
    assert kept["outcomes"] == outcomes
    drawn = (tmp_path / "first.svg").read_text()
    assert all(
        text in drawn for text in ("INGEST, messages/s", "1,500", "a &amp; b", "of a page: 2.00", "100,000")
    )
    assert "gone" not in drawn
