"""The events of an agent's run, written to a stream of the run that it belongs to."""

from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, get_args

from pydantic import TypeAdapter
from pydantic_ai.messages import AgentStreamEvent, ModelResponseStreamEvent
from pydantic_ai.tools import RunContext

from outlast import writable

AgentEvent: TypeAlias = AgentStreamEvent
"""What the stream of an agent has: the events of Pydantic AI. For readers: `run.stream("events", type=AgentEvent)`."""

MODEL_EVENTS: Final[tuple[type, ...]] = get_args(get_args(ModelResponseStreamEvent)[0])
"""The events that arise while a model answers, within its step."""


class EventWriter(Protocol):
    """Writes the events of an agent, in its steps."""

    async def __call__(
        self, ctx: RunContext[Any], events: AsyncIterable[AgentStreamEvent], /
    ) -> None:
        """Write the events of a model's answer as they come. Called by Pydantic AI in the step of the request."""
        ...

    async def write(self, events: Iterable[AgentStreamEvent]) -> None:
        """Write events that have waited for a step."""
        ...


@dataclass(frozen=True)
class StreamOfEvents:
    """Writes events as they are to a stream of the run. When an attempt fails, what it has written is taken back, and the
    next attempt writes anew."""

    stream: str

    async def __call__(
        self, ctx: RunContext[Any], events: AsyncIterable[AgentStreamEvent], /
    ) -> None:
        """Write all of them."""
        out = writable(self.stream)
        async for event in events:
            await out.write(event_form(event))

    async def write(self, events: Iterable[AgentStreamEvent]) -> None:
        """Write events that have waited."""
        out = writable(self.stream)
        for event in events:
            await out.write(event_form(event))


def event_form(event: AgentStreamEvent) -> Any:
    """The JSON form of an event."""
    return _EVENT.dump_python(event, mode="json", fallback=repr, warnings=False)


_EVENT: Final[TypeAdapter[AgentStreamEvent]] = TypeAdapter(AgentStreamEvent)
