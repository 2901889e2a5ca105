"""What Pydantic AI tells of a run of an agent, told once."""

import sys
from asyncio import CancelledError
from typing import Any

from pydantic_ai.capabilities import (
    AbstractCapability,
    CapabilityOrdering,
    Instrumentation,
    WrapRunHandler,
)
from pydantic_ai.durable_exec import replay_scope
from pydantic_ai.run import AgentRunResult
from pydantic_ai.tools import AgentDepsT, RunContext

from outlast.agents.turns import TURN


class ToldOnce(AbstractCapability[AgentDepsT]):
    """Keeps spans of what was only replayed out of traces, that of the agent's whole run too: so it is around what
    begins that one. An agent that another one runs in the workflow belongs to the other's run."""

    def get_ordering(self) -> CapabilityOrdering:
        return CapabilityOrdering(position="outermost", wraps=(Instrumentation,))

    async def wrap_run(
        self, ctx: RunContext[AgentDepsT], *, handler: WrapRunHandler
    ) -> AgentRunResult[Any]:
        if TURN.get() is not None:
            return await handler()
        with replay_scope(is_replaying=_is_cut_off):
            return await handler()


def _is_cut_off() -> bool:
    """Whether a span within the agent's run ends for the run leaves memory: by what is neither an error nor a
    cancellation. What it was about is told by the stretch in which it is over."""
    error = sys.exc_info()[1]
    if error is None or TURN.get() is None:
        return False
    return not isinstance(error, Exception | CancelledError | SystemExit | KeyboardInterrupt)
