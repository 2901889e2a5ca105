"""Each operation of an agent (a request to the model, a call of a tool or of an MCP server) becomes one step."""

from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from pydantic_ai.durable_exec import (
    JSON_CODEC,
    DurableOperationConfig,
    DurableOperationId,
    JournalCallableOperationBackend,
    ToolsetCallToolId,
    record_durable_unit,
)
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.usage import RunUsage

from outlast import StepFailedError, step
from outlast.agents.events import EventWriter
from outlast.agents.failures import as_agents_error, asked_to_wait, worth_retrying
from outlast.agents.inputs import Input, context_of, step_input
from outlast.agents.options import StepOptions
from outlast.agents.telling import tell_asked, tell_response
from outlast.agents.turns import Turn, current_turn, unit_scope

Body = Callable[[], Awaitable[object]]


class StepOperations(JournalCallableOperationBackend[StepOptions]):
    """Executes the operations of an agent as steps of the current run.

    Their names are Pydantic AI's for engines that journal, such as `weather__model.request`, and always end with the tool
    that is called: they stand in logs.
    """

    def __init__(
        self,
        *,
        agent: str,
        model: str | None,
        options: DurableOperationConfig[StepOptions],
        writer: EventWriter | None,
    ) -> None:
        super().__init__(agent_name=agent, default_model_id=model, config=options)
        self._writer = writer

    async def execute(
        self,
        *,
        operation_id: DurableOperationId,
        name: str,
        body: Body,
        cache_key: tuple[object, ...],
        config: StepOptions,
    ) -> object:
        """The result of the operation, recorded.

        Raises:
            StepFailedError: It is out of attempts.
            AgentRunError: The same, if that is what it failed with. It is not wrapped.
        """
        turn = current_turn()
        events = turn.take()
        agent_ctx = context_of(cache_key)
        ctx = agent_ctx if isinstance(operation_id, ToolsetCallToolId) else None

        async def work() -> object:
            tell_asked(operation_id, agent_ctx)
            if self._writer is not None:
                await self._writer.write(events)
            counted = await (_plain(body) if ctx is None else _counting(body, ctx))
            tell_response(counted.value, agent_ctx)
            return counted.form()

        recorded = await in_step(
            _named(name, ctx), work, config, turn=turn, given=step_input(operation_id, cache_key)
        )
        counted = Counted.read(recorded)
        if ctx is not None and counted.usage is not None:
            ctx.usage.incr(counted.usage)
        return counted.value


def _named(name: str, ctx: Any) -> str:
    """The name of the step. Calls of MCP servers are named after the toolset alone; whoever reads of one that has failed
    is to know the tool."""
    tool = None if ctx is None else ctx.tool_name
    return f"{name}:{tool}" if tool and name.endswith(".call_tool") else name


async def in_step(
    name: str, work: Body, options: StepOptions, *, turn: Turn, given: Input | None = None
) -> Any:
    """Do the work in a step of that name.

    The step is made for this call, and the work is in it: that is how it gets to the attempt, also to one after a
    crash, for then the workflow's code is run again and asks for the step again. For the same reason it cannot be sent
    to other workers.
    """
    made = False

    async def operation(**_given: object) -> object:
        nonlocal made
        made = True
        try:
            with unit_scope():
                return await work()
        except ModelAPIError as error:
            if (later := asked_to_wait(error)) is None:
                raise
            raise later from error

    # It is nobody's method, whatever its name looks like: so nobody asks for its signature.
    operation.__qualname__ = operation.__name__
    call = step(
        name=name,
        retries=options.retries,
        backoff=options.backoff,
        timeout=options.timeout,
        retry_on=worth_retrying,
    )(operation)
    try:
        with turn.working():
            return await call(**given or {})
    except StepFailedError as failed:
        raise as_agents_error(failed) from None
    finally:
        record_durable_unit(executed=made)


@dataclass(frozen=True)
class Counted:
    """A result, and what the agent's usage grew by meanwhile: a tool may run another agent on this one's account."""

    value: object
    usage: RunUsage | None = None

    def form(self) -> object:
        """As it is recorded."""
        if self.usage is None:
            return {"value": self.value}
        return {"value": self.value, "usage": JSON_CODEC.dump(RunUsage, self.usage)}

    @classmethod
    def read(cls, form: Any) -> "Counted":
        """From what was recorded."""
        usage = form.get("usage")
        return cls(form["value"], None if usage is None else JSON_CODEC.load(RunUsage, usage))


async def _plain(body: Body) -> Counted:
    return Counted(await body())


async def _counting(body: Body, ctx: Any) -> Counted:
    """The result, and what was added to the usage of the context. It is added to the agent's when it is recorded, and
    not before: so it counts once, whether the step was executed in this process or another."""
    shared = ctx.usage
    ctx.usage = _copied(shared)
    before = _copied(shared)
    try:
        value = await body()
        grown = ctx.usage
    finally:
        ctx.usage = shared
    return Counted(value, None if grown == before else grown - before)


def _copied(usage: RunUsage) -> RunUsage:
    copied = copy(usage)
    copied.details = dict(usage.details)
    return copied
