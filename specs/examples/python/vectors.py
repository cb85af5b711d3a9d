"""Runs the vectors that this small reader can judge, and says which files it does not cover.

python specs/examples/python/vectors.py [FOLDER OF VECTORS]
"""

import json
import sys
from pathlib import Path

from stdio import COVERED, answer, data_of

VECTORS = Path(__file__).parents[2] / "vectors"


def plain(value):
    """A value as vectors show it, with what repeats written out."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"bytes"}:
        return {"bytes": data_of(value["bytes"]).hex()}
    if "times" in value:
        return [plain(value["item"])] * value["times"] if "item" in value else value["text"] * value["times"]
    return {name: plain(one) for name, one in value.items()}


def is_same(one, other):
    """Whether two results mean the same; bytes that stand alone may be written in parts."""
    if isinstance(one, str) and isinstance(other, str) and one != other:
        try:
            return data_of(one) == data_of(other)
        except ValueError:
            return False
    return plain(one) == plain(other)


def is_right(file, case):
    """Whether this small reader decides a case as the vector says."""
    found = answer(file, case)
    results = [name for name in found if name != "expect" and name in case]
    return found["expect"] == case["expect"] and all(is_same(found[name], case[name]) for name in results)


def main(folder):
    """Print a line for each file; how many cases were decided wrongly."""
    wrong = 0
    for path in sorted(folder.rglob("*.json")):
        file = path.relative_to(folder).with_suffix("").as_posix()
        if file not in COVERED:
            print(f"{file}: not covered")
            continue
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        failed = [case["name"] for case in cases if not is_right(file, case)]
        wrong += len(failed)
        print(f"{file}: {len(cases) - len(failed)} of {len(cases)}", *failed, sep="\n  wrong: ")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]) if len(sys.argv) > 1 else VECTORS) else 0)
