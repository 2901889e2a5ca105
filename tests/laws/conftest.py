"""Every law is tried over every world: over PostgreSQL in `make laws`, and a sample of them in `test_on_postgres.py`."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.laws.data import Cover, MakeData, MemoryData, in_files, in_schemas
from tests.postgres import Postgres

os.environ["OUTLAST_VERSION"] = (
    "laws"  # else each app would ask git which version of the code it is
)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def make_data(request: pytest.FixtureRequest) -> MakeData:
    """Makes empty data of one of the worlds."""
    made: MakeData = request.getfixturevalue(f"make_{request.param}")
    return made


@pytest.fixture
def cover(record_property: Callable[[str, object], None]) -> Cover:
    """Count what a law has tried; the sums are told at the end of the session."""
    return record_property


@pytest.fixture
def make_memory() -> MakeData:
    """Makes empty data in memory."""
    return MemoryData


@pytest.fixture
def make_sqlite(tmp_path: Path) -> MakeData:
    """Makes empty data in a file."""
    return in_files(tmp_path)


@pytest.fixture
def make_postgres(postgres: Postgres) -> MakeData:
    """Makes empty data in a schema of a server."""
    return in_schemas(postgres)
