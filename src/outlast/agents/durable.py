"""`Durable`, the capability that makes an agent durable."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final, Literal

from pydantic_ai import Agent
from pydantic_ai.agent.abstract import AbstractAgent
from pydantic_ai.capabilities import (
    AbstractCapability,
    CombinedCapability,
    RequestInput,
    WrapRunHandler,
    WrapToolExecuteHandler,
)
from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    DurabilityEngineSpec,
    DurableOperationId,
    RoleBasedOperationConfig,
    conversation_id_from_run_id,
    external_event_scope,
)
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import AgentStreamEvent, ToolCallPart
from pydantic_ai.models import (
    KnownModelName,
    Model,
    ModelRequestContext,
    ModelResolutionContext,
    infer_model,
)
from pydantic_ai.run import AgentRunResult
from pydantic_ai.tools import (
    AgentDepsT,
    DeferredToolRequests,
    DeferredToolResults,
    RunContext,
    ToolDefinition,
)

from outlast import now, uuid4
from outlast.agents.approvals import HookWaiter, decide
from outlast.agents.events import MODEL_EVENTS, EventWriter, StreamOfEvents
from outlast.agents.failures import cannot_be_kept
from outlast.agents.once import ToldOnce
from outlast.agents.operations import StepOperations, in_step
from outlast.agents.options import KEY, StepOptions, options_of_tool, runs_in_workflow
from outlast.agents.providers import import_client, without_retries
from outlast.agents.stamps import stamp_last
from outlast.agents.turns import TURN, Turn, current_turn, in_unit, turn_scope
from outlast.errors import NotAllowedHereError

MODEL_STEP = StepOptions(retries=5, timeout="10 minutes")


class Durable(BaseDurabilityCapability[AgentDepsT]):
    """Makes an agent durable: in a workflow each request to its model, each call of a tool and each exchange with an
    MCP server is a step.

        agent = Agent("openai:gpt-5", name="clerk", capabilities=[Durable()])

        @workflow
        async def serve(question: str) -> str:
            result = await agent.run(question)
            return result.output

    Outside of workflows the agent behaves as without it; in a step too, for that is one unit already.

    - Steps are executed at least once and recorded once. A replay asks neither the model nor a tool nor an MCP server,
      and counts usage and cost once.
    - What is the agent's own business (a tool that asks the model to try again, wants approval, or gets arguments that
      do not fit) is a result of the step, and no failure. Other errors of tools are retried as those of any step;
      a provider's are retried where that may help, and not before it wants to be asked again.
    - Tools that require approval wait for an `Approval` on a hook of the run, whose metadata names the call.
    - What a tool changes in the dependencies is lost at a replay.

    The names of an agent and of its toolsets are in the names of its steps: change them, and runs that are on their
    way do not find what they have recorded.

    Args:
        name: How the agent is called in the names of steps; the agent's own name by default.
        models: Models to choose among in a run, by the id with which it is done.
        stream: The name of a stream of the run to which all events of the agent are written, live; or what writes them.
        approvals: Whether tools that require approval wait for it on a hook. Otherwise other capabilities decide,
            or the agent's run ends with `DeferredToolRequests`.
        model_step: How requests to the model are attempted.
        tool_step: How calls of tools are attempted; `tool_step(...)` in a tool's metadata counts more.
        mcp_step: How exchanges with MCP servers are attempted.
    """

    engine_spec = DurabilityEngineSpec(
        engine_name="Outlast",
        durable_unit_noun="step",
        durable_container_noun="workflow",
        codec=JSON_CODEC,
        serialization_failure=cannot_be_kept,
        # A toolset is entered in the step that needs it. In the workflow there are no connections.
        toolset_lifecycles={
            "function": "enter-never",
            "mcp": "enter-never",
            "dynamic": "enter-never",
        },
        # What comes after the agent was made is bound to no steps: its tools would be called again at each replay.
        unsupported_runtime_toolset_kinds=frozenset({"function", "mcp", "dynamic"}),
        tool_config_key=KEY,
    )

    def __init__(
        self,
        *,
        name: str | None = None,
        models: Mapping[str, Model] | None = None,
        stream: str | EventWriter | None = None,
        approvals: bool = True,
        model_step: StepOptions = MODEL_STEP,
        tool_step: StepOptions = StepOptions(),  # noqa: B008 - a frozen record
        mcp_step: StepOptions = StepOptions(),  # noqa: B008 - the same
    ) -> None:
        self._writer = StreamOfEvents(stream) if isinstance(stream, str) else stream
        super().__init__(models=models, event_stream_handler=self._writer, name=name)
        self._approvals = approvals
        self._model_step, self._tool_step, self._mcp_step = model_step, tool_step, mcp_step
        self._operations: dict[tuple[str, str | None], StepOperations] = {}
        """By the names of the agent and its model: they are asked for with each request."""
        self._by_name: dict[str, Model] = {}

    @property
    def in_durable_context(self) -> bool:
        """Whether this is workflow code."""
        return TURN.get() is not None or _in_workflow()  # asked thirty times in a turn

    # What Pydantic AI asks for when the agent is made

    def for_agent(self, agent: AbstractAgent[AgentDepsT, Any]) -> AbstractCapability[AgentDepsT]:
        for model in (agent.model, *self._extra_models.values()):
            if isinstance(model, Model):
                without_retries(model)
            elif isinstance(model, str):
                import_client(model)
        return CombinedCapability([ToldOnce(), super().for_agent(agent)])

    async def resolve_model_id(
        self, ctx: ModelResolutionContext[AgentDepsT], *, model_id: KnownModelName | str
    ) -> Model | None:
        found = await super().resolve_model_id(ctx, model_id=model_id)
        if found is not None or not (in_unit() or self.in_durable_context):
            return found
        try:
            return without_retries(infer_model(model_id)) if in_unit() else self._known(model_id)
        except (UserError, ValueError):
            return None  # who asks says what to do

    def _known(self, model_id: str) -> Model:
        """What the workflow takes for the model: it reads the profile and sends nothing, so one does for all runs."""
        if model_id not in self._by_name:
            self._by_name[model_id] = infer_model(model_id)
        return self._by_name[model_id]

    def get_durable_operation_backend(self) -> StepOperations:
        agent, model = self.name, self.default_model_id
        if (agent, model) not in self._operations:
            options = RoleBasedOperationConfig(
                model=self._model_step,
                event=StepOptions(),
                capability=self._tool_step,
                tool=self._tool_step,
                resolve_tool=self._options_of,
            )
            self._operations[agent, model] = StepOperations(
                agent=agent, model=model, options=options, writer=self._writer
            )
        return self._operations[agent, model]

    def _options_of(
        self, operation: DurableOperationId, tool: Any, name: str
    ) -> StepOptions | Literal[False]:
        is_mcp = getattr(operation, "toolset_kind", "mcp") == "mcp"
        return options_of_tool(self._mcp_step if is_mcp else self._tool_step, tool, name)

    # What is the same at each replay

    def get_default_run_id(self) -> str | None:
        return str(uuid4()) if self.in_durable_context else None

    def get_default_conversation_id(self, run_id: str) -> str | None:
        return conversation_id_from_run_id(run_id) if self.in_durable_context else None

    def get_run_clock(self) -> Callable[[], datetime] | None:
        return now if self.in_durable_context else None

    async def before_model_request(
        self, ctx: RunContext[AgentDepsT], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        if self.in_durable_context:
            stamp_last(ctx.messages, request_context.messages)
        return await super().before_model_request(ctx, request_context)

    # The run of the agent

    async def wrap_run(
        self, ctx: RunContext[AgentDepsT], *, handler: WrapRunHandler
    ) -> AgentRunResult[Any]:
        if not self.in_durable_context:
            return await super().wrap_run(ctx, handler=handler)
        with (
            turn_scope() as turn,
            external_event_scope(HookWaiter(self.name)),
            Agent.using_thread_executor(_IN_PLACE),
        ):
            result = await super().wrap_run(ctx, handler=handler)
            stamp_last(result.all_messages())
            await self._write_waiting(turn)
        return result

    async def handle_deferred_tool_calls(
        self, ctx: RunContext[AgentDepsT], *, requests: DeferredToolRequests
    ) -> DeferredToolResults | None:
        if not self._approvals or not requests.approvals or not self.in_durable_context:
            return None
        if _has_request_input(ctx.root_capability):
            return None
        await self._write_waiting(current_turn())
        return await decide(self.name, requests)

    async def wrap_tool_execute(
        self,
        ctx: RunContext[AgentDepsT],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: dict[str, Any],
        handler: WrapToolExecuteHandler,
    ) -> Any:
        if not runs_in_workflow(tool_def) or not self.in_durable_context:
            return await handler(args)
        turn = current_turn()
        await self._write_waiting(turn)  # the tool may wait for weeks
        with turn:
            return await handler(args)

    # Its events

    @property
    def has_wrap_run_event_stream(self) -> bool:
        return self._writer is not None and self.in_durable_context

    def wrap_run_event_stream(
        self, ctx: RunContext[AgentDepsT], *, stream: AsyncIterable[AgentStreamEvent]
    ) -> AsyncIterable[AgentStreamEvent]:
        return self._told(stream) if self.has_wrap_run_event_stream else stream

    async def _told(
        self, stream: AsyncIterable[AgentStreamEvent]
    ) -> AsyncGenerator[AgentStreamEvent]:
        turn = current_turn()
        async for event in stream:
            if not isinstance(event, MODEL_EVENTS):
                await self._tell(turn, event)
            yield event

    async def _tell(self, turn: Turn, event: AgentStreamEvent) -> None:
        """Let the event wait for the next step; or not, if that may be long."""
        turn.waiting.append(event)
        of_a_result = event.event_kind == "function_tool_result"
        if event.event_kind == "deferred_tool_requests" or (of_a_result and turn.under_way):
            await self._write_waiting(turn)

    async def _write_waiting(self, turn: Turn) -> None:
        if self._writer is None or not turn.must_write():
            return
        events, writer = turn.take(), self._writer
        await in_step(
            f"{self.name}__events", lambda: writer.write(events), StepOptions(), turn=turn
        )


class _InPlace(Executor):
    """Where the `def` functions that an agent calls in the workflow are executed: instructions, validators, functions as
    output. Elsewhere each takes a thread; the workflow's loop calls them itself. Those of steps have their threads."""

    in_place = True


_IN_PLACE: Final = _InPlace()


def _in_workflow() -> bool:
    try:
        now()
    except NotAllowedHereError:
        return False
    return True


def _has_request_input(root: AbstractCapability[Any] | None) -> bool:
    """Whether the agent has a capability that asks for decisions in its own way."""
    found: list[AbstractCapability[Any]] = []
    if root is not None:
        root.apply(found.append)
    return any(isinstance(one, RequestInput) for one in found)
