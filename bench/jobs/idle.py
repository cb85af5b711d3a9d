"""IDLE: how much memory a node holds that has nothing to do, and how long it takes from the start to a page.

The home is there already, as on every day but the first. The clock stops when the page has come whole; the memory is
looked at a little later, with the page served and the peers' door open.
"""

import time
from http.cookiejar import CookieJar
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from bench.measuring import resident_mb, spread
from bench.nodes import Node
from bench.outcome import Outcome
from bench.places import say
from bench.plan import Plan

CALM = 2.0
"""Seconds after the page in which what a start leaves behind is given back."""


def run(plan: Plan) -> Outcome:
    """Start the same node `plan.runs` times."""
    resident, seconds = list[float](), list[float]()
    with TemporaryDirectory(prefix="hedgerow-bench-") as name:
        node = Node(Path(name) / "home")
        with node.running():
            pass
        for number in range(plan.runs):
            began = time.monotonic()
            with node.running(listen="127.0.0.1:0"):
                visit(str(node.process.first["start"]))
                seconds.append(time.monotonic() - began)
                time.sleep(CALM)
                resident.append(resident_mb(node.process.pid))
            say(f"  run {number + 1}: {resident[-1]} MB, {seconds[-1]:.2f} s")
    return Outcome(plan.job, "MB", resident, also={"start_seconds": spread(seconds)})


def visit(link: str) -> OpenerDirector:
    """Open the page of a node with a link for once; what is returned may open more of its pages."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(link) as page:
        page.read()
    return browser
