"""The times in messages that an agent makes within a workflow. Pydantic AI takes them from the system's clock, which
tells something else at each replay; they are set to the run's time before anybody reads them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest

from outlast import now


def stamp_last(*histories: Sequence[ModelMessage]) -> None:
    """Set the times in the last message of each history to the run's, if it is one that the agent has just made."""
    last = [history[-1] for history in histories if history]
    for place, message in enumerate(last):
        if isinstance(message, ModelRequest) and not any(message is one for one in last[:place]):
            _stamp(message, now())


def _stamp(request: ModelRequest, time: datetime) -> None:
    request.timestamp = time
    for part in request.parts:
        timed: Any = part
        if isinstance(getattr(part, "timestamp", None), datetime):
            timed.timestamp = time
