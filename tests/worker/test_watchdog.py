"""Code that blocks the event loop is named."""

import logging
import threading
from typing import Any

import pytest

from outlast import App, step, workflow
from outlast.instrument import Instrument
from tests.api.conftest import Bench


class Blocked(Instrument):
    """Lets the blocking code go on once it has been noticed."""

    def __init__(self) -> None:
        self.noticed = threading.Event()
        self.seen: list[tuple[str, str]] = []

    def loop_blocked(self, what: str, line: str, duration: int) -> None:
        self.seen.append((what, line))
        self.noticed.set()


blocked = Blocked()


@step(name="watchdog.blocks_the_loop")
async def blocks_the_loop() -> bool:
    return blocked.noticed.wait(20)  # what an author should have awaited


@workflow
async def calls_a_blocking_step() -> bool:
    return await blocks_the_loop()


def test_a_step_that_blocks_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(_: App) -> Any:
        return await calls_a_blocking_step()

    with caplog.at_level(logging.WARNING, "outlast"):
        assert Bench("memory://")(scenario, instruments=(blocked,)) is True
    ((what, line),) = blocked.seen
    assert what == "step 'watchdog.blocks_the_loop'"
    assert line.startswith("test_watchdog.py:")
    assert "blocked the event loop" in caplog.text
