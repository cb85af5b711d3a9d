"""What a job comes to: the one JSON object on stdout."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.measuring import spread

Figures = dict[str, float]
"""`median`, `min` and `max` of some runs."""


@dataclass
class Outcome:
    """A headline figure beside the raw limit and the peers, with how it came about."""

    job: str
    unit: str
    ours: Sequence[float]
    """One figure a run."""
    raw: Sequence[float] = ()
    """The same of the raw limit; empty where a job has none."""
    peers: dict[str, Sequence[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    """Peers of which there is no figure, and why."""
    also: dict[str, object] = field(default_factory=dict)
    limits_changed: dict[str, object] = field(default_factory=dict)
    """Limits of the product that had to be raised."""

    def as_json(self) -> dict[str, object]:
        """The object that is printed."""
        spreads = {name: spread(values) for name, values in self.peers.items()}
        figures: dict[str, float | None] = {name: one["median"] for name, one in spreads.items()}
        figures |= dict.fromkeys(self.absent)
        ours, raw = spread(self.ours), spread(self.raw) if self.raw else None
        against = {"raw": raw["median"] if raw else None, **figures}
        told = {
            "job": self.job,
            "unit": self.unit,
            "ours": ours["median"],
            "raw": against["raw"],
            "peers": figures,
            "ratios": {name: _ratio(ours["median"], other) for name, other in against.items()},
            "runs": {"count": len(self.ours), "ours": ours, "raw": raw, "peers": spreads},
            "also": self.also,
            "reasons": self.absent,
        }
        return told | ({"limits_changed": self.limits_changed} if self.limits_changed else {})


def _ratio(ours: float, other: float | None) -> float | None:
    return round(ours / other, 4) if other else None
