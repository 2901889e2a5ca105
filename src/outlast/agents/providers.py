"""Providers' clients. Their own retries are off in durable agents: a step is retried by its own policy, which outlives
the process, and three retries within each of four attempts would be twelve requests."""

from contextlib import suppress
from typing import Any

from pydantic_ai.models import Model, parse_model_id
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.providers import infer_provider_class


def import_client(name: str) -> None:
    """Import the client of a model's provider, which takes seconds: not later, in a run, for that would hold up all runs of
    the worker. Who asks for a model that there is not hears of it then."""
    provider, _ = parse_model_id(name)
    with suppress(ImportError, ValueError):
        infer_provider_class(provider or "")


def without_retries(model: Model) -> Model:
    """The model, whose client tries each request once. Of clients that cannot be reached nothing is changed."""
    match model:
        case WrapperModel():
            without_retries(model.wrapped)
        case FallbackModel():
            for one in model.models:
                without_retries(one)
        case _:
            _calm(getattr(model, "client", None))
    return model


def _calm(client: Any) -> None:
    if isinstance(getattr(client, "max_retries", None), int):
        client.max_retries = 0
