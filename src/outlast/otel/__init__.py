"""Runs as traces and metrics of OpenTelemetry: `App(instruments=[OpenTelemetry()])`.

It needs the API of OpenTelemetry alone (`pip install "outlast[otel]"`). While no SDK is set up it costs nothing. What
there is to see stands in docs/how-to/observe.md.
"""

try:
    from outlast.otel.telemetry import OpenTelemetry
except ModuleNotFoundError as error:
    missing = (error.name or "").partition(".")[0]
    if missing != "opentelemetry":
        raise
    raise ModuleNotFoundError(
        f"outlast.otel needs {missing}, which is not installed. "
        'Install the extra: pip install "outlast[otel]".',
        name=missing,
    ) from error

__all__ = ["OpenTelemetry"]
