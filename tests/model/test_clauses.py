"""Every clause of the model counts: without it, code and model disagree on some schedule."""

import pytest

from model.agreement import disagreement
from model.clauses import CLAUSES, Spec

SHOWN = {
    "ID-13 an entry that belongs": 0,
    "ID-13 the bit publish": 0,
    "ID-13 open branches only": 0,
    "ID-13 any open branch": 1,
    "ID-13 a cut that reaches": 1,
    "ID-19 every inception": 1,
    "ID-19 a rotate by the key that is committed to": 2,
    "ID-19 a rotate of a rotate": 0,
    "ID-19 updates that a rotate follows": 0,
    "ID-19 idx one lower": 26,
    "ID-19 next of the rotate's signer": 623,
    "ID-19 an opening with root and next": 149,
    "ID-19 updates on the tail": 1,
    "ID-19 no tail where a rotate is joined": 0,
    "ID-19 another op by a root": 0,
    "ID-19 another op by a committed key": 4,
    "ID-19 the lowest of another op": 36,
    "ID-19 so many of too many": 841,
    "ID-19 one at a time": 877,
    "ID-19 the lowest id let in": 877,
    "ID-20 log_prev leads to the opening": 2,
    "ID-20 through updates": 0,
    "ID-20 idx one higher": 3,
    "ID-20 root and next of the opening": 579,
    "ID-20 next of the signer": 2,
    "ID-20 else void": 0,
    "ID-21 lowest id": 2,
    "ID-21 idx one higher": 3,
    "ID-21 root and next of the opening": 44,
    "ID-22 each rotate a branch": 5,
    "ID-22 closed without next": 0,
    "ID-23 keys are no devices": 7,
    "ID-23 keys of later openings": 7,
    "ID-23 an opening ends lives": 5,
    "ID-23 a forgotten device is removed": 5,
    "ID-23 the last cut decides": 4,
    "ID-23 a device that was never live": 1,
    "ID-23 never live again": 10,
    "ID-23 capabilities never change": 3,
    "ID-23 MAX_DEVICES": 811,
    "ID-23 in the order in which they stand": 811,
    "ID-24 no open branch": 0,
    "ID-24 MAX_BRANCHES": 48,
    "ID-24 MAX_LOG_ENTRIES": 263,
    "ID-26 step by step": 4,
    "ID-26 the same device": 102,
    "ID-26 seq one lower": 50,
    "ID-26 down to the next tip": 8,
    "ID-26 every tip": 8,
    "ID-26 no entry of the log": 100,
    "ID-27 undecided below what is missing": 4,
    "ID-27 undecided above the end of the walk": 8,
}
"""By clause, the first seed that shows it."""
ENOUGH = 1_500
"""Seeds that are tried when the one that is written down shows it no longer."""


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause.startswith("ID")])
def test_a_clause_that_is_left_out_is_missed(clause: str) -> None:
    without = Spec(frozenset({clause}))
    seeds = [SHOWN.get(clause, 0), *range(ENOUGH)]
    shown = next((seed for seed in seeds if disagreement(seed, without)), None)
    assert shown is not None
    assert disagreement(shown, Spec()) is None
    print(f'    "{clause}": {shown},')


def test_no_seed_is_written_down_for_what_is_no_clause() -> None:
    assert SHOWN.keys() <= set(CLAUSES)
