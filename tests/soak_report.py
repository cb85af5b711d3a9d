"""Writes tests/SOAK.md, the report of the last full-size run, from what pytest recorded of it.

    python tests/soak_report.py RECORD.xml

The record is pytest's JUnit XML. A line for each test says how often it ran, whether it held and how long it took; what
the tests printed of their kills and seeds stands below it.
"""

import os
import platform
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent
REPORT = HERE / "SOAK.md"


def commit() -> str:
    """The commit that is checked out, and whether files differ from it."""
    run = ["git", "-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()


def lines_of(suite: ElementTree.Element) -> list[str]:
    """A line for each test, whatever its parameters."""
    cases = defaultdict(list)
    for case in suite.iter("testcase"):
        file = case.get("classname", "").replace(".", "/")
        cases[f"{file}: {case.get('name', '').partition('[')[0]}"].append(case)
    lines = []
    for name, runs in sorted(cases.items()):
        failed = sum(1 for case in runs if case.find("failure") is not None or case.find("error") is not None)
        seconds = sum(float(case.get("time", 0)) for case in runs)
        held = "held" if not failed else f"FAILED {failed}"
        lines.append(f"* {name}: {len(runs)} run{'s' * (len(runs) > 1)}, {held}, {seconds:,.0f} s")
        lines += [f"  * {line}" for case in runs for line in printed(case)]
    return lines


def printed(case: ElementTree.Element) -> list[str]:
    """What a test printed, line by line, without the frame that pytest puts around it."""
    said = case.findtext("system-out") or ""
    return [line for line in said.splitlines() if line.strip() and not line.startswith("---")]


def main() -> None:
    """Write the report; exits 1 when a test failed."""
    suite = ElementTree.parse(sys.argv[1]).getroot().find("testsuite")
    assert suite is not None
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    head = [
        "# The last full-size run",
        "",
        f"`make soak` of commit {commit()}, begun {suite.get('timestamp', '')[:16].replace('T', ' ')}: "
        f"{suite.get('tests')} tests, {failed} failed, {float(suite.get('time', 0)) / 60:,.0f} minutes; "
        f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}.",
        "",
        "Seeds are the numbers that the tests count up; each test says which.",
        "",
    ]
    REPORT.write_text("\n".join([*head, *lines_of(suite)]) + "\n", encoding="utf-8")
    print(f"The report is in {REPORT}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
