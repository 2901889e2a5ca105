"""The times in messages that an agent makes within a workflow. Pydantic AI takes them from the system's clock, which
tells something else at each replay; they are set to the run's time before anybody reads them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest

from outlast import now


def stamp_last(messages: Sequence[ModelMessage]) -> None:
    """Set the times in the last message to the run's, if it is one that the agent has just made."""
    if not messages or not isinstance(messages[-1], ModelRequest):
        return
    request, time = messages[-1], now()
    request.timestamp = time
    for part in request.parts:
        timed: Any = part
        if isinstance(getattr(part, "timestamp", None), datetime):
            timed.timestamp = time
