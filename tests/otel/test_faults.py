"""What an SDK does wrong is said once, and costs nothing but what it was to emit."""

import asyncio
import logging
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import format_trace_id, get_current_span

from outlast import App, RetryableError, start, step, step_info, workflow
from outlast.otel import names
from tests.otel.collecting import Collector, trace_id


class Broken(SpanProcessor):
    """Raises where a span of ours begins, or where it ends."""

    def __init__(self, where: str) -> None:
        self._where = where

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._break("start", span)

    def on_end(self, span: ReadableSpan) -> None:
        self._break("end", span)

    def _break(self, where: str, span: ReadableSpan) -> None:
        if where == self._where and span.name != "request":
            raise OSError(where)


@step(name="otel.faults.traced", retries=1, backoff=0)
async def traced() -> str:
    if step_info().attempt == 1:
        raise RetryableError("once more")
    return format_trace_id(get_current_span().get_span_context().trace_id)


@workflow(name="otel.faults.child")
async def child() -> str:
    return await traced()


@workflow(name="otel.faults.parent")
async def parent() -> str:
    return await child()


@pytest.mark.parametrize("where", ["start", "end"])
def test_a_broken_span_processor_is_told_of_once(
    collector: Collector, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    async def play() -> Any:
        async with App("memory://", instruments=[collector.telemetry()]):
            with collector.tracer.start_as_current_span("request"):
                run = await start(parent())
            return await run.result("20s")

    collector.tracers.add_span_processor(Broken(where))
    with caplog.at_level(logging.WARNING):
        traced_in = asyncio.run(play())
    [request] = collector.spans("request")
    assert traced_in == format_trace_id(trace_id(request)), "also where a span could not begin"
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], OSError)
    _check_metrics(collector)


def _check_metrics(collector: Collector) -> None:
    """Those have no fault, and tell all."""
    flows = ("otel.faults.parent", "otel.faults.child")
    assert collector.counts(names.RUN_STARTS) == {(one,): 1 for one in flows}
    assert collector.counts(names.RUN_ENDS) == {("completed", one): 1 for one in flows}
    assert collector.counts(names.RUN_LIVE) == {(one,): 0 for one in flows}
    assert collector.counts(names.STEP_DURATION) == {
        ("failed", "otel.faults.traced"): 1,
        ("completed", "otel.faults.traced"): 1,
    }
