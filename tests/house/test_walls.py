"""The protocol package stands alone: the standard library's pure parts, cryptography and msgpack."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "protocol" / "hedgerow_protocol"
ALLOWED = {
    "array",
    "base64",
    "binascii",
    "bisect",
    "collections",
    "contextlib",
    "cryptography",
    "dataclasses",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "hedgerow_protocol",
    "hmac",
    "itertools",
    "msgpack",
    "operator",
    "random",
    "re",
    "struct",
    "sys",
    "typing",
    "unicodedata",
    "urllib.parse",
}
"""`sys` is there for the byte order of this computer, `random` for the type of the chance that is passed in."""
CHANCE = {"randbytes", "random", "choice", "getrandbits", "urandom", "token_bytes"}


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, as far as the allow-list tells them apart."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
    return {name if name in ALLOWED else name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("**/*.py")), ids=lambda path: path.stem)
def test_a_module_of_the_protocol_imports_nothing_else(path):
    assert imports_of(path) <= ALLOWED


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("**/*.py")), ids=lambda path: path.stem)
def test_a_module_of_the_protocol_draws_chance_only_from_what_is_passed_in(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in CHANCE:
            assert not (isinstance(node.value, ast.Name) and node.value.id in {"random", "secrets", "os"})
