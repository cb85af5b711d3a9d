"""python -m bench report NAME FILE…: keep what was measured as bench/reports/NAME.json, with a drawing beside it.

FILE has outcomes of the bench, one JSON object a line. The drawing has a panel for each: bars of one figure a name,
or for GROWTH the cost of each operation in a store of n messages as a multiple of its cost in the smallest.
"""

import argparse
import json
import math
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from bench.places import REPORTS, ROOT, say

WIDTH, MARGIN, NAMES, VALUES = 720, 24, 190, 110
ROW, BAR, PANEL_HEAD, PLOT = 24, 14, 44, 220
OURS, OTHERS = "#2f6f4f", "#9aa5a0"
COLOURS = ("#2f6f4f", "#b5651d", "#33658a", "#7b2d8b", "#808000", "#b03060")
STYLE = "text{font:13px system-ui,sans-serif;fill:#222}.head{font-weight:600}.axis{stroke:#bbb;fill:none}"


def report(arguments: Sequence[str]) -> int:
    """Write the report of some outcomes."""
    parser = argparse.ArgumentParser(prog="python -m bench report", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("file", nargs="+", type=Path)
    asked = parser.parse_args(arguments)
    outcomes = [json.loads(line) for file in asked.file for line in file.read_text().splitlines()]
    REPORTS.mkdir(exist_ok=True)
    told = {"measured": circumstances(), "outcomes": outcomes}
    for suffix, text in (
        (".json", json.dumps(told, indent=1, ensure_ascii=False)),
        (".svg", drawing(outcomes)),
    ):
        path = REPORTS / (asked.name + suffix)
        path.write_text(f"{text}\n")
        say(f"wrote {path.relative_to(ROOT)}")
    return 0


def circumstances() -> dict[str, object]:
    """When, of which state of the code, and on what kind of computer."""
    state = subprocess.run(
        ["git", "describe", "--always", "--dirty"], check=False, cwd=ROOT, capture_output=True, text=True
    )
    return {
        "on": datetime.now(UTC).date().isoformat(),
        "code": state.stdout.strip(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
    }


def drawing(outcomes: list[dict]) -> str:
    """An SVG with a panel for each outcome, one below the other."""
    parts, top = list[str](), MARGIN
    for outcome in outcomes:
        lines, height = _growth(outcome, top) if outcome["job"] == "GROWTH" else _bars(outcome, top)
        parts += lines
        top += height + MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">'
    )
    paper = f'<rect width="{WIDTH}" height="{top}" fill="white"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", paper, *parts, "</svg>"])


def _bars(outcome: dict, top: int) -> tuple[list[str], int]:
    figures = {"Hedgerow": outcome["ours"], "raw limit": outcome["raw"], **outcome["peers"]}
    had = {name: value for name, value in figures.items() if value is not None}
    room = WIDTH - 2 * MARGIN - NAMES - VALUES
    parts = [_text(MARGIN, top + 16, f"{outcome['job']}, {outcome['unit']}", "head")]
    for number, (name, value) in enumerate(had.items()):
        at = top + PANEL_HEAD - ROW // 2 + number * ROW
        length = max(1, round(room * value / max(had.values())))
        colour = OURS if name == "Hedgerow" else OTHERS
        parts.append(_text(MARGIN, at + BAR - 2, name))
        parts.append(f'<rect x="{MARGIN + NAMES}" y="{at}" width="{length}" height="{BAR}" fill="{colour}"/>')
        parts.append(_text(MARGIN + NAMES + length + 6, at + BAR - 2, f"{value:,g}"))
    return parts, PANEL_HEAD + len(had) * ROW


def _growth(outcome: dict, top: int) -> tuple[list[str], int]:
    at = {int(size): costs for size, costs in outcome["also"]["at"].items()}
    names = [name for name in next(iter(at.values())) if name.startswith("seconds")]
    curves = {name: [at[size][name] / at[min(at)][name] for size in at] for name in names}
    curves["log n"] = [math.log(size) / math.log(min(at)) for size in at]
    parts = [_text(MARGIN, top + 16, "GROWTH, cost as a multiple of that in the smallest store", "head")]
    parts += _axes(list(at), top, max(map(max, curves.values())))
    for (name, values), colour in zip(curves.items(), (*COLOURS[: len(names)], OTHERS), strict=True):
        parts.append(_curve(list(at), values, top, max(map(max, curves.values())), colour))
        last = f"{name.removeprefix('seconds_').replace('_', ' ')}: {values[-1]:.2f}"
        place = top + PANEL_HEAD + ROW * list(curves).index(name)
        parts.append(
            f'<rect x="{WIDTH - MARGIN - NAMES}" y="{place - 9}" width="9" height="9" fill="{colour}"/>'
        )
        parts.append(_text(WIDTH - MARGIN - NAMES + 14, place, last))
    return parts, PANEL_HEAD + PLOT + ROW


def _places(sizes: list[int], values: list[float], top: int, most: float) -> Iterator[tuple[float, float]]:
    room, low = WIDTH - 2 * MARGIN - NAMES - 40, math.log(min(sizes))
    span = math.log(max(sizes)) - low or 1.0
    for size, value in zip(sizes, values, strict=True):
        yield MARGIN + 30 + room * (math.log(size) - low) / span, top + PANEL_HEAD + PLOT * (1 - value / most)


def _curve(sizes: list[int], values: list[float], top: int, most: float, colour: str) -> str:
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in _places(sizes, values, top, most))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _axes(sizes: list[int], top: int, most: float) -> Iterator[str]:
    floor = top + PANEL_HEAD + PLOT
    yield f'<path class="axis" d="M{MARGIN + 30},{top + PANEL_HEAD} V{floor} H{WIDTH - MARGIN - NAMES - 10}"/>'
    for size, (x, _) in zip(sizes, _places(sizes, [0.0] * len(sizes), top, most), strict=True):
        yield _text(round(x) - 20, floor + 18, f"{size:,}")
    yield _text(MARGIN, top + PANEL_HEAD + 4, f"{most:.1f}")


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}"' + (f' class="{kind}"' if kind else "") + f">{escape(text)}</text>"
