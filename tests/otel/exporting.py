"""Telemetry of processes that are killed: each span is in a file when it has ended, metrics when they are flushed."""

import atexit
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

FOLDER = "TELEMETRY_FOLDER"
"""The variable of the environment that names the folder."""


class Told(msgspec.Struct):
    """A span, as far as tests look at it."""

    name: str
    trace: str
    id: str
    parent: str
    links: list[str]
    attributes: dict[str, Any]
    process: int = 0


class Point(msgspec.Struct):
    """The last value of a metric for some attributes; of a histogram how many values it has."""

    metric: str
    attributes: dict[str, Any]
    value: float
    process: int = 0


def told(span: ReadableSpan) -> Told:
    """The same of a span in memory."""
    assert span.context is not None
    return Told(
        name=span.name,
        trace=trace.format_trace_id(span.context.trace_id),
        id=trace.format_span_id(span.context.span_id),
        parent="" if span.parent is None else trace.format_span_id(span.parent.span_id),
        links=[trace.format_span_id(link.context.span_id) for link in span.links],
        attributes=dict(span.attributes or {}),
        process=os.getpid(),
    )


class SpanFile(SpanExporter):
    """Adds a line for each span."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{os.getpid()}.spans"

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._path.open("ab") as file:
            file.writelines(msgspec.json.encode(told(span)) + b"\n" for span in spans)
        return SpanExportResult.SUCCESS


class MetricFile(MetricExporter):
    """Writes all metrics anew."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / f"{os.getpid()}.metrics"

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 0, **_options: Any
    ) -> MetricExportResult:
        points = [
            Point(
                metric=metric.name,
                attributes=dict(point.attributes or {}),
                value=point.value if isinstance(point, NumberDataPoint) else point.count,
                process=os.getpid(),
            )
            for resource in metrics_data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        ]
        self._path.write_bytes(msgspec.json.encode(points))
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **_options: Any) -> None:
        """Nothing is open."""


def set_up() -> None:
    """Make the providers of this process the global ones, if its environment says where to."""
    if FOLDER not in os.environ:
        return
    folder = Path(os.environ[FOLDER])
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(SpanFile(folder)))
    trace.set_tracer_provider(tracers)
    reader = PeriodicExportingMetricReader(MetricFile(folder), export_interval_millis=math.inf)
    metrics.set_meter_provider(MeterProvider([reader]))
    atexit.register(flush_metrics)


def flush_metrics() -> None:
    """Write the metrics as they are now: what comes later is lost if the process is killed."""
    provider = metrics.get_meter_provider()
    if isinstance(provider, MeterProvider):
        provider.force_flush()


class Files:
    """What all processes have told."""

    def __init__(self, folder: Path) -> None:
        lines = [line for path in folder.glob("*.spans") for line in path.read_bytes().splitlines()]
        self.spans = [msgspec.json.decode(line, type=Told) for line in lines]
        files = [path.read_bytes() for path in folder.glob("*.metrics")]
        self.points = [one for data in files for one in msgspec.json.decode(data, type=list[Point])]

    def counts(self, metric: str) -> dict[tuple[Any, ...], float]:
        """The sums over all processes, by the values of the attributes in the alphabetical order of their names."""
        sums: dict[tuple[Any, ...], float] = {}
        for point in self.points:
            if point.metric == metric:
                key = tuple(value for _, value in sorted(point.attributes.items()))
                sums[key] = sums.get(key, 0) + point.value
        return sums


def traceparent_of(span: trace.Span) -> dict[str, str]:
    """The header that carries it."""
    context = span.get_span_context()
    trace_id, span_id = context.trace_id, context.span_id
    return {"traceparent": f"00-{trace_id:032x}-{span_id:016x}-01"}
