"""`outlast db`: where the schema stands, and bringing it up to date."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg

from outlast.worlds.postgres.migrations import LATEST
from tests.cli.conftest import Answer
from tests.postgres import Postgres

Cli = Callable[..., Answer]


def test_a_database_without_a_schema_is_upgraded(cli: Cli, postgres: Postgres) -> None:
    url = postgres.url()
    before = cli("db", "status", "--url", url)
    assert before.code == 1
    assert "no schema yet" in before.out
    assert "0001_initial  pending" in before.out

    done = cli("db", "upgrade", "--url", url, "--json")
    assert done.code == 0
    assert done.document["current"] == LATEST
    assert done.document["applied"][0] == "0001_initial"

    after = cli("db", "status", "--url", url, "--json")
    assert after.code == 0
    assert after.document["up_to_date"] is True
    assert after.document["pending_pre"] == after.document["pending_post"] == []
    assert cli("db", "upgrade", "--url", url).out.count("applied") == 0


def test_looking_makes_no_schema(cli: Cli, postgres: Postgres) -> None:
    url = postgres.url()
    assert cli("list", "--url", url, "--json").document["runs"] == []
    assert cli("workers", "--url", url, "--json").document["workers"] == []
    shown = cli("show", "--url", url)
    assert shown.code == 3
    assert "nothing of Outlast yet" in shown.err
    assert cli("db", "status", "--url", url, "--json").document["current"] == 0


def test_a_newer_schema_is_told(cli: Cli, postgres: Postgres) -> None:
    url = postgres.url()
    assert cli("db", "upgrade", "--url", url).code == 0
    schema = url.partition("schema=")[2]

    async def take_away() -> None:
        connection = await asyncpg.connect(postgres.server)
        values = "(99, 'gone', 'post', '9.9')"
        await connection.execute(
            f'INSERT INTO "{schema}".migrations (number, name, stage, library) VALUES {values}'  # noqa: S608 - names of our own
        )
        await connection.close()

    asyncio.run(take_away())
    answer = cli("db", "status", "--url", url)
    assert answer.code == 4
    assert "version 99" in answer.err


def test_a_file_is_upgraded(cli: Cli, folder: Path) -> None:
    assert cli("db", "status").code == 1
    assert not (folder / ".outlast").exists()
    assert "applied 0001" in cli("db", "upgrade").out
    assert "up to date" in cli("db", "status").out
    odd = ("--url", "sqlite:///a#b %41.db")
    assert "applied 0001" in cli("db", "upgrade", *odd).out
    assert "up to date" in cli("db", "status", *odd).out


def test_memory_has_no_schema(cli: Cli) -> None:
    answer = cli("db", "status", "--url", "memory://")
    assert answer.code == 4
    assert "no schema" in answer.err
