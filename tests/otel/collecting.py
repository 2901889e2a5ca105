"""A collector of telemetry in memory."""

from collections import Counter
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from outlast.otel import OpenTelemetry


class Collector:
    """Keeps all that is emitted."""

    def __init__(self) -> None:
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.tracer = self.tracers.get_tracer("test")

    def telemetry(self) -> OpenTelemetry:
        """As each process has its own."""
        return OpenTelemetry(tracer_provider=self.tracers, meter_provider=self._meters)

    def spans(self, beginning: str = "") -> list[ReadableSpan]:
        """The spans that have ended."""
        found = self._exporter.get_finished_spans()
        return [span for span in found if span.name.startswith(beginning)]

    def span_names(self) -> Counter[str]:
        """How many there are of each; of commits and claims nobody knows."""
        own = [span for span in self.spans() if not span.name.startswith(("commit", "claim"))]
        return Counter(span.name for span in own)

    def metrics(self) -> dict[str, list[Any]]:
        """The points of each metric."""
        data = self._reader.get_metrics_data()
        assert data is not None
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        found = [metric for scope in scopes for metric in scope.metrics]
        return {one.name: list(one.data.data_points) for one in found}

    def counts(self, metric: str) -> dict[tuple[Any, ...], float]:
        """The value, or how many values there were, by the values of the attributes in their alphabetical order."""
        points = self.metrics().get(metric, [])
        return {
            tuple(value for _, value in sorted(point.attributes.items())): point.count
            if hasattr(point, "count")
            else point.value
            for point in points
        }

    def close(self) -> None:
        self.tracers.shutdown()
        self._meters.shutdown()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def trace_id(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def span_id(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)
