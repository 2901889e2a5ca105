"""Records of the standard `logging` say which run and which step they come from."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from outlast import App, start, step, workflow
from outlast.logs import RunFields

logger = logging.getLogger("otel.test_logs")


class Records(logging.Handler):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, logging.LogRecord] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.records[record.getMessage()] = record

    def fields(self, message: str) -> dict[str, Any]:
        names = ("run_id", "workflow", "step_id", "attempt")
        return {name: value for name, value in vars(self.records[message]).items() if name in names}


@pytest.fixture
def records() -> Iterator[Records]:
    handler = Records()
    handler.addFilter(RunFields())
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@step(name="otel.logs.threaded")
def threaded() -> None:
    logger.warning("in a thread")


@step(name="otel.logs.plain")
async def plain() -> None:
    logger.warning("in a step")
    logger.warning("told by hand", extra={"run_id": "mine"})


@workflow(name="otel.logs.flow")
async def flow() -> None:
    logger.warning("in a workflow")
    await plain()
    await threaded()


def test_records_have_the_ids_of_the_run(records: Records) -> None:
    async def play() -> str:
        async with App("memory://"):
            logger.warning("outside")
            run = await start(flow())
            await run.result("20s")
            return run.id

    of_run = {"run_id": asyncio.run(play()), "workflow": "otel.logs.flow"}
    assert records.fields("outside") == {}
    assert records.fields("in a workflow") == of_run
    step_fields = {**of_run, "step_id": "otel.logs.plain#1", "attempt": 1}
    assert records.fields("in a step") == step_fields
    assert records.fields("told by hand") == {**step_fields, "run_id": "mine"}
    in_thread = {**of_run, "step_id": "otel.logs.threaded#1", "attempt": 1}
    assert records.fields("in a thread") == in_thread
