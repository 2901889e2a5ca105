"""Records of the standard `logging` say which run and which step they come from."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from outlast import App, start, step, workflow
from outlast.logs import RunFields
from tests.otel.collecting import Collector, span_id, trace_id

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
    form = logging.Formatter("%(run_id)s %(step_id)s", defaults={"run_id": "-", "step_id": "-"})
    told = [form.format(records.records[one]) for one in ("outside", "in a workflow", "in a step")]
    assert told == ["- -", f"{of_run['run_id']} -", f"{of_run['run_id']} otel.logs.plain#1"]
    in_thread = {**of_run, "step_id": "otel.logs.threaded#1", "attempt": 1}
    assert records.fields("in a thread") == in_thread


@pytest.mark.filterwarnings("ignore:.*LoggingHandler:DeprecationWarning")
def test_an_sdk_sends_them_on_with_the_trace_of_the_run(collector: Collector) -> None:
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK does not say
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    handler = LoggingHandler(logger_provider=provider)
    handler.addFilter(RunFields())
    logger.addHandler(handler)

    async def play() -> str:
        async with App("memory://", instruments=[collector.telemetry()]):
            run = await start(flow())
            await run.result("20s")
            return run.id

    try:
        run_id = asyncio.run(play())
    finally:
        logger.removeHandler(handler)
        provider.shutdown()
    told = {one.log_record.body: one.log_record for one in exporter.get_finished_logs()}
    spans = {
        "in a workflow": collector.spans("run")[0],
        "in a step": collector.spans("step otel.logs.plain")[0],
        "in a thread": collector.spans("step otel.logs.threaded")[0],
    }
    for message, span in spans.items():
        sent = told[message]
        assert (sent.attributes or {})["run_id"] == run_id
        assert (sent.trace_id, sent.span_id) == (trace_id(span), span_id(span))
    assert (told["in a thread"].attributes or {})["step_id"] == "otel.logs.threaded#1"
