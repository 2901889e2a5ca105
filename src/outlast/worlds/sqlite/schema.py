"""Bringing a file of SQLite up to date."""

import sqlite3
from pathlib import Path

from outlast.worlds.schema import SchemaStatus
from outlast.worlds.sqlite.connecting import connect_writer, real_path
from outlast.worlds.sqlite.faults import explained
from outlast.worlds.sqlite.migrations import migrations, schema_version

_PATIENCE = 5.0


class SqliteSchema:
    """The schema of a file. All its migrations are applied when the file is opened: processes of two releases
    that have one file open are on one machine, and can be stopped together."""

    def __init__(self, path: str | Path) -> None:
        self._path = real_path(path)
        self._url = f"sqlite:///{Path(path)}"

    async def status(self) -> SchemaStatus:
        """Where it stands."""
        found, known = self._found(), list(migrations())
        return SchemaStatus(
            url=self._url,
            current=found,
            known=known[-1],
            pending_pre=tuple([f"{number:04}" for number in known if number > found]),
        )

    async def upgrade(self, *, force: bool = False) -> tuple[str, ...]:
        """Apply all that is pending; there is never anything to force."""
        pending = (await self.status()).pending_pre
        try:
            connect_writer(self._path, self._url, _PATIENCE).close()
        except sqlite3.Error as error:
            raise explained(self._url, error) from error
        return pending

    def _found(self) -> int:
        if not self._path.exists():
            return 0
        try:
            connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise explained(self._url, error) from error
        try:
            return schema_version(connection, self._url, max(migrations()))
        except sqlite3.Error as error:
            raise explained(self._url, error) from error
        finally:
            connection.close()
