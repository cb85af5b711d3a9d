"""What came out: what failed by rule, what passed, what was left out and why."""

from dataclasses import dataclass, field

from hedgerow_node.conformance.shown import Json


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that was broken."""

    rule: str
    claim: str
    """What should have been so."""
    detail: str
    """What was."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A rule that was not judged."""

    rule: str
    """The rule; several, with commas, where a whole file of vectors was left out."""
    claim: str
    why: str
    file: str = ""
    """That file."""


@dataclass(slots=True)
class Report:
    """The outcome of one run."""

    passed: int = 0
    failed: list[Failure] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def as_json(self) -> Json:
        """{failed, passed, left_out}."""
        return {
            "failed": [{"rule": one.rule, "claim": one.claim, "detail": one.detail} for one in self.failed],
            "passed": self.passed,
            "left_out": [{"rule": one.rule, "claim": one.claim, "why": one.why} for one in self.left_out],
        }
