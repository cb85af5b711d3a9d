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
    Mutant("message.py", "    if header.replaces:\n", "    if False:\n", "control kinds that replace"),
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
        "kinds.py", "if has_slot and values[0] != content.slot:", "if False:", "slots that say something else"
    ),
    Mutant(
        "kinds.py",
        'if "\\t" in words or "\\n" in words:',
        'if "\\n" in words:',
        "tabs that move parts of a slot",
    ),
    Mutant("kinds.py", "    if topics or refs:", "    if refs:", "retractions with words"),
    Mutant("kinds.py", "if not ascends([key for key, _ in pairs]):", "if False:", "a key of extra twice"),
    Mutant("identity.py", "    keys.check_key(key)\n", "", "devices under whose key anyone signs"),
    Mutant(
        "identity.py",
        "{entry.root, header.author} & set(devices)",
        "{entry.root} & set(devices)",
        "the genesis key as device",
    ),
    Mutant(
        "identity.py", "header.device != DeviceKey(header.author) or ", "", "an inception by a stolen device"
    ),
    Mutant("identity.py", " & PUBLISH)", ")", "devices that may only follow publish"),
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
