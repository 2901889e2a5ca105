"""Agents in workflows. Without the extra `outlast[agents]` nothing is collected here but the test that says so."""

from collections.abc import Awaitable, Callable, Iterator
from importlib.util import find_spec
from typing import Protocol, TypeVar

import pytest

from outlast import App, WorkerOptions
from tests.api.conftest import Bench
from tests.otel.collecting import Collector

R = TypeVar("R")

collect_ignore_glob = [] if find_spec("pydantic_ai") else ["test_[!e]*.py", "ui"]


class Serve(Protocol):
    """Runs a scenario on an app."""

    def __call__(self, scenario: Callable[[App], Awaitable[R]], /) -> R: ...


@pytest.fixture
def serve() -> Serve:
    """Run a scenario on an app that replays each run from its log when it rests, and compares."""

    def run(scenario: Callable[[App], Awaitable[R]]) -> R:
        return Bench("memory://")(scenario, options=WorkerOptions(verify_replay=True))

    return run


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of telemetry."""
    collector = Collector()
    yield collector
    collector.close()
