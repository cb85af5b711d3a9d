"""SYNC: how long two sides that hold nearly the same take to find what differs, and until both hold everything.

Each side holds `plan.messages`; `plan.different` of them only one side has, on each. They are spread evenly over the
whole time (the headline), or the newest. Comparing is measured alone, against a real node (`dry_run`), because that is
what others measure; and with everything that follows, between two real nodes, up to the last commit on either side.
"""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench.dry_run import Compared, DryRun
from bench.jobs.ingest import take_in
from bench.jobs.million import million
from bench.measuring import spread
from bench.nodes import Broken, Node, free_port, noted, wait_until
from bench.outcome import Outcome
from bench.places import say
from bench.plan import Plan
from bench.reference import transcript_bytes
from bench.sides import Sides, newest, spread_evenly
from hedgerow_protocol.frame import Tier

LARGER = 2
"""How many times as many messages a side holds in the second comparison."""


def run(plan: Plan) -> Outcome:
    """Compare, and synchronise, `plan.runs` times each."""
    count, different, also = plan.messages, plan.different, dict[str, object]()
    with TemporaryDirectory(prefix="hedgerow-bench-") as name:
        folder = Path(name)
        sides = spread_evenly(count, different, plan.authors)
        headline = compared(folder / "spread", sides, plan.runs)
        also |= told(sides, headline)
        for title, others in {
            "newest": newest(count, different, plan.authors),
            "larger": spread_evenly(LARGER * count, different, plan.authors),
        }.items():
            also[title] = told(others, compared(folder / title, others, plan.runs))
        also["until_both_hold_everything"] = until_equal(folder / "pair", sides, plan.runs)
    also["million"] = million(plan.runs, count * 20)
    return Outcome(plan.job, "s", [one.seconds for one in headline], also=also)


def compared(folder: Path, sides: Sides, runs: int) -> list[Compared]:
    """Compare our side, in memory, with a node that holds theirs."""
    folder.mkdir()
    with Node(folder / "responder").running(listen="127.0.0.1:0") as node:
        node.follow(sides.whole)
        take_in(node, sides.whole, folder, sides.theirs_lacks)
        found = []
        for number in range(runs):
            before = node.process.cpu()
            found.append(asyncio.run(_compare(node, sides)))
            found[-1].their_cpu = node.process.cpu() - before
            found[-1].their_peak_mb = node.process.peak_mb()
            say(f"  {folder.name}, run {number + 1}: {found[-1].seconds:.3f} s to find what differs")
    return found


async def _compare(node: Node, sides: Sides) -> Compared:
    ours = sides.ours
    async with aiohttp.ClientSession() as session:
        link = await DryRun.open(session, node.peer, sides.whole.people())
        found = await link.compare([entry[:2] for entry in ours])
    mine, yours = {entry[1] for entry in ours}, {entry[1] for entry in sides.theirs}
    if set(found.have) != mine - yours or set(found.need) != yours - mine:
        raise Broken(f"the comparison found {len(found.have)} and {len(found.need)}")
    return found


def told(sides: Sides, found: list[Compared]) -> dict[str, object]:
    """A comparison in figures."""
    last = found[-1]
    return {
        "held": len(sides.ours),
        "different": [len(last.have), len(last.need)],
        "seconds": spread([one.seconds for one in found]),
        "cpu_seconds_of_the_initiator": spread([one.own_cpu for one in found]),
        "cpu_seconds_of_the_responder": spread([one.their_cpu for one in found]),
        "peak_rss_mb_of_the_responder": last.their_peak_mb,
        "bytes": [last.sent, last.received],
        "round_trips": last.trips,
        "bytes_of_the_reference": transcript_bytes(
            [entry[:2] for entry in sides.ours], [entry[:2] for entry in sides.theirs]
        ),
    }


def until_equal(folder: Path, sides: Sides, runs: int) -> dict[str, object]:
    """Let two nodes that know each other meet again after each has gained what the other lacks."""
    folder.mkdir()
    address = f"127.0.0.1:{free_port()}"
    _acquaint(folder, sides, address)
    seconds = []
    for number in range(runs):
        seconds.append(_meet(folder, folder / f"run-{number}", address))
        say(f"  run {number + 1}: {seconds[-1]:.2f} s until both hold everything")
    return {"seconds": spread(seconds)}


def _acquaint(folder: Path, sides: Sides, address: str) -> None:
    listener, dialler = Node(folder / "listener"), Node(folder / "dialler")
    with listener.running(listen=address), dialler.running():
        for node in (listener, dialler):
            node.follow(sides.whole)
        dialler.join(listener.invite())
        wait_until(lambda: _is_settled(dialler), "the two nodes agree")
    for node, lacks in ((listener, sides.theirs_lacks), (dialler, sides.ours_lacks)):
        with node.running():
            take_in(node, sides.whole, folder, lacks)


def _is_settled(node: Node) -> bool:
    links = node.ask("GET", "/status")["links"]
    return bool(links) and all(link["state"] == "settled" for link in links)


def _meet(folder: Path, here: Path, address: str) -> float:
    here.mkdir()
    homes = [Path(shutil.copytree(folder / name, here / name)) for name in ("listener", "dialler")]
    listener, dialler = map(Node, homes)
    files = [home.with_suffix(".frames") for home in homes]
    with (
        listener.running(listen=address, watched=files[0]),
        dialler.running(watched=files[1]),
    ):
        wait_until(lambda: _has_agreed(files[1]), "the two nodes hold the same")
        began = next(one["at"] for one in noted(files[1]) if _opens_content(one))
        done = max(one["at"] for file in files for one in noted(file) if one.get("stored"))
        held = [node.ask("GET", "/status")["messages"] for node in (listener, dialler)]
    shutil.rmtree(here)
    if held[0] != held[1]:
        raise Broken(f"the two nodes hold {held}")
    return done - began


def _opens_content(one: dict) -> bool:
    return one.get("frame") == "NegOpen" and one["tier"] == Tier.CONTENT


def _has_agreed(file: Path) -> bool:
    """Whether the last comparison of content was answered by NEG_SAME; there is one session at a time."""
    told = [one for one in noted(file) if one.get("frame") in ("NegOpen", "NegSame")] if file.exists() else []
    last = max((place for place, one in enumerate(told) if _opens_content(one)), default=len(told))
    return [one["frame"] for one in told[last + 1 :]][:1] == ["NegSame"]
