"""Every law is tried over every world."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from outlast._clock import Clock
from tests.laws.data import Cover, Data, MakeData, MemoryData, SqliteData

os.environ["OUTLAST_VERSION"] = (
    "laws"  # else each app would ask git which version of the code it is
)


@pytest.fixture(params=["memory", "sqlite"])
def make_data(request: pytest.FixtureRequest, tmp_path: Path) -> MakeData:
    """Makes empty data of one of the worlds."""
    return make_data_of(request.param, tmp_path)


@pytest.fixture
def cover(record_property: Callable[[str, object], None]) -> Cover:
    """Count what a law has tried; the sums are told at the end of the session."""
    return record_property


@pytest.fixture
def make_memory(tmp_path: Path) -> MakeData:
    """Makes empty data in memory."""
    return make_data_of("memory", tmp_path)


@pytest.fixture
def make_sqlite(tmp_path: Path) -> MakeData:
    """Makes empty data in a file."""
    return make_data_of("sqlite", tmp_path)


def make_data_of(kind: str, folder: Path) -> MakeData:
    """Makes empty data of that kind, as often as it is called."""
    numbers = itertools.count()

    def make(clock: Clock) -> Data:
        if kind == "memory":
            return MemoryData(clock)
        return SqliteData(folder / f"{next(numbers)}.db", clock)

    return make
