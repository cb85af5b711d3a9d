"""python -m bench JOB [--json]: measure, and print one JSON object on stdout; everything else goes to stderr."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence

from bench.jobs.table import JOBS
from bench.nodes import Broken
from bench.peers.table import PEERS, measure_peers
from bench.places import say
from bench.plan import Plan
from bench.report import report

RUNS = 3


def main(arguments: Sequence[str]) -> int:
    """Run one job, or report what some came to."""
    if arguments[:1] == ["report"]:
        return report(arguments[1:])
    asked = _parser().parse_args(arguments)
    # Ended from outside, it still ends the processes that it began.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    job = JOBS[asked.job]
    plan = Plan(
        asked.job,
        asked.runs,
        asked.messages or job.messages,
        asked.authors or job.authors,
        job.rows if asked.rows is None else asked.rows,
        asked.different or job.different,
    )
    try:
        outcome = job.run(plan)
        measure_peers(plan, outcome, asked.peers)
    except Broken as broken:
        say(f"{asked.job} could not be measured: {broken}")
        return 1
    print(json.dumps(outcome.as_json(), ensure_ascii=False, indent=None if asked.json else 2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="How fast Hedgerow is. See bench/README.md."
    )
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how often ({RUNS})")
    parser.add_argument("--messages", type=int, help="how many are moved, or held on each side")
    parser.add_argument("--authors", type=int, help="by how many people")
    parser.add_argument("--rows", type=int, help="how many a store holds before")
    parser.add_argument("--different", type=int, help="how many only one side has, on each")
    parser.add_argument("--peers", type=_names, help=f"only these, with commas, or none: {', '.join(PEERS)}")
    return parser


def _names(text: str) -> list[str]:
    names = [] if text == "none" else text.split(",")
    if unknown := set(names) - PEERS.keys():
        raise argparse.ArgumentTypeError(f"no such peer: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
