"""Each operation of an agent (a request to the model, a call of a tool or of an MCP server) becomes one step."""

from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any, Final

from pydantic_ai.durable_exec import (
    JSON_CODEC,
    DurableOperationConfig,
    DurableOperationId,
    JournalCallableOperationBackend,
    ToolsetCallToolId,
    record_durable_unit,
)
from pydantic_ai.exceptions import FallbackExceptionGroup, ModelAPIError
from pydantic_ai.tools import RunContext
from pydantic_ai.usage import RunUsage

from outlast import Step, StepFailedError, step
from outlast.agents.events import EventWriter
from outlast.agents.failures import as_agents_error, asked_to_wait, worth_retrying
from outlast.agents.inputs import Input, context_of, step_input
from outlast.agents.options import StepOptions
from outlast.agents.telling import tell_asked, tell_response
from outlast.agents.turns import Turn, current_turn, enter_unit
from outlast.otel.attempts import is_followed

Body = Callable[[], Awaitable[object]]
StepMaker = Callable[[Callable[..., Awaitable[object]]], Step[..., Any]]
Form = dict[str, object]
"""The form in which a result is recorded: its `value`, and the `usage` that came with it."""


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
        ctx = context_of(cache_key)
        caller = ctx if isinstance(operation_id, ToolsetCallToolId) else None

        async def work() -> Form:
            followed = is_followed()
            if followed:
                tell_asked(operation_id, ctx)
            if self._writer is not None:
                await self._writer.write(events)
            form = {"value": await body()} if caller is None else await _counting(body, caller)
            if followed:
                tell_response(form["value"], ctx)
            return form

        given = step_input(operation_id, ctx, cache_key)
        form = await in_step(_named(name, caller), work, config, turn=turn, given=given)
        if caller is not None and "usage" in form:
            caller.usage.incr(JSON_CODEC.load(RunUsage, form["usage"]))
        return form["value"]


def _named(name: str, caller: RunContext[Any] | None) -> str:
    """The name of the step. Calls of MCP servers are named after the toolset alone; whoever reads of one that has failed
    is to know the tool."""
    tool = None if caller is None else caller.tool_name
    return f"{name}:{tool}" if tool and name.endswith(".call_tool") else name


async def _counting(body: Body, ctx: RunContext[Any]) -> Form:
    """The result, and what was added to the usage of the context meanwhile: a tool may run another agent on this one's
    account. It is added to the agent's when it is recorded, and not before: so it counts once, whether the step was
    executed in this process or another."""
    shared = ctx.usage
    ctx.usage, before = copy(shared), copy(shared)
    try:
        value = await body()
        grown = ctx.usage
    finally:
        ctx.usage = shared
    if vars(grown) == vars(before):  # `==` of usages goes over their fields one by one
        return {"value": value}
    return {"value": value, "usage": JSON_CODEC.dump(RunUsage, grown - before)}


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
        enter_unit()
        try:
            return await work()
        except (ModelAPIError, FallbackExceptionGroup) as error:
            if (later := asked_to_wait(error)) is None:
                raise
            raise later from error

    # It is nobody's method, whatever its name looks like: so nobody asks for its signature.
    operation.__qualname__ = operation.__name__
    call = _step_maker(name, options)(operation)
    try:
        with turn:
            return await call(**given or {})
    except StepFailedError as failed:
        error = as_agents_error(failed)
        raise error from error.__cause__
    finally:
        record_durable_unit(executed=made)


def _step_maker(name: str, options: StepOptions) -> StepMaker:
    """What makes the steps of that name. Kept, for the options are looked at once."""
    known, maker = _MAKERS.get(name, (None, None))
    if maker is None or known != options:
        maker = step(
            name=name,
            retries=options.retries,
            backoff=options.backoff,
            timeout=options.timeout,
            retry_on=worth_retrying,
        )
        _MAKERS[name] = options, maker
    return maker


_MAKERS: Final[dict[str, tuple[StepOptions, StepMaker]]] = {}
