"""Every defence of the bytes has a vector that fails when the defence is off.

Each mutant is one planted defect. The package is copied, the defect is put in, and the runner of the vectors must fail
on the copy. A mutant whose text has gone from the code fails here, so that the table follows the code.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "protocol" / "hedgerow_protocol"
SELECTION = ROOT / "tests" / "specs" / "test_vectors.py"
PASSED, FAILED = 0, 1
"""pytest's codes: another one means that no test was judged."""


class Mutant(NamedTuple):
    """One defect: in which file, what stands there, what is planted, and what that lets through."""

    file: str
    text: str
    planted: str
    breaks: str


MUTANTS = [
    Mutant("checking.py", "if message.header.net != net:", "if False:", "messages of another network"),
    Mutant(
        "checking.py",
        "elif message.body is not None:",
        "elif False:",
        "bodies that say nothing of their kind",
    ),
    Mutant("checking.py", "    verify(message)\n", "    pass\n", "messages that nobody signed"),
    Mutant("codec.py", "if _pack(value) != data:", "if False:", "longer forms decode"),
    Mutant("codec.py", r"\x0b-\x1f\x7f-\x9f]", r"\x0b-\x1f]", "C1 controls in text"),
    Mutant("codec.py", "0 <= value <= limits.MAX_UINT", "0 <= value", "integers above 2^53 - 1"),
    Mutant("codec.py", "0 <= value <= limits.MAX_UINT", "value <= limits.MAX_UINT", "negative integers"),
    Mutant(
        "codec.py", "if len(data) > max_size:", "if len(data) >= max_size:", "the size limit is one lower"
    ),
    Mutant("codec.py", "if depth == 0:", "if depth < 0:", "nine levels"),
    Mutant(
        "codec.py",
        "    elif type(value) is not bytes and value is not None:\n        raise",
        "    elif type(value) is not bytes and value is not None:\n        ",
        "floats, maps",
    ),
    Mutant(
        "codec.py",
        "raw=False",
        'raw=False, unicode_errors="surrogatepass"',
        "surrogates raise an undeclared error",
    ),
    Mutant("keys.py", "is_canonical and encoding not in SMALL_ORDER", "is_canonical", "keys of small order"),
    Mutant(
        "keys.py",
        "is_canonical and encoding not in SMALL_ORDER",
        "encoding not in SMALL_ORDER",
        "unreduced keys",
    ),
    Mutant("keys.py", " & (SIGN_BIT - 1) < FIELD_PRIME", " < FIELD_PRIME", "half of all keys are refused"),
    Mutant("keys.py", "!= 64 or not is_strict_point(signature[:32]):", "!= 64:", "R of small order"),
    Mutant("keys.py", "    check_key(key)\n    if", "    if", "hostile keys verify"),
    Mutant("keys.py", 'b"hedgerow/1/%b\\0%b"', 'b"hedgerow/1/%b%b"', "purposes run into the data"),
    Mutant("keys.py", " or not data.startswith(ED25519_MULTICODEC):", ":", "keys of another kind as text"),
    Mutant("keys.py", 'b"hedgerow/1/root"', 'b"hedgerow/1/Root"', "other recovery keys"),
    Mutant("message.py", 'b"hedgerow/1/sig\\0"', 'b""', "signatures for another purpose"),
    Mutant("message.py", "len(body) != header.body_len or ", "", "a length that does not fit"),
    Mutant("message.py", " or body_hash(body) != header.body_hash", "", "another body"),
    Mutant(
        "message.py", "if (header.prev is None) != (header.seq == 1):", "if False:", "chains without prev"
    ),
    Mutant("message.py", "if header.seq == 0:", "if False:", "seq 0"),
    Mutant(
        "message.py",
        "if header.replaces and not ascends(header.replaces):",
        "if False:",
        "replaces in any order",
    ),
    Mutant(
        "message.py", "if header.replaces and header.is_control:", "if False:", "control kinds that replace"
    ),
    Mutant("message.py", "range(80, 100)", "range(80, 99)", "kind 99 is no control kind"),
    Mutant("message.py", "MAX_UINT) != VERSION", "MAX_UINT) == 0", "other versions are read as version 1"),
    Mutant("message.py", '"signature", length=64', '"signature"', "signatures of any length"),
    Mutant(
        "message.py",
        "keys.verify(message.header.device,",
        "keys.verify(message.header.author,",
        "the author signs",
    ),
    Mutant("limits.py", "MAX_UINT = 2**53 - 1", "MAX_UINT = 2**53", "an integer that JavaScript rounds"),
    Mutant("limits.py", "MAX_ARRAY = 1_024", "MAX_ARRAY = 1_025", "longer arrays"),
    Mutant("limits.py", "MAX_HEADER = 512", "MAX_HEADER = 513", "longer headers"),
    Mutant(
        "limits.py",
        "MAX_MESSAGE = MAX_BODY + MAX_HEADER + 128",
        "MAX_MESSAGE = 2 * MAX_BODY",
        "longer messages",
    ),
    Mutant(
        "limits.py", "MAX_CONTROL_BODY = 4 * KIB", "MAX_CONTROL_BODY = 4 * KIB + 1", "longer control bodies"
    ),
    Mutant("limits.py", "MAX_REPLACES = 4", "MAX_REPLACES = 3", "the limit itself is refused"),
    Mutant(
        "kinds.py",
        "if schema.has_slot and values[0] != content.slot:",
        "if False:",
        "slots that say something else",
    ),
    Mutant(
        "shape.py",
        'if "\\t" in words or "\\n" in words:',
        'if "\\n" in words:',
        "tabs that move parts of a slot",
    ),
    Mutant("message.py", " | {int(Kind.RECEIPT): limits.MAX_RECEIPT}", "", "receipts as long as any message"),
    Mutant("trails.py", "== limits.TRAIL_SLOT", "> 0", "trails named by a guess"),
    Mutant("trails.py", "requires[-1] >= place", "requires[-1] > place", "a step that requires itself"),
    Mutant("trails.py", "if not ascends(requires):", "if False:", "a step required twice"),
    Mutant("trails.py", "if step.thing is None and not step.role:", "if False:", "steps that say nothing"),
    Mutant("statements.py", "    if seq == 0:", "    if False:", "receipts for nothing"),
    Mutant("kinds.py", "    if topics or refs:", "    if refs:", "retractions with words"),
    Mutant("kinds.py", "if not ascends([key for key, _ in pairs]):", "if False:", "a key of extra twice"),
    Mutant("log_entry.py", "    keys.check_key(key)\n", "", "devices under whose key anyone signs"),
    Mutant("log_entry.py", "    keys.check_key(entry.root)\n", "", "roots under whose key anyone signs"),
    Mutant(
        "log_entry.py", "header.device != DeviceKey(header.author) or ", "", "an inception by a stolen device"
    ),
    Mutant("log_entry.py", "if header.device != entry.root:", "if False:", "updates by anyone"),
    Mutant(
        "log_entry.py",
        "_check_different([header.author, header.device, entry.root], entry)",
        "_check_different([header.author, entry.root], entry)",
        "a recovery key as device",
    ),
    Mutant("log_entry.py", "    if len(set(named)) != len(named):", "    if False:", "a key in two places"),
    Mutant(
        "log_entry.py",
        "if entry.root != NO_ROOT or entry.devices or entry.removals:",
        "if False:",
        "a close that says more",
    ),
    Mutant(
        "log_entry.py",
        "if not ascends([device for device, _ in entry.removals]):",
        "if False:",
        "removals in any order",
    ),
    Mutant(
        "log_entry.py",
        "if not ascends([0, *(seq for seq, _ in reversed(cut))]):",
        "if False:",
        "tips in any order",
    ),
    Mutant(
        "log_entry.py", "FIRST_FREE_OPERATION = 16", "FIRST_FREE_OPERATION = 15", "operation 15 in any shape"
    ),
    Mutant(
        "log_branches.py",
        "found.entry.index == one.entry.index - 1 else None",
        "True else None",
        "chains that skip places",
    ),
    Mutant(
        "log_branches.py",
        "(before.index + 1, before.root, before.next)",
        "(before.index + 1, before.root, entry.next)",
        "an update takes the words away",
    ),
    Mutant(
        "log_branches.py",
        "last = min(fitting, key=lambda one: one.id)",
        "last = max(fitting, key=lambda one: one.id)",
        "the highest id wins",
    ),
    Mutant(
        "log_branches.py",
        "last = min(fitting, key=lambda one: one.id)",
        "last = fitting[0]",
        "the first to come wins",
    ),
    Mutant("log_branches.py", "if device not in staying:", "if False:", "a forgotten device lives on"),
    Mutant(
        "log_branches.py",
        "if device in self.live or device in self.cuts or device in self.barred:",
        "if device in self.live or device in self.barred:",
        "a removed device lives again",
    ),
    Mutant(
        "log_branches.py",
        "if device in self.live or device in self.cuts or device in self.barred:",
        "if device in self.cuts or device in self.barred:",
        "capabilities change",
    ),
    Mutant(
        "log_branches.py",
        "        if len(self.live) < limits.MAX_DEVICES:",
        "        if True:",
        "33 live devices",
    ),
    Mutant(
        "log_branches.py",
        "            self.cuts.pop(key, None)\n",
        "            pass\n",
        "a root speaks",
    ),
    Mutant("log_branches.py", "elif opening.entry.next is not None:", "else:", "a closed branch goes on"),
    Mutant(
        "log_branches.py",
        "if opening.id not in self._rotated\n",
        "if True\n",
        "a thief's updates stay in the sets",
    ),
    Mutant(
        "log_branches.py",
        "if one.signer in roots or commitment(one.signer) in commitments",
        "if True",
        "anyone's later entries",
    ),
    Mutant(
        "log_branches.py",
        "return sorted(found)[: limits.MAX_LATER_ENTRIES]",
        "return found[: limits.MAX_LATER_ENTRIES]",
        "the first to come are kept",
    ),
    Mutant("limits.py", "MAX_BRANCHES = 16", "MAX_BRANCHES = 17", "17 branches"),
    Mutant("limits.py", "MAX_LATER_ENTRIES = 64", "MAX_LATER_ENTRIES = 65", "65 later entries"),
    Mutant(
        "cuts.py",
        "return Standing.AUTHORISED if self._reached.get(seq) == message else Standing.OFF_LOG",
        "return Standing.AUTHORISED",
        "a thief signs at old places",
    ),
    Mutant("cuts.py", "if header.kind == Kind.IDENTITY:", "if False:", "walks through log entries"),
    Mutant("cuts.py", " and link[0] == seq:", ":", "a walk that skips places"),
    Mutant("cuts.py", "while seq > bound and", "while seq > 0 and", "a walk past the next tip"),
    Mutant("identity.py", " & PUBLISH)", ")", "devices that may only follow publish"),
    Mutant(
        "forks.py",
        "header.author, header.device, header.seq)",
        "header.device, header.seq)",
        "a fork of two authors",
    ),
    Mutant("forks.py", "    verify(first)\n", "", "an unsigned proof"),
    Mutant(
        "things.py", "if is_web_address(thing) and not WEB", "if False and not WEB", "addresses beyond ASCII"
    ),
    Mutant("things.py", "address = _without_user(address)", "pass", "passwords in addresses"),
    Mutant("things.py", "name.startswith(TRACKING_PREFIXES)", "False", "who sent the address"),
]


def judge(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the vectors against the package in `folder`."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "tests"))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
    }
    quietly = ["-x", "-q", "--tb=no", "--noconftest", "-p", "no:cacheprovider", "--import-mode=importlib"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "--rootdir",
        str(ROOT),
        *quietly,
        str(SELECTION),
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package in a folder of its own."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_code_as_it_is_passes(copy: Path) -> None:
    result = judge(copy)
    assert result.returncode == PASSED, result.stdout


def test_it_is_the_copy_that_is_judged(copy: Path) -> None:
    (copy / PACKAGE.name / "errors.py").write_text("raise ImportError('the copy')")
    assert judge(copy).returncode not in (PASSED, FAILED)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}: {mutant.breaks}")
def test_a_planted_defect_fails_a_vector(mutant: Mutant, copy: Path) -> None:
    path = copy / PACKAGE.name / mutant.file
    code = path.read_text(encoding="utf-8")
    assert code.count(mutant.text) == 1, "the text of this mutant stands there no more, or not once"
    path.write_text(code.replace(mutant.text, mutant.planted), encoding="utf-8")
    result = judge(copy)
    assert result.returncode == FAILED, f"not caught: {mutant.breaks}\n{result.stdout}{result.stderr}"
