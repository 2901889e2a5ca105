"""Traces and metrics of what the command line serves, if they are asked for."""

from outlast._api.settings import setting
from outlast.cli.problem import Problem
from outlast.instrument import Instrument


def telemetry() -> list[Instrument]:
    """What emits them; nothing unless `OUTLAST_OTEL` is set. Raises `Problem` if its extra is not installed."""
    if not setting("otel"):
        return []
    try:
        from outlast.otel import OpenTelemetry
    except ModuleNotFoundError as error:
        hint = 'Install what it needs: pip install "outlast[otel]"'
        raise Problem(f"there is no {error.name}, which OUTLAST_OTEL needs", hint=hint) from error
    return [OpenTelemetry()]
