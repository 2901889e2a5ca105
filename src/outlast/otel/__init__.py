"""Runs as traces and metrics of OpenTelemetry: `App(instruments=[OpenTelemetry()])`.

It needs the API of OpenTelemetry alone (`pip install "outlast[otel]"`). While no SDK is set up it costs nothing. What
there is to see stands in docs/how-to/observe.md.
"""

from outlast._extras import importing

with importing("otel", ("opentelemetry",)):
    from outlast.otel.telemetry import OpenTelemetry

__all__ = ["OpenTelemetry"]
