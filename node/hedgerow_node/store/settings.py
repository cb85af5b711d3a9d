"""Small things to remember, each under a name."""

from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database


class Settings:
    """Names and values in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """What was last put under this name."""
        row = await self._database.read(
            lambda db: db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        )
        return None if row is None else str(row[0])

    async def put(self, name: str, value: str) -> None:
        """Remember `value` in place of what was there."""
        await self._database.write(
            lambda db: change(
                db, "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value)
            )
        )

    async def remove(self, name: str) -> None:
        """Forget what was put under this name."""
        await self._database.write(lambda db: change(db, "DELETE FROM settings WHERE name = ?", (name,)))
