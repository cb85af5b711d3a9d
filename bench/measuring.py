"""What the operating system says of a process and those it started, and what several runs come to (Linux)."""

import os
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KIB_PER_MB = 1_000_000 / 1_024


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def cpu_seconds(pid: int) -> float:
    """Processor time that a process, with those it started, has used."""
    return sum(_cpu_of(one) for one in _family(pid))


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int, field: str = "VmRSS") -> float:
    """Memory of a process with those it started, in MB of a million bytes; `VmHWM` for the most so far."""
    return round(sum(_memory_of(one, field) for one in _family(pid)) / KIB_PER_MB, 1)


def _memory_of(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most of some runs."""
    return {
        "median": _short(statistics.median(values)),
        "min": _short(min(values)),
        "max": _short(max(values)),
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")
