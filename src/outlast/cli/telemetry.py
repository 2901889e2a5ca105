"""Traces and metrics of what the command line serves, if they are asked for."""

from outlast._api.settings import setting
from outlast.cli.extras import extra
from outlast.instrument import Instrument


def telemetry() -> list[Instrument]:
    """What emits them; nothing unless `OUTLAST_OTEL` is set. Raises `Problem` if its extra is not installed."""
    if not setting("otel"):
        return []
    with extra("otel", "which OUTLAST_OTEL needs"):
        from outlast.otel import OpenTelemetry
    return [OpenTelemetry()]
