"""A collector for each test."""

from collections.abc import Iterator

import pytest

from tests.otel.collecting import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of telemetry."""
    collector = Collector()
    yield collector
    collector.close()
