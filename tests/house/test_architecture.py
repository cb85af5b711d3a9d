"""The drawing in ARCHITECTURE.md is the tree as it is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWING = re.search(r"```\n(.*?)```", (ROOT / "ARCHITECTURE.md").read_text(), re.DOTALL)
PACKAGES = {"protocol/hedgerow_protocol/": "hedgerow_protocol", "node/hedgerow_node/": "hedgerow_node"}


def drawn(package: str) -> set[str]:
    """The names that stand under a package in the drawing: the first column, up to two spaces in a row."""
    assert DRAWING is not None
    names: set[str] = set()
    is_inside = False
    for line in DRAWING[1].splitlines():
        if not line.startswith(" "):
            is_inside = line.startswith(package)
        elif is_inside:
            first = re.split(r"   +|  (?=[a-z]+ing )", line.strip())[0]
            names |= {name.strip("/") for name in first.split()}
    return names


def there(package: str) -> set[str]:
    """The modules and packages directly inside a package."""
    folder = ROOT / package
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_in_the_drawing_and_every_name_in_it_is_a_module(package):
    assert drawn(package) == there(package)


def test_every_top_level_folder_of_the_drawing_exists():
    assert DRAWING is not None
    folders = re.findall(r"^([a-z]+)/", DRAWING[1], re.MULTILINE)
    assert {"specs", "tests", "deploy", "docs"} <= set(folders)
    assert all((ROOT / folder).is_dir() for folder in folders)
