"""Providers' own retries, which are off in durable agents: a step is retried by its own policy, which outlives the
process, and three retries within each of four attempts would be twelve requests."""

from typing import Any

from pydantic_ai.models import Model
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.wrapper import WrapperModel


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
