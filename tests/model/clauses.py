"""The clauses of the specs that the model follows, each by a name, so that a test can leave one out."""

from dataclasses import dataclass

from hedgerow_protocol import limits

CLAUSES = (
    "ID-13 an entry that belongs",
    "ID-13 the bit publish",
    "ID-13 open branches only",
    "ID-13 any open branch",
    "ID-13 a cut that reaches",
    "ID-19 every inception",
    "ID-19 a rotate by the key that is committed to",
    "ID-19 a rotate of a rotate",
    "ID-19 updates that a rotate follows",
    "ID-19 idx one lower",
    "ID-19 next of the rotate's signer",
    "ID-19 an opening with root and next",
    "ID-19 updates on the tail",
    "ID-19 no tail where a rotate is joined",
    "ID-19 another op by a root",
    "ID-19 another op by a committed key",
    "ID-19 the lowest of another op",
    "ID-19 so many of too many",
    "ID-19 one at a time",
    "ID-19 the lowest id let in",
    "ID-20 log_prev leads to the opening",
    "ID-20 through updates",
    "ID-20 idx one higher",
    "ID-20 root and next of the opening",
    "ID-20 next of the signer",
    "ID-20 else void",
    "ID-21 lowest id",
    "ID-21 idx one higher",
    "ID-21 root and next of the opening",
    "ID-22 each rotate a branch",
    "ID-22 closed without next",
    "ID-23 keys are no devices",
    "ID-23 keys of later openings",
    "ID-23 an opening ends lives",
    "ID-23 a forgotten device is removed",
    "ID-23 the last cut decides",
    "ID-23 a device that was never live",
    "ID-23 never live again",
    "ID-23 capabilities never change",
    "ID-23 MAX_DEVICES",
    "ID-23 in the order in which they stand",
    "ID-24 no open branch",
    "ID-24 MAX_BRANCHES",
    "ID-24 MAX_LOG_ENTRIES",
    "ID-26 step by step",
    "ID-26 the same device",
    "ID-26 seq one lower",
    "ID-26 down to the next tip",
    "ID-26 every tip",
    "ID-26 no entry of the log",
    "ID-27 undecided below what is missing",
    "ID-27 undecided above the end of the walk",
    "KI-14 one slot",
    "KI-14 joined by replaces",
    "KI-14 kinds without statements",
    "KI-15 of an authorised message",
    "KI-15 the same author",
    "KI-15 the same kind",
    "KI-15 retracted or not",
    "KI-16 not superseded",
    "KI-16 not retracted",
    "KI-16 authorised heads",
    "KI-16 the highest ts",
    "KI-16 the highest id",
    "KI-16 none without a body",
    "KI-18 when it is authorised",
    "KI-18 the same author",
    "KI-18 neither kind 0 nor 1",
    "SY-2 the control kinds",
)


@dataclass(frozen=True)
class Spec:
    """The specs, with the numbers of 12-limits, and perhaps without some clauses."""

    without: frozenset[str] = frozenset()

    def says(self, clause: str) -> bool:
        """Whether a clause holds; it is one of `CLAUSES`."""
        assert clause in CLAUSES, clause
        return clause not in self.without

    @staticmethod
    def limit(name: str) -> int:
        """A number of 12-limits, as it is now: tests lower some of them."""
        number = getattr(limits, name)
        assert isinstance(number, int)
        return number
