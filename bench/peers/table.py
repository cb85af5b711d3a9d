"""Which peer is measured in which job, and why not in the others.

A measurement fills in figures of its job's unit, one a run, and what else is worth knowing.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.corpus import SetOfMessages
from bench.jobs.fanout import RATE, fan_out
from bench.jobs.fanout import told as told_of_fanout
from bench.jobs.idle import CALM
from bench.measuring import resident_mb, spread
from bench.nodes import Broken
from bench.outcome import Outcome
from bench.peers import javascript, nostr
from bench.peers.installing import Absent
from bench.places import say
from bench.plan import Plan
from bench.sides import spread_evenly, without

SLOW_SHARE = 4
"""nostr-relay gets one message in this many: it would take minutes, and its rate does not rise with more."""
SLOW_MOST = 50_000
"""Messages that nostr-relay is filled with at most; above it the others are measured once."""


@dataclass
class Measured:
    """What a peer came to."""

    figures: list[float]
    also: dict[str, object] = field(default_factory=dict)


Measurement = Callable[[Plan, Path], Measured]


def _runs(plan: Plan, folder: Path) -> Iterator[Path]:
    # Filling a store takes minutes, most of them for the peer's own signatures.
    for number in range(1 if plan.rows > SLOW_MOST else plan.runs):
        here = folder / f"run-{number}"
        here.mkdir()
        yield here


# --- Nostr relays --------------------------------------------------------------------------------------------


def _relay_takes_in(relay: nostr.Server, share: int, plan: Plan, folder: Path) -> Measured:
    count = plan.messages // share
    if share > 1 and plan.rows > SLOW_MOST:
        raise Absent(f"filling it with {plan.rows:,} events would take most of an hour")
    lines = nostr.events(SetOfMessages(plan.rows + count, plan.authors))
    rates, peaks = [], []
    for here in _runs(plan, folder):
        with relay(here) as (process, url):
            if plan.rows:
                nostr.take_in(url, lines[: plan.rows])
            rates.append(nostr.take_in(url, lines[plan.rows :]))
            peaks.append(resident_mb(process.pid, "VmHWM"))
    return Measured(rates, {"messages": count, "peak_rss_mb": spread(peaks)})


def _relay_fans_out(relay: nostr.Server, plan: Plan, folder: Path) -> Measured:
    nostr.events(SetOfMessages(plan.messages, plan.authors))
    fast, paced = [], []
    for here in _runs(plan, folder):
        for rate, runs in ((0.0, fast), (RATE, paced)):
            place = here / f"at-{rate:.0f}"
            place.mkdir()
            with relay(place) as (process, url):
                runs.append(fan_out("nostr", (process.pid, url), plan, rate, place, lambda: True))
    return Measured([one.rate for one in fast], told_of_fanout(plan, fast, paced))


def _relay_idles(relay: nostr.Server, plan: Plan, folder: Path) -> Measured:
    return _idles(relay, plan, folder)


def _sdk_compares(relay: nostr.Server, plan: Plan, folder: Path) -> Measured:
    sides = spread_evenly(plan.messages, plan.different, plan.authors)
    lines = nostr.events(sides.whole)
    with relay(folder) as (_, url):
        nostr.take_in(url, without(lines, sides.theirs_lacks))
        found = nostr.compare(url, without(lines, sides.ours_lacks), folder, plan.runs)
    last = found[-1]
    if [last["have"], last["need"]] != [plan.different, plan.different]:
        raise Absent(f"it found {last['have']} and {last['need']} that differ")
    return Measured([one["seconds"] for one in found], {"bytes": last["bytes"], "held": plan.messages})


# --- Peers on Node -------------------------------------------------------------------------------------------


def _ssb_runs(job: str, plan: Plan, folder: Path) -> Measured:
    wanted = SetOfMessages(plan.rows + plan.messages, plan.authors)
    return _told([javascript.run_ssb(job, wanted, here, plan.rows) for here in _runs(plan, folder)])


def _hypercore_runs(job: str, plan: Plan, folder: Path) -> Measured:
    runs = [javascript.run_hypercore(job, plan.messages, here, plan.rows) for here in _runs(plan, folder)]
    return _told(runs)


def _told(runs: list[dict]) -> Measured:
    also = {
        "cpu_seconds": spread([one["cpu"] for one in runs]),
        "peak_rss_mb": spread([one["peak_mb"] for one in runs]),
    }
    return Measured([one["rate"] for one in runs], also)


def _script_idles(script: str, plan: Plan, folder: Path) -> Measured:
    return _idles(partial(javascript.idle, script), plan, folder)


def _idles(started: Callable, plan: Plan, folder: Path) -> Measured:
    resident, seconds = [], []
    for here in _runs(plan, folder):
        began = time.monotonic()
        with started(here) as (process, _):
            seconds.append(time.monotonic() - began)
            time.sleep(CALM)
            resident.append(resident_mb(process.pid))
    return Measured(resident, {"start_seconds": spread(seconds)})


# --- The table -----------------------------------------------------------------------------------------------

NO_COPY = "it serves others, and no client of it verifies and stores what it takes"
NO_SETS = "it compares no sets: its logs are told apart by their lengths"
NO_NEGENTROPY = "it does not reconcile"
NO_LISTENERS = "it has no listeners: its logs are replicated between peers that keep them"
PEERS: dict[str, dict[str, Measurement | str]] = {
    "nostr-relay": {
        "INGEST": partial(_relay_takes_in, nostr.nostr_relay, SLOW_SHARE),
        "FULL": NO_COPY,
        "SYNC": NO_NEGENTROPY,
        "FANOUT": partial(_relay_fans_out, nostr.nostr_relay),
        "IDLE": partial(_relay_idles, nostr.nostr_relay),
    },
    "nostr-sdk": {
        "INGEST": partial(_relay_takes_in, nostr.local_relay, 1),
        "FULL": "its relay answers a request with at most 500 events",
        "SYNC": partial(_sdk_compares, nostr.local_relay),
        "FANOUT": partial(_relay_fans_out, nostr.local_relay),
        "IDLE": partial(_relay_idles, nostr.local_relay),
    },
    "ssb-db2": {
        "INGEST": partial(_ssb_runs, "ingest"),
        "FULL": partial(_ssb_runs, "full"),
        "SYNC": NO_SETS,
        "FANOUT": NO_LISTENERS,
        "IDLE": partial(_script_idles, "ssb.js"),
    },
    "hypercore": {
        "INGEST": partial(_hypercore_runs, "ingest"),
        "FULL": partial(_hypercore_runs, "full"),
        "SYNC": NO_SETS,
        "FANOUT": NO_LISTENERS,
        "IDLE": partial(_script_idles, "hypercore.js"),
    },
    "strfry": {
        "INGEST": partial(_relay_takes_in, nostr.strfry, 1),
        "FULL": "its copy is two commands of its own, a download and an import",
        "SYNC": partial(_sdk_compares, nostr.strfry),
        "FANOUT": partial(_relay_fans_out, nostr.strfry),
        "IDLE": partial(_relay_idles, nostr.strfry),
    },
}
OF_ANOTHER_SESSION: dict[str, dict[str, object]] = {
    "INGEST": {"messages_a_second": 20_300, "share_of_raw": 0.69, "share_of_raw_on_two_connections": 1.04},
    "INGEST-500k": {"messages_a_second": 14_000, "share_of_raw": 0.47, "share_of_its_empty_rate": 0.69},
    "FULL": {"messages_a_second": 16_200, "share_of_raw": 0.55},
    "SYNC": {"seconds_at_100000": 0.53, "bytes_at_100000": 1_434_000, "round_trips": 6},
    "FANOUT": {"deliveries_a_second": 46_000, "p50_ms": 59, "p99_ms": 110},
    "IDLE": {"resident_mb": 12, "start_seconds": 0.01},
}
"""strfry 1.1.0, built with optimisation, on two cores with a raw limit of 29,700/s: not measured in this run."""
NOT_GROWN = "it is not grown: GROWTH asks how our own cost rises"


def measure_peers(plan: Plan, outcome: Outcome, wanted: list[str] | None = None) -> None:
    """Add every peer to an outcome: its figures, or why there are none."""
    told: dict[str, object] = {}
    for name, measurements in PEERS.items():
        measurement = measurements.get(plan.job.removesuffix("-500k"), NOT_GROWN)
        try:
            if wanted is not None and name not in wanted:
                raise Absent("it was left out on the command line")
            if isinstance(measurement, str):
                raise Absent(measurement)
            say(f"{plan.job} of {name}")
            with TemporaryDirectory(prefix="hedgerow-bench-") as folder:
                measured = measurement(plan, Path(folder))
        except (Absent, Broken, OSError, KeyError) as why:
            outcome.absent[name] = str(why)
            continue
        outcome.peers[name] = measured.figures
        told[name] = measured.also
        say(f"  {spread(measured.figures)['median']:,} {outcome.unit}")
    outcome.also["peers"] = told
    if "strfry" in outcome.absent and plan.job in OF_ANOTHER_SESSION:
        outcome.also["strfry_in_another_session"] = OF_ANOTHER_SESSION[plan.job]
