"""Every rule that binds is put to somebody from outside, or it is said why not."""

import re
from pathlib import Path

import pytest

from hedgerow_node.conformance.live.judged_messages import JUDGED
from hedgerow_node.conformance.live.running import MEMBERS, STRANGERS
from hedgerow_node.conformance.live.unseen import UNSEEN, seen_in_vectors, seen_live, unseen

SPECS = Path(__file__).parents[3] / "specs"
RULE = re.compile(r"^\*\*([A-Z]{2}-\d+)\*\* (.*?)(?=^\*\*[A-Z]{2}-\d+\*\*|^## |\Z)", re.MULTILINE | re.DOTALL)
BINDS = re.compile(r"\bMUST\b|fails?\*? +with", re.IGNORECASE)


def rules() -> dict[str, str]:
    """Rule and text of the documents 01 to 08, 11 and 12."""
    return {
        name: text
        for path in sorted([*SPECS.glob("0[1-8]-*.md"), *SPECS.glob("1[12]-*.md")])
        for name, text in RULE.findall(path.read_text(encoding="utf-8"))
    }


RULES = rules()


@pytest.mark.parametrize("rule", [name for name, text in RULES.items() if BINDS.search(text)])
def test_a_rule_that_binds_has_a_vector_or_a_check_or_a_reason(rule: str) -> None:
    assert rule in seen_live() | seen_in_vectors() | UNSEEN.keys()


def test_every_rule_that_is_named_exists() -> None:
    assert seen_live() | UNSEEN.keys() <= RULES.keys()
    assert len(RULES) > 150


def test_what_a_check_sees_is_not_listed_as_unseen() -> None:
    assert not seen_live() & {one["rule"] for one in unseen()}


def test_no_two_checks_claim_the_same() -> None:
    claims = [(check.rule, check.claim) for check in STRANGERS]
    claims += [(check.rule, check.claim) for check in MEMBERS]
    claims += [(judged.rule, judged.claim) for judged in JUDGED]
    assert len(claims) == len(set(claims))
