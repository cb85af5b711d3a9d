"""How SQLite carries statements out: what names a few rows reads these and no others, however many there are."""

import importlib
import pkgutil
from pathlib import Path

import pytest

from hedgerow_node import store
from hedgerow_node.store import indexes
from node.store.opened import opened

FEW_ROWS = "row IN (SELECT value FROM json_each(?))"


def statements() -> dict[str, str]:
    """The statements of the store that name rows and need no completing, by module and name."""
    modules = [
        importlib.import_module(f"{store.__name__}.{found.name}")
        for found in pkgutil.iter_modules(store.__path__)
    ]
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": sql
        for module in modules
        for name, sql in vars(module).items()
        if isinstance(sql, str) and FEW_ROWS in sql and sql.split()[0].isupper() and "{" not in sql
    }


FOUND = {
    name: sql
    for name, sql in statements().items()
    if sql.split()[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}
}


async def test_what_an_index_lacks_is_found_by_the_numbers_of_rows(tmp_path: Path) -> None:
    async with opened(tmp_path) as one:
        plan = await one.database.read(
            lambda db: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {indexes.NEWER}", [1, 0, "[1]", 9])]
        )
    assert "USING INTEGER PRIMARY KEY (rowid>?)" in plan[0]


def test_there_are_such_statements() -> None:
    assert {"weeks.WITH_BODIES", "intake.ERASE", "departure.DELETE"} <= FOUND.keys()


@pytest.mark.parametrize("name", sorted(FOUND))
async def test_a_statement_on_few_rows_looks_at_no_others(tmp_path: Path, name: str) -> None:
    sql = FOUND[name]
    async with opened(tmp_path) as one:
        plan = await one.database.read(
            lambda db: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", ["[1]"] * sql.count("?"))]
        )
    assert "USING INTEGER PRIMARY KEY (rowid=?)" in plan[0]
